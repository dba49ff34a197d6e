"""kill -9 of a serving Watchbill, parent and worker in turn, while events come in over HTTP and pages go out by real mail.

What was answered 2xx is there afterwards and was acted on; nothing keeps serving without its parent; a page is doubled only if it was in
flight; the audit trail verifies after every death. The long run is marked `real`; two deaths stand in the default suite.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cases.company import ROSTER
from tests.stories.harness import ROOT, Client, Postbox, Server, eventually, free_port, start

SENDERS, CORDS = 3, 2
GONE_SECONDS = 5.0
PATIENT = 60.0
LOST = (OSError, http.client.HTTPException)


@dataclass
class Told:
    """What the server answered for: it must hold whatever happens next."""

    inbox: dict[str, int] = field(default_factory=dict)
    incidents: dict[int, str] = field(default_factory=dict)
    acks: set[int] = field(default_factory=set)
    refusals: list[str] = field(default_factory=list)


class Traffic:
    """Threads that send lockfiles, pull the cord and acknowledge, as fast as they are answered, until stopped."""

    def __init__(self, port: int, token: str, told: Told) -> None:
        self.port, self.token, self.told = port, token, told
        self.stopped = threading.Event()
        self.numbers = iter(range(len(told.inbox) * 10 + random.randrange(10**9), 10**12))
        jobs = [self._send] * SENDERS + [self._pull_the_cord] * CORDS + [self._acknowledge]
        self.threads = [threading.Thread(target=self._again, args=(job,), daemon=True) for job in jobs]
        for thread in self.threads:
            thread.start()

    def _again(self, job: Any) -> None:
        while not self.stopped.is_set():
            with contextlib.suppress(*LOST):
                job()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Status and JSON; raises LOST when the answer did not come whole."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body or None, headers={"Authorization": f"Bearer {self.token}", **headers})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def _note(self, status: int, answer: Any, good: int) -> bool:
        if status != good and status != 503:
            self.told.refusals.append(f"{status} {answer}")
        return status == good

    def _send(self) -> None:
        number = next(self.numbers)
        path = f"/api/v1/inbox?service=tide-feed&filename=part-{number}/requirements.txt"
        key = f"key-{number}"
        for _ in range(200):
            with contextlib.suppress(*LOST):
                status, answer = self.ask("POST", path, f"tide-{number}==1.0\n".encode(), **{"Idempotency-Key": key})
                if self._note(status, answer, 202):
                    self.told.inbox[key] = answer["id"]
                    return
            if self.stopped.wait(0.05):
                return

    def _pull_the_cord(self) -> None:
        status, answer = self.ask("POST", "/api/v1/incidents", b'{"text": "odd logins on db3"}', **{"Content-Type": "application/json"})
        if self._note(status, answer, 201):
            self.told.incidents[answer["id"]] = answer["codename"]
        self.stopped.wait(0.1)

    def _acknowledge(self) -> None:
        status, answer = self.ask("GET", "/api/v1/alerts")
        ringing = [alert["id"] for alert in answer["items"] if alert["state"] == "triggered"] if self._note(status, answer, 200) else []
        for alert in ringing[:2]:
            status, answer = self.ask("POST", f"/api/v1/alerts/{alert}/ack")
            if self._note(status, answer, 200):
                self.told.acks.add(alert)
        self.stopped.wait(0.2)

    def stop(self) -> None:
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)


@dataclass
class Deaths:
    """The house, its mail, and what has been told so far."""

    home: Path
    port: int
    postbox: Postbox
    token: str
    told: Told = field(default_factory=Told)
    in_flight: Counter[str] = field(default_factory=Counter)

    def serve(self) -> Server:
        return start(self.home, sample=False, postbox=self.postbox, port=self.port, SIGN_IN_SESSION_HOURS="1")

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(f"file:{self.home}/watchbill.db?mode=ro", uri=True)) as database:
            return database.execute(question, values).fetchall()

    def die(self, victim: str, after: float) -> None:
        """Serve under traffic, kill the victim, look what is left of it."""
        server = self.serve()
        worker = server.worker()
        traffic = Traffic(self.port, self.token, self.told)
        threading.Event().wait(after)
        os.kill(server.process.pid if victim == "parent" else worker, signal.SIGKILL)
        eventually(lambda: server.process.poll() is not None, f"the parent ends after a kill of the {victim}", GONE_SECONDS)
        eventually(lambda: not alive(worker), f"the worker ends after a kill of the {victim}", GONE_SECONDS)
        eventually(lambda: refuses(self.port), f"nobody answers after a kill of the {victim}", GONE_SECONDS)
        traffic.stop()
        self.in_flight.update(idem for (idem,) in self.rows("select idem from paging_page where state = 'sending'"))
        checked = Server(self.home, self.port, server.process, []).run("audit", "verify", check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    return False


def refuses(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return False
    return True


@pytest.fixture
def deaths(tmp_path: Path) -> Any:
    """Saltmarsh in a directory of its own, one token, and a mail server."""
    postbox, port = Postbox(), free_port()
    shell = Server(tmp_path, port, None, [])  # type: ignore[arg-type]  # its commands only
    roster = tmp_path / "roster.toml"
    roster.write_text(ROSTER, encoding="utf-8")
    shell.run("advisories", "load", str(ROOT / "watchbill" / "sample_data" / "advisories"))
    shell.run("roster", "apply", str(roster))
    made = shell.run("token", "create", "--name", "kills", "--person", "mira@saltmarsh.example", "--scopes", "read,act,send", "--json")
    yield Deaths(tmp_path, port, postbox, json.loads(made.stdout)["token"])
    postbox.stop()


def whole_run(deaths: Deaths, times: int) -> None:
    """Die `times` times, then serve once more and hold the server to everything it ever answered for."""
    chance = random.Random(times)
    for number in range(times):
        deaths.die("parent" if number % 2 == 0 else "worker", chance.uniform(0.2, 1.5))
    server = deaths.serve()
    try:
        look(deaths, server)
    finally:
        server.stop()
    assert server.run("audit", "verify", check=False).returncode == 0


def look(deaths: Deaths, server: Server) -> None:
    told = deaths.told
    assert told.inbox, "no lockfile was taken: the test tested nothing"
    assert told.incidents, "no cord was pulled: the test tested nothing"
    assert not told.refusals, told.refusals[:5]
    read = "select count(*) from base_inbox where state = 'read'"
    kept = dict(deaths.rows("select id, state from base_inbox"))
    assert set(told.inbox.values()) <= set(kept), "an accepted lockfile is gone"
    assert len(set(told.inbox.values())) == len(told.inbox), "two keys share one input"
    eventually(lambda: deaths.rows(read)[0][0] == len(kept), "every accepted lockfile is read", PATIENT)
    eventually(
        lambda: not deaths.rows("select 1 from paging_page where state in ('planned', 'sending') and next_at <= ?", "9999"),
        "the bell is quiet",
        PATIENT,
    )
    paged_for(deaths)
    acknowledged = {pk for (pk,) in deaths.rows("select id from paging_alert where acknowledged_at is not null")}
    assert told.acks <= acknowledged, "an acknowledgement that was answered for is gone"


def paged_for(deaths: Deaths) -> None:
    """Each incident is there and paged somebody; a mail came twice only where it was in flight at a death."""
    there = dict(deaths.rows("select id, codename from incidents_incident"))
    for number, codename in deaths.told.incidents.items():
        assert there.get(number) == codename
    paged = {
        int(subject.removeprefix("incident:"))
        for (subject,) in deaths.rows(
            "select a.subject from paging_page p join paging_alert a on a.id = p.alert_id where p.state in ('sent', 'cancelled', 'skipped')"
        )
    }
    sent = {
        int(subject.removeprefix("incident:"))
        for (subject,) in deaths.rows("select a.subject from paging_page p join paging_alert a on a.id = p.alert_id where p.state = 'sent'")
    }
    assert set(deaths.told.incidents) <= paged
    answered = {
        int(subject.removeprefix("incident:"))
        for (subject,) in deaths.rows("select subject from paging_alert where acknowledged_at is not null")
    }
    assert set(deaths.told.incidents) <= sent | answered, "an incident paged nobody, and nobody had answered it before"
    marks = Counter(re.sub(r"[<>]|@.*", "", str(message["Message-ID"])) for message in deaths.postbox.messages)
    for idem, times in marks.items():
        assert times <= 1 + deaths.in_flight[idem], f"mail {idem} came {times} times, in flight at {deaths.in_flight[idem]} deaths"


@pytest.mark.story
def test_after_two_deaths_nothing_that_was_answered_for_is_lost(deaths: Deaths) -> None:
    whole_run(deaths, 2)


@pytest.mark.real
def test_after_twenty_deaths_nothing_that_was_answered_for_is_lost(deaths: Deaths) -> None:
    whole_run(deaths, 20)


@pytest.mark.real
def test_a_second_server_on_the_same_data_refuses_and_says_why(deaths: Deaths) -> None:
    server = deaths.serve()
    try:
        environment = {
            **os.environ,
            "WATCHBILL_DATA": str(deaths.home),
            "WATCHBILL_ADDR": f"127.0.0.1:{free_port()}",
            "PYTHONPATH": str(ROOT),
        }
        words = [sys.executable, "-m", "watchbill.cli.main", "up"]
        second = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
        assert second.returncode == 2
        assert str(deaths.home) in second.stderr
        assert "Traceback" not in second.stderr
        assert server.is_up()
        assert Client(server.port).get("/healthz").json()["ok"]
    finally:
        server.stop()
