#!/usr/bin/env python3
"""verify_trail: is an export of Watchbill's audit trail what was recorded? One file, nothing but the standard library, Python 3.9 or newer.

It hashes every event anew, rebuilds the tree (RFC 6962), and compares it with the signed checkpoints in the export and with one that you
kept yourself. It asks no network, writes nothing, trusts nothing in the export that it can't recompute, and reads events as a stream, so
that an export of any size fits into little memory. Get it from somewhere else than the export it is to judge.

Exit codes: 0 the trail is what your checkpoint says, 1 it is not (the first event at fault is named), 2 that can't be told.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

OK, TAMPERED, UNKNOWN = 0, 1, 2
LINE_BYTES = 512 * 1024
CHUNK_BYTES = 1024 * 1024
DIRECTORY_BYTES = 64 * 1024
OWN_BYTES = 256 * 1024 * 1024
NOTES_MOST = 600  # an export has 500 at most; of an auditor's own as many are looked at
PROOFS_MOST = 1000
PATH_MOST = 128
SMALL_BYTES = {"checkpoint.txt": 65536, "keys.txt": 1 << 20, "checkpoints.txt": 1 << 22, "proofs.json": 1 << 23}  # read whole
_FILES = ("events.jsonl", "hashes.bin", "inclusion.jsonl", "proofs.json", "checkpoint.txt", "checkpoints.txt", "keys.txt", "private.jsonl")
MEMBERS = frozenset((*_FILES, "verify_trail.py", "README.txt"))
NEEDED = ("events.jsonl", "checkpoint.txt", "keys.txt")
ZIP_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)  # when damaged
ALONE = "Without a checkpoint of your own, a trail that was rebuilt from the start can't be told from the real one (--checkpoint FILE)."


class Bad(Exception):
    """The export is not what was recorded. `first` is the first event at fault, or the first that may be; None when no event is."""

    def __init__(self, reason: str, first: int | None = None, last: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.first, self.last = reason, first, last


class CantTell(Exception):
    """Something is missing that an answer needs."""


# ---- Ed25519, RFC 8032 section 5.1

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def _add(a: Point, b: Point) -> Point:
    one = (a[1] - a[0]) * (b[1] - b[0]) % P
    two = (a[1] + a[0]) * (b[1] + b[0]) % P
    three = 2 * a[3] * b[3] * D % P
    four = 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return e * f % P, g * h % P, f * g % P, e * h % P


def _decode(data: bytes) -> Point | None:
    """The point that 32 bytes stand for; None for what is none, and for a form that isn't the one canonical form."""
    if len(data) != 32:
        return None
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def _base() -> Point:
    found = _decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    if found is None:
        raise AssertionError("the base point is on the curve")
    return found


BASE = _base()


def _small_order(point: Point) -> bool:
    """Whether eight times the point is nothing: such a key signs everything."""
    for _ in range(3):
        point = _add(point, point)
    return _same(point, NEUTRAL)


def signature_holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this Ed25519 signature over the message is by the key. No for any malformed, small-order or non-canonical key, point or
    scalar.
    """
    if len(signature) != 64:
        return False
    point, scalar = _decode(key), int.from_bytes(signature[32:], "little")
    if point is None or _small_order(point) or scalar >= L or _decode(signature[:32]) is None:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus = (P - point[0], point[1], 1, P - point[3])
    both, found = _add(BASE, minus), NEUTRAL
    for bit in range(max(scalar.bit_length(), challenge.bit_length()) - 1, -1, -1):
        found = _add(found, found)
        pick = (scalar >> bit & 1) | (challenge >> bit & 1) << 1
        if pick:
            found = _add(found, (BASE, minus, both)[pick - 1])
    return hmac.compare_digest(_encode(found), signature[:32])


# ---- signed notes (C2SP signed-note, tlog-checkpoint)


class Note(NamedTuple):
    """A signed text. `signatures`: name, key hash (4 bytes), signature."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def signed_by(self, name: str, key: bytes) -> bool:
        """Whether one of the signatures is by this key under this name."""
        known = hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]
        mine = [made for signer, mark, made in self.signatures if signer == name and mark == known]
        return any(signature_holds(key, self.text.encode(), made) for made in mine[:4])


class Checkpoint(NamedTuple):
    """A statement that a log had `size` events and this root, and where it was found."""

    note: Note
    origin: str
    size: int
    root: bytes
    where: str


SIZE = re.compile("0|[1-9][0-9]{0,17}")


