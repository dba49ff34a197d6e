"""The audit trail as one zip that an outsider can check: the events' exact bytes, what proves them, the signed checkpoint, the keys, and a
verifier that imports nothing of ours.

The whole trail carries every event's stored hash, so that the first one altered can be named; a part carries each event's proof of
inclusion. A Plan says everything that needs a key or a person's rights beforehand; writing it only reads the events, as a stream, so that
it can be done in a process of its own. It judges nothing: an altered trail is exported as it is, for the verifier to say so.
"""

import base64
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
from django.db import connection

from watchbill.base import canonical, clock, keyring, limits, readable
from watchbill.base.checkpoints import checkpoint_now
from watchbill.base.commitments import commitments_within
from watchbill.base.handover import notes_in
from watchbill.base.models import Checkpoint
from watchbill.base.problem import Problem, invalid
from watchbill.base.trail_rows import Hashes, store_rows
from watchbill.engines.merkle.blocks import Missing, Prover
from watchbill.engines.merkle.notes import NoteDamaged
from watchbill.engines.merkle.proofs import NoSuchProof, consistency_proof, inclusion_proof, leaf_is_in

VERIFIER = Path(__file__).parents[1] / "client" / "verify_trail.py"
_COLUMNS = ", ".join(canonical.FIELDS)
_ALL = f"SELECT {_COLUMNS}, leaf FROM audit_event WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT {limits.TRAIL_VERIFY_CHUNK}"  # noqa: S608 - constants
_SOME = f"SELECT {_COLUMNS}, leaf FROM audit_event WHERE seq IN ({{marks}}) ORDER BY seq"  # noqa: S608 - constants
_PART = 500
_LEVEL = 3  # of compression: the sixth makes a zip a tenth smaller in three times the time
_SPOOL_BYTES = 4 * limits.MIB

Progress = Callable[[int], None]
Event = tuple[Any, ...]


class Plan(msgspec.Struct, frozen=True):
    """What an export will hold. `seqs` None: every event that the checkpoint covers. `notes` are earlier checkpoints, `since` the size of
    the recipient's last one (0: none).
    """

    checkpoint: str
    size: int
    root: str
    keys: str
    notes: str
    old_sizes: list[int]
    since: int = 0
    seqs: list[int] | None = None
    opened: bool = True


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: so many events, under a checkpoint of `size` events with this root (hex)."""

    events: int
    size: int
    root: str


def plan(*, seqs: Iterable[int] | None = None, since: str = "", opened: bool = True) -> Plan:
    """Sign the trail as it is and gather what an export needs. `since`: the recipient's last checkpoint, as text. With `opened` False no
    name and no private value is readable in it.

    Raises Problem("no_events") for an empty trail, ("invalid") for a `since` that is no checkpoint of ours and for too large a part.
    """
    earlier = check_since(since)
    wanted = sorted(set(seqs)) if seqs is not None else None
    if wanted is not None and len(wanted) > limits.TRAIL_PART:
        raise invalid("events", f"A part has at most {limits.TRAIL_PART:,} events.", "Ask for a shorter time, or export the whole trail.")
    head = checkpoint_now()
    if head is None:
        raise Problem("no_events", "Nothing to export", "The trail is empty.", status=409)
    store_rows()
    if wanted and wanted[-1] > head.size:
        raise invalid("events", f"There is no event {wanted[-1]}.")
    notes, sizes = _earlier(head.size)
    return Plan(head.text, head.size, head.root, _keys(), notes, sizes, earlier, wanted, opened)


def export_zip(
    out: Path | IO[bytes],
    *,
    seqs: Iterable[int] | None = None,
    since: str = "",
    opened: bool = True,
    progress: Progress | None = None,
) -> Exported:
    """`plan` and `write_zip` in one. Raises what they raise."""
    return write_zip(plan(seqs=seqs, since=since, opened=opened), out, progress)


def write_zip(given: Plan, out: Path | IO[bytes], progress: Progress | None = None) -> Exported:
    """Write the planned export. Memory doesn't grow with the number of events. `progress` is told how many events are written.

    Raises OSError.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as packed:
        writing = _Writing(packed, given, progress or (lambda _events: None))
        writing.text("README.txt", _README)
        packed.writestr(_entry("verify_trail.py"), VERIFIER.read_bytes())
        writing.text("checkpoint.txt", given.checkpoint)
        writing.text("keys.txt", given.keys)
        if given.notes:
            writing.text("checkpoints.txt", given.notes)
        events = writing.whole() if given.seqs is None else writing.part(given.seqs)
        writing.proofs()
    return Exported(events, given.size, given.root)


