"""Writes a group's audit events and news, once, just before its commit: numbers the events, hashes them, and moves the tree's frontier
on. On PostgreSQL, where many transactions commit at once, events are left for the sequencer to number.

The frontier is read from its row and written back in the same transaction, so a transaction that fails takes it back too and nothing is
kept in memory that could differ from the disk. It never begins or ends a transaction.
"""

from collections.abc import Sequence

from django.db import connection

from watchbill.base import canonical, clock, commitments, listening, locks, subscriptions
from watchbill.base.unit import AuditDraft, NewsDraft, Unit
from watchbill.engines.merkle.frontier import Frontier
from watchbill.engines.merkle.hashing import leaf_hash

_FRONTIER = "SELECT state FROM audit_frontier WHERE id = 1"
_FRONTIER_NEW = "INSERT INTO audit_frontier (id, state) VALUES (1, %s)"
_FRONTIER_SET = "UPDATE audit_frontier SET state = %s WHERE id = 1"
_AUDIT = (
    "INSERT INTO audit_event (seq, recorded_at, occurred_at, actor, actor_kind, source, action, target, outcome, ref, body, leaf)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_PENDING = (
    "INSERT INTO audit_pending (recorded_at, occurred_at, actor, actor_kind, source, action, target, outcome, ref, body)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_NEWS = "INSERT INTO base_news (topic, subject, body, created_at) VALUES (%s, %s, %s, %s) RETURNING id"
_NEWS_UNHEARD = _NEWS.removesuffix(" RETURNING id")
_DELIVERY = "INSERT INTO base_delivery (news_id, subscriber, subject, due, attempts, last_error) VALUES (%s, %s, %s, %s, 0, '')"


def flush(units: Sequence[Unit]) -> set[str]:
    """Store what the units recorded, in order; the names of loops to wake after the commit."""
    audits = [draft for unit in units for draft in unit.audits]
    told = [draft for unit in units for draft in unit.news]
    if audits:
        _leave_audits(audits) if locks.needed() else _store_audits(audits)
    owed = _store_news(told) if told else 0
    wakes = {name for unit in units for name in unit.wakes}
    if owed:
        wakes.add("news")
    if wakes:
        listening.tell(wakes)
    return wakes


def read_frontier() -> Frontier:
    """The trail's frontier as the database has it."""
    with connection.cursor() as cursor:
        cursor.execute(_FRONTIER)
        row = cursor.fetchone()
    return Frontier.from_bytes(bytes(row[0])) if row else Frontier()


def keep_frontier(frontier: Frontier, *, first: bool) -> None:
    """Write it back, in the transaction that stores its events; `first` when there was none."""
    with connection.cursor() as cursor:
        cursor.execute(_FRONTIER_NEW if first else _FRONTIER_SET, [frontier.to_bytes()])


def _leave_audits(drafts: list[AuditDraft]) -> None:
    """Without a number: the order of commits is not known here, and whoever knew would make all others wait."""
    recorded_at = canonical.moment(clock.now())
    rows = [(recorded_at, *sealed) for sealed in commitments.seal(drafts)]
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(_PENDING, rows[0])
        else:
            cursor.executemany(_PENDING, rows)


def _store_audits(drafts: list[AuditDraft]) -> None:
    frontier = read_frontier()
    first = frontier.size == 0
    recorded_at = canonical.moment(clock.now())
    rows = []
    for sealed in commitments.seal(drafts):
        row = (frontier.size + 1, recorded_at, *sealed)
        leaf = leaf_hash(canonical.event_bytes(row))
        frontier.append(leaf)
        rows.append((*row, leaf))
    with connection.cursor() as cursor:
        cursor.executemany(_AUDIT, rows)
    keep_frontier(frontier, first=first)


def _store_news(drafts: list[NewsDraft]) -> int:
    """Returns how many deliveries are owed."""
    at = connection.ops.adapt_datetimefield_value(clock.now())
    owed: list[tuple[int, str, str, str | None]] = []
    unheard = [[*draft, at] for draft in drafts if not subscriptions.for_topic(draft.topic)]
    if len(unheard) < len(drafts):
        locks.hold_subjects({draft.subject for draft in drafts})
    with connection.cursor() as cursor:
        if unheard:
            cursor.executemany(_NEWS_UNHEARD, unheard)  # nobody needs their numbers, and a large scan has thousands of them
        for draft in drafts:
            if names := subscriptions.for_topic(draft.topic):
                cursor.execute(_NEWS, [*draft, at])
                number = cursor.fetchone()[0]
                owed += [(number, name, draft.subject, at) for name in names]
        if owed:
            cursor.executemany(_DELIVERY, owed)
    return len(owed)