def unbase(text: str, size: int | None = None) -> bytes:
    """Strict base64, in its one canonical form, of `size` bytes. Raises ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if base64.b64encode(data).decode() != text or (size is not None and len(data) != size):
        raise ValueError("not the base64 that it should be")
    return data


def read_note(text: str, signatures: str) -> Note:
    """A note from its two halves, without the empty line between them. Raises ValueError."""
    found = []
    for line in signatures.split("\n"):
        dash, name, encoded = line.split(" ", 2)
        raw = unbase(encoded, 68)
        if dash != "\u2014":
            raise ValueError("no signature")
        found.append((name, raw[:4], raw[4:]))
    return Note(text + "\n", tuple(found))


def read_checkpoint(note: Note, where: str) -> Checkpoint:
    """Raises ValueError when the note's text is no checkpoint."""
    lines = note.text.split("\n")
    if len(lines) < 4 or not SIZE.fullmatch(lines[1]) or not lines[0]:
        raise ValueError("no checkpoint")
    return Checkpoint(note, lines[0], int(lines[1]), unbase(lines[2], 32), where)


def all_notes(text: str, what: str) -> list[Note]:
    """The notes of a file in an export, which holds nothing else. Raises Bad."""
    halves = [half.strip("\n") for half in text.split("\n\n")]
    while halves and not halves[-1]:
        halves.pop()
    if len(halves) > 2 * NOTES_MOST:
        raise Bad(f"{what} holds more than {NOTES_MOST} notes")
    try:
        if len(halves) % 2:
            raise ValueError("something beside the notes")
        return [read_note(halves[at], halves[at + 1]) for at in range(0, len(halves), 2)]
    except ValueError as error:
        raise Bad(f"{what} is damaged: {error}") from None


def own_checkpoints(path: str) -> list[Checkpoint]:
    """What the auditor kept, smallest first: a file with one checkpoint or many (a letter, a witness's file), or another export. Raises
    CantTell.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(OWN_BYTES + 1) if file.read(2) != b"PK" else b""
        with open(path, "rb") as file:
            data = file.read(2) + data if data else _checkpoint_of(file)
    except (*ZIP_FAULTS, KeyError, Bad) as error:
        raise CantTell(f"your checkpoint {path} can't be read: {error}") from None
    halves = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n\n")
    found: dict[tuple[int, bytes], Checkpoint] = {}
    for text, below in zip(halves, halves[1:]):  # noqa: B905, RUF007 - Python 3.9 has neither strict nor pairwise
        signatures = [line for line in below.strip("\n").split("\n") if line.startswith("\u2014 ")]
        try:  # the last three lines, whatever a letter says before them
            note = read_note("\n".join(text.strip("\n").split("\n")[-3:]), "\n".join(signatures))
            one = read_checkpoint(note, "your checkpoint")
        except ValueError:
            continue
        found[one.size, one.root] = one
    if not found:
        raise CantTell(f"{path} holds no checkpoint")
    ordered = sorted(found.values(), key=lambda one: one.size)
    step = -(-len(ordered) // NOTES_MOST)
    return ordered[::-1][::step][::-1]


def _checkpoint_of(file: BinaryIO) -> bytes:
    """The checkpoint of another export."""
    _look_at_directory(file)
    with zipfile.ZipFile(file) as other, other.open("checkpoint.txt") as member:
        return member.read(SMALL_BYTES["checkpoint.txt"])


# ---- keys and their rotation


class KeyInForce(NamedTuple):
    """A key and the sizes that it signs: those of more than `first` events, up to `last` (None: still in force)."""

    key: bytes
    first: int
    last: int | None


ROTATION = "watchbill key rotation v1"


def fingerprint(key: bytes) -> str:
    """SHA-256 of the 32 bytes, in hex."""
    return hashlib.sha256(key).hexdigest()


def read_keys(text: str, origin: str) -> list[KeyInForce]:
    """The chain of keys, oldest first: `origin+hash+base64` lines, and for each change a note signed by the old key. Raises Bad."""
    listed: list[bytes] = []
    rest: list[str] = []
    for line in text.splitlines(keepends=True):
        if not rest and line.startswith(f"{origin}+"):
            listed.append(_listed_key(line.strip(), origin))
        elif rest or not (line.isspace() or line.startswith("#")):
            rest.append(line)
    changes = [_change(note, origin) for note in all_notes("".join(rest), "keys.txt")]
    if not listed:
        raise Bad("keys.txt holds no key of this log")
    chain = [KeyInForce(changes[0][0] if changes else listed[-1], 0, None)]
    for old, new, size in changes:
        if old != chain[-1].key or size < chain[-1].first:
            raise Bad("keys.txt is damaged: its changes of the key don't follow one another")
        chain[-1] = chain[-1]._replace(last=size)
        chain.append(KeyInForce(new, size, None))
    if set(listed) != {one.key for one in chain}:
        raise Bad("keys.txt names a key that no signed change of the key leads to")
    return chain


def _listed_key(line: str, origin: str) -> bytes:
    mark, _, encoded = line.removeprefix(f"{origin}+").partition("+")
    try:
        raw = unbase(encoded, 33)
    except ValueError as error:
        raise Bad(f"keys.txt is damaged: {error}") from None
    if raw[0] != 1 or mark != hashlib.sha256(origin.encode() + b"\n" + raw).hexdigest()[:8] or _decode(raw[1:]) is None:
        raise Bad("keys.txt is damaged: a key doesn't fit its name")
    return raw[1:]


def _change(note: Note, origin: str) -> tuple[bytes, bytes, int]:
    lines = note.text.split("\n")
    try:
        if len(lines) != 6 or lines[0] != ROTATION or lines[1] != origin or not SIZE.fullmatch(lines[4]):
            raise ValueError("not a change of this log's key")
        old, new, size = unbase(lines[2], 32), unbase(lines[3], 32), int(lines[4])
    except ValueError as error:
        raise Bad(f"keys.txt is damaged: {error}") from None
    if not note.signed_by(origin, old):
        raise Bad("a change of the key is forged: the old key did not sign it", size + 1)
    return old, new, size


def signed_in_time(checkpoint: Checkpoint, chain: list[KeyInForce]) -> KeyInForce | None:
    """The key of the chain that was in force at the checkpoint's size and signed it; None when none did."""
    for one in reversed(chain):
        in_force = one.first < checkpoint.size and (one.last is None or checkpoint.size <= one.last)
        if in_force and checkpoint.note.signed_by(checkpoint.origin, one.key):
            return one
    return None


