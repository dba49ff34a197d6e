"""The key that signs checkpoints, and its predecessors: which key was in force at which size of the trail, and how one follows another.

A change of the key is a statement, a note that the old key signs: from so many events on the new key speaks. The statement is the moment of
the change: written whole before the new private key takes the old one's place, so that a crash anywhere leaves either the old key in force
or enough to finish. The old private key is destroyed; its statements are kept for good, and the trail keeps its name. Files only: nothing
here knows of the database.
"""

import base64
import binascii
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchbill.base import keys
from watchbill.base.datadir import DataDir, fsync_folder, write_private
from watchbill.base.problem import Problem
from watchbill.base.settings import settings
from watchbill.engines.merkle.notes import CheckpointText, NoteDamaged, read_checkpoint, sign_note, verifier_key, verify_note

NAME, _NEXT, _STATEMENTS, _LOCK = "checkpoints", "checkpoints.next", "checkpoints.rotations", "checkpoints.lock"
_TITLE = "watchbill key rotation v1"
_RESTORE = "Restore the whole keys folder from your backup."


@dataclass(frozen=True, slots=True)
class KeyInForce:
    """A public key (32 bytes) and the checkpoints that it signs: those of more than `after` events, up to `last` (None: still)."""

    key: bytes
    after: int
    last: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a statement says: from more than `size` events on, `new` signs for `origin` in place of `old`."""

    origin: str
    old: bytes
    new: bytes
    size: int

    def text(self) -> str:
        """What the old key signs."""
        old, new = (base64.b64encode(key).decode() for key in (self.old, self.new))
        return f"{_TITLE}\n{self.origin}\n{old}\n{new}\n{self.size}\n"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The log's name in its checkpoints, for good (`watchbill/` and 16 hex digits of its first public key), its keys, oldest first, and the
    statements by which one followed another.
    """

    origin: str
    in_force: tuple[KeyInForce, ...]
    statements: tuple[str, ...]

    @property
    def newest(self) -> bytes:
        """32 bytes: the public key in force now."""
        return self.in_force[-1].key

    def read(self, note: str) -> CheckpointText:
        """A checkpoint of this log, signed by the key that was in force at its size. Raises NoteDamaged."""
        size = note.split("\n", 2)[1:2]
        number = int(size[0]) if size and size[0].isascii() and size[0].isdecimal() and len(size[0]) < 20 else 0
        for one in self.in_force:
            if one.after < number and (one.last is None or number <= one.last):
                return read_checkpoint(note, self.origin, one.key)
        raise NoteDamaged("no key was ever in force for a checkpoint of that size")

    def text(self) -> str:
        """Every public key as other note tools take it, the newest last, and the statements: what an outsider checks by."""
        lines = [verifier_key(self.origin, one.key) + "\n" for one in self.in_force]
        return "".join([*lines, *(f"\n{one}" for one in self.statements)])


@contextmanager
def in_hand() -> Iterator[None]:
    """While a checkpoint is signed or the key changed: one process at a time, so that no old key signs after its successor began."""
    file = _folder() / _LOCK
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def signing_key() -> Ed25519PrivateKey:
    """The private key in force now. Finishes a change that was cut short after its statement was written. Raises Problem when the key on
    disk is not the one that the statements name.
    """
    own = keys.read_key(NAME)
    changes = _changes()
    if changes and _public(own) != changes[-1].new:
        _finish(changes[-1])
        own = keys.read_key(NAME)
    return own


def ring() -> Keyring:
    """Every key that ever signed, as the files have it now."""
    changes = _changes()
    begins = [0, *(one.size for one in changes)]
    ends: list[int | None] = [*(one.size for one in changes), None]
    newest = changes[-1].new if changes else _public(keys.read_key(NAME))
    listed = [*(one.old for one in changes), newest]
    in_force = tuple(KeyInForce(key, after, last) for key, after, last in zip(listed, begins, ends, strict=True))
    origin = changes[0].origin if changes else "watchbill/" + newest.hex()[:16]
    return Keyring(origin, in_force, _statements())


def _statements() -> tuple[str, ...]:
    file = _folder() / _STATEMENTS
    if not file.exists():
        return ()
    return tuple(f"{_TITLE}\n{rest.strip()}\n" for rest in file.read_text().split(f"{_TITLE}\n")[1:])


def change(size: int) -> Change:
    """Let a new key sign from more than `size` events on: make it, have the old key say so, put it in place. Call with the lock in hand.

    Raises OSError; the next call of `signing_key` finishes what was begun, or nothing was.
    """
    old, file = signing_key(), _folder() / _NEXT
    file.unlink(missing_ok=True)  # of a change that never came to its statement
    keys.make_key(_NEXT)
    told = Change(ring().origin, _public(old), _public(keys.read_key(_NEXT)), size)
    statement = sign_note(told.text(), told.origin, old)
    write_private(_folder() / _STATEMENTS, "\n".join([*_statements(), statement]).encode())
    _finish(told)
    return told


def _finish(told: Change) -> None:
    """Put the new private key in the old one's place, which is gone then."""
    following = _folder() / _NEXT
    if not following.exists() or _public(keys.read_key(_NEXT)) != told.new:
        detail = f"{_folder() / NAME} is not the key that {_folder() / _STATEMENTS} names last."
        raise Problem("key_damaged", "A key is not the right one", detail, remedy=_RESTORE, status=500)
    following.replace(_folder() / NAME)
    fsync_folder(_folder())


def _changes() -> list[Change]:
    """What the statements say, each checked against the one before. Raises Problem when they don't follow one another."""
    found: list[Change] = []
    for statement in _statements():
        try:
            told = read_statement(statement)
        except NoteDamaged as error:
            raise _damaged() from error
        if found and (told.origin != found[0].origin or told.old != found[-1].new or told.size < found[-1].size):
            raise _damaged()
        found.append(told)
    return found


def read_statement(note: str) -> Change:
    """What a statement says, its signature by the old key checked. Raises NoteDamaged."""
    lines = note.split("\n")
    try:
        old, new = (base64.b64decode(line, validate=True) for line in lines[2:4])
        told = Change(lines[1], old, new, int(lines[4]))
        if verify_note(note, told.origin, old) != told.text():
            raise NoteDamaged("not a statement about a key")
    except (ValueError, IndexError, binascii.Error) as error:
        raise NoteDamaged("not a statement about a key") from error
    return told


def _damaged() -> Problem:
    detail = f"The statements in {_folder() / _STATEMENTS} don't follow one another."
    return Problem("key_damaged", "The keys are damaged", detail, remedy=_RESTORE, status=500)


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _folder() -> Path:
    return DataDir(settings().data).prepare().keys
