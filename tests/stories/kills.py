"""The kill harness: a house of Watchbill processes under traffic, killed with `kill -9` one after the other at random points, and looked at
after every death.

`House` starts and kills; `Traffic` (traffic.py) sends and notes what was answered for; aftermath.py says what must be true then. A story is
three lines: `with house(home, shape) as own: die(own, times); own.outlive()`. Only processes that the house started are ever killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.cases.company import ROSTER
from tests.stories import aftermath
from tests.stories.harness import ROOT, Postbox, Server, database_of, eventually, free_port, start
from tests.stories.traffic import Told, Traffic

Shape = tuple[str, ...]
ONE: Shape = ("up",)
TWO_WORKING: Shape = ("web", "work", "work")
TWO_SERVING: Shape = ("web", "web", "work")
VERIFIER = ROOT / "watchbill" / "client" / "verify_trail.py"
GONE_SECONDS = 10.0
LOOK_CLOSER_EVERY = 10  # deaths, until the product's own verifier reads everything and an outsider takes a checkpoint home
ALL_EVERY = 8  # deaths of several processes, one takes all of them at once
START_EVERY = 5  # deaths, one that starts again is killed while it does
QUIET = 0.5
SEQUENCING = (
    "select 1 from pg_locks where locktype = 'advisory' and objid = 2 and objsubid = 2 and granted"
    " and database = (select oid from pg_database where datname = current_database())"
)


@dataclass
class Figures:
    """What a run came to."""

    kills: int = 0
    dead: Counter[str] = field(default_factory=Counter)
    starting: int = 0
    sequencing: int = 0
    verified: int = 0
    judged: int = 0
    doubled: int = 0
    began: float = field(default_factory=time.monotonic)

    def line(self, told: Told, events: int) -> str:
        """For the reader of the tests' output."""
        by_role = ", ".join(f"{count} {role}" for role, count in sorted(self.dead.items()))
        return (
            f"{self.kills} kills ({by_role}; {self.starting} while starting, {self.sequencing} while events were numbered):"
            f" {told.accepted} accepted ({len(told.inbox)} lock files, {len(told.single) + len(told.keyed)} changes,"
            f" {len(told.incidents)} incidents, {len(told.acks)} acknowledgements), 0 lost, {told.again} sent again under one key,"
            f" {self.doubled} mails doubled, {told.busy.total()} answers of 503;"
            f" trail of {events} events verified {self.verified} times, {self.judged} times from outside;"
            f" {time.monotonic() - self.began:.0f} s"
        )


