"""Content-addressed files: bytes kept under the name of their SHA-256, durable before anybody refers to them. Never changed once
written.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path

from watchbill.base import storage
from watchbill.base.datadir import DataDir, fsync_folder
from watchbill.base.problem import Problem
from watchbill.base.settings import settings

_DIGITS = frozenset("0123456789abcdef")


def path_of(digest: str) -> Path:
    """Where the bytes with this digest (64 hex digits) lie. Raises ValueError for anything else, so that no name can lead elsewhere."""
    if len(digest) != 64 or not _DIGITS.issuperset(digest):
        raise ValueError("not a SHA-256 in hex")
    return DataDir(settings().data).files / digest[:2] / digest[2:4] / digest


def keep(data: bytes) -> str:
    """Store the bytes and return their digest once they, their name and their folders are on disk. The same bytes again cost one look.

    Raises Problem 503 when the disk is full or can't be written; then nothing of them is left.
    """
    try:
        return _keep(data)
    except OSError as error:
        if problem := storage.as_problem(error):
            raise problem from error
        raise


def _keep(data: bytes) -> str:
    digest = sha256(data).hexdigest()
    file = path_of(digest)
    if file.exists():
        return digest
    _make_folder(file.parent)
    scratch = file.with_name(f".{digest[:8]}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)
    fsync_folder(file.parent)
    return digest


def read(digest: str) -> bytes:
    """The bytes. Raises Problem("file_damaged") when they are gone or no longer those that were stored."""
    try:
        data = path_of(digest).read_bytes()
    except FileNotFoundError:
        data = b""
    if sha256(data).hexdigest() != digest:
        detail = f"The stored input {digest[:12]} is missing or was changed."
        remedy = "Restore the data directory's files from your backup."
        raise Problem("file_damaged", "Stored input is damaged", detail, remedy=remedy, status=500)
    return data


def _make_folder(folder: Path) -> None:
    """Make the folder and those above it, each durable in the one that holds it."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(one.parent)
