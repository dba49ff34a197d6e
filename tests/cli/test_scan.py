"""`watchbill scan`: offline, and what was not looked at never reads as clean."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import lockfile, osv
from tests.databases import sqlite_only
from watchbill.engines.dependencies.store import AdvisoryStore


def test_a_vulnerable_package_is_a_finding(here, project: Path, advisories: Path) -> None:
    ran = here("scan", project, "--advisories", advisories)
    assert ran.code == 1
    row = next(line for line in ran.out.splitlines() if "left-pad" in line)
    assert row.split()[:4] == ["left-pad", "1.2.0", "CVE-2026-1111", "(TEST-1)"]
    assert "1.3.0" in row


def test_a_harmless_lockfile_is_clean(here, project: Path, advisories: Path) -> None:
    (project / "package-lock.json").write_text(lockfile(left_pad="1.3.0"))
    ran = here("scan", project, "--advisories", advisories)
    assert (ran.code, ran.out.startswith("0 findings; 1 package in 1 file")) == (0, True)


def test_a_path_that_is_not_there_is_listed_and_ends_with_two(here, project: Path, advisories: Path) -> None:
    ran = here("scan", project / "absent", "--advisories", advisories)
    assert ran.code == 2
    assert "there is nothing at this path" in ran.out


def test_a_broken_lockfile_beside_a_good_one_ends_with_two(here, project: Path, advisories: Path) -> None:
    (project / "poetry.lock").write_text("[[package]\n")
    ran = here("scan", project, "--advisories", advisories)
    assert ran.code == 2
    assert "left-pad" in ran.out
    assert "poetry.lock" in ran.out


def test_a_package_that_is_not_pinned_is_listed_as_not_looked_at(here, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("padding>=1.0\n")
    advisory = tmp_path / "T.json"
    advisory.write_text(json.dumps(osv() | {"affected": [{"package": {"ecosystem": "PyPI", "name": "padding"}, "versions": ["1.0"]}]}))
    ran = here("scan", tmp_path / "requirements.txt", "--advisories", advisory)
    assert (ran.code, "padding >=1.0" in ran.out) == (2, True)


def test_no_advisories_at_all_is_a_problem_with_its_remedy(here, project: Path) -> None:
    ran = here("scan", project)
    assert ran.code == 2
    assert "watchbill advisories load" in ran.err


def test_an_empty_folder_of_advisories_is_refused(here, project: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert here("scan", project, "--advisories", tmp_path / "empty").code == 2


def test_the_store_of_the_data_directory_is_used_when_none_is_named(here, home: Path, project: Path, advisories: Path) -> None:
    with AdvisoryStore.open(home / "advisories.db") as store:
        store.load([advisories])
    assert here("scan", project).code == 1


@sqlite_only
def test_the_store_of_the_sample_company_is_found_from_its_home(here, home: Path, project: Path, advisories: Path) -> None:
    with AdvisoryStore.open(home / "sample" / "advisories.db") as store:
        store.load([advisories])
    assert here("scan", project).code == 1


def test_a_zip_of_advisories_serves(here, project: Path, advisories: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "osv.zip", "w") as archive:
        archive.write(advisories / "TEST-1.json", "TEST-1.json")
    assert here("scan", project, "--advisories", tmp_path / "osv.zip").code == 1


def test_a_damaged_zip_of_advisories_is_a_problem(here, project: Path, tmp_path: Path) -> None:
    (tmp_path / "osv.zip").write_bytes(b"PK\x03\x04 and then nothing")
    ran = here("scan", project, "--advisories", tmp_path / "osv.zip")
    assert (ran.code, "Nothing was scanned" in ran.err) == (2, True)


def test_a_known_exploited_one_is_marked_and_counted(here, project: Path, advisories: Path, tmp_path: Path) -> None:
    entry = {"cveID": "CVE-2026-1111", "vendorProject": "pad", "product": "left-pad", "vulnerabilityName": "x",
             "dateAdded": "2026-05-02",
             "shortDescription": "x",
             "requiredAction": "x", "dueDate": "2026-05-20", "knownRansomwareCampaignUse": "Unknown", "notes": ""}  # fmt: skip
    kev = tmp_path / "kev.json"
    kev.write_text(
        json.dumps({"title": "t", "catalogVersion": "1", "dateReleased": "2026-05-02T00:00:00Z", "count": 1, "vulnerabilities": [entry]})
    )
    with AdvisoryStore.open(tmp_path / "store.db") as store:
        store.load([advisories])
        store.load_kev(kev)
    ran = here("scan", project, "--advisories", tmp_path / "store.db")
    assert next(line for line in ran.out.splitlines() if "left-pad" in line).split()[0] == "KEV"
    assert "1 finding, 1 known to be exploited (KEV)" in ran.out


def test_json_holds_the_whole_report(here, project: Path, advisories: Path) -> None:
    report = here("scan", project, "--advisories", advisories, "--json").json()
    assert (report["exit_code"], report["packages"], report["advisories"]) == (1, 2, 1)
    (finding,) = report["findings"]
    assert (finding["package"], finding["version"], finding["fixed"]) == ("left-pad", "1.2.0", "1.3.0")


def test_a_problem_is_json_too_when_json_was_asked_for(here, project: Path) -> None:
    assert here("scan", project, "--json").json()["type"] == "urn:watchbill:problem:no_advisories"


def test_a_hostile_summary_is_inert(here, project: Path, tmp_path: Path) -> None:
    advisory = tmp_path / "T.json"
    advisory.write_text(json.dumps(osv(summary="\u001b]0;owned\u0007 \u202egnp.exe\r\nclean")))
    ran = here("scan", project, "--advisories", advisory)
    assert ran.code == 1
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(ran.out)


def test_a_hostile_file_name_is_inert(here, tmp_path: Path, advisories: Path) -> None:
    folder = tmp_path / "a\x1b[31m\nb"
    folder.mkdir()
    (folder / "package-lock.json").write_text(lockfile(left_pad="1.0.0"))
    ran = here("scan", tmp_path, "--advisories", advisories)
    assert "\x1b" not in ran.out
    assert "\\x1b[31m\\x0ab/package-lock.json" in ran.out


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links here")
def test_a_link_out_of_the_folder_is_not_followed(here, tmp_path: Path, project: Path, advisories: Path) -> None:
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / "package-lock.json").symlink_to(project / "package-lock.json")
    assert here("scan", tmp_path / "trap", "--advisories", advisories).code == 2


def test_a_scan_leaves_no_data_directory_behind(here, home: Path, project: Path, advisories: Path) -> None:
    here("scan", project, "--advisories", advisories)
    assert not home.exists()


def through_express() -> str:
    packages = {
        "": {"name": "board", "dependencies": {"express": "4.18.2"}},
        "node_modules/express": {"version": "4.18.2", "dependencies": {"left-pad": "1.2.0"}},
        "node_modules/left-pad": {"version": "1.2.0"},
    }
    return json.dumps({"name": "board", "lockfileVersion": 3, "packages": packages})


def test_what_brings_a_package_in_is_told_below_it(here, project: Path, advisories: Path) -> None:
    (project / "package-lock.json").write_text(through_express())
    ran = here("scan", project, "--advisories", advisories)
    assert "    left-pad 1.2.0: It comes in through express 4.18.2; bump express." in ran.out.splitlines()


def test_what_brings_a_package_in_stands_in_the_json(here, project: Path, advisories: Path) -> None:
    (project / "package-lock.json").write_text(through_express())
    ran = here("scan", project, "--advisories", advisories, "--json")
    assert [finding["path"] for finding in json.loads(ran.out)["findings"]] == [["express@4.18.2"]]


def test_a_package_whose_way_nobody_knows_has_no_line_of_its_own(here, project: Path, advisories: Path) -> None:
    assert "comes in through" not in here("scan", project, "--advisories", advisories).out
