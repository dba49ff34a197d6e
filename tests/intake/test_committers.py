"""Who changed a file last: from a real checkout, however hostile; a suggestion that never costs more than a few seconds."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories.harness import eventually
from tests.stories.kills import alive
from watchbill.base import limits
from watchbill.intake.scans.committers import Committer, last_committers, phrases, tally, told_committers

ALICE, BOB = ("Alice Duarte", "alice@saltmarsh.example"), ("Bob Lindqvist", "bob@saltmarsh.example")
BOT = ("renovate[bot]", "bot@saltmarsh.example")


def git(folder: Path, *words: str, who: tuple[str, str] = ALICE) -> None:
    name, email = who
    own = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email}
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **own}
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, env=env)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def commit(folder: Path, name: str, who: tuple[str, str], text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    git(folder, "add", "--", name)
    git(folder, "commit", "-q", "-m", "change", who=who)
    return file


def test_the_busiest_of_the_last_commits_come_first(checkout: Path) -> None:
    commit(checkout, "go.sum", BOB, "0")
    for number in range(3):
        file = commit(checkout, "go.sum", ALICE, f"a{number}")
    assert last_committers(file) == (Committer(*ALICE, 3, 4), Committer(*BOB, 1, 4))


def test_only_commits_to_that_file_count(checkout: Path) -> None:
    file = commit(checkout, "apps/go.sum", ALICE, "0")
    commit(checkout, "README", BOB, "x")
    assert [one.email for one in last_committers(file)] == [ALICE[1]]


def test_a_file_whose_name_looks_like_an_option_or_a_pattern_is_only_a_name(checkout: Path) -> None:
    commit(checkout, "other", BOB, "x")
    for name in ("--all", ":(glob)*", "*"):
        file = commit(checkout, f"./{name}", ALICE, name)
        assert [one.email for one in last_committers(file)] == [ALICE[1]]


def test_a_file_outside_any_checkout_suggests_nobody(tmp_path: Path) -> None:
    file = tmp_path / "go.sum"
    file.write_text("x")
    assert last_committers(file) == ()


def test_a_file_that_was_never_committed_suggests_nobody(checkout: Path) -> None:
    commit(checkout, "other", BOB, "x")
    assert last_committers(checkout / "go.sum") == ()


def test_a_folder_that_is_not_there_suggests_nobody(tmp_path: Path) -> None:
    assert last_committers(tmp_path / "gone" / "go.sum") == ()


def test_without_time_nobody_is_asked(checkout: Path) -> None:
    assert last_committers(commit(checkout, "go.sum", ALICE, "x"), seconds=0) == ()


def test_without_git_nobody_is_suggested(checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = commit(checkout, "go.sum", ALICE, "x")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert last_committers(file) == ()


def test_a_git_that_hangs_is_stopped_with_its_children(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = commit(checkout, "go.sum", ALICE, "x")
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nwait\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    assert last_committers(file, seconds=3) == ()
    child = int((tmp_path / "child").read_text())
    eventually(lambda: not alive(child), "its child is gone")


def test_a_git_that_never_stops_talking_is_stopped(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = commit(checkout, "go.sum", ALICE, "x")
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec yes\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    assert last_committers(file) == ()


SETTINGS_THAT_RUN_SOMETHING = (
    ("core.fsmonitor", "{trap}"),
    ("core.pager", "{trap}"),
    ("pager.log", "{trap}"),
    ("core.editor", "{trap}"),
    ("core.sshCommand", "{trap}"),
    ("core.askPass", "{trap}"),
    ("diff.external", "{trap}"),
    ("gpg.program", "{trap}"),
    ("alias.log", "!{trap}"),
    ("log.showSignature", "true"),
    ("credential.helper", "!{trap}"),
    ("core.alternateRefsCommand", "{trap}"),
    ("diff.trap.textconv", "{trap}"),
    ("filter.trap.smudge", "{trap}"),
    ("filter.trap.clean", "{trap}"),
)


def test_a_hostile_checkout_makes_git_run_nothing(checkout: Path, tmp_path: Path) -> None:
    file = commit(checkout, "go.sum", ALICE, "x")
    commit(checkout, ".gitattributes", ALICE, "* diff=trap filter=trap\n")
    sprung, trap = tmp_path / "sprung", tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        (checkout / ".git" / "hooks").mkdir(exist_ok=True)
        (checkout / ".git" / "hooks" / hook).write_text(trap.read_text())
        (checkout / ".git" / "hooks" / hook).chmod(0o755)
    for name, value in SETTINGS_THAT_RUN_SOMETHING:
        git(checkout, "config", name, value.format(trap=trap))

    assert [one.email for one in last_committers(file)] == [ALICE[1]]
    assert not sprung.exists()


def test_missing_objects_of_a_partial_clone_are_never_fetched(checkout: Path, tmp_path: Path) -> None:
    file = commit(checkout, "go.sum", ALICE, "x")
    sprung, trap = tmp_path / "sprung", tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    for name, value in (
        ("remote.far.url", f"ext::{trap} %S"),
        ("remote.far.promisor", "true"),
        ("remote.far.uploadpack", str(trap)),
        ("remote.far.partialclonefilter", "tree:0"),
        ("extensions.partialClone", "far"),
        ("protocol.ext.allow", "always"),
        ("core.repositoryformatversion", "1"),
    ):
        git(checkout, "config", name, value)
    for tree in (checkout / ".git" / "objects").glob("??/*"):
        tree.unlink()  # every object is to be had from the far side only

    assert last_committers(file) == ()
    assert not sprung.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a checkout to somebody else")
def test_a_checkout_that_belongs_to_somebody_else_is_read_all_the_same(checkout: Path) -> None:
    file = commit(checkout, "go.sum", ALICE, "x")
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 12345, 12345)
    assert [one.email for one in last_committers(file)] == [ALICE[1]]


def test_programs_are_not_suggested_but_counted() -> None:
    log = "\n".join("\0".join(who) for who in (BOT, ALICE, BOT))
    assert tally(log) == (Committer(*ALICE, 1, 3),)


def test_one_person_with_two_spellings_of_an_address_is_one() -> None:
    assert tally("Alice\0Alice@Saltmarsh.Example\nAl\0alice@saltmarsh.example") == (Committer("Alice", ALICE[1], 2, 2),)


def test_names_that_act_on_a_page_or_terminal_are_made_plain() -> None:
    (found,) = tally("Eve\x1b[31m\u202e\0eve@evil.example")
    assert found.name.isprintable()


@given(st.text(max_size=300))
def test_any_log_becomes_a_few_people(text: str) -> None:
    found = tally(text)
    assert len(found) <= limits.GIT_COMMITTERS
    assert all(one.name and 0 < one.commits <= one.of <= limits.GIT_COMMITS for one in found)


def test_what_a_client_says_is_read_line_by_line() -> None:
    told = "4/10 Alice Duarte <alice@saltmarsh.example>\n1/10 Bob Lindqvist <bob@saltmarsh.example>"
    assert told_committers(told) == (Committer(*ALICE, 4, 10), Committer(*BOB, 1, 10))


@pytest.mark.parametrize(
    "text", ["", "x", "4/10 <a@b>", "11/10 Al <a@b>", "0/0 Al <a@b>", "4/10 A\x00l <a@b>", "4/10 Al <a b>", "9999/9999 Al <a@b>"]
)
def test_what_is_no_such_line_is_passed_over(text: str) -> None:
    assert told_committers(text) == ()


@given(st.text(max_size=3000))
def test_whatever_a_client_says_is_bounded(text: str) -> None:
    assert len(told_committers(text * 2)) <= limits.GIT_COMMITTERS


def test_a_client_that_says_too_much_is_heard_in_part() -> None:
    line = "1/1 Alice <a@b>"
    assert len(told_committers("\n".join([line] * 50))) == limits.GIT_COMMITTERS
    assert told_committers(" " * limits.GIT_TOLD_CHARS + line) == ()


def test_people_go_by_the_name_the_roster_has_for_them() -> None:
    told = (Committer("al", ALICE[1], 4, 10), Committer("Bob", "bob@elsewhere.example", 10, 10), Committer("Eve", "e@x", 1, 1))
    assert phrases(told, {ALICE[1]: "Alice Duarte"}) == (
        "Alice Duarte (4 of the last 10 commits to this file)",
        "Bob (all 10 last commits to this file)",
        "Eve (the only commit to this file)",
    )
