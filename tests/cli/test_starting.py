"""A start and a command meet at the lock: the start waits for a command, never for another server; `up` becomes the serving process."""

import argparse
import json
import threading
from pathlib import Path
from types import ModuleType

import pytest

from tests.databases import sqlite_only
from watchbill.base import settings
from watchbill.base.datadir import DataDir, take_lock, write_private
from watchbill.base.problem import Problem
from watchbill.cli import starting
from watchbill.cli.commands import web, work
from watchbill.cli.main import main


def test_a_start_waits_for_a_command_that_works_in_the_directory(home: Path) -> None:
    command = take_lock(home)
    threading.Timer(0.2, command.release).start()
    take_lock(home, patience=30.0).release()


def test_a_start_does_not_wait_without_patience(home: Path) -> None:
    command = take_lock(home)
    with pytest.raises(Problem, match="Already running"):
        take_lock(home)
    command.release()


def test_patience_ends(home: Path) -> None:
    command = take_lock(home)
    with pytest.raises(Problem, match="Already running"):
        take_lock(home, patience=0.2)
    command.release()


def test_a_start_does_not_wait_for_a_server(home: Path) -> None:
    server = take_lock(home)
    content = {"url": "http://127.0.0.1:1", "token": "x", "pid": int(DataDir(home).lock.read_text())}
    write_private(DataDir(home).control, json.dumps(content).encode())
    finished = threading.Event()

    def second() -> None:
        with pytest.raises(Problem, match="Already running"):
            take_lock(home, patience=3600.0)
        finished.set()

    threading.Thread(target=second, daemon=True).start()
    assert finished.wait(30)
    server.release()


class BecameError(Exception):
    """Instead of becoming another process: what it would have become."""


@sqlite_only
@pytest.mark.parametrize(("words", "folder"), [(["up"], ""), (["up", "--sample"], "sample")])
def test_up_becomes_the_serving_process_in_the_chosen_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], folder: str
) -> None:
    def become(_program: str, given: list[str]) -> None:
        raise BecameError(given[1:])

    monkeypatch.setattr(starting.os, "execv", become)
    assert main(words) == 2  # the exception above, told as any fault of ours
    assert starting.os.environ["WATCHBILL_DATA"] == str(home / folder)


def test_a_start_hands_on_its_role_its_home_and_whether_the_sample_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(starting.os, "execv", lambda _program, given: became.append(given[1:]))
    starting.become("up", Path("/srv/watchbill"), with_sample=True)
    starting.become("work", Path("/srv/watchbill"), with_sample=False)
    first = ["-m", "watchbill.cli.serving", "--home", "/srv/watchbill", "--role"]
    assert became == [[*first, "up", "--sample"], [*first, "work"]]


@pytest.mark.parametrize("command", [web, work])
def test_one_of_several_processes_needs_postgresql(home: Path, monkeypatch: pytest.MonkeyPatch, command: ModuleType) -> None:
    monkeypatch.delenv("WATCHBILL_DATABASE_URL", raising=False)
    settings.forget()
    with pytest.raises(Problem, match="needs PostgreSQL") as refused:
        command.run(argparse.Namespace(sample=False))
    assert "watchbill up" in refused.value.remedy


@pytest.mark.parametrize("words", [["up", "--sample"], ["web"], ["work"]])
def test_on_postgresql_the_directory_is_what_it_is(home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setenv("WATCHBILL_DATABASE_URL", "postgresql://db.example/watchbill")
    settings.forget()
    became: list[list[str]] = []

    def become(_program: str, given: list[str]) -> None:
        became.append(given)
        raise BecameError

    monkeypatch.setattr(starting.os, "execv", become)
    assert main(words) == 2  # as above
    assert became[0][became[0].index("--role") + 1] == words[0]
    assert starting.os.environ["WATCHBILL_DATA"] == str(home)


def test_postgresql_without_its_driver_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_DATABASE_URL", "postgresql://db.example/watchbill")
    settings.forget()
    monkeypatch.setattr(starting.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Problem, match="No PostgreSQL driver") as refused:
        starting.start("up", with_sample=False)
    assert "watchbill[postgres]" in refused.value.remedy
