"""Signed checkpoints of the audit trail: made each minute with news and when the server stops, kept, and handed to the witnesses.

A checkpoint out of the administrator's reach is what makes a rewritten or shortened trail show; without a witness that is said (news
"base.no_witness").
"""

from dataclasses import dataclass
from datetime import datetime

from watchbill.base import clock, keys, limits, witnessing
from watchbill.base.handover import Handover
from watchbill.base.ledger import read_frontier
from watchbill.base.models import Checkpoint
from watchbill.base.witnessing import WitnessStatus as WitnessStatus
from watchbill.base.writer import write
from watchbill.engines.merkle.notes import CheckpointText, sign_checkpoint


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """`root` in hex; `text` the whole signed note; `witnessed_at` None while no witness has it."""

    size: int
    root: str
    at: datetime
    text: str
    witnessed_at: datetime | None


def witness_status() -> WitnessStatus:
    """Who keeps our checkpoints, and how far each has come."""
    return witnessing.status()


def origin() -> str:
    """The log's name in its checkpoints, taken from its public key: `watchbill/` and 16 hex digits."""
    return "watchbill/" + keys.checkpoint_key().public_key().public_bytes_raw().hex()[:16]


def public_key() -> bytes:
    """32 bytes, for whoever checks our checkpoints."""
    return keys.checkpoint_key().public_key().public_bytes_raw()


def latest_checkpoint() -> CheckpointInfo | None:
    """The newest one, None before the first."""
    row = Checkpoint.objects.order_by("-size").first()
    return _info(row) if row else None


def checkpoint_now(patience: float = limits.WITNESS_PATIENCE_SECONDS) -> CheckpointInfo | None:
    """Sign the trail as it is now and hand that to the witnesses. The latest one when nothing was added since; None for an empty trail.

    A witness is tried again with the latest one for as long as it hasn't got it. `patience`: how many seconds to wait for them.
    """
    frontier = read_frontier()
    newest = Checkpoint.objects.order_by("-size").first()
    if frontier.size and (newest is None or newest.size < frontier.size):
        text = sign_checkpoint(CheckpointText(origin(), frontier.size, frontier.root()), keys.checkpoint_key())
        size, root, at = frontier.size, frontier.root().hex(), clock.now()
        newest = write(
            lambda: Checkpoint.objects.get_or_create(size=size, defaults={"root": root, "at": at, "text": text})[0], name="checkpoint"
        )
    if newest is None:
        return None
    witnessing.tell(Handover(origin(), newest.size, bytes.fromhex(newest.root), newest.text, newest.at), (), patience)
    newest.refresh_from_db(fields=["witness", "witnessed_at"])
    return _info(newest)


def _info(row: Checkpoint) -> CheckpointInfo:
    return CheckpointInfo(row.size, row.root, row.at, row.text, row.witnessed_at)
