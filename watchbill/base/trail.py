"""Reading the audit trail: by time, actor, target, action and words; its size and root; its export. It never writes an event
(writer.audit does).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from watchbill.base import canonical, limits, readable
from watchbill.base.canonical import instant, moment
from watchbill.base.checkpoints import CheckpointInfo as CheckpointInfo
from watchbill.base.checkpoints import WitnessStatus as WitnessStatus
from watchbill.base.checkpoints import checkpoint_now as checkpoint_now
from watchbill.base.checkpoints import latest_checkpoint as latest_checkpoint
from watchbill.base.checkpoints import witness_status as witness_status
from watchbill.base.commitments import Sealed, with_names_opened
from watchbill.base.datadir import write_private
from watchbill.base.ledger import read_frontier
from watchbill.base.models import AuditEvent
from watchbill.base.readable import erase_person as erase_person
from watchbill.base.verification import VerifyReport as VerifyReport
from watchbill.base.verification import verify as verify


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One audit event. `leaf` in hex. `actor` of somebody erased is the commitment that stands in the trail."""

    seq: int
    recorded_at: datetime
    occurred_at: datetime
    actor: str
    actor_kind: str
    source: str
    action: str
    target: str
    outcome: str
    ref: str
    body: dict[str, Any]
    leaf: str


def events(
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    actor: str = "",
    target: str = "",
    action: str = "",
    text: str = "",
    before_seq: int | None = None,
    limit: int = 100,
) -> list[TrailEvent]:
    """Latest recorded first, at most `limit` (and never more than 1,000). `start` <= recorded < `end`; `action` exact, or a room with
    its dot ("finding."); `text` anywhere in action, target, reference or body. Page on with `before_seq`.
    """
    rows = AuditEvent.objects.order_by("-recorded_at", "-seq")
    if start is not None:
        rows = rows.filter(recorded_at__gte=moment(start))
    if end is not None:
        rows = rows.filter(recorded_at__lt=moment(end))
    if actor:
        rows = rows.filter(readable.by_actor(actor))
    if target:
        rows = rows.filter(readable.by_target([target]))
    if action:
        rows = rows.filter(action__startswith=action) if action.endswith(".") else rows.filter(action=action)
    if text:
        plain = Q(action__icontains=text) | Q(target__icontains=text) | Q(ref__icontains=text) | Q(body__icontains=text)
        rows = rows.filter(plain | readable.with_words(text))
    if before_seq is not None:
        rows = _before(rows, before_seq)
    return _opened(rows[: min(limit, limits.TRAIL_PAGE)])


def _before(rows: QuerySet[AuditEvent], seq: int) -> QuerySet[AuditEvent]:
    """What stands after event `seq` in the order of recording: not simply a smaller number, since a machine's clock may have been set
    back.
    """
    at = AuditEvent.objects.filter(seq=seq).values_list("recorded_at", flat=True).first()
    if at is None:
        return rows.filter(seq__lt=seq)
    return rows.filter(Q(recorded_at__lt=at) | Q(recorded_at=at, seq__lt=seq), recorded_at__lte=at)


def events_for(targets: Iterable[str], limit: int = 200) -> list[TrailEvent]:
    """The latest `limit` events about any of the targets, oldest first."""
    rows = AuditEvent.objects.filter(readable.by_target(targets)).order_by("-recorded_at", "-seq")[: min(limit, limits.TRAIL_PAGE)]
    return _opened(reversed(rows))


def size() -> int:
    """How many events there are."""
    return read_frontier().size


def root() -> bytes:
    """The tree's root now, 32 bytes."""
    return read_frontier().root()


def export(path: Path) -> int:
    """Write all events as canonical JSON lines to `path` and a fresh checkpoint beside it (`.checkpoint`); how many events.

    Each line is exactly what its leaf is the hash of. The events are those that the checkpoint covers.
    """
    checkpoint = checkpoint_now()
    covered = checkpoint.size if checkpoint else 0
    with path.open("wb") as out:
        for row in AuditEvent.objects.filter(seq__lte=covered).order_by("seq").values_list(*canonical.FIELDS).iterator(chunk_size=2000):
            out.write(canonical.event_bytes(row) + b"\n")
    if checkpoint:
        write_private(path.with_name(path.name + ".checkpoint"), checkpoint.text.encode())
    return covered


def _opened(rows: Iterable[AuditEvent]) -> list[TrailEvent]:
    """Names and private values readable again, as far as they were not erased."""
    read = [(row, json.loads(row.body)) for row in rows]
    known = readable.openings(one for row, body in read for one in readable.commitments_in(row, body))
    return [_event(row, readable.opened(body, known), known) for row, body in read]


def _event(row: AuditEvent, body: dict[str, Any], known: Mapping[str, Sealed]) -> TrailEvent:
    return TrailEvent(
        seq=row.seq,
        recorded_at=instant(row.recorded_at),
        occurred_at=instant(row.occurred_at),
        actor=with_names_opened(row.actor, known),
        actor_kind=row.actor_kind,
        source=row.source,
        action=row.action,
        target=with_names_opened(row.target, known),
        outcome=row.outcome,
        ref=with_names_opened(row.ref, known),
        body=body,
        leaf=bytes(row.leaf).hex(),
    )
