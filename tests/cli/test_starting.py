"""A start and a command meet at the lock: the start waits for a command, never for another server; `up` becomes the serving process."""

import argparse
import json
import threading
from pathlib import Path

import pytest

from watchbill.base import settings
from watchbill.base.datadir import DataDir, take_lock, write_private
from watchbill.base.problem import Problem
from watchbill.cli.commands import up
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


@pytest.mark.parametrize(("words", "folder"), [(["up"], ""), (["up", "--sample"], "sample")])
def test_up_becomes_the_serving_process_in_the_chosen_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], folder: str
) -> None:
    def become(_program: str, given: list[str]) -> None:
        raise BecameError(given[1:])

    monkeypatch.setattr(up.os, "execv", become)
    assert main(words) == 2  # the exception above, told as any fault of ours
    assert up.os.environ["WATCHBILL_DATA"] == str(home / folder)


def test_up_hands_on_its_home_and_whether_the_sample_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(up.os, "execv", lambda _program, given: became.append(given[1:]))
    up.become(Path("/srv/watchbill"), with_sample=True)
    assert became == [["-m", "watchbill.cli.serving", "--home", "/srv/watchbill", "--sample"]]


def test_a_database_that_is_not_built_yet_is_refused_before_anything_starts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_DATABASE_URL", "postgresql://db.example/watchbill")
    settings.forget()
    with pytest.raises(Problem) as refused:
        up.run(argparse.Namespace(sample=False))
    settings.forget()
    assert (refused.value.code, refused.value.field) == ("not_built", "database_url")
