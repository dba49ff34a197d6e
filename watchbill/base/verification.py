"""Checks the whole audit trail: hashes every event anew, rebuilds the tree, and compares it with the frontier, our checkpoints and the
witness's.

It trusts nothing stored but the signing key, changes nothing, and names the first event at fault.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from watchbill.base import canonical, keyring, limits, readable, witness
from watchbill.base.handover import Gone, Lost, WitnessFailed
from watchbill.base.keyring import Keyring
from watchbill.base.models import Checkpoint, WitnessState
from watchbill.base.settings import settings
from watchbill.engines.merkle.frontier import Frontier, FrontierDamaged
from watchbill.engines.merkle.hashing import leaf_hash
from watchbill.engines.merkle.notes import CheckpointText, NoteDamaged

_COLUMNS = ", ".join(canonical.FIELDS)
_PAGE = f"SELECT {_COLUMNS}, leaf FROM audit_event WHERE seq > %s ORDER BY seq LIMIT {limits.TRAIL_VERIFY_CHUNK}"  # noqa: S608 - constants
_BEFORE_ALL = -(2**63)


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """`events`: how many were looked at. `first_bad_seq`: the first event at fault, or the first that may be when only a checkpoint
    tells; None when ok. `root` (hex) is that of the events looked at. `warnings`: witnesses that could not be compared.
    """

    ok: bool
    events: int
    first_bad_seq: int | None
    reason: str
    checkpoint_size: int
    root: str = ""
    warnings: tuple[str, ...] = ()


class _Bad(Exception):
    def __init__(self, seq: int, reason: str) -> None:
        super().__init__(seq, reason)
        self.seq = seq
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Claim:
    """A root that somebody signed for, and where it was found."""

    root: bytes
    where: str


class _Check:
    """One run over the trail."""

    def __init__(self, claims: dict[int, list[_Claim]]) -> None:
        self.claims = claims
        self.tree = Frontier()
        self.seen = 0
        self.agreed = 0

    def take_page(self, rows: list[tuple[Any, ...]]) -> None:
        """Some events at once, which is faster; one by one when something is wrong with them, to name it. Raises _Bad."""
        first, leaves = self.seen + 1, _leaves(rows)
        if [row[0] for row in rows] != list(range(first, first + len(rows))) or leaves is None:
            for row in rows:
                self.take(row)
            return
        at = 0
        for size in sorted(self.claims.keys() & range(first, first + len(rows))):
            self.tree.extend(leaves[at : size - first + 1])
            at = size - first + 1
            self._compare(size)
        self.tree.extend(leaves[at:])
        self.seen = self.tree.size

    def take(self, row: tuple[Any, ...]) -> None:
        """One event. Raises _Bad."""
        seq, expected = row[0], self.seen + 1
        if seq != expected:
            raise _Bad(expected, f"event {expected} is missing: the next one is {seq}")
        try:
            leaf, stored = leaf_hash(canonical.event_bytes(row[:-1])), bytes(row[-1])
        except (TypeError, ValueError) as error:  # SQLite keeps bytes in a column of text, if somebody puts them there
            raise _Bad(seq, f"event {seq} was changed: it is not what an event can be") from error
        if leaf != stored:
            raise _Bad(seq, f"event {seq} was changed: its content doesn't fit its hash")
        self.tree.append(leaf)
        self.seen = seq
        if seq in self.claims:
            self._compare(seq)

    def _compare(self, size: int) -> None:
        """The tree as it is, with what was signed for this size."""
        for claim in self.claims[size]:
            if claim.root != self.tree.root():
                first = self.agreed + 1
                raise _Bad(first, f"an event from {first} to {size} was changed: the tree of {size} events doesn't fit {claim.where}")
        self.agreed = size


def _leaves(rows: list[tuple[Any, ...]]) -> list[bytes] | None:
    """The rows' hashes, computed anew; None when one is not what is stored with it."""
    try:
        made = [leaf_hash(canonical.event_bytes(row[:-1])) for row in rows]
        return made if made == [bytes(row[-1]) for row in rows] else None
    except (TypeError, ValueError):
        return None