@dataclass
class _Writing:
    """One zip on its way."""

    packed: zipfile.ZipFile
    plan: Plan
    progress: Progress
    prover: Prover = field(init=False)
    rows: bool = True

    def __post_init__(self) -> None:
        self.prover = Prover(Hashes(), self.plan.size)

    def text(self, name: str, content: str) -> None:
        self.packed.writestr(_entry(name), content.encode())

    def whole(self) -> int:
        """Every event, their hashes, and what opens their commitments; how many."""
        count = 0
        with _spool() as hashes, _spool() as private:
            openings = _Openings(private)
            with self._member("events.jsonl") as member:
                for page in _all(self.plan.size):
                    self._lines(member, page, openings)
                    hashes.write(b"".join(bytes(event[-1]) for event in page))
                    count += len(page)
                    self.progress(count)
            self._copy("hashes.bin", hashes)
            self._copy("private.jsonl", private)
        return count

    def part(self, seqs: Sequence[int]) -> int:
        """These events, each with its proof."""
        count = 0
        with _spool() as proofs, _spool() as private:
            openings = _Openings(private)
            with self._member("events.jsonl") as member:
                for page in _some(seqs):
                    self._lines(member, page, openings)
                    for event in page:
                        proofs.write(_json({"seq": event[0], "path": _texts(self._path(event[0], bytes(event[-1])))}))
                    count += len(page)
                    self.progress(count)
            self._copy("inclusion.jsonl", proofs, even_empty=True)
            self._copy("private.jsonl", private)
        return count

    def _lines(self, member: IO[bytes], page: list[Event], openings: "_Openings") -> None:
        lines = [canonical.event_bytes(event[:-1]) for event in page]
        member.write(b"".join(line + b"\n" for line in lines))
        if self.plan.opened:
            openings.take(page, lines)

    def _path(self, seq: int, leaf: bytes) -> list[bytes]:
        """The event's proof; empty when its neighbours are gone. When stored rows don't lead to the root, from the leaves alone."""
        path = self._asked(seq)
        if self.rows and not leaf_is_in(leaf, seq - 1, self.plan.size, path, bytes.fromhex(self.plan.root)):
            self.rows, self.prover = False, Prover(Hashes(rows=False), self.plan.size)
            path = self._asked(seq)
        return path

    def _asked(self, seq: int) -> list[bytes]:
        try:
            return inclusion_proof(seq - 1, self.plan.size, self.prover.ask)
        except (Missing, NoSuchProof):
            return []

    def proofs(self) -> None:
        """proofs.json: that earlier checkpoints are beginnings of this one. A whole export needs only the recipient's."""
        sizes = {self.plan.since} if self.plan.seqs is None else {self.plan.since, *self.plan.old_sizes}
        found = []
        for size in sorted(sizes):
            if 0 < size < self.plan.size:
                try:
                    found.append({"size": size, "path": _texts(consistency_proof(size, self.plan.size, self.prover.ask))})
                except Missing:
                    continue
        self.text("proofs.json", json.dumps({"size": self.plan.size, "consistency": found}) + "\n")

    def _member(self, name: str) -> IO[bytes]:
        return self.packed.open(_entry(name), "w", force_zip64=True)

    def _copy(self, name: str, spool: IO[bytes], *, even_empty: bool = False) -> None:
        if not spool.tell() and not even_empty:
            return
        spool.seek(0)
        with self._member(name) as member:
            while data := spool.read(limits.MIB):
                member.write(data)


