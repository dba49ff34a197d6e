"""Signed checkpoints of the audit trail: made each minute with news and when the server stops, kept, and handed to the witness.

A checkpoint out of the administrator's reach is what makes a rewritten or shortened trail show; without a witness that is said (news
"base.no_witness").
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from watchbill.base import clock, keys, state, witness
from watchbill.base.ledger import read_frontier
from watchbill.base.models import Checkpoint
from watchbill.base.unit import news
from watchbill.base.writer import write
from watchbill.engines.merkle.notes import CheckpointText, sign_checkpoint

_log = logging.getLogger(__name__)
_SAID = "witness_state"


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """`root` in hex; `text` the whole signed note; `witnessed_at` None while no witness has it."""

    size: int
    root: str
    at: datetime
    text: str
    witnessed_at: datetime | None


@dataclass(frozen=True, slots=True)
class WitnessStatus:
    """Whether somebody outside keeps our checkpoints. `problem` is what the last attempt failed with."""

    configured: bool
    last_ok: datetime | None
    name: str
    problem: str


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


def checkpoint_now() -> CheckpointInfo | None:
    """Sign the trail as it is now and hand that to the witness. The latest one when nothing was added since; None for an empty trail.

    The witness is tried again with the latest one for as long as it hasn't got it.
    """
    frontier = read_frontier()
    newest = Checkpoint.objects.order_by("-size").first()
    if frontier.size and (newest is None or newest.size < frontier.size):
        text = sign_checkpoint(CheckpointText(origin(), frontier.size, frontier.root()), keys.checkpoint_key())
        size, root, at = frontier.size, frontier.root().hex(), clock.now()
        newest = write(
            lambda: Checkpoint.objects.get_or_create(size=size, defaults={"root": root, "at": at, "text": text})[0], name="checkpoint"
        )
    if newest is not None and newest.witnessed_at is None:
        _tell_witness(newest)
    return _info(newest) if newest else None


def witness_status() -> WitnessStatus:
    """Who keeps our checkpoints, and since when they have the latest they got."""
    file = witness.path()
    last = Checkpoint.objects.exclude(witnessed_at=None).order_by("-size").values_list("witnessed_at", flat=True).first()
    newest = Checkpoint.objects.order_by("-size").values_list("witness", flat=True).first() or ""
    problem = newest.removeprefix("failed: ") if file and newest.startswith("failed: ") else ""
    return WitnessStatus(file is not None, last if file else None, str(file) if file else "", problem)


def _tell_witness(row: Checkpoint) -> None:
    file = witness.path()
    if file is None:
        _say("none", "base.no_witness", "An administrator of this machine could rewrite the audit trail: no witness is configured.")
        return
    try:
        witness.append(file, row.text)
    except OSError as error:
        reason = f"failed: {error.strerror or error}"[:200]
        _log.warning("the witness did not take a checkpoint", extra={"witness": str(file), "why": str(error)})
        write(lambda: Checkpoint.objects.filter(pk=row.pk).update(witness=reason), name="checkpoint.witness")
        row.witness = reason
        _say("failed", "base.witness_failed", f"{file} did not take a checkpoint: {error.strerror or error}.")
        return
    at = clock.now()
    write(lambda: Checkpoint.objects.filter(pk=row.pk).update(witness=str(file)[:200], witnessed_at=at), name="checkpoint.witness")
    row.witness, row.witnessed_at = str(file)[:200], at
    _say("ok", "base.witness_ok", f"{file} keeps the checkpoints.")


def _say(now: str, topic: str, why: str) -> None:
    """News only when it is a change."""
    if state.get(_SAID) == now:
        return

    def tell() -> None:
        state.put(_SAID, now)
        news(topic, "witness:file", {"why": why})

    write(tell, name="checkpoint.say")


def _info(row: Checkpoint) -> CheckpointInfo:
    return CheckpointInfo(row.size, row.root, row.at, row.text, row.witnessed_at)
