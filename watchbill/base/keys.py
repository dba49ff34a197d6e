"""Keys and signed links. Keys live outside the database, one a file of mode 0600 in DATA/keys, made at first need; whoever holds the
database alone can forge nothing. A key is never shown, logged or sent.
"""

import base64
import binascii
import hmac
import os
import secrets
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchbill.base import limits
from watchbill.base.datadir import DataDir, fsync_folder, is_private
from watchbill.base.problem import Problem
from watchbill.base.settings import settings

_KEY_BYTES = 32
_MAC_BYTES = 16
_EXPIRY_BYTES = 5


def django_secret() -> str:
    """The secret that Django signs cookies and tokens with."""
    return base64.urlsafe_b64encode(_key(settings().data, "django")).decode()


def link_key() -> bytes:
    """32 bytes that links in pages are signed with."""
    return _key(settings().data, "links")


def checkpoint_key() -> Ed25519PrivateKey:
    """The Ed25519 key that signs the audit trail's checkpoints, as the file has it (keyring.py knows of changes)."""
    return read_key("checkpoints")


def read_key(name: str) -> Ed25519PrivateKey:
    """A signing key, from its file each time, since it may be changed by another process; made if there is none."""
    return Ed25519PrivateKey.from_private_bytes(_read(settings().data, name))


def make_key(name: str) -> None:
    """Make a key where there is none."""
    folder = DataDir(settings().data).prepare().keys
    _make(folder, folder / name)


def sign(purpose: str, payload: str, expires: datetime) -> str:
    """A URL-safe token that carries `payload` until `expires` (aware, whole seconds) and is good for `purpose` only. It is signed, not
    secret.

    Raises ValueError for a payload over the limit.
    """
    if len(payload) > limits.LINK_PAYLOAD_CHARS:
        raise ValueError(f"a link carries at most {limits.LINK_PAYLOAD_CHARS} characters")
    content = int(expires.timestamp()).to_bytes(_EXPIRY_BYTES, "big") + payload.encode()
    return base64.urlsafe_b64encode(content + _mac(purpose, content)).rstrip(b"=").decode()


def unsign(purpose: str, token: str, now: datetime) -> str:
    """The payload. Raises Problem("link_invalid", 404) when it was not made by us for this purpose, ("link_expired", 410) when its time
    is over.
    """
    content, mac = _split(token)
    if not hmac.compare_digest(mac, _mac(purpose, content)):
        raise _invalid_link()
    if now >= _end_of(content):
        raise Problem("link_expired", "This link has expired", "Its time is over.", remedy="Sign in, or ask for a new link.", status=410)
    return content[_EXPIRY_BYTES:].decode()


def ends(token: str) -> datetime:
    """When a token that `unsign` took stops being valid. Raises Problem for what is no token."""
    return _end_of(_split(token)[0])


def _end_of(content: bytes) -> datetime:
    return datetime.fromtimestamp(int.from_bytes(content[:_EXPIRY_BYTES], "big"), UTC)


def _split(token: str) -> tuple[bytes, bytes]:
    if len(token) > 8 * limits.LINK_PAYLOAD_CHARS or not token.isascii():
        raise _invalid_link()
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise _invalid_link() from error
    if len(raw) < _EXPIRY_BYTES + _MAC_BYTES:
        raise _invalid_link()
    return raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]


def _invalid_link() -> Problem:
    detail = "It was cut short, changed, or made for something else."
    return Problem("link_invalid", "This link is not valid", detail, remedy="Open the newest link again, or sign in.", status=404)


def _mac(purpose: str, content: bytes) -> bytes:
    return hmac.digest(link_key(), purpose.encode() + b"\x00" + content, sha256)[:_MAC_BYTES]


@cache
def _key(data: Path, name: str) -> bytes:
    """As `_read`, once: for keys that don't change while a process lives."""
    return _read(data, name)


def _read(data: Path, name: str) -> bytes:
    """Read the key, making it first if there is none; of two processes that make it at once, one wins and both use its key."""
    folder = DataDir(data).prepare().keys
    file = folder / name
    if not file.exists():
        _make(folder, file)
    if not is_private(file):
        detail = f"Others may read {file}."
        raise Problem("key_exposed", "A key is not private", detail, remedy=f"chmod 600 {file}, and replace it if it may have been copied.")
    try:
        key = base64.b64decode(file.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise Problem("key_damaged", "A key is damaged", f"{file} doesn't hold a key.", remedy="Restore it from your backup.", status=500)
    return key


def _make(folder: Path, file: Path) -> None:
    scratch = folder / f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(scratch, file)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        scratch.unlink()
    fsync_folder(folder)
