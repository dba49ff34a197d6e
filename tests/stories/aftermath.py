"""What must be true of a database after a death, asked from outside: nothing answered for is gone, nothing is there twice, everybody who
was owed a page got it, and the audit trail is the tree of exactly its events.

It asks the database itself, SQLite or PostgreSQL, each look in one snapshot, so that servers may go on meanwhile. It writes nothing and
trusts no code of the product but the arithmetic of the tree.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

from tests.stories.harness import eventually
from tests.stories.traffic import BATCH, SOURCE, Told
from watchbill.engines.merkle.frontier import Frontier

PATIENT = 120.0
FIELDS = ("seq", "recorded_at", "occurred_at", "actor", "actor_kind", "source", "action", "target", "outcome", "ref", "body")
EVENTS = f"select {', '.join(FIELDS)}, leaf from audit_event where seq > ? order by seq"
Ask = Callable[..., list[tuple[Any, ...]]]
FINAL, LATER = ("sent", "cancelled", "skipped", "failed"), ("planned", "held")


class Database:
    """A house's database: the file in its home, or the one at a URL."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.home, self.url = home, url

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Ask]:
        """Ask with `?` for values; every answer is from the same moment."""
        with self._postgres() if self.url else self._sqlite() as ask:
            yield ask

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """One question."""
        with self.snapshot() as ask:
            return ask(question, *values)

    def wait_for(self, question: str, seconds: float) -> bool:
        """Ask PostgreSQL again and again, as fast as it answers, until there is a row; False when patience ends."""
        deadline = time.monotonic() + seconds
        with psycopg.connect(self.url, autocommit=True) as database:
            while time.monotonic() < deadline:
                if database.execute(question.encode()).fetchone():
                    return True
        return False

    @contextlib.contextmanager
    def _sqlite(self) -> Iterator[Ask]:
        place = f"file:{self.home}/watchbill.db?mode=ro"
        with contextlib.closing(sqlite3.connect(place, uri=True, isolation_level=None, timeout=30)) as database:
            database.execute("begin")
            yield lambda question, *values: database.execute(question, values).fetchall()

    @contextlib.contextmanager
    def _postgres(self) -> Iterator[Ask]:
        with psycopg.connect(self.url) as database:
            database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            database.read_only = True
            yield lambda question, *values: database.execute(question.replace("?", "%s").encode(), values).fetchall()


def exact(row: Sequence[Any]) -> bytes:
    """The bytes that an event's leaf is the hash of, made by nothing but the standard library."""
    event = dict(zip(FIELDS, row, strict=True))
    event["body"] = json.loads(str(event["body"]))
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Trail:
    """An outsider who reads along: each event once, and at every look that the tree of all events read is the one that is stored."""

    def __init__(self) -> None:
        self.tree = Frontier()
        self.changes: Counter[str] = Counter()

    def read_on(self, ask: Ask) -> None:
        """The events that were added. One missing, altered or out of place is a failure."""
        for row in ask(EVENTS, self.tree.size):
            assert row[0] == self.tree.size + 1, f"event {self.tree.size + 1} is missing: the next is {row[0]}"
            assert sha256(b"\0" + exact(row[:-1])).digest() == bytes(row[-1]), f"event {row[0]} doesn't fit its hash"
            self.tree.append(bytes(row[-1]))
            self._note(row[6], row[7])
        state = ask("select state from audit_frontier")
        assert not self.tree.size or Frontier.from_bytes(bytes(state[0][0])) == self.tree, "the stored frontier is another tree's"
        assert ask("select count(*) from audit_event")[0][0] == self.tree.size, "an event that was there is gone, or one came in before"

    def _note(self, action: str, target: str) -> None:
        if action == "change.recorded":
            self.changes[target] += 1


def look(ask: Ask, told: Told, trail: Trail) -> None:
    """At a death: what was answered for before is there, and each change told once in the trail, or waiting to be."""
    assert not told.faults, told.faults[:5]
    trail.read_on(ask)
    waiting = [target for (target,) in ask("select target from audit_pending where action = 'change.recorded'")]
    recorded = trail.changes.keys() | set(waiting)
    assert len(recorded) == trail.changes.total() + len(waiting), "a change is told twice in the trail"
    assert ask("select count(*) from base_change")[0][0] == len(recorded), "a change without its event, or an event without its change"
    missing = [number for number in (*told.single, *told.keyed.values()) if f"change:{number}" not in recorded]
    assert not missing, f"accepted changes are gone: {missing[:5]}"
    assert set(told.inbox.values()) <= {pk for (pk,) in ask("select id from base_inbox")}, "an accepted lock file is gone"
    assert told.incidents.items() <= dict(ask("select id, codename from incidents_incident")).items(), "an incident is gone"
    answered = {pk for (pk,) in ask("select id from paging_alert where acknowledged_at is not null")}
    assert told.acks <= answered, "an acknowledgement that was answered for is gone"


