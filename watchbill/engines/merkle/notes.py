"""Signed notes and checkpoints as text (C2SP signed-note and tlog-checkpoint), so that a log's head can be read, mailed and checked by
other tools.

A note is a text ending in a newline, an empty line, and one line per signature: `— name base64(key hash || signature)`. A checkpoint's
text is three lines: origin, size, base64 root. Ed25519 only. Never reads a file or a clock.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from watchbill.engines.merkle.hashing import HASH_BYTES

_ED25519 = b"\x01"
_KEY_HASH_BYTES = 4
_SIGNATURE_BYTES = 64
MAX_NOTE_BYTES = 64 * 1024
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteDamaged(ValueError):
    """The text is no signed note, no checkpoint, or its signature doesn't hold; the message says which."""


@dataclass(frozen=True, slots=True)
class CheckpointText:
    """What a checkpoint states: this log (origin) had `size` leaves and this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that gets signed, ending in a newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_hash(name: str, public_key: bytes) -> bytes:
    """First 4 bytes of SHA-256(name || newline || 0x01 || public key) (C2SP signed-note, Ed25519)."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_HASH_BYTES]


def verifier_key(name: str, public_key: bytes) -> str:
    """`name+key hash in hex+base64(0x01 || public key)`, the form other note tools take."""
    return f"{name}+{key_hash(name, public_key).hex()}+{base64.b64encode(_ED25519 + public_key).decode()}"


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The whole note. `text` ends in a newline; `name` has no space and no plus. Raises NoteDamaged otherwise."""
    if not text.endswith("\n") or not _NAME.fullmatch(name):
        raise NoteDamaged("a note's text ends in a newline and its signer's name has no space and no plus")
    if any(ord(letter) < 0x20 and letter != "\n" for letter in text):
        raise NoteDamaged("a note's text has no control characters")
    signature = key_hash(name, key.public_key().public_bytes_raw()) + key.sign(text.encode())
    return f"{text}\n\N{EM DASH} {name} {base64.b64encode(signature).decode()}\n"


def verify_note(note: str, name: str, public_key: bytes) -> str:
    """The signed text, when a signature line by `name` with this 32-byte key holds. Raises NoteDamaged otherwise.

    Lines by other signers are passed over, as the format asks.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise NoteDamaged(f"the note is longer than {MAX_NOTE_BYTES} characters")
    text, gap, signatures = note.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise NoteDamaged("no empty line between the note's text and its signatures")
    text += "\n"
    wanted = key_hash(name, public_key)
    for line in signatures.splitlines():
        raw = _signature_by(line, name)
        if raw is not None and raw[:_KEY_HASH_BYTES] == wanted:
            _check(text, raw[_KEY_HASH_BYTES:], public_key)
            return text
    raise NoteDamaged(f"no signature by {name} with the known key")


def _signature_by(line: str, name: str) -> bytes | None:
    dash, _, rest = line.partition(" ")
    signer, _, encoded = rest.partition(" ")
    if dash != "\N{EM DASH}" or not signer or not encoded:
        raise NoteDamaged(f"not a signature line: {line[:80]!r}")
    if signer != name:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise NoteDamaged(f"the signature by {name} is not base64") from error


def _check(text: str, signature: bytes, public_key: bytes) -> None:
    if len(signature) != _SIGNATURE_BYTES:
        raise NoteDamaged(f"an Ed25519 signature has {_SIGNATURE_BYTES} bytes, not {len(signature)}")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
    except InvalidSignature as error:
        raise NoteDamaged("the signature doesn't fit the text: one of them was changed") from error


def sign_checkpoint(checkpoint: CheckpointText, key: Ed25519PrivateKey) -> str:
    """A signed checkpoint whose signer carries the log's own name, as C2SP tlog-checkpoint advises."""
    return sign_note(checkpoint.body(), checkpoint.origin, key)


def read_checkpoint(note: str, origin: str, public_key: bytes) -> CheckpointText:
    """Verify and read a checkpoint of this log. Raises NoteDamaged when signature, origin or shape is wrong."""
    lines = verify_note(note, origin, public_key).split("\n")
    if len(lines) < 4 or lines[0] != origin:
        raise NoteDamaged(f"not a checkpoint of {origin}")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise NoteDamaged("the checkpoint's root is not base64") from error
    if not _SIZE.fullmatch(lines[1]) or len(root) != HASH_BYTES:
        raise NoteDamaged("the checkpoint's size or root has the wrong form")
    return CheckpointText(origin, int(lines[1]), root)
