"""The sequencer: on PostgreSQL, transactions leave their audit events in `audit_pending`, and one transaction at a time, whichever
process it runs in, numbers them, hashes them into the tree and moves them to `audit_event`.

So writers never wait for each other's place in the tree. An event is as durable as its change from the commit on; until it is numbered
(the lag, shown) it is in no checkpoint. It changes nothing of an event but its place.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, connection, transaction

from watchbill.base import canonical, limits
from watchbill.base.ledger import keep_frontier, read_frontier
from watchbill.base.locks import Lock, hold, needed, try_hold
from watchbill.engines.merkle.hashing import leaf_hash

_log = logging.getLogger(__name__)
_COLUMNS = ", ".join(canonical.FIELDS[1:])
_PENDING = f"SELECT id, {_COLUMNS} FROM audit_pending ORDER BY id LIMIT {limits.SEQUENCE_BATCH}"  # noqa: S608 - constants
_MOVE = f"""
    WITH numbered AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS n (id, seq, leaf)),
         taken AS (DELETE FROM audit_pending USING numbered n WHERE audit_pending.id = n.id RETURNING n.seq, n.leaf, audit_pending.*)
    INSERT INTO audit_event (seq, {_COLUMNS}, leaf) SELECT seq, {_COLUMNS}, leaf FROM taken ORDER BY seq
"""  # noqa: S608 - constants
_LAG = "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM audit_pending"


class PendingChanged(RuntimeError):
    """Events that wait to be numbered were changed while they were: somebody writes to the table by hand."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How many events wait for their number, and how long the oldest of them has, in seconds."""

    pending: int
    oldest_seconds: float


class _Duty:
    """Whether loops, here or in another process, number what this process writes."""

    left_to_loops = False


_duty = _Duty()


def leave_to_loops(left: bool) -> None:
    """Said by a serving process: loops number what it writes in bulk. Otherwise each `write` numbers its own."""
    _duty.left_to_loops = left


def left_to_loops() -> bool:
    """Whether loops were said to number events."""
    return _duty.left_to_loops


def sequence(*, wait: bool = False) -> int:
    """Number one batch; how many. 0 when nothing waits, when another transaction is at it (with `wait`, once that one is done), and always
    on the embedded database, where an event gets its number with its change.
    """
    if not needed():
        return 0
    with transaction.atomic():
        if wait:
            hold(Lock.SEQUENCING)
        elif not try_hold(Lock.SEQUENCING):
            return 0
        with connection.cursor() as cursor:
            cursor.execute(_PENDING)
            rows = cursor.fetchall()
        if rows:
            _move(rows)
    return len(rows)


def _move(rows: list[tuple[object, ...]]) -> None:
    frontier = read_frontier()
    first = frontier.size + 1
    leaves = []
    for seq, row in enumerate(rows, first):
        leaf = leaf_hash(canonical.event_bytes((seq, *row[1:])))
        frontier.append(leaf)
        leaves.append(leaf)
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [[row[0] for row in rows], list(range(first, first + len(rows))), leaves])
        if cursor.rowcount != len(rows):
            raise PendingChanged(f"{len(rows)} events were to be numbered, and {cursor.rowcount} were there")
    keep_frontier(frontier, first=first == 1)


def after_commit() -> None:
    """Number what was just committed; where loops will do it, only if nobody else is at it. That the change stands is settled, so a
    failure here is only logged.
    """
    wait = not _duty.left_to_loops
    try:
        while sequence(wait=wait) == limits.SEQUENCE_BATCH:
            pass
    except Error:
        if connection.in_atomic_block:
            raise
        _log.warning("events could not be numbered yet", exc_info=True)


def lag() -> Lag:
    """What waits to be numbered; nothing on the embedded database."""
    if not needed():
        return Lag(0, 0.0)
    with connection.cursor() as cursor:
        cursor.execute(_LAG)
        pending, seconds = cursor.fetchone()
    return Lag(int(pending), max(0.0, float(seconds)))


def turn(now: datetime) -> datetime | None:
    """The walker's turn: number all there is, and look again soon. None where there is nothing to number, ever."""
    if not needed():
        return None
    while sequence() == limits.SEQUENCE_BATCH:
        pass
    return now + timedelta(seconds=limits.SEQUENCE_EVERY_SECONDS)