def settle(database: Database) -> None:
    """Until everything that is due has been done: lock files read, news told, steps taken, pages out, events numbered."""
    owed = {
        "every accepted lock file is read": "select count(*) from base_inbox where state = 'new'",
        "all news is told": "select count(*) from base_delivery",
        "nobody waits for the next step": "select count(*) from paging_alert where state = 'triggered' and next_step_at <= ?",
        "the bell is quiet": "select count(*) from paging_page where state = 'sending' or (state = 'planned' and next_at <= ?)",
        "every event has its number": "select count(*) from audit_pending where at < ?",
    }
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")

    def done(question: str) -> bool:
        return not database.ask(question, *([now] if "?" in question else []))[0][0]

    for what, question in owed.items():
        eventually(partial(done, question), what, PATIENT)


def look_at_the_end(ask: Ask, told: Told) -> None:
    """When all is quiet: each key stands for one thing, each batch came whole or not at all, each lock file was read."""
    states: dict[int, str] = dict(ask("select id, state from base_inbox"))
    unread = {pk: states.get(pk) for pk in told.inbox.values() if states.get(pk) != "read"}
    assert not unread, f"accepted lock files were not read: {list(unread.items())[:5]}"
    assert len(set(told.inbox.values())) == len(told.inbox), "two keys share one lock file"
    changes = ask("select id, summary from base_change where source = ?", SOURCE)
    there: dict[str, int] = {summary: pk for pk, summary in changes}  # no two that were sent say the same
    assert len(there) == len(changes), "a change that was sent again under its key is there twice"
    assert told.keyed.items() <= there.items(), "a key stands for another change than was answered"
    assert told.single.items() <= {pk: summary for summary, pk in there.items()}.items(), "a change is not the one that was told"
    batches = Counter(summary.rpartition(":")[0] for summary in there if summary.startswith("batch-"))
    assert set(batches.values()) <= {BATCH}, f"half a batch was kept: {batches.most_common()[-1]}"


def pages_at_the_end(ask: Ask, told: Told, mails: Sequence[EmailMessage], in_flight: Counter[str]) -> int:
    """When all is quiet: every page that was owed was sent, or called off since somebody had answered; each mail belongs to a page, and
    came more than once only with the same key and only where it was under way at a death. How many came again.
    """
    pages = ask(
        "select p.idem, p.channel, p.state, p.step, p.loop, a.subject, a.acknowledged_at, a.resolved_at"
        " from paging_page p join paging_alert a on a.id = p.alert_id"
    )
    marks = Counter(re.sub(r"[<>]|@.*", "", str(message["Message-ID"])) for message in mails)
    stray = marks.keys() - {page[0] for page in pages}
    assert not stray, f"mail that no page asked for: {sorted(stray)[:5]}"
    first = {subject for (subject,) in ask("select subject from paging_alert where acknowledged_at is not null")}  # before it rang, even
    for idem, channel, state, step, loop, subject, acknowledged, resolved in pages:
        assert state in FINAL or state in LATER, f"page {idem} of {subject} is {state}"
        assert state != "failed", f"page {idem} of {subject} failed"
        assert state != "cancelled" or acknowledged or resolved, f"page {idem} was called off and nobody had answered {subject}"
        assert (state, channel) != ("sent", "email") or marks[idem], f"page {idem} counts as sent and no mail came"
        if (step, loop, state) == (0, 0, "sent"):
            first.add(subject)
    unpaged = [number for number in told.incidents if f"incident:{number}" not in first]
    assert not unpaged, f"incidents {unpaged[:5]} paged nobody"
    for idem, times in marks.items():
        assert times <= 1 + in_flight[idem], f"mail {idem} came {times} times, in flight at {in_flight[idem]} deaths"
    return marks.total() - len(marks)
