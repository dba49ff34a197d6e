"""What a forger does to an export or to the database, as plain functions: each gets what it may change and changes it."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchbill.base import canonical, keys
from watchbill.base.models import AuditEvent, AuditFrontier
from watchbill.engines.merkle.frontier import Frontier
from watchbill.engines.merkle.hashing import leaf_hash
from watchbill.engines.merkle.notes import CheckpointText, sign_checkpoint, sign_note, verifier_key

Files = dict[str, bytes]
FORGER = Ed25519PrivateKey.from_private_bytes(sha256(b"a forger's key").digest())


def lines(files: Files) -> list[bytes]:
    return files["events.jsonl"].splitlines(keepends=True)


def put(files: Files, changed: list[bytes]) -> None:
    files["events.jsonl"] = b"".join(changed)


def edited(line: bytes, **fields: Any) -> bytes:
    """The event with other values, written as events are."""
    return canonical.dumps({**json.loads(line), **fields}).encode() + b"\n"


def hashed(files: Files) -> None:
    """Fresh hashes for the events as they are now."""
    files["hashes.bin"] = b"".join(leaf_hash(line[:-1]) for line in lines(files))


def renumbered(changed: list[bytes]) -> list[bytes]:
    return [edited(line, seq=seq) for seq, line in enumerate(changed, 1)]


def origin(files: Files) -> str:
    return files["checkpoint.txt"].decode().split("\n", 1)[0]


def root(files: Files, size: int) -> bytes:
    tree = Frontier()
    tree.extend(leaf_hash(line[:-1]) for line in lines(files)[:size])
    return tree.root()


def signed(files: Files, size: int, key: Ed25519PrivateKey) -> bytes:
    """A checkpoint over the first `size` events as they are now."""
    return sign_checkpoint(CheckpointText(origin(files), size, root(files, size)), key).encode()


def the_logs_key() -> Ed25519PrivateKey:
    """What an administrator of the machine has."""
    return keys.checkpoint_key()


def rebuilt(files: Files, key: Ed25519PrivateKey, *, keep_old_notes: bool = False) -> None:
    """Hash and sign everything anew."""
    hashed(files)
    size = len(lines(files))
    files["checkpoint.txt"] = signed(files, size, key)
    if not keep_old_notes:
        files["checkpoints.txt"] = b"\n".join(signed(files, at, key) for at in range(10, size, 10))


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def keys_file(name: str, *known: Ed25519PrivateKey, changes: bytes = b"") -> bytes:
    """keys.txt with these keys and these notes about their changes."""
    listed = "".join(verifier_key(name, public(key)) + "\n" for key in known)
    return listed.encode() + (b"\n" + changes if changes else b"")


def change_of_key(name: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey, size: int, by: Ed25519PrivateKey) -> bytes:
    """The old key's word for the new one, signed by `by`."""
    text = "watchbill key rotation v1\n{}\n{}\n{}\n{}\n".format(name, *(base64.b64encode(public(one)).decode() for one in (old, new)), size)
    return sign_note(text, name, by).encode()


Forgery = Callable[[Files], None]


def rebuild_database() -> None:
    """What a careful forger does after changing rows: number, hash and fold everything anew."""
    frontier = Frontier()
    rows = list(AuditEvent.objects.order_by("seq").values_list(*canonical.FIELDS))
    AuditEvent.objects.all().delete()
    for seq, row in enumerate(rows, 1):
        values = (seq, *row[1:])
        leaf = leaf_hash(canonical.event_bytes(values))
        frontier.append(leaf)
        AuditEvent.objects.create(**dict(zip(canonical.FIELDS, values, strict=True)), leaf=leaf)
    AuditFrontier.objects.update(state=frontier.to_bytes())