def pinned(chain: list[KeyInForce], origin: str, wanted: str) -> bool:
    """Whether a key of the chain is the one that the auditor named: base64, `origin+hash+base64`, or its fingerprint in hex."""
    plain = wanted.removeprefix(f"{origin}+").partition("+")[2] if wanted.startswith(f"{origin}+") else wanted
    for one in chain:
        forms = (base64.b64encode(one.key).decode(), base64.b64encode(b"\x01" + one.key).decode())
        if plain in forms or wanted.lower().replace(":", "") == fingerprint(one.key):
            return True
    return False


# ---- the tree, RFC 6962 section 2.1


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A growing tree by its right edge: the root of each full subtree, largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def extend(self, leaves: list[bytes]) -> None:
        """Add leaf hashes, 256 at once where they make a full subtree."""
        at = 0
        while at < len(leaves):
            if self.size % 256 == 0 and len(leaves) - at >= 256:
                block = leaves[at : at + 256]
                while len(block) > 1:
                    block = [hashlib.sha256(b"\x01" + block[i] + block[i + 1]).digest() for i in range(0, len(block), 2)]
                self._push(block[0], 256)
                at += 256
            else:
                self._push(leaves[at], 1)
                at += 1

    def _push(self, root: bytes, count: int) -> None:
        index = self.size // count
        while index & 1:
            root = _node(self._peaks.pop(), root)
            index >>= 1
        self._peaks.append(root)
        self.size += count

    def root(self) -> bytes:
        """The tree's hash."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _node(peak, root)
        return root


def is_in(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2."""
    node, left, right = leaf, index, size - 1
    if not 0 <= index < size:
        return False
    for sibling in path:
        if right == 0:
            return False
        if left & 1 or left == right:
            node = _node(sibling, node)
            while not left & 1 and left:
                left, right = left >> 1, right >> 1
        else:
            node = _node(node, sibling)
        left, right = left >> 1, right >> 1
    return right == 0 and node == root


