"""The git witness, with real git and bare repositories on disk."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from watchbill.base import limits
from watchbill.base import settings as own_settings
from watchbill.base.handover import Gone, Handover, Lost, WitnessFailed
from watchbill.base.settings import WitnessSettings
from watchbill.base.witnesses import git

NOTE = "watchbill/0011\n{size}\nAAAA\n\n\N{EM DASH} watchbill/0011 AAAA\n"
AT = datetime(2026, 6, 1, 9, tzinfo=UTC)


def handed(size: int, *statements: str) -> Handover:
    return Handover("watchbill/0011", size, bytes(32), NOTE.format(size=size), AT, tuple(statements))


def run(*argv: str | Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", *map(str, argv)], capture_output=True, check=True, text=True, env=environment).stdout


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty bare repository elsewhere."""
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path / "data"))
    own_settings.forget()
    run("init", "--quiet", "--bare", tmp_path / "remote.git")
    yield tmp_path / "remote.git"
    monkeypatch.undo()
    own_settings.forget()


@pytest.fixture
def own(remote: Path) -> WitnessSettings:
    return WitnessSettings(git=str(remote))


def history(remote: Path, branch: str = "checkpoints") -> list[str]:
    return run("--git-dir", remote, "log", "--reverse", "--format=%s", branch).splitlines()


def test_each_checkpoint_is_a_commit_that_the_remote_has(remote: Path, own: WitnessSettings) -> None:
    for size in (1, 5, 9):
        git.hand_over(handed(size), own)
    assert history(remote) == ["watchbill/0011: 1 events", "watchbill/0011: 5 events", "watchbill/0011: 9 events"]
    assert run("--git-dir", remote, "show", "checkpoints:checkpoint.txt") == NOTE.format(size=9)


def test_what_the_remote_keeps_is_read_back_in_order(own: WitnessSettings) -> None:
    for size in (1, 5, 9):
        git.hand_over(handed(size), own)
    assert git.read_back(own) == [NOTE.format(size=size) for size in (1, 5, 9)]


def test_the_commits_are_nobody_s_and_of_the_checkpoint_s_time(remote: Path, own: WitnessSettings) -> None:
    git.hand_over(handed(1), own)
    said = run("--git-dir", remote, "log", "--format=%an <%ae> %at", "checkpoints").strip()
    assert said == f"Watchbill <checkpoints@watchbill.invalid> {AT.timestamp():.0f}"


def test_a_commit_whose_success_was_never_known_is_not_made_twice(remote: Path, own: WitnessSettings) -> None:
    git.hand_over(handed(1), own)
    (folder,) = (own_settings.settings().data / "witness-git").glob("*.git")
    run("--git-dir", folder, "update-ref", "-d", "refs/watchbill/pushed")
    git.hand_over(handed(1), own)
    assert len(history(remote)) == 1


def test_statements_about_the_key_are_kept_beside(remote: Path, own: WitnessSettings) -> None:
    git.hand_over(handed(1), own)
    git.hand_over(handed(2, "first word\n"), own)
    git.hand_over(handed(3, "second word\n"), own)
    assert run("--git-dir", remote, "show", "checkpoints:key-rotations.txt") == "first word\n\nsecond word\n"
    assert run("--git-dir", remote, "show", "checkpoints:checkpoint.txt") == NOTE.format(size=3)


def test_what_others_keep_on_the_branch_stays(remote: Path, own: WitnessSettings, tmp_path: Path) -> None:
    git.hand_over(handed(1), own)
    clone(remote, tmp_path / "clone", "a/read me.txt")
    git.hand_over(handed(2), own)
    assert set(run("--git-dir", remote, "ls-tree", "-r", "--name-only", "checkpoints").splitlines()) == {
        "a/read me.txt",
        "checkpoint.txt",
    }
    assert git.read_back(own) == [NOTE.format(size=1), NOTE.format(size=2)]


def clone(remote: Path, folder: Path, name: str) -> None:
    """Charlie adds a file and pushes."""
    run("clone", "--quiet", "--branch", "checkpoints", remote, folder)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("hello\n")
    run("-C", folder, "add", "--all")
    run("-C", folder, "-c", "user.name=Charlie", "-c", "user.email=c@d.example", "commit", "--quiet", "-m", "hello")
    run("-C", folder, "push", "--quiet", "origin", "checkpoints")


def test_a_remote_that_was_rewritten_is_said_and_never_forced(remote: Path, own: WitnessSettings) -> None:
    git.hand_over(handed(1), own)
    git.hand_over(handed(2), own)
    first = run("--git-dir", remote, "rev-list", "--max-parents=0", "checkpoints").strip()
    run("--git-dir", remote, "update-ref", "refs/heads/checkpoints", first)
    with pytest.raises(Lost, match="was rewritten"):
        git.hand_over(handed(3), own)
    assert history(remote) == ["watchbill/0011: 1 events"]
    with pytest.raises(Lost, match="was rewritten"):
        git.read_back(own)


