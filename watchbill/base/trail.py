"""Reading the audit trail: by time, actor, target, action and words; its size and root; its export. It never writes an event
(writer.audit does).
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from watchbill.base import canonical, limits, readable
from watchbill.base.checkpoints import CheckpointInfo as CheckpointInfo
from watchbill.base.checkpoints import WitnessStatus as WitnessStatus
from watchbill.base.checkpoints import checkpoint_now as checkpoint_now
from watchbill.base.checkpoints import latest_checkpoint as latest_checkpoint
from watchbill.base.checkpoints import rotate_key as rotate_key
from watchbill.base.checkpoints import witness_status as witness_status
from watchbill.base.datadir import write_private
from watchbill.base.ledger import read_frontier
from watchbill.base.models import AuditEvent
from watchbill.base.readable import erase_person as erase_person
from watchbill.base.sequencer import Lag as Lag
from watchbill.base.sequencer import lag as lag
from watchbill.base.trail_search import Question, opened, search
from watchbill.base.trail_search import TrailEvent as TrailEvent
from watchbill.base.trail_search import event as event
from watchbill.base.verification import VerifyReport as VerifyReport
from watchbill.base.verification import verify as verify


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
    its dot ("finding."); `text` anywhere in action, target, reference or body. Page on with `before_seq`. An `action` or a `text` is looked
    for in the latest `limits.TRAIL_LOOKED` events of the rest; trail_search.search says whether there are more.
    """
    words = (text,) if text else ()
    asked = Question(start=start, end=end, actor=actor, target=target, action=action, words=words, before_seq=before_seq)
    return search(asked, limit).events


def events_for(targets: Iterable[str], limit: int = 200) -> list[TrailEvent]:
    """The latest `limit` events about any of the targets, oldest first."""
    rows = AuditEvent.objects.filter(readable.by_target(targets)).order_by("-recorded_at", "-seq")[: min(limit, limits.TRAIL_PAGE)]
    return opened(reversed(rows))


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
