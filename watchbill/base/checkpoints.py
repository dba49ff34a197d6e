"""Signed checkpoints of the audit trail: made each minute with news and when the server stops, kept, and handed to the witnesses.

A checkpoint out of the administrator's reach is what makes a rewritten or shortened trail show; without a witness that is said (news
"base.no_witness").
"""

from dataclasses import dataclass
from datetime import datetime

from watchbill.base import clock, keyring, limits, state, witnessing
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.canonical import Body
from watchbill.base.handover import Handover
from watchbill.base.ledger import read_frontier
from watchbill.base.models import Checkpoint
from watchbill.base.unit import audit, news
from watchbill.base.witnessing import WitnessStatus as WitnessStatus
from watchbill.base.writer import write
from watchbill.engines.merkle.notes import CheckpointText, sign_checkpoint

_ANNOUNCED = "trail_keys_announced"


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
    """The log's name in its checkpoints, for good: `watchbill/` and 16 hex digits of its first public key."""
    return keyring.ring().origin


def public_key() -> bytes:
    """32 bytes: the key in force now, for whoever checks our checkpoints. Earlier ones: keyring.ring()."""
    return keyring.ring().newest


def latest_checkpoint() -> CheckpointInfo | None:
    """The newest one, None before the first."""
    row = Checkpoint.objects.order_by("-size").first()
    return _info(row) if row else None


def checkpoint_now(patience: float = limits.WITNESS_PATIENCE_SECONDS) -> CheckpointInfo | None:
    """Sign the trail as it is now and hand that to the witnesses. The latest one when nothing was added since; None for an empty trail.

    A witness is tried again with the latest one for as long as it hasn't got it. `patience`: how many seconds to wait for them.
    """
    with keyring.in_hand():
        newest = _signed()
        given = keyring.ring()
    if newest is None:
        return None
    handed = Handover(given.origin, newest.size, bytes.fromhex(newest.root), newest.text, newest.at)
    witnessing.tell(handed, given.statements, patience)
    newest.refresh_from_db(fields=["witness", "witnessed_at"])
    return _info(newest)


def rotate_key(by: Actor) -> keyring.Change:
    """Let a new key sign from now on. The old one signs the trail as it is, and the word for its successor; then it is destroyed. Audited,
    and told to the witnesses with the new key's first checkpoint. Repeatable after a crash at any point.
    """
    with keyring.in_hand():
        newest = _signed()
        told = keyring.change(newest.size if newest else 0)
        _announce(by)
    checkpoint_now()
    return told


def _signed() -> Checkpoint | None:
    """The newest checkpoint, signed now if the trail has grown; None for an empty trail. With the key in hand."""
    key = keyring.signing_key()
    _announce(SYSTEM)
    frontier = read_frontier()
    newest = Checkpoint.objects.order_by("-size").first()
    if not frontier.size or (newest is not None and newest.size >= frontier.size):
        return newest
    text = sign_checkpoint(CheckpointText(keyring.ring().origin, frontier.size, frontier.root()), key)
    size, root, at = frontier.size, frontier.root().hex(), clock.now()
    return write(lambda: Checkpoint.objects.get_or_create(size=size, defaults={"root": root, "at": at, "text": text})[0], name="checkpoint")


def _announce(by: Actor) -> None:
    """Put changes of the key that the trail doesn't tell of yet into it: one, or none after a crash between the files and the trail."""
    listed = keyring.ring().statements
    if len(listed) <= int(state.get(_ANNOUNCED, "0")):
        return

    def tell() -> None:
        for statement in listed[int(state.get(_ANNOUNCED, "0")) :]:
            told = keyring.read_statement(statement)
            body: Body = {"old": told.old.hex()[:16], "new": told.new.hex()[:16], "size": told.size, "statement": statement}
            audit(by, "trail.key_rotated", "trail:own", body=body)
            news("base.key_rotated", "trail:own", {"new": told.new.hex()[:16], "size": told.size})
        state.put(_ANNOUNCED, str(len(listed)))

    write(tell, name="checkpoint.key")


def _info(row: Checkpoint) -> CheckpointInfo:
    return CheckpointInfo(row.size, row.root, row.at, row.text, row.witnessed_at)