class _Openings:
    """private.jsonl: what opens each commitment, where it stands first."""

    def __init__(self, spool: IO[bytes]) -> None:
        self._spool = spool
        self._seen: set[str] = set()

    def take(self, page: list[Event], lines: list[bytes]) -> None:
        """The commitments of these events."""
        fresh = [(event[0], self._fresh(line)) for event, line in zip(page, lines, strict=True)]
        known = readable.openings(one for _, listed in fresh for one in listed)
        for seq, listed in fresh:
            for one in listed:
                if one in known:
                    opened = {"seq": seq, "commitment": one, "salt": base64.b64encode(known[one].salt).decode(), "value": known[one].value}
                    self._spool.write(_json(opened))

    def _fresh(self, line: bytes) -> list[str]:
        found = [one for one in dict.fromkeys(commitments_within(line.decode())) if one not in self._seen]
        if len(self._seen) > limits.AUDIT_NAMES_KEPT:
            self._seen.clear()  # some stand twice then; no memory without an end
        self._seen.update(found)
        return found


def _all(size: int) -> Iterator[list[Event]]:
    """Every event up to `size`, a page at a time, whatever number the first has."""
    last = -(2**62)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_ALL, [last, size])
            page = cursor.fetchall()
        if not page:
            return
        last = page[-1][0]
        yield page


def _some(seqs: Sequence[int]) -> Iterator[list[Event]]:
    for at in range(0, len(seqs), _PART):
        part = list(seqs[at : at + _PART])
        with connection.cursor() as cursor:
            cursor.execute(_SOME.format(marks=", ".join(["%s"] * len(part))), part)
            yield cursor.fetchall()


def check_since(text: str) -> int:
    """The size of a recipient's checkpoint, of the last one where they kept several, 0 for an empty text. Raises Problem("invalid") for
    what is no checkpoint of this trail.
    """
    if not text.strip():
        return 0
    plain = text.replace("\r\n", "\n").strip("\n") + "\n"
    note = (notes_in(plain) or [plain])[-1]
    try:
        return keyring.ring().read(note).size
    except NoteDamaged:
        pass
    raise invalid("since", "That is no checkpoint of this trail.", "Give the whole note, from its first line to the signature.")


def _keys() -> str:
    """keys.txt: `origin+hash+base64`, as other note tools take it, and the statements by which one key followed another."""
    return keyring.ring().text()


def _earlier(size: int) -> tuple[str, list[int]]:
    """The checkpoints before `size` events, at most 500 spread over all of them, oldest first: as a file, and their sizes."""
    sizes = list(Checkpoint.objects.filter(size__lt=size).order_by("-size").values_list("size", flat=True))
    step = -(-len(sizes) // limits.TRAIL_NOTES) or 1
    kept = sizes[::step][::-1]
    texts = [text for at in range(0, len(kept), _PART) for text in _texts_of(kept[at : at + _PART])]
    return "\n".join(texts), kept


def _texts_of(sizes: list[int]) -> list[str]:
    return list(Checkpoint.objects.filter(size__in=sizes).order_by("size").values_list("text", flat=True))


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _spool() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, clock.now().timetuple()[:6])
    info.compress_type = zipfile.ZIP_STORED if name == "hashes.bin" else zipfile.ZIP_DEFLATED
    info.external_attr = (0o755 if name == "verify_trail.py" else 0o644) << 16
    return info


_README = """\
An export of Watchbill's audit trail.

To check it, take verify_trail.py from somewhere else than this file (whoever changed the events could have changed it too), and a
checkpoint of this trail that you kept yourself, from a letter, a witness or an earlier export:

    python3 verify_trail.py EXPORT.zip --checkpoint YOUR-CHECKPOINT.txt

It needs Python 3.9 or newer and nothing else. Exit code 0: this is what was recorded. 1: it is not, and the first event at fault is named.
2: that can't be told, for instance without a checkpoint of your own.

events.jsonl     the events, one a line, exactly the bytes that were hashed (a leaf is SHA-256 of a zero byte and the line)
hashes.bin       of the whole trail: each event's hash as it was stored when it was recorded, 32 bytes each
inclusion.jsonl  of a part: for each event the proof that it is in the tree (RFC 6962, section 2.1.1)
proofs.json      that earlier checkpoints are beginnings of this tree (RFC 6962, section 2.1.2)
checkpoint.txt   the tree's size and root, signed (C2SP signed-note with Ed25519); checkpoints.txt has earlier ones
keys.txt         the log's public key, and for each change of it the old key's word for the new one
private.jsonl    names and private values: in the events stand only HMAC-SHA256(salt, value); what was erased is missing here

Times are UTC. recorded_at is this log's clock, occurred_at that of whoever told it.
"""
