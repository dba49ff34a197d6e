"""Traffic for a server that is going to be killed: threads that send lock files and change events, pull the cord and acknowledge, and a
ledger of what they were answered for.

The threads go on while servers come and go, each from one address to the next when a connection is lost, as behind a load balancer. What
has a key is sent until it is answered for; what has none is sent once. Nothing here looks into a database.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

BATCH = 50
SOURCE = "deployer"
LOST = (OSError, http.client.HTTPException)
ANSWER_SECONDS = 20.0
PACE = 0.005  # seconds between two changes of one thread: servers that start again need the machine as well
STAY = 25  # requests, before a sender looks for another server: one that came back gets its share again
_JSON = {"Content-Type": "application/json"}


@dataclass
class Told:
    """What servers answered for: it must hold whatever happens next. Changes are by their key, or by their number when they had none."""

    inbox: dict[str, int] = field(default_factory=dict)
    keyed: dict[str, int] = field(default_factory=dict)
    single: dict[int, str] = field(default_factory=dict)
    incidents: dict[int, str] = field(default_factory=dict)
    acks: set[int] = field(default_factory=set)
    again: int = 0
    faults: list[str] = field(default_factory=list)
    taken: Counter[int] = field(default_factory=Counter)
    lost: Counter[int] = field(default_factory=Counter)
    busy: Counter[int] = field(default_factory=Counter)
    """By port: what was taken, connections that broke off, and answers that said to come again."""

    def copy(self) -> Told:
        """What was answered for up to now, without the counts by port."""
        kept = (self.inbox.copy(), self.keyed.copy(), self.single.copy(), self.incidents.copy(), self.acks.copy())
        return Told(*kept, self.again, self.faults.copy())

    @property
    def accepted(self) -> int:
        """How many things were answered for."""
        return len(self.inbox) + len(self.keyed) + len(self.single) + len(self.incidents) + len(self.acks)


class Sender:
    """One thread's way in: a connection kept open to one of the servers."""

    def __init__(self, ports: Sequence[int], first: int, token: str, told: Told, stopped: threading.Event) -> None:
        self.ports = itertools.cycle([*ports[first % len(ports) :], *ports[: first % len(ports)]])
        self.port = next(self.ports)
        self.token, self.told, self.stopped = token, told, stopped
        self.connection: http.client.HTTPConnection | None = None
        self.asked = 0

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
        """Status and JSON; raises LOST when the answer did not come whole, and goes to the next server."""
        self.asked += 1
        if self.asked % STAY == 0:
            self.leave()
        given = {"Authorization": f"Bearer {self.token}", **_JSON, **headers}
        reached = self.connection is not None
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
                self.connection.connect()
                reached = True
            self.connection.request(method, path, body=body or None, headers=given)
            response = self.connection.getresponse()
            return response.status, json.loads(response.read())
        except LOST:
            if reached:
                self.told.lost[self.port] += 1
            self.leave()
            raise

    def leave(self) -> None:
        """Hang up; the next request goes to the next server."""
        if self.connection is not None:
            self.connection.close()
        self.connection, self.port = None, next(self.ports)

    def told_well(self, status: int, answer: Any, good: int) -> bool:
        """Was it taken? 503 is no fault: the client comes again. Any other answer is one."""
        if status == good:
            self.told.taken[self.port] += 1
            return True
        if status == 503:
            self.told.busy[self.port] += 1
        else:
            self.told.faults.append(f"{status} {answer}")
        return False

    def insist(self, path: str, body: bytes, good: int, key: str) -> Any:
        """Send it with its key until it is answered for; None when the traffic was stopped before."""
        while True:
            with contextlib.suppress(*LOST):
                status, answer = self.ask("POST", path, body, **{"Idempotency-Key": key})
                if self.told_well(status, answer, good):
                    return answer
            if self.stopped.wait(0.05):
                return None