def test_a_branch_that_vanished_is_said(remote: Path, own: WitnessSettings) -> None:
    git.hand_over(handed(1), own)
    run("--git-dir", remote, "update-ref", "-d", "refs/heads/checkpoints")
    with pytest.raises(Gone, match="no longer has the branch"):
        git.hand_over(handed(2), own)


def test_a_remote_without_the_branch_has_nothing_to_read(own: WitnessSettings) -> None:
    with pytest.raises(Gone, match="no branch"):
        git.read_back(own)


def test_a_remote_that_is_not_there_is_a_failure_with_gits_own_word(remote: Path) -> None:
    with pytest.raises(WitnessFailed, match=r"git ls-remote: fatal: .*gone.git"):
        git.hand_over(handed(1), WitnessSettings(git=str(remote.with_name("gone.git"))))


def test_a_remote_that_refuses_is_a_failure(remote: Path, own: WitnessSettings) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho go away >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(WitnessFailed, match="git push"):
        git.hand_over(handed(1), own)


def test_no_hook_of_ours_runs(remote: Path, own: WitnessSettings, tmp_path: Path) -> None:
    git.hand_over(handed(1), own)
    (folder,) = (own_settings.settings().data / "witness-git").glob("*.git")
    for name in ("pre-push", "reference-transaction", "post-commit"):
        hook = folder / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        hook.chmod(0o755)
    git.hand_over(handed(2), own)
    assert not (tmp_path / "ran").exists()


def test_a_git_that_hangs_is_ended_with_all_its_children(
    remote: Path, own: WitnessSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git.hand_over(handed(1), own)
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(limits, "WITNESS_SECONDS", 0.3)
    with pytest.raises(WitnessFailed, match="took longer than"):
        git.hand_over(handed(2), own)


def test_two_processes_are_not_at_it_at_once(own: WitnessSettings) -> None:
    with git._repository(own), pytest.raises(WitnessFailed, match="another process"):
        git.hand_over(handed(1), own)


@pytest.mark.parametrize(
    "address",
    ["--upload-pack=touch /tmp/x", "ext::sh -c whoami", "-oProxyCommand=x", "a b", "https://me:secret@git.example/x.git", "x\ny"],
)
def test_an_address_that_git_could_take_for_a_command_is_refused(own: WitnessSettings, address: str) -> None:
    with pytest.raises(WitnessFailed, match=r"witness\.git"):
        git.hand_over(handed(1), msgspec.structs.replace(own, git=address))


@pytest.mark.parametrize("branch", ["", "-d", "a..b", "a b", "x:y", "refs/heads/../x", "a/", "+main", "a\n"])
def test_a_branch_that_is_none_is_refused(own: WitnessSettings, branch: str) -> None:
    with pytest.raises(WitnessFailed, match=r"witness\.git_branch"):
        git.hand_over(handed(1), msgspec.structs.replace(own, git_branch=branch))


@pytest.mark.parametrize("address", ["http://git.example/x.git", "git://git.example/x.git", "ftp://git.example/x"])
def test_a_transport_that_anybody_could_listen_to_is_off(own: WitnessSettings, address: str) -> None:
    with pytest.raises(WitnessFailed, match="not allowed"):
        git.hand_over(handed(1), msgspec.structs.replace(own, git=address))


def test_the_token_is_in_no_argument_and_not_on_disk(remote: Path, own: WitnessSettings, tmp_path: Path) -> None:
    with_token = msgspec.structs.replace(own, git_token="not-for-everybody")
    git.hand_over(handed(1), with_token)
    with git._repository(with_token) as running:
        assert "not-for-everybody" not in str(running._argv)
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file())
    assert b"not-for-everybody" not in kept


def test_the_users_own_git_settings_count_for_nothing(
    remote: Path, own: WitnessSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\nname = Mallory\n[commit]\ngpgSign = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    git.hand_over(handed(1), own)
    assert "Watchbill" in run("--git-dir", remote, "log", "--format=%an", "checkpoints")


def test_each_place_has_a_repository_of_its_own(remote: Path, own: WitnessSettings) -> None:
    git.hand_over(handed(1), own)
    git.hand_over(replace(handed(1)), msgspec.structs.replace(own, git_branch="more/checkpoints"))
    assert history(remote, "more/checkpoints") == ["watchbill/0011: 1 events"]
    assert len(list((own_settings.settings().data / "witness-git").glob("*.git"))) == 2
