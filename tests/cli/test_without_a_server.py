"""Commands that write, with no server running: the verb is done here, under the data directory's lock, in a real process and database."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import lockfile, osv
from tests.databases import sqlite_only
from watchbill.base.datadir import DataDir, take_lock

ROSTER = """
[[person]]
email = "alice@saltmarsh.example"
name = "Alice"
role = "admin"

[[team]]
slug = "berths"
name = "Berths"
members = ["alice@saltmarsh.example"]

[[service]]
slug = "berth-board"
name = "Berth board"
team = "berths"
tier = 1
exposure = "open"
"""


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    file = tmp_path / "roster.toml"
    file.write_text(ROSTER)
    return file


def test_a_company_is_begun_from_its_roster_to_a_finding(process, home: Path, roster: Path, project: Path, advisories: Path) -> None:
    dry = process("roster", "apply", roster, "--dry-run")
    assert (dry.code, "would be changed" in dry.out) == (1, True)

    applied = process("roster", "apply", roster)
    assert (applied.code, "berth-board" in applied.out) == (0, True), applied.err
    assert process("roster", "apply", roster).out == "Nothing to change.\n"

    loaded = process("advisories", "load", advisories)
    assert (loaded.code, loaded.out.startswith("1 advisory added")) == (0, True), loaded.err

    watched = process("source", "watch", project, "--service", "berth-board", "--json").json()
    assert "1 new finding" in watched["outcome"]
    again = process("source", "check", watched["source"])
    assert (again.code, "othing changed" in again.out) == (0, True)

    token = process("token", "create", "--name", "ci", "--person", "alice@saltmarsh.example", "--scopes", "send", "read")
    assert token.code == 0
    assert token.out.strip().startswith("wbk_")
    assert "Shown this once" in token.err

    assert process("audit", "verify").code == 0


def test_a_new_person_gets_a_link_and_no_password(process, home: Path) -> None:
    added = process("person", "add", "bob@saltmarsh.example", "--name", "Bob", "--json").json()
    assert added["link"].startswith("http://127.0.0.1:8080/welcome/")
    twice = process("person", "add", "bob@saltmarsh.example", "--name", "Bob")
    assert (twice.code, "in the roster already" in twice.err) == (2, True)


def test_a_broken_roster_changes_nothing_and_is_told(process, home: Path, roster: Path) -> None:
    roster.write_text(ROSTER + '\n[[service]]\nslug = "x"\nname = "X"\nteam = "nobody"\n')
    ran = process("roster", "apply", roster)
    assert (ran.code, ran.out) == (2, "")
    assert "nobody" in ran.err
    assert process("audit", "export").out.count("roster.applied") == 0


def test_the_roster_may_come_from_standard_input(process, home: Path) -> None:
    assert process("roster", "apply", "-", stdin=ROSTER).code == 0


def test_an_update_loads_the_same_places_again_and_names_those_that_are_gone(process, home: Path, advisories: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(osv("TEST-2", "right-pad")))
    assert process("advisories", "load", advisories, other).code == 0
    (advisories / "TEST-3.json").write_text(json.dumps(osv("TEST-3", "top-pad")))
    other.unlink()
    ran = process("advisories", "update")
    assert (ran.code, ran.out.startswith("1 advisory added")) == (2, True)
    assert f"Gone since it was last loaded: {other}" in ran.out


def test_an_update_of_nothing_is_a_problem(process, home: Path) -> None:
    ran = process("advisories", "update")
    assert (ran.code, "advisories load" in ran.err) == (2, True)


def test_an_advisory_that_cannot_be_read_is_listed_and_the_rest_is_loaded(process, home: Path, advisories: Path) -> None:
    (advisories / "broken.json").write_text("{")
    ran = process("advisories", "load", advisories)
    assert ran.code == 2
    assert ran.out.startswith("1 advisory added")
    assert "broken.json" in ran.out


def test_the_export_is_what_the_trail_hashes_and_holds_itself(process, home: Path, tmp_path: Path) -> None:
    ran = process("audit", "export", tmp_path / "trail.jsonl", "--json")
    lines = (tmp_path / "trail.jsonl").read_text().splitlines()
    assert ran.json()["events"] == len(lines)
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == list(range(1, len(lines) + 1))
    assert (events[-1]["action"], events[-1]["source"]) == ("trail.exported", "cli")
    assert (tmp_path / "trail.jsonl.checkpoint").read_text().splitlines()[1] == str(len(lines))


def test_an_export_is_for_its_owner_only(process, home: Path, tmp_path: Path) -> None:
    process("audit", "export", tmp_path / "trail.jsonl")
    assert (tmp_path / "trail.jsonl").stat().st_mode & 0o077 == 0


def test_an_export_that_cannot_be_written_leaves_nothing(process, home: Path, tmp_path: Path) -> None:
    ran = process("audit", "export", tmp_path / "absent" / "trail.jsonl")
    assert (ran.code, "can't be written" in ran.err) == (2, True)


@sqlite_only
def test_a_trail_that_was_altered_is_found_out(process, home: Path) -> None:
    process("audit", "export")
    database = sqlite3.connect(home / "watchbill.db")
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {trigger}")
    database.execute("UPDATE audit_event SET action = 'nothing.happened' WHERE seq = 1")
    database.commit()
    database.close()
    ran = process("audit", "verify")
    assert (ran.code, ran.out.startswith("NOT WHOLE: event 1 was changed")) == (1, True)


def test_there_is_no_trail_to_verify_before_the_first_start(process, home: Path) -> None:
    ran = process("audit", "verify")
    assert (ran.code, "watchbill up" in ran.err) == (2, True)
    assert not (home / "watchbill.db").exists()


@sqlite_only
def test_a_held_directory_without_a_way_in_is_not_written_beside(process, home: Path) -> None:
    lock = take_lock(home)
    ran = process("roster", "apply", "-", stdin=ROSTER)
    lock.release()
    assert (ran.code, "can't be asked" in ran.err) == (2, True)
    assert not DataDir(home).database.exists()


def test_nothing_rings_in_an_empty_company(process, home: Path) -> None:
    ran = process("alerts")
    assert (ran.code, ran.out) == (0, "Nothing is open.\n")


@sqlite_only
def test_the_trail_keeps_who_did_it_at_the_terminal(process, home: Path) -> None:
    process("roster", "apply", "-", stdin=ROSTER, LOGNAME="noor")
    applied = next(event for event in process("audit", "export").lines() if event["action"] == "roster.applied")
    names = dict(sqlite3.connect(home / "watchbill.db").execute("SELECT commitment, name FROM audit_name"))
    assert (names[applied["actor"]], applied["actor_kind"], applied["source"]) == ("noor", "person", "cli")


def test_a_manifest_that_is_gone_holds_the_next_look(process, home: Path, roster: Path, project: Path, advisories: Path) -> None:
    process("roster", "apply", roster)
    process("advisories", "load", advisories)
    source = process("source", "watch", project, "--service", "berth-board", "--json").json()["source"]
    (project / "package-lock.json").unlink()
    assert process("source", "check", source).code in (0, 1)
    (project / "package-lock.json").write_text(lockfile(left_pad="1.2.0"))
    assert "new" not in process("source", "check", source).out


@sqlite_only
def test_a_person_is_erased_only_when_that_is_confirmed(process, home: Path, roster: Path) -> None:
    process("roster", "apply", roster)
    asked = process("audit", "erase-person", "alice@saltmarsh.example")
    assert (asked.code, asked.out) == (1, "")
    kept = sqlite3.connect(home / "watchbill.db").execute("SELECT group_concat(value) FROM audit_private").fetchone()[0]
    assert "alice@saltmarsh.example" in kept

    done = process("audit", "erase-person", "alice@saltmarsh.example", "--yes", "--json").json()

    assert done["values"] > 0
    kept = sqlite3.connect(home / "watchbill.db").execute("SELECT coalesce(group_concat(value), '') FROM audit_private").fetchone()[0]
    assert "alice@saltmarsh.example" not in kept
    assert process("audit", "verify").code == 0