def is_beginning(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    path = [old_root, *path] if old & (old - 1) == 0 else path
    if not path:
        return False
    left, right = old - 1, new - 1
    while left & 1:
        left, right = left >> 1, right >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if right == 0:
            return False
        if left & 1 or left == right:
            older, newer = _node(sibling, older), _node(sibling, newer)
            while not left & 1 and left:
                left, right = left >> 1, right >> 1
        else:
            newer = _node(newer, sibling)
        left, right = left >> 1, right >> 1
    return right == 0 and (older, newer) == (old_root, new_root)


# ---- the zip, which may be anybody's work


class Export:
    """An export's files: each name once, none unknown, nothing that unpacks without an end into memory."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises Bad when it is no whole zip of an export's files."""
        try:
            _look_at_directory(file)
            self._zip = zipfile.ZipFile(file)
        except ZIP_FAULTS as error:
            raise Bad(f"this is no whole zip file: it was cut short or damaged ({error})", 1) from None
        self.names = {member.filename: member for member in self._zip.infolist()}
        for member in self._zip.infolist():
            if member.filename not in MEMBERS:
                raise Bad(f"the export holds a file that no export has: {member.filename[:80]!r}")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
                raise Bad(f"{member.filename} is packed in a way that no export is")
        if len(self.names) != len(self._zip.infolist()):
            raise Bad("the export holds two files of the same name")
        for name in NEEDED:
            if name not in self.names:
                raise Bad(f"the export has no {name}", 1 if name == "events.jsonl" else None)

    def open(self, name: str) -> BinaryIO:
        """Raises Bad."""
        try:
            member: Any = self._zip.open(self.names[name])
            member._expected_crc = None  # noqa: SLF001 - what counts is hashed here, which tells more exactly what was changed
            return member  # type: ignore[no-any-return]  # it reads like a file
        except ZIP_FAULTS as error:
            raise Bad(f"{name} is damaged: {error}", 1 if name == "events.jsonl" else None) from None

    def text(self, name: str) -> str:
        """A small file whole, "" when it isn't there. Raises Bad."""
        if name not in self.names:
            return ""
        with self.open(name) as member:
            data = pieces(member, name).read(SMALL_BYTES[name] + 1)
        if len(data) > SMALL_BYTES[name]:
            raise Bad(f"{name} is larger than any export's")
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise Bad(f"{name} is damaged: it is not UTF-8") from None


class pieces:  # noqa: N801 - used like a function
    """A member of the zip whose faults are all one exception."""

    def __init__(self, member: BinaryIO, name: str) -> None:
        self._member, self._name = member, name

    def read(self, size: int) -> bytes:
        """Raises Bad for damage."""
        try:
            return self._member.read(size)
        except ZIP_FAULTS as error:
            raise Bad(f"{self._name} is damaged: {error}") from None


def _look_at_directory(file: BinaryIO) -> None:
    """Refuse a list of contents too long to be an export's, before it is read into memory. Raises ValueError."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 65536 - 22))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise ValueError("it has no end")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):  # a wide end, which Python's readers believe, right before it or where it says
        for place in (size - len(tail) + at - 76, int.from_bytes(tail[at - 12 : at - 4], "little")):
            file.seek(max(0, min(place, size)))
            wide = file.read(56)
            if wide.startswith(b"PK\x06\x06"):
                length = max(length, int.from_bytes(wide[40:48], "little"))
    if length > DIRECTORY_BYTES:
        raise ValueError("its list of contents is longer than any export's")
    file.seek(0)


def lines_of(export: Export, name: str) -> Iterator[list[bytes]]:
    """The lines of a file, many at a time. Raises Bad for a line that is too long and for a last one that doesn't end."""
    with export.open(name) as member:
        source, rest = pieces(member, name), b""
        while data := source.read(CHUNK_BYTES):
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > LINE_BYTES:
                raise Bad(f"{name} has a line longer than any event")
            if whole:
                yield whole
        if rest:
            raise Bad(f"{name} ends within a line")


# ---- events

_TEXT = r'"[^"\\\x00-\x1f]*(?:\\(?:["\\bfnrt]|u00(?:0[0-7be-f]|1[0-9a-f]))[^"\\\x00-\x1f]*)*"'
_VALUE = rf"(?:{_TEXT}|0|-?[1-9][0-9]{{0,15}}|true|false|\[(?:{_TEXT}(?:,{_TEXT})*)?\])"
_KNOWN = ("action", "actor", "actor_kind", "body", "occurred_at", "outcome", "recorded_at", "ref", "seq", "source", "target")
_FORMS = {"body": rf"(\{{(?:{_TEXT}:{_VALUE}(?:,{_TEXT}:{_VALUE})*)?\}})", "seq": "([1-9][0-9]{0,17})"}
EVENT = re.compile(("\\{" + ",".join(f'"{key}":{_FORMS.get(key, _TEXT)}' for key in _KNOWN) + "\\}").encode())
_DUMP = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _in_order(pairs: list[tuple[str, Any]]) -> None:
    """Keys in strictly rising order: sorted, and none twice."""
    last = ""
    for key, _ in pairs:
        if key <= last:
            raise ValueError(key)
        last = key


def numbers_of(lines: list[bytes], expected: int) -> list[int]:
    """Each line's own number, when all are written in the one canonical form. Raises Bad naming the first that isn't; `expected` is the
    number that the first of them should have.
    """
    try:
        b"\n".join(lines).decode()
        found = [EVENT.fullmatch(line) for line in lines]
        if all(found):
            json.loads(b"[" + b",".join([match[1] for match in found if match]) + b"]", object_pairs_hook=_in_order)
            return [int(match[2]) for match in found if match]
    except ValueError:
        pass
    return [_number_of(line, expected + at) for at, line in enumerate(lines)]


def _number_of(line: bytes, expected: int) -> int:
    """One event's number, by the slow and general rule. Raises Bad."""
    try:
        text = line.decode()
        event = json.loads(text)
        if not isinstance(event, dict) or _DUMP.encode(event) != text:
            raise ValueError("not canonical")
        number = event["seq"]
        if type(number) is not int or number < 1:
            raise ValueError("no number")
    except (ValueError, KeyError, RecursionError):
        raise Bad(f"event {expected} is not written as events are: it was changed", expected) from None
    return int(number)


class Openings:
    """The values in private.jsonl, each checked against the commitment in its event as the events go by."""

    def __init__(self, export: Export) -> None:
        self._lines = self._each(export) if "private.jsonl" in export.names else iter(())
        self._next = next(self._lines, None)
        self.opened = 0

    def _each(self, export: Export) -> Iterator[dict[str, Any]]:
        for lines in lines_of(export, "private.jsonl"):
            for line in lines:
                yield _opening(line)

    def check(self, numbers: list[int], lines: list[bytes]) -> None:
        """Those of these events. Raises Bad."""
        if self._next is None or self._next["seq"] > numbers[-1]:
            return
        by_number = dict(zip(numbers, lines))  # noqa: B905 - Python 3.9 knows no strict
        while self._next is not None and self._next["seq"] <= numbers[-1]:
            self._one(self._next, by_number.get(self._next["seq"]))
            self._next = next(self._lines, None)

    def _one(self, opening: dict[str, Any], line: bytes | None) -> None:
        seq, commitment = opening["seq"], opening["commitment"]
        if line is None or commitment.encode() not in line:
            raise Bad(f"private.jsonl opens something that event {seq} doesn't have", seq)
        made = hmac.new(opening["salt"], opening["value"].encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        if commitment != "~" + base64.urlsafe_b64encode(made).decode().rstrip("="):
            raise Bad(f"the value that private.jsonl gives for event {seq} is not the one that was recorded", seq)
        self.opened += 1

    def end(self) -> None:
        """Raises Bad when values are left for events that aren't there."""
        if self._next is not None:
            raise Bad("private.jsonl opens values of events that the export doesn't have", self._next["seq"])


def _opening(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
        salt = unbase(found["salt"], 16)
        if type(found["seq"]) is not int or not re.fullmatch("~[A-Za-z0-9_-]{43}", found["commitment"]) or type(found["value"]) is not str:
            raise ValueError("no opening")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Bad("private.jsonl is damaged") from None
    return {"seq": found["seq"], "commitment": found["commitment"], "salt": salt, "value": found["value"]}


# ---- the check


class Told(NamedTuple):
    """The outcome. `last` is set when the fault lies somewhere from `first` to `last`."""

    code: int
    reason: str
    first: int | None
    last: int | None
    facts: dict[str, Any]
    remarks: list[str]


class Check:
    """One export against what the auditor holds."""

    def __init__(self, export: Export, own: list[Checkpoint], key: str) -> None:
        self.export, self.own = export, own
        self.remarks: list[str] = []
        self.faults: list[Bad] = []
        self.agreed = 0  # as many events fit a signed checkpoint
        self.believed = 0  # as many fit one of the auditor's own
        self.events = 0
        self.head = self._head()
        self.chain = self._chain(key)
        self.whole = "inclusion.jsonl" not in export.names
        self.openings = Openings(export)

    def _head(self) -> Checkpoint:
        notes = all_notes(self.export.text("checkpoint.txt"), "checkpoint.txt")
        try:
            (note,) = notes
            return read_checkpoint(note, "the export's checkpoint")
        except ValueError:
            raise Bad("checkpoint.txt is damaged: it holds no single checkpoint") from None

    def _chain(self, key: str) -> list[KeyInForce]:
        """The log's keys; what is wrong with them and with signatures becomes a fault, so that the events are looked at all the same."""
        strangers = [one for one in self.own if one.origin != self.head.origin]
        self.own = [one for one in self.own if one.origin == self.head.origin]
        if strangers and not self.own:
            self.fault(f"this is the trail of {self.head.origin!r}, and your checkpoint is of {strangers[0].origin!r}", 1)
        try:
            chain = read_keys(self.export.text("keys.txt"), self.head.origin)
        except Bad as bad:
            self.faults.append(bad)
            return []
        signer = signed_in_time(self.head, chain)
        # A later key vouches for nothing: whoever has the one before it can name any as the next.
        if key and not pinned(chain[: chain.index(signer) + 1] if signer else chain, self.head.origin, key):
            self.fault("the export is signed with another key than yours", 1)
        if signer is None:
            self.fault("the export's checkpoint has no valid signature by the log's key")
        for one in self.own:
            if signed_in_time(one, chain) is None:
                self.fault(f"no key in the export has signed your checkpoint of {one.size} events: the keys were exchanged", 1)
        return chain

    def fault(self, reason: str, first: int | None = None) -> None:
        """Something is wrong that doesn't keep us from reading on."""
        self.faults.append(Bad(reason, first))

    def run(self) -> None:
        """Look at everything. Raises Bad at the first event at fault."""
        newest = self.own[-1] if self.own else None
        if newest and newest.size > self.head.size:
            reason = (
                f"your checkpoint knows {newest.size} events, here are {self.head.size}: the end was cut off, or this is an older export"
            )
            self.fault(reason, self.head.size + 1)
        if self.whole:
            Whole(self).run()
        else:
            Part(self).run()
        self.openings.end()
        if self.own and self.own[-1].size < self.head.size:
            self.remarks.append(
                f"Events {self.own[-1].size + 1} to {self.head.size} are newer than your checkpoint: the log's key alone vouches for them."
            )

    def notes(self) -> Iterator[Checkpoint]:
        """The earlier checkpoints in the export that carry a valid signature; one that doesn't is a fault."""
        for note in all_notes(self.export.text("checkpoints.txt"), "checkpoints.txt") if self.chain else ():
            try:
                found = read_checkpoint(note, "an earlier checkpoint in the export")
            except ValueError:
                raise Bad("checkpoints.txt is damaged") from None
            if found.origin != self.head.origin or signed_in_time(found, self.chain) is None:
                self.fault(f"an earlier checkpoint in the export, of {found.size} events, has no valid signature by the log's key")
            else:
                yield found

    def proofs(self) -> dict[int, list[bytes]]:
        """The proofs that earlier sizes are beginnings, by size. Raises Bad."""
        try:
            listed = json.loads(self.export.text("proofs.json") or '{"consistency":[]}')["consistency"]
            if len(listed) > PROOFS_MOST or any(len(one["path"]) > PATH_MOST for one in listed):
                raise ValueError("too many")
            if any(type(one["size"]) is not int or one["size"] < 1 for one in listed):
                raise ValueError("no size")
            return {one["size"]: [unbase(hashed, 32) for hashed in one["path"]] for one in listed}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Bad("proofs.json is damaged") from None


class Whole:
    """The export of every event: the tree is built from them."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.tree = Tree()
        self.claims: dict[int, list[Checkpoint]] = {}
        for one in (*check.own, *check.notes(), check.head):
            self.claims.setdefault(one.size, []).append(one)
        self.proofs = check.proofs()
        self.sizes = sorted(size for size in {*self.claims, *self.proofs} if 0 < size <= check.head.size)

    def run(self) -> None:
        """Raises Bad."""
        check, stored = self.check, self._stored()
        try:
            for lines in lines_of(check.export, "events.jsonl"):
                self._take(lines, stored)
        except Bad as bad:
            bad.first = bad.first or self.tree.size + 1
            raise
        if self.tree.size < check.head.size:
            reason = f"the end was cut off: the export's checkpoint knows {check.head.size} events, here are {self.tree.size}"
            raise Bad(reason, self.tree.size + 1)
        if stored is not None and stored.read(1):
            raise Bad("hashes.bin holds more hashes than there are events", self.tree.size + 1)

    def _stored(self) -> pieces | None:
        if "hashes.bin" not in self.check.export.names:
            return None
        return pieces(self.check.export.open("hashes.bin"), "hashes.bin")

    def _take(self, lines: list[bytes], stored: pieces | None) -> None:
        """Some events: their numbers, their hashes, and each checkpoint that falls among them."""
        first = self.tree.size + 1
        wrong = None
        try:
            numbers = numbers_of(lines, first)
            good = _rising(numbers, first)
        except Bad as bad:
            wrong, good = bad, (bad.first or first) - first
            numbers = numbers_of(lines[:good], first)
            good = min(good, _rising(numbers, first))
        self._grow(lines[:good], stored)
        if good < len(numbers):
            raise _misplaced(numbers[good], first + good)
        if wrong:
            raise wrong
        self.check.openings.check(numbers, lines)

    def _grow(self, lines: list[bytes], stored: pieces | None) -> None:
        leaves = [hashlib.sha256(b"\x00" + line).digest() for line in lines]
        known = stored.read(32 * len(leaves)) if stored else b""
        differs = stored is not None and known != b"".join(leaves)
        good = _first_different(leaves, known) if differs else len(leaves)
        at = 0
        while self.sizes and self.sizes[0] <= self.tree.size + good - at:
            upto = at + self.sizes.pop(0) - self.tree.size
            self.tree.extend(leaves[at:upto])
            at = upto
            self._compare()
        self.tree.extend(leaves[at:good])
        self.check.events = self.tree.size
        if differs:
            seq = self.tree.size + 1
            raise Bad(f"event {seq} was changed: its content doesn't fit its hash", seq)
        if self.tree.size > self.check.head.size:
            extra = self.check.head.size + 1
            raise Bad(f"events were added behind the export's checkpoint, which knows {extra - 1}", extra)

    def _compare(self) -> None:
        """The tree as it is, with what was signed for this size. Raises Bad."""
        size, root = self.tree.size, self.tree.root()
        claims = self.claims.get(size, [])
        for claim in claims:
            if claim.root != root:
                # Whoever has the log's key could have signed the earlier checkpoints anew, but would not leave one that doesn't fit.
                first = 1 + (self.check.believed if claim in self.check.own else self.check.agreed)
                reason = f"an event from {first} to {size} was changed: the tree of {size} events doesn't fit {claim.where}"
                raise Bad(reason, first, size)
        if size in self.proofs and not is_beginning(size, root, self.check.head.size, self.check.head.root, self.proofs[size]):
            self.check.fault(
                f"proofs.json does not prove that the tree of {size} events is the beginning of this one", self.check.agreed + 1
            )
        if claims:
            self.check.agreed = size
        if any(claim in self.check.own for claim in claims):
            self.check.believed = size


def _rising(numbers: list[int], first: int) -> int:
    """How many of the numbers are as they should be, from the first on."""
    if numbers == list(range(first, first + len(numbers))):
        return len(numbers)
    return next(at for at, number in enumerate(numbers) if number != first + at)


def _misplaced(number: int, expected: int) -> Bad:
    if number > expected:
        return Bad(f"event {expected} is missing: the next one is {number}", expected)
    return Bad(f"event {number} stands once more where event {expected} should", expected)


def _first_different(leaves: list[bytes], known: bytes) -> int:
    return next((at for at, leaf in enumerate(leaves) if known[32 * at : 32 * at + 32] != leaf), len(leaves))


class Part:
    """The export of some events, each with the proof that it is in the tree."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self.first = self.last = 0

    def run(self) -> None:
        """Raises Bad, and CantTell when the auditor's checkpoint can't be joined to the export's."""
        self._consistency()
        check, paths = self.check, self._paths()
        try:
            for lines in lines_of(check.export, "events.jsonl"):
                self._take(lines, paths)
        except Bad as bad:
            bad.first = bad.first or self.last + 1
            raise
        if (left := next(paths, None)) is not None:
            raise Bad(f"event {left[0]} is missing: its proof is there", left[0])
        gapless = f", {self.first} to {self.last} without a gap" if self.last - self.first + 1 == check.events > 1 else ""
        told = f"This is a part: {check.events} of {check.head.size} events{gapless}. What else was recorded, it doesn't show."
        check.remarks.append(told)

    def _take(self, lines: list[bytes], paths: Iterator[tuple[int, list[bytes]]]) -> None:
        numbers: list[int] = []
        for line in lines:
            proof = next(paths, None)
            numbers += numbers_of([line], proof[0] if proof else self.last + 1)
            self._one(numbers[-1], line, proof, self.check.head)
        self.check.openings.check(numbers, lines)

    def _one(self, number: int, line: bytes, proof: tuple[int, list[bytes]] | None, head: Checkpoint) -> None:
        if number <= self.last:
            raise Bad(f"event {number} comes after event {self.last}", number)
        if proof is None or proof[0] != number:
            missing = number if proof is None else min(number, proof[0])
            raise Bad(f"event {missing} is missing, or its proof is", missing)
        if not is_in(hashlib.sha256(b"\x00" + line).digest(), number - 1, head.size, proof[1], head.root):
            raise Bad(f"event {number} is not in the tree: it was changed, or its proof was", number)
        self.first, self.last = self.first or number, number
        self.check.events += 1

    def _paths(self) -> Iterator[tuple[int, list[bytes]]]:
        for lines in lines_of(self.check.export, "inclusion.jsonl"):
            for line in lines:
                try:
                    found = json.loads(line)
                    if type(found["seq"]) is not int or len(found["path"]) > PATH_MOST:
                        raise ValueError("no proof")
                    yield found["seq"], [unbase(one, 32) for one in found["path"]]
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise Bad("inclusion.jsonl is damaged", self.last + 1) from None

    def _consistency(self) -> None:
        """Join the auditor's checkpoints, and the earlier ones in the export, to the export's own."""
        check, head = self.check, self.check.head
        proofs = check.proofs()
        earlier = list(check.notes())
        for one in (*earlier, *check.own):
            if one.size > head.size or one.size == 0:
                continue
            path = [] if one.size == head.size else proofs.get(one.size)
            if path is None:
                if one in check.own[-1:]:
                    raise CantTell(
                        f"the export has no proof from your checkpoint of {one.size} events to its own of {head.size}:"
                        " ask for one made since that checkpoint"
                    )
                continue
            if not is_beginning(one.size, one.root, head.size, head.root, path):
                raise Bad(f"{one.where}, of {one.size} events, is not the beginning of this trail", check.agreed + 1, one.size)
            check.agreed = max(check.agreed, one.size)
            check.believed = max(check.believed, one.size) if one in check.own else check.believed


def verify(path: str, own: list[Checkpoint], key: str = "") -> Told:
    """The whole check. Never raises for anything that a zip can hold."""
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below
    except OSError as error:
        return Told(UNKNOWN, f"{path} can't be read: {error.strerror}", None, None, {}, [])
    with file:
        return _verify(file, own, key)


def _verify(file: BinaryIO, own: list[Checkpoint], key: str) -> Told:
    check: Check | None = None
    try:
        check = Check(Export(file), own, key)
        try:
            check.run()
        except Bad as bad:
            check.faults.insert(0, bad)
        if not check.faults and not own:
            raise CantTell(ALONE)
    except Bad as bad:
        return Told(TAMPERED, bad.reason, bad.first, bad.last, {}, [])
    except CantTell as unknown:
        faults = check.faults if check else []
        if faults:
            return _told(check, faults) if check else Told(TAMPERED, faults[0].reason, None, None, {}, [])
        return Told(UNKNOWN, str(unknown), None, None, _facts(check), check.remarks if check else [])
    return _told(check, check.faults)


def _told(check: Check | None, faults: list[Bad]) -> Told:
    if check is None or not faults:
        return Told(OK, "", None, None, _facts(check), check.remarks if check else [])
    for one in faults:  # a fault of no event concerns those that no believed checkpoint covers
        if one.first is None and check.believed < check.head.size:
            one.first = check.believed + 1
    worst = min(faults, key=lambda one: (one.first is None, one.first or 0))
    reason = "; ".join(dict.fromkeys([worst.reason, *(one.reason for one in faults)]))
    return Told(TAMPERED, reason, worst.first, worst.last, _facts(check), [] if check.own else [ALONE])


def _facts(check: Check | None) -> dict[str, Any]:
    if check is None:
        return {}
    return {
        "origin": check.head.origin,
        "events": check.events,
        "size": check.head.size,
        "root": check.head.root.hex(),
        "whole": check.whole,
        "values": check.openings.opened,
        "keys": [fingerprint(one.key) for one in check.chain],
        "own_checkpoint": check.own[-1].size if check.own else None,
    }


# ---- the command


def _words(told: Told) -> Iterator[str]:
    """The outcome for a reader."""
    facts = told.facts
    if told.code == OK:
        part = "whole trail" if facts["whole"] else "part of the trail"
        count = "1 event" if facts["events"] == 1 else f"{facts['events']:,} events"
        yield f"OK: {count}, the {part} as your checkpoint of {facts['own_checkpoint']:,} says."
    elif told.code == UNKNOWN:
        yield "CAN'T TELL whether this is the trail that was recorded."
        yield told.reason
        if facts:
            yield f"In itself the export holds together: {facts['events']:,} of {facts['size']:,} events fit its signed checkpoint."
    else:
        yield f"NOT WHAT WAS RECORDED: {told.reason}."
        if told.last is not None:
            yield f"The first event at fault is one of {told.first} to {told.last}."
        elif told.first is not None:
            yield f"The first event at fault: {told.first}."
    if facts:
        yield f"log   {facts['origin']}"
        yield f"root  {facts['root']} of {facts['size']:,} events"
        yield from (f"key   {one}" for one in facts["keys"])
    if facts.get("values"):
        yield f"Names and private values, {facts['values']:,} in all, are those that were committed to."
    yield from told.remarks


def main(argv: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="verify_trail.py", description="Check an export of an audit trail. Exit 0 ok, 1 tampered, 2 can't tell."
    )
    parser.add_argument("export", metavar="EXPORT.zip")
    own = parser.add_argument(
        "--checkpoint", "--checkpoints", metavar="FILE", help="a checkpoint that you kept, several, or an earlier export"
    )
    own.dest = "own"
    parser.add_argument("--key", metavar="KEY", default="", help="the log's key as you know it: base64, or its fingerprint in hex")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")
    arguments = parser.parse_args(argv)
    try:
        kept = own_checkpoints(arguments.own) if arguments.own else []
        told = verify(arguments.export, kept, arguments.key.strip())
    except CantTell as unknown:
        told = Told(UNKNOWN, str(unknown), None, None, {}, [])
    verdict = {OK: "ok", TAMPERED: "tampered", UNKNOWN: "can't tell"}[told.code]
    if arguments.json:
        facts = {"first_bad_seq": told.first, "last_bad_seq": told.last, **told.facts, "remarks": told.remarks}
        print(json.dumps({"verdict": verdict, "ok": told.code == OK, "reason": told.reason, **facts}, indent=1))
    else:
        for line in _words(told):
            print("".join(letter if letter.isprintable() else "?" for letter in line))
    return told.code


if __name__ == "__main__":
    raise SystemExit(main())
