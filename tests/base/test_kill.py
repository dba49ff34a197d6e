"""kill -9 of a process that writes: nothing it acknowledged is lost, the trail has no gap and every hash recomputes."""

import contextlib
import json
import os
import queue
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.databases import sqlite_only
from watchbill.engines.merkle.frontier import Frontier
from watchbill.engines.merkle.tree import tree_hash

pytestmark = sqlite_only  # tests/base/test_many_processes.py kills on PostgreSQL
PROGRAM = Path(__file__).with_name("acknowledging_writer.py")
ROOT = Path(__file__).parents[2]
PATIENT = 60.0
FIELDS = ["seq", "recorded_at", "occurred_at", "actor", "actor_kind", "source", "action", "target", "outcome", "ref", "body"]


class Writing:
    """The process, fed numbers as fast as it answers; `acknowledged` is what it has answered for."""

    def __init__(self, database: Path, first: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(database), "8"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.acknowledged: list[int] = []
        self.sent = first
        self.answers: queue.Queue[int | None] = queue.Queue()
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self.pumps = [threading.Thread(target=self._listen, daemon=True), threading.Thread(target=self._feed, daemon=True)]
        for pump in self.pumps:
            pump.start()

    def _feed(self) -> None:
        assert self.process.stdin is not None
        try:
            while True:
                self.process.stdin.write(f"{self.sent}\n")
                self.process.stdin.flush()
                self.sent += 1
        except OSError:
            pass  # it was killed

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.answers.put(int(line))
        self.answers.put(None)

    def until(self, count: int) -> None:
        """Wait until it has answered for so many."""
        while len(self.acknowledged) < count:
            number = self.answers.get(timeout=PATIENT)
            assert number is not None, "it ended by itself"
            self.acknowledged.append(number)

    def kill(self) -> None:
        """kill -9, and take in what it had answered before."""
        self.process.send_signal(signal.SIGKILL)
        while (number := self.answers.get(timeout=PATIENT)) is not None:
            self.acknowledged.append(number)
        self.process.wait(PATIENT)
        for pump in self.pumps:
            pump.join(PATIENT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


def check(database: Path, acknowledged: set[int]) -> None:
    """With nothing but the standard library's driver and the recursive tree: an outsider's look at what is on disk."""
    with sqlite3.connect(database) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = {int(value) for (value,) in db.execute("SELECT value FROM base_fact")}
        rows = db.execute(f"SELECT {', '.join(FIELDS)}, leaf FROM audit_event ORDER BY seq").fetchall()
        told = {subject for (subject,) in db.execute("SELECT subject FROM base_news")}
        state = db.execute("SELECT state FROM audit_frontier").fetchone()
    db.close()
    entries = [plain(row[:-1]) for row in rows]
    assert acknowledged - kept == set()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert {f"number:{number}" for number in kept} == {row[7] for row in rows} == told
    frontier = Frontier.from_bytes(state[0])
    assert frontier.size == len(rows)
    assert frontier.root() == tree_hash(entries)


def plain(row: tuple[object, ...]) -> bytes:
    event = dict(zip(FIELDS, row, strict=True))
    event["body"] = json.loads(str(event["body"]))
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def kill_again_and_again(database: Path, times: int) -> None:
    """Kill at random points, start again on what is left, and look each time."""
    dice = random.Random(20260601)
    acknowledged: set[int] = set()
    sent = 1
    for _ in range(times):
        writing = Writing(database, sent)
        writing.until(dice.randrange(1, 60))
        writing.kill()
        acknowledged |= set(writing.acknowledged)
        sent = writing.sent + 1
        check(database, acknowledged)
    assert len(acknowledged) > times


@pytest.fixture
def database(migrated_file: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "watchbill.db"))


def test_two_kills_lose_nothing(database: Path) -> None:
    kill_again_and_again(database, times=2)


@pytest.mark.real
def test_twenty_kills_lose_nothing(database: Path) -> None:
    kill_again_and_again(database, times=20)