def verify(limit: int | None = None, progress: Callable[[int], None] | None = None) -> VerifyReport:
    """Check everything, or only the first `limit` events (then the frontier and later checkpoints are left out). `progress` is told now
    and then how many events were looked at.
    """
    size, claims, lies, warnings = 0, dict[int, list[_Claim]](), "", tuple[str, ...]()
    try:
        claims, lies, warnings = _claims()
        size = max(claims, default=0)
        check = _Check(claims)
        for page in _pages(0, limit):
            check.take_page(page)
            if progress:
                progress(check.seen)
        if limit is None or check.tree.size < limit:
            _compare_end(check, size)
            _compare_readable()
    except _Bad as bad:
        return VerifyReport(ok=False, events=bad.seq - 1, first_bad_seq=bad.seq, reason=bad.reason, checkpoint_size=size, warnings=warnings)
    return VerifyReport(not lies, check.tree.size, None, lies, size, check.tree.root().hex(), warnings)


def _pages(after: int, limit: int | None) -> Iterator[list[tuple[Any, ...]]]:
    """Events by number, a page at a time, so that no read stays open while the trail grows. Whatever stands before the first belongs to
    the start.
    """
    last, left = after or _BEFORE_ALL, limit
    while left is None or left > 0:
        with connection.cursor() as cursor:
            cursor.execute(_PAGE, [last])
            rows = cursor.fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield rows if left is None else rows[:left]
        left = None if left is None else left - len(rows)


def _compare_end(check: _Check, checkpoint_size: int) -> None:
    """Is anything missing at the end, and is the frontier that of these events?"""
    if check.tree.size < checkpoint_size:
        where = check.claims[checkpoint_size][0].where
        raise _Bad(check.tree.size + 1, f"the end was cut off: {where} knows {checkpoint_size} events, here are {check.tree.size}")
    try:
        stored = _frontier()
    except FrontierDamaged as error:
        raise _Bad(check.agreed + 1, f"the tree's frontier is damaged: {error}") from error
    for page in _pages(check.tree.size, max(0, stored.size - check.tree.size)):
        for row in page:
            check.take(row)  # written since we looked
    if stored.size > check.tree.size:
        raise _Bad(check.tree.size + 1, f"the end was cut off: the frontier knows {stored.size} events, here are {check.tree.size}")
    if stored.size < check.tree.size:
        raise _Bad(stored.size + 1, f"events were added past the frontier, which knows {stored.size}")
    if stored != check.tree and check.agreed == check.tree.size:
        raise _Bad(check.agreed + 1, f"the stored frontier was changed: all {check.agreed} events fit their checkpoint")
    if stored != check.tree:
        raise _Bad(check.agreed + 1, f"an event after {check.agreed} was changed: the tree doesn't fit the stored frontier")


def _compare_readable() -> None:
    """Do the names and texts that are shown fit what was hashed?"""
    if (wrong := readable.unfit()) is not None:
        commitment, kind = wrong
        seq = readable.first_with(commitment)
        where = f"event {seq}" if seq else "no event"
        raise _Bad(seq or 1, f"the {kind} shown for {commitment}, in {where}, is not what was hashed")


def _frontier() -> Frontier:
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM audit_frontier WHERE id = 1")
        row = cursor.fetchone()
    return Frontier.from_bytes(bytes(row[0])) if row else Frontier()


def _claims() -> tuple[dict[int, list[_Claim]], str, tuple[str, ...]]:
    """What was signed for, per size, from our table and the witnesses; what is wrong with the checkpoints themselves; and which witness
    could not be asked.
    """
    found: dict[int, list[_Claim]] = {}
    lies: list[str] = []
    ring = keyring.ring()
    for text in Checkpoint.objects.order_by("size").values_list("text", flat=True):
        _add(found, lies, text, "our checkpoint", ring)
    warnings: list[str] = []
    own, handed = settings().witness, {row.name for row in WitnessState.objects.filter(size__gt=0)}
    for name, one in witness.configured(own).items():
        try:
            for text in one.read_back(own):
                _add(found, lies, text, f"the {name} witness's checkpoint", ring)
        except Gone as error:
            lies += [str(error)] if name in handed else []
        except Lost as error:
            lies.append(str(error))
        except WitnessFailed as error:
            warnings.append(f"the {name} witness could not be compared: {error}")
    return found, "; ".join(dict.fromkeys(lies)), tuple(warnings)


def _add(found: dict[int, list[_Claim]], lies: list[str], text: str, where: str, ring: Keyring) -> None:
    checkpoint = _read(text, ring)
    if checkpoint is None:
        lies.append(f"{where} {text.splitlines()[1:2]} has no valid signature of ours")
        return
    found.setdefault(checkpoint.size, []).append(_Claim(checkpoint.root, where))


def _read(text: str, ring: Keyring) -> CheckpointText | None:
    try:
        return ring.read(text)
    except NoteDamaged:
        return None
