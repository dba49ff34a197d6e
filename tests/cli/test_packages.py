"""`watchbill packages`: JSON lines as a reader sees them, and exit 2 for what can't be read."""

import json
from pathlib import Path

import pytest

from tests.shared_data import shared_data
from watchbill.engines.dependencies import limits

KINDS = [
    "cargo",
    "composer",
    "gemfile",
    "gomod",
    "package-lock-v1",
    "package-lock-v2",
    "package-lock-v3",
    "pnpm-v5",
    "pnpm-v6",
    "pnpm-v9",
    "poetry",
    "pylock",
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


def test_every_file_below_a_folder_is_listed_with_its_place(here, tmp_path: Path) -> None:
    files = {
        "app/composer.lock": '{"packages": [{"name": "a/b", "version": "1"}]}',
        "app/vendor/x/composer.lock": '{"packages": [{"name": "c/d", "version": "1"}]}',
        "bills/app.cdx.xml": '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>',
        "bills/app.spdx": "SPDXVersion: SPDX-2.3\nPackageName: bill\n",
        "java/gradle.lockfile": "org.x:y:1=classpath\n",
        "java/service/pom.xml": (
            "<project><parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent>"
            "<dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>${v}</version></dependency></dependencies></project>"
        ),
        "java/pom.xml": "<project><groupId>g</groupId><artifactId>p</artifactId><properties><v>7</v></properties></project>",
        "ruby/Gemfile.lock": "GEM\n  remote: https://gems.registry.example/\n  specs:\n    rack (2.2.4)\n",
        "windows/packages.lock.json": '{"version": 1, "dependencies": {"net6": {"N": {"type": "Direct", "resolved": "1"}}}}',
        "readme.md": "# nothing",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    ran = here("packages", tmp_path)
    assert ran.code == 0
    assert [(Path(line["file"]).relative_to(tmp_path).as_posix(), line["name"], line["version"]) for line in ran.lines()] == [
        ("app/composer.lock", "a/b", "1"),
        ("bills/app.spdx", "bill", ""),
        ("java/gradle.lockfile", "org.x:y", "1"),
        ("java/service/pom.xml", "g:a", "7"),
        ("ruby/Gemfile.lock", "rack", "2.2.4"),
        ("windows/packages.lock.json", "n", "1"),
    ]


def test_a_folder_without_any_is_said_to_have_none(here, tmp_path: Path) -> None:
    ran = here("packages", tmp_path)
    assert (ran.code, ran.lines()[0]["error"]) == (2, "no lockfile or SBOM lies in this folder or below")


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
