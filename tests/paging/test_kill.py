"""Killed at any moment, the bell loses nothing it accepted, and doubles at most what was under way."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.paging.company import ROSTER
from tests.paging.fake_servers import FakeMail, fake_mail
from tests.paging.ringing_process import START
from watchbill.paging import limits

TREE = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("WATCHBILL_TEST_KILLS", "6"))


class Process:
    """A ringing process, and what it said it had accepted."""

    def __init__(self, what: str, env: dict[str, str]) -> None:
        program = [sys.executable, "-c", START, what]
        self.child = subprocess.Popen(program, env=env, cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.child.stdout
        assert self.child.stdout.readline() == "ready\n"
        self.accepted: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.child.stdout
        self.accepted += [line.strip() for line in self.child.stdout if line.endswith("\n")]

    def kill(self) -> list[str]:
        """kill -9; then every alert it had said was accepted."""
        os.kill(self.child.pid, signal.SIGKILL)
        self.child.wait()
        self.reader.join()
        if self.child.stdout:
            self.child.stdout.close()
        return self.accepted


def environment(home: Path, mail: FakeMail) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")}
    return kept | {
        "PYTHONPATH": str(TREE),
        "DJANGO_SETTINGS_MODULE": "watchbill.web.project",
        "WATCHBILL_DATA": str(home),
        "WATCHBILL_MAIL_HOST": "127.0.0.1",
        "WATCHBILL_MAIL_PORT": str(mail.port),
        "WATCHBILL_MAIL_TLS": "none",
        "WATCHBILL_LOG_LEVEL": "ERROR",
    }


SET_UP = """
import django, sys
django.setup()
from django.core.management import call_command
from watchbill.base.acting import SYSTEM
from watchbill.roster.services import apply_roster
call_command("migrate", verbosity=0)
apply_roster(sys.stdin.read(), by=SYSTEM)
"""


def ask(home: Path, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{home / 'watchbill.db'}?mode=ro", uri=True) as database:
        return database.execute(question).fetchall()


def waiting(home: Path) -> int:
    question = "SELECT count(*) FROM paging_page WHERE channel = 'email' AND loop = 0 AND step = 0 AND state NOT IN ('sent', 'skipped')"
    return int(str(ask(home, question)[0][0]))


def settle(home: Path) -> None:
    """Until every first page has gone."""
    end = time.monotonic() + 120
    while waiting(home):
        assert time.monotonic() < end, f"{waiting(home)} pages still wait"
        time.sleep(0.2)


@pytest.mark.real
def test_killed_while_pages_go_out_nothing_accepted_is_lost(tmp_path: Path) -> None:
    home, dice = tmp_path, random.Random(412)
    accepted: list[str] = []
    with fake_mail() as mail:
        env = environment(home, mail)
        subprocess.run([sys.executable, "-c", SET_UP], env=env, cwd=TREE, input=ROSTER, text=True, check=True, capture_output=True)
        for number in range(KILLS):
            process = Process(str(number * 1_000_000), env)
            time.sleep(dice.uniform(0.3, 2.0))
            accepted += process.kill()
        last = Process("settle", env)
        try:
            settle(home)
        finally:
            last.kill()
        told = Counter(str(message["Subject"]).removeprefix("[now] finding:") for message in mail.taken)
        keys = Counter(str(message["Message-ID"]) for message in mail.taken)
    assert len(accepted) > KILLS
    assert [number for number in accepted if not told[number]] == []
    doubled = sum(count - 1 for count in keys.values())
    assert doubled <= KILLS * limits.SENDERS_PER_CHANNEL
    assert len(keys) == len(told), "a page sent again carries the same key"
    assert ask(home, "PRAGMA integrity_check") == [("ok",)]
    sys.stdout.write(f"{KILLS} kills: {len(accepted)} accepted, {len(keys)} pages, 0 lost, {doubled} doubled\n")