class Traffic:
    """The threads, until stopped."""

    def __init__(self, ports: Sequence[int], token: str, told: Told) -> None:
        self.told, self.stopped = told, threading.Event()
        self.numbers: Iterator[int] = itertools.count(1)
        jobs = (
            self._send,
            self._send,
            self._tell,
            self._tell_keyed,
            self._tell_many,
            self._pull_the_cord,
            self._pull_the_cord,
            self._acknowledge,
        )
        senders = [Sender(ports, place, token, told, self.stopped) for place in range(len(jobs))]
        self.threads = [
            threading.Thread(target=self._again, args=(job, sender), daemon=True) for job, sender in zip(jobs, senders, strict=True)
        ]
        for thread in self.threads:
            thread.start()

    def _again(self, job: Callable[[Sender], None], sender: Sender) -> None:
        while not self.stopped.is_set():
            try:
                job(sender)
            except LOST:
                self.stopped.wait(0.05)
        sender.leave()

    def _send(self, sender: Sender) -> None:
        number = next(self.numbers)
        key, path = f"key-{number}", f"/api/v1/inbox?service=tide-feed&filename=part-{number}/requirements.txt"
        answer = sender.insist(path, f"tide-{number}==1.0\n".encode(), 202, key)
        if answer is not None:
            self.told.inbox[key] = answer["id"]
        self.stopped.wait(0.02)

    def _tell(self, sender: Sender) -> None:
        summary = f"berth-board deployed, {next(self.numbers)}"
        status, answer = sender.ask("POST", "/api/v1/changes", json.dumps({"summary": summary, "source": SOURCE}).encode())
        if sender.told_well(status, answer, 201):
            self.told.single[answer["id"]] = summary
        self.stopped.wait(PACE)

    def _tell_keyed(self, sender: Sender) -> None:
        """A change with a key, then the same one again: the same number."""
        key = f"one-{next(self.numbers)}"
        body = json.dumps({"summary": key, "source": SOURCE}).encode()
        for _ in range(2):
            answer = sender.insist("/api/v1/changes", body, 201, key)
            if answer is None:
                return
            self._keep(key, answer["id"])
        self.stopped.wait(PACE)

    def _tell_many(self, sender: Sender) -> None:
        key = f"batch-{next(self.numbers)}"
        body = json.dumps([{"summary": f"{key}:{place}", "source": SOURCE} for place in range(BATCH)]).encode()
        answer = sender.insist("/api/v1/changes", body, 201, key)
        for place, number in enumerate(answer["ids"] if answer is not None else ()):
            self._keep(f"{key}:{place}", number)
        self.stopped.wait(0.1)

    def _keep(self, key: str, number: int) -> None:
        if key in self.told.keyed:
            self.told.again += 1
        if self.told.keyed.setdefault(key, number) != number:
            self.told.faults.append(f"{key} is {self.told.keyed[key]} and then {number}")

    def _pull_the_cord(self, sender: Sender) -> None:
        status, answer = sender.ask("POST", "/api/v1/incidents", b'{"text": "odd logins on db3"}')
        if sender.told_well(status, answer, 201):
            self.told.incidents[answer["id"]] = answer["codename"]
        self.stopped.wait(0.1)

    def _acknowledge(self, sender: Sender) -> None:
        status, answer = sender.ask("GET", "/api/v1/alerts")
        ringing = (
            [alert["id"] for alert in answer["items"] if alert["state"] == "triggered"] if sender.told_well(status, answer, 200) else []
        )
        for alert in ringing[:2]:
            status, answer = sender.ask("POST", f"/api/v1/alerts/{alert}/ack")
            if sender.told_well(status, answer, 200):
                self.told.acks.add(alert)
        self.stopped.wait(0.1)

    def stop(self) -> None:
        """Returns once every thread has ended."""
        self.stopped.set()
        for thread in self.threads:
            thread.join(ANSWER_SECONDS + 5)
            assert not thread.is_alive(), "a sender hangs"