@dataclass
class House:
    """A home, its processes by place in the shape, its mail, and what has been told so far."""

    home: Path
    shape: Shape
    token: str
    postbox: Postbox
    database: aftermath.Database
    dice: random.Random
    ports: list[int]
    servers: dict[int, Server] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    trail: aftermath.Trail = field(default_factory=aftermath.Trail)
    in_flight: Counter[str] = field(default_factory=Counter)
    figures: Figures = field(default_factory=Figures)

    def serving(self) -> list[int]:
        """The ports where requests go."""
        return [port for role, port in zip(self.shape, self.ports, strict=True) if role != "work"]

    def begin(self, place: int) -> Server:
        """Start what belongs to this place; returns at once."""
        role = {} if self.shape[place] == "up" else {"role": self.shape[place]}
        self.servers[place] = start(
            self.home, sample=False, postbox=self.postbox, port=self.ports[place], wait=False, SIGN_IN_SESSION_HOURS="1", **role
        )
        return self.servers[place]

    def ready(self, place: int) -> None:
        """Wait until it serves, or is at work."""
        server = self.servers[place]
        works = self.shape[place] == "work"

        def stands() -> bool:
            assert server.process.poll() is None, "it ended by itself:\n" + "".join(server.output[-40:])
            return any("at work" in line for line in server.output) if works else server.is_up()

        eventually(stands, f"{self.shape[place]} stands again")

    def kill(self, *places: int, worker: bool = False) -> None:
        """kill -9 of the parents at these places at once, or of the worker that one watches over; then nothing of them is left, and nobody
        answers there.
        """
        below = {place: children(self.servers[place].process.pid) for place in places}
        for place in places:
            deepest = below[place] if worker else []
            role, victim = self.shape[place], (deepest or [self.servers[place].process.pid])[0]
            os.kill(victim, signal.SIGKILL)
            self.figures.dead[f"{role}'s worker" if deepest else role] += 1
        for place in places:
            role, parent, orphans = self.shape[place], self.servers[place].process, below[place]
            eventually(lambda parent=parent: parent.poll() is not None, f"{role} ends after a kill", GONE_SECONDS)
            eventually(lambda orphans=orphans: not any(map(alive, orphans)), f"{role} leaves nothing running", GONE_SECONDS)
            if role != "work":
                eventually(partial(refuses, self.ports[place]), f"nobody answers after a kill of {role}", GONE_SECONDS)
        self.in_flight.update(idem for (idem,) in self.database.ask("select idem from paging_page where state = 'sending'"))

    def others_go_on(self, *places: int) -> None:
        """Who serves elsewhere takes what comes, and breaks off no connection."""
        ports = [port for place, port in enumerate(self.ports) if self.shape[place] != "work" and place not in places]
        taken, lost = dict(self.told.taken), dict(self.told.lost)
        for port in ports:
            eventually(lambda port=port: self.told.taken[port] > taken.get(port, 0), "another server goes on accepting", GONE_SECONDS)
            assert self.told.lost[port] == lost.get(port, 0), "a server that was not killed broke a connection off"

    def look(self) -> None:
        """What must be true after a death, whoever goes on meanwhile."""
        told = self.told.copy()
        with self.database.snapshot() as ask:
            aftermath.look(ask, told, self.trail)
        self.figures.verified += 1

    def look_closer(self) -> None:
        """The product's own verifier on all of it, and an outsider's."""
        checked = self.command("audit", "verify", check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        self.show_an_outsider()

    def show_an_outsider(self) -> None:
        """Somebody with a program that knows nothing of ours judges an export by the checkpoint kept from the one before, and takes the
        new one home.
        """
        export = self.checkpoint.with_name("export.zip")
        since = ["--since", str(self.checkpoint)] if self.checkpoint.exists() else []
        self.command("audit", "export", "--zip", str(export), *since)
        if since:
            words = [sys.executable, "-I", str(VERIFIER), "--checkpoint", str(self.checkpoint), str(export)]
            judged = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
            assert judged.returncode == 0, judged.stdout + judged.stderr
            self.figures.judged += 1
        with zipfile.ZipFile(export) as zipped:
            self.checkpoint.write_bytes(zipped.read("checkpoint.txt"))

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A `watchbill` command on the house's data."""
        return next(iter(self.servers.values())).run(*words, check=check)

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint that the outsider took home."""
        place = self.home.parent / "outside"
        place.mkdir(exist_ok=True)
        return place / "checkpoint.txt"


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    return False


def children(pid: int) -> list[int]:
    """The processes that this one started, the eldest first."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    return []


def refuses(port: int) -> bool:
    """Does nobody listen there?"""
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return False
    return True


@contextlib.contextmanager
def house(home: Path, shape: Shape) -> Iterator[House]:
    """Saltmarsh in a home of its own, its processes standing, one token, and a mail server."""
    home.mkdir(exist_ok=True)
    postbox, roster = Postbox(), home / "roster.toml"
    roster.write_text(ROSTER, encoding="utf-8")
    settings = database_of(home)
    shell = Server(home, free_port(), None, [], settings)  # type: ignore[arg-type]  # its commands only
    shell.run("advisories", "load", str(ROOT / "watchbill" / "sample_data" / "advisories"))
    shell.run("roster", "apply", str(roster))
    made = shell.run("token", "create", "--name", "kills", "--person", "mira@saltmarsh.example", "--scopes", "read,act,send", "--json")
    database = aftermath.Database(home, settings.get("DATABASE_URL", ""))
    ports = [free_port() for _ in shape]
    own = House(home, shape, json.loads(made.stdout)["token"], postbox, database, random.Random(412), ports)
    try:
        for place in range(len(shape)):
            own.begin(place)
        for place in range(len(shape)):
            own.ready(place)
        yield own
    finally:
        for server in own.servers.values():
            if server.process.poll() is None:
                server.stop()
        postbox.stop()


def die(own: House, times: int) -> str:
    """Die `times` times under traffic, with a look after each death; then outlive it all, and answer for everything. Gives the figures in
    words.
    """
    traffic = Traffic(own.serving(), own.token, own.told)
    try:
        while own.figures.kills < times:
            own.figures.kills += 1
            number = own.figures.kills
            _one_death(own, number)
            if number % LOOK_CLOSER_EVERY == 0:
                own.look_closer()
        time.sleep(QUIET)
    finally:
        traffic.stop()
    return _outlive(own)


def _one_death(own: House, number: int) -> None:
    """Kill one of them (now and then all of them) at a random point of its work, or while it starts, and look while it starts again."""
    time.sleep(own.dice.uniform(0.1, 0.6))
    all_at_once = len(own.shape) > 1 and number % ALL_EVERY == 0
    places = tuple(range(len(own.shape))) if all_at_once else (number % len(own.shape),)
    if own.database.url and own.dice.random() < 0.5:
        own.figures.sequencing += own.database.wait_for(SEQUENCING, 0.3)
    own.kill(*places, worker=number // len(own.shape) % 2 == 1)
    own.others_go_on(*places)
    for place in places:
        own.begin(place)
    own.look()
    if number % START_EVERY == 0:
        time.sleep(own.dice.uniform(0.0, 1.5))
        own.figures.kills += 1
        own.figures.starting += 1
        own.kill(*places)
        own.look()
        for place in places:
            own.begin(place)
    for place in places:
        own.ready(place)


def _outlive(own: House) -> str:
    """Everything that was ever answered for, held up to those who are left."""
    told, database = own.told, own.database
    assert told.inbox, "no lock file was taken: the test tested nothing"
    assert told.incidents, "no cord was pulled: the test tested nothing"
    assert told.keyed, "no change was taken: the test tested nothing"
    aftermath.settle(database)
    with database.snapshot() as ask:
        aftermath.look(ask, told, own.trail)
        aftermath.look_at_the_end(ask, told)
        own.figures.doubled = aftermath.pages_at_the_end(ask, told, own.postbox.messages, own.in_flight)
    if not own.checkpoint.exists():
        own.show_an_outsider()
    own.look_closer()
    return own.figures.line(told, own.trail.tree.size)
