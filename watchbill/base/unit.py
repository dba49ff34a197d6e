"""A unit of work: what one closure of `write` wants recorded beside its own changes (audit events, news, wake-ups), kept until just
before the commit.

A unit that fails is dropped whole, so nothing that didn't happen is ever recorded. It writes nothing itself (ledger.py does).
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from watchbill.base import canonical, clock, commitments, limits
from watchbill.base.acting import Actor
from watchbill.base.canonical import NotCanonical
from watchbill.base.commitments import AuditDraft as AuditDraft
from watchbill.base.commitments import Private, Sealed


class NewsDraft(NamedTuple):
    """News before it is stored. `body` is JSON text."""

    topic: str
    subject: str
    body: str


class Mark(NamedTuple):
    """How much a unit held at some point, to return to when a nested write fails."""

    audits: int
    news: int
    wakes: frozenset[str]


@dataclass
class Unit:
    """The buffers of one closure."""

    audits: list[AuditDraft] = field(default_factory=list)
    news: list[NewsDraft] = field(default_factory=list)
    wakes: set[str] = field(default_factory=set)

    def mark(self) -> Mark:
        """Where we are."""
        return Mark(len(self.audits), len(self.news), frozenset(self.wakes))

    def back_to(self, mark: Mark) -> None:
        """Drop what came after the mark."""
        del self.audits[mark.audits :]
        del self.news[mark.news :]
        self.wakes = set(mark.wakes)


_TEXTS = AuditDraft._fields[: AuditDraft._fields.index("body")]


class NotInUnit(RuntimeError):
    """audit, news and wake only make sense inside `write`."""


class _Here(threading.local):
    unit: Unit | None = None


_here = _Here()


def in_unit() -> bool:
    """Whether this thread is inside a closure of `write`."""
    return _here.unit is not None


def current() -> Unit:
    """This thread's unit. Raises NotInUnit outside of `write`."""
    if _here.unit is None:
        raise NotInUnit("call this inside a closure given to write(): the change, its audit event and its news are one transaction")
    return _here.unit


@contextmanager
def running(unit: Unit) -> Iterator[Unit]:
    """Make `unit` this thread's while its closure runs."""
    before, _here.unit = _here.unit, unit
    try:
        yield unit
    finally:
        _here.unit = before


def audit(
    by: Actor,
    action: str,
    target: str,
    *,
    outcome: str = "done",
    ref: str = "",
    body: canonical.Body | None = None,
    private: Private | None = None,
    occurred_at: datetime | None = None,
) -> None:
    """Record in this transaction that `by` did `action` ("finding.opened") to `target` ("finding:412").

    `private` are those values of the body that name a person, that a person wrote, or that are secret: hashed as salted commitments and
    kept beside the event, so that they can be erased. The actor's name and addresses of people are treated so by themselves.
    Raises NotCanonical (a TypeError) for what can't be hashed exactly: floats, null, nested objects, naive times, texts over the limit.
    """
    unit = current()
    happened = canonical.moment(occurred_at or clock.now())
    text, sealed = canonical.body_text(body or {}), tuple[Sealed, ...]()
    if private or commitments.might_be_personal(text):
        whole, sealed = commitments.seal_body(body or {}, private or {})
        text = canonical.dumps(whole)  # what was sealed grew or shrank by that: no reason to refuse it
    draft = AuditDraft(happened, by.name, by.kind, by.source, action, target, outcome, ref, text, sealed)
    for name, given in zip(_TEXTS, draft[:-2], strict=True):
        canonical.check_text(name, given)
        if len(given) > limits.AUDIT_TEXT_CHARS:
            raise NotCanonical(f"{name} has at most {limits.AUDIT_TEXT_CHARS} characters in an audit event")
    unit.audits.append(draft)


def news(topic: str, subject: str, body: Mapping[str, Any] | None = None) -> None:
    """Tell upper rooms, after the commit: at least once, in order per subject. Raises ValueError for a body over the limit."""
    unit = current()
    text = msgspec.json.encode(dict(body or {})).decode()
    if len(text) > limits.NEWS_BODY_BYTES:
        raise ValueError(f"news has at most {limits.NEWS_BODY_BYTES} bytes; send a reference instead")
    unit.news.append(NewsDraft(topic, subject, text))


def wake(loop: str = "") -> None:
    """Wake that loop (all of them for the empty name) once this transaction is committed."""
    current().wakes.add(loop)
