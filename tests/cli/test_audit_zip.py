"""`watchbill audit export --zip` and `audit verify --zip`, as an administrator and an auditor run them, with no server running."""

import zipfile
from pathlib import Path

import pytest

from tests.trail.exports import members, packed
from tests.trail.forging import edited, lines, put

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
def trail_of_a_roster(process, home: Path, tmp_path: Path) -> Path:
    """A company with a short trail, and the checkpoint that an auditor took then; its path."""
    (tmp_path / "roster.toml").write_text(ROSTER)
    assert process("roster", "apply", tmp_path / "roster.toml").code == 0
    assert process("audit", "export", tmp_path / "trail.jsonl").code == 0
    return tmp_path / "trail.jsonl.checkpoint"


def test_the_whole_trail_goes_out_and_is_verified_and_a_changed_one_found(process, trail_of_a_roster: Path, tmp_path: Path) -> None:
    """One story, since each step is a process of its own."""
    made = process("audit", "export", tmp_path / "trail.zip", "--zip", "--since", trail_of_a_roster)
    assert made.code == 0, made.err
    assert "events written to" in made.out

    verify = ("audit", "verify", "--zip", tmp_path / "trail.zip")
    told = process(*verify, "--checkpoint", trail_of_a_roster, "--json").json()
    assert (told["ok"], told["whole"]) == (True, True)
    assert process(*verify, "--checkpoint", trail_of_a_roster, "--key", told["keys"][0]).out.startswith("OK: ")
    assert process(*verify, "--checkpoint", trail_of_a_roster, "--key", "0" * 64).code == 1

    alone = process(*verify)
    assert alone.code == 2
    assert "CAN'T TELL" in alone.out
    assert "can't be told from the real one" in alone.out

    files = members(tmp_path / "trail.zip")
    events = lines(files)
    events[1] = edited(events[1], action="team.removed")
    put(files, events)
    found = process("audit", "verify", "--zip", packed(tmp_path / "forged.zip", files), "--checkpoint", trail_of_a_roster)
    assert (found.code, "The first event at fault: 2." in found.out) == (1, True), found.out


def test_a_part_is_asked_for_in_words(process, trail_of_a_roster: Path, tmp_path: Path) -> None:
    asked = ("--zip", "--target", "team:berths", "--since", trail_of_a_roster, "--sealed", "--json")
    made = process("audit", "export", tmp_path / "part.zip", *asked).json()
    assert 1 <= made["events"] < made["size"]
    with zipfile.ZipFile(tmp_path / "part.zip") as part:
        assert "inclusion.jsonl" in part.namelist()
        assert "private.jsonl" not in part.namelist()
    found = process("audit", "verify", "--zip", tmp_path / "part.zip", "--checkpoint", trail_of_a_roster, "--json").json()
    assert (found["ok"], found["whole"], found["events"]) == (True, False, made["events"])


def test_what_can_not_be_exported_says_why(process, trail_of_a_roster: Path, tmp_path: Path) -> None:
    for words, says in [
        (("--zip", "--from", "yesterday"), "2026-11-23T15:49:00Z"),
        (("--zip", "--target", "team:nobody"), "No event fits"),
        (("--target", "team:berths"), "go with --zip"),
        (("--zip", "--since", "/nowhere/kept.txt"), "No such file"),
    ]:
        refused = process("audit", "export", tmp_path / "part.zip", *words)
        assert (refused.code, says in refused.err) == (2, True), refused.err
    assert not (tmp_path / "part.zip").exists()


def test_a_file_that_is_no_export_is_said_so(process, tmp_path: Path, home: Path) -> None:
    (tmp_path / "hello.zip").write_text("hello")
    assert process("audit", "verify", "--zip", tmp_path / "hello.zip").code == 1
    assert process("audit", "verify", "--zip", tmp_path / "nothing.zip").code == 2
