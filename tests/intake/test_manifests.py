"""Finding and reading manifests: every one below a path, nothing through a link, nothing that a bad file could break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from watchbill.base import limits
from watchbill.base.sandbox import Bounds, Burst, run_contained
from watchbill.engines.dependencies.packages import Inventory, Package, Unreadable
from watchbill.intake.scans import manifests
from watchbill.intake.scans.manifests import find_manifests, read_file, read_manifest
from watchbill.intake.scans.reader_child import decode, encode
from watchbill.intake.scans.values import ReadManifest, UnreadManifest

PINS = b"left-shelf==1.0.0\nright-shelf==2.1\n"


def lockfile(packages: int) -> bytes:
    entries = {f"node_modules/p{number}": {"version": f"1.0.{number}"} for number in range(packages)}
    return json.dumps({"name": "x", "lockfileVersion": 3, "packages": {"": {"name": "x"}, **entries}}).encode()


class TestFinding:
    def test_every_manifest_below_a_path_is_found_in_a_stable_order(self, tmp_path: Path) -> None:
        for place in ("b/requirements/dev.txt", "a/poetry.lock", "requirements.txt", "a/readme.md"):
            file = tmp_path / place
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(PINS)
        assert [found.manifest for found in find_manifests(tmp_path)] == ["requirements.txt", "a/poetry.lock", "b/requirements/dev.txt"]

    @pytest.mark.parametrize("folder", ["node_modules", ".git", ".venv", "vendor"])
    def test_installed_and_hidden_trees_are_not_searched(self, tmp_path: Path, folder: str) -> None:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "requirements.txt").write_bytes(PINS)
        assert list(find_manifests(tmp_path)) == []

    def test_a_link_out_of_the_path_is_not_followed(self, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "requirements.txt").write_bytes(PINS)
        inside = tmp_path / "inside"
        inside.mkdir()
        (inside / "requirements.txt").symlink_to(outside / "requirements.txt")
        (inside / "linked").symlink_to(outside, target_is_directory=True)
        assert list(find_manifests(inside)) == []

    def test_a_go_sum_beside_its_go_mod_is_not_looked_at_twice(self, tmp_path: Path) -> None:
        for name in ("go.mod", "go.sum"):
            (tmp_path / name).write_bytes(b"module example.org/x\n")
        (tmp_path / "alone").mkdir()
        (tmp_path / "alone" / "go.sum").write_bytes(b"")
        assert [found.manifest for found in find_manifests(tmp_path)] == ["go.mod", "alone/go.sum"]

    def test_what_gradle_verifies_is_not_looked_at_beside_its_lockfile(self, tmp_path: Path) -> None:
        for place in ("locked/gradle.lockfile", "locked/gradle/verification-metadata.xml", "unlocked/gradle/verification-metadata.xml"):
            (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place).write_bytes(b"")
        assert [found.manifest for found in find_manifests(tmp_path)] == [
            "locked/gradle.lockfile",
            "unlocked/gradle/verification-metadata.xml",
        ]

    @pytest.mark.parametrize(
        "name",
        [
            "Gemfile.lock",
            "gems.locked",
            "rails_7.gemfile.lock",
            "composer.lock",
            "gradle.lockfile",
            "buildscript-gradle.lockfile",
            "pom.xml",
            "packages.lock.json",
            "packages.Berths.lock.json",
            "bom.json",
            "bom.xml",
            "app.cdx.json",
            "app.cdx.xml",
            "sbom.json",
            "app.spdx.json",
            "app.spdx",
        ],
    )
    def test_each_kind_of_file_is_found_by_its_name_alone(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "service").mkdir()
        (tmp_path / "service" / name).write_bytes(b"")
        assert [found.manifest for found in find_manifests(tmp_path)] == [f"service/{name}"]

    @pytest.mark.parametrize("odd", ["a\nb", "\x1b[31m", "a\u200bb", "\udcff"])
    def test_a_folder_whose_name_cannot_be_printed_is_looked_at_under_an_escaped_name(self, tmp_path: Path, odd: str) -> None:
        (tmp_path / odd).mkdir()
        (tmp_path / odd / "requirements.txt").write_bytes(PINS)
        (found,) = find_manifests(tmp_path)
        assert found.manifest.isprintable()
        assert isinstance(read_file(found), ReadManifest)

    def test_a_single_file_is_its_own_manifest(self, tmp_path: Path) -> None:
        (tmp_path / "requirements.txt").write_bytes(PINS)
        assert [found.manifest for found in find_manifests(tmp_path / "requirements.txt")] == ["requirements.txt"]

    def test_no_more_than_the_limit_are_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MANIFESTS_PER_PATH", 3)
        for number in range(5):
            (tmp_path / f"d{number}").mkdir()
            (tmp_path / f"d{number}" / "requirements.txt").write_bytes(PINS)
        assert len(list(find_manifests(tmp_path))) == 3


class TestReading:
    def test_a_small_file_is_read_here(self) -> None:
        read = read_manifest("apps/requirements.txt", PINS)
        assert isinstance(read, ReadManifest)
        assert (read.manifest, {package.name for package in read.packages}) == ("apps/requirements.txt", {"left-shelf", "right-shelf"})

    def test_a_big_file_is_read_in_a_child_with_the_same_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        data = lockfile(50)
        here = read_manifest("package-lock.json", data)
        monkeypatch.setattr(manifests, "_IN_PROCESS_BYTES", 10)
        assert read_manifest("package-lock.json", data) == here

    def test_a_big_file_draws_in_what_lies_beside_it_as_a_small_one_does(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "composer.json").write_text('{"require": {"a/b": "*"}}')
        (tmp_path / "composer.lock").write_text('{"packages": [{"name": "a/b", "version": "1"}, {"name": "c/d", "version": "1"}]}')
        (found,) = find_manifests(tmp_path)
        here = read_file(found)
        monkeypatch.setattr(manifests, "_IN_PROCESS_BYTES", 10)
        there = read_file(found)
        assert there == here
        assert isinstance(there, ReadManifest)
        assert [package.direct for package in there.packages] == [True, False]

    def test_a_big_file_draws_in_nothing_from_outside_the_path_searched(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(manifests, "_IN_PROCESS_BYTES", 10)
        (tmp_path / "inside").mkdir()
        (tmp_path / "composer.json").write_text('{"require": {"a/b": "*"}}')
        (tmp_path / "inside" / "composer.lock").write_text('{"packages": [{"name": "a/b", "version": "1"}]}')
        (tmp_path / "inside" / "composer.json").symlink_to(tmp_path / "composer.json")
        (found,) = find_manifests(tmp_path / "inside")
        there = read_file(found)
        assert isinstance(there, ReadManifest)
        assert [package.direct for package in there.packages] == [None]

    def test_a_file_past_the_limit_is_not_read_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MANIFEST_BYTES", 10)
        unread = read_manifest("requirements.txt", PINS)
        assert isinstance(unread, UnreadManifest)
        assert "larger than" in unread.reason

    def test_a_file_at_the_limit_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MANIFEST_BYTES", len(PINS))
        assert isinstance(read_manifest("requirements.txt", PINS), ReadManifest)

    def test_a_truncated_file_is_unread_with_a_reason(self) -> None:
        unread = read_manifest("package-lock.json", lockfile(3)[:-20])
        assert isinstance(unread, UnreadManifest)
        assert unread.reason

    def test_a_file_that_cannot_be_opened_is_unread(self, tmp_path: Path) -> None:
        found = manifests.FoundFile("requirements.txt", tmp_path / "requirements.txt", tmp_path)
        unread = read_file(found)
        assert isinstance(unread, UnreadManifest)
        assert "cannot be opened" in unread.reason


class TestTheChild:
    @pytest.mark.parametrize(
        "answer",
        [Inventory("requirements", (Package("PyPI", "a", "1", "pkg:pypi/a@1", bound=""),)), Unreadable("cut short", "line 3", "truncated")],
    )
    def test_what_it_writes_is_read_back_as_it_was(self, answer: Inventory | Unreadable) -> None:
        assert decode(encode(answer)) == answer

    def test_too_little_memory_is_a_reason_not_a_crash(self) -> None:
        answer = run_contained("watchbill.intake.scans.reader_child", ["package-lock.json"], lockfile(100_000), Bounds(memory_mib=60))
        assert isinstance(answer, Burst) or isinstance(decode(answer), Unreadable)

    def test_too_much_processor_time_is_a_reason(self) -> None:
        burst = run_contained("timeit", ["-n", "1", "-r", "1", "while True: pass"], b"", Bounds(cpu_seconds=1, wall_seconds=20))
        assert isinstance(burst, Burst)
        assert "signal" in burst.reason

    def test_too_much_wall_time_is_a_reason(self) -> None:
        burst = run_contained("timeit", ["-n", "1", "-r", "1", "import time; time.sleep(30)"], b"", Bounds(wall_seconds=1))
        assert burst == Burst("took longer than 1 seconds")

    def test_a_nonsense_answer_is_unread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(manifests, "_IN_PROCESS_BYTES", 1)
        monkeypatch.setattr(manifests, "run_contained", lambda *_: b"\xc1")
        unread = read_manifest("requirements.txt", PINS)
        assert isinstance(unread, UnreadManifest)
        assert "nonsense" in unread.reason
