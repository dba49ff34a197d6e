"""`watchbill packages`: JSON lines as a reader sees them, and exit 2 for what can't be read."""

import json
from pathlib import Path

import pytest

from tests.shared_data import shared_data
from watchbill.engines.dependencies import limits

KINDS = [
    "cargo",
    "gomod",
    "package-lock-v1",
    "package-lock-v2",
    "package-lock-v3",
    "pnpm-v5",
    "pnpm-v6",
    "pnpm-v9",
    "poetry",
    "requirements",
    "uv",
    "yarn-v1",
]


def test_each_package_is_a_line(here, project: Path) -> None:
    ran = here("packages", project / "package-lock.json")
    assert ran.code == 0
    assert [(line["ecosystem"], line["name"], line["version"], line["purl"]) for line in ran.lines()] == [
        ("npm", "left-pad", "1.2.0", "pkg:npm/left-pad@1.2.0"),
        ("npm", "right-pad", "1.0.0", "pkg:npm/right-pad@1.0.0"),
    ]


def test_a_line_says_from_which_file_it_is(here, project: Path) -> None:
    file = project / "package-lock.json"
    assert {(line["file"], line["kind"]) for line in here("packages", file).lines()} == {(str(file), "packagelock")}


def test_a_file_that_cannot_be_read_is_a_line_with_its_error(here, tmp_path: Path) -> None:
    broken = tmp_path / "package-lock.json"
    broken.write_text('{"packages": ')
    ran = here("packages", broken)
    assert ran.code == 2
    (line,) = ran.lines()
    assert line["file"] == str(broken)
    assert line["error"]


def test_one_bad_file_does_not_hide_the_good_one(here, project: Path) -> None:
    ran = here("packages", project / "absent.lock", project / "package-lock.json")
    assert ran.code == 2
    assert ["error" in line for line in ran.lines()] == [True, False, False]


def test_a_folder_is_no_file(here, project: Path) -> None:
    ran = here("packages", project)
    assert (ran.code, "error" in ran.lines()[0]) == (2, True)


def test_an_endless_file_is_refused_at_the_limit(here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_LOCKFILE_BYTES", 1000)
    ran = here("packages", "/dev/zero")
    assert (ran.code, ran.lines()[0]["code"]) == (2, "too_large")


def test_a_bound_is_no_version(here, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("django>=4.1.1\n")
    (line,) = here("packages", file).lines()
    assert (line["version"], line["bound"]) == ("", ">=4.1.1")


def test_what_was_left_out_is_told_beside_the_lines(here, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("-r absent.txt\npadding==1.0\n")
    ran = here("packages", file)
    assert [line["name"] for line in ran.lines()] == ["padding"]
    assert "absent.txt" in ran.err


def test_hostile_names_stay_inert(here, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("pad==1.0\n\x1b[31mred==1\n")
    ran = here("packages", file)
    assert "\x1b" not in ran.out + ran.err


@pytest.mark.parametrize("kind", KINDS)
def test_every_sample_lockfile_gives_what_is_expected_of_it(here, kind: str) -> None:
    folder = shared_data("vulnerabilities", "lockfiles", kind)
    for name, expected in json.loads((folder / "expected.json").read_text())["files"].items():
        ran = here("packages", folder / name)
        if expected["error"]:
            assert (ran.code, [line for line in ran.lines() if "error" not in line]) == (2, []), name
            continue
        found = {(line["name"], line["version"]) for line in ran.lines()}
        assert ran.code == 0, name
        assert found == {(plain(kind, one["name"]), pinned(one)) for one in expected["packages"]}, name


def plain(kind: str, name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-") if kind in ("poetry", "requirements", "uv") else name


def pinned(one: dict[str, str]) -> str:
    """A bound is no installed version, whatever the sample's author took it for."""
    return "" if one.get("comparator", "==") not in ("==", "===", "") else one["version"]
