"""A disk that is full, read-only or failing: told as what it is, with the next step, and remembered until a write succeeds again.

Nothing is repaired here and nothing is retried: what could not be written was refused with 503, and the sender has it still. The next
write that succeeds ends the trouble.
"""

import errno
import logging
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime

from watchbill.base import clock
from watchbill.base.problem import Problem

_log = logging.getLogger(__name__)
_RETRY_AFTER_SECONDS = 30.0
_FULL = ("disk_full", "The disk is full", "Nothing can be kept: the disk that holds the data directory is full.", "Free space on it; ")
_READ_ONLY = (
    "read_only",
    "The data directory is read-only",
    "Nothing can be kept: the data directory can't be written.",
    "Make it writable; ",
)
_FAILING = ("disk_failing", "The disk fails", "Nothing can be kept: writing to the data directory failed.", "Look at the system's log; ")
_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.EIO: _FAILING,
}
_BY_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _FAILING,
}
_BY_SQLSTATE = {"53100": _FULL, "25006": _READ_ONLY, "58030": _FAILING}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Since when nothing could be written, and the sentence for it."""

    since: datetime
    sentence: str


class _Board:
    """What the last write said of the disk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.trouble: Trouble | None = None


_board = _Board()


def as_problem(error: BaseException) -> Problem | None:
    """Problem 503 (retryable) when the error, or what it came from, says that the disk takes no more; None for anything else."""
    said = _kind(error) or (_kind(error.__cause__) if error.__cause__ else None)
    if said is None:
        return None
    code, title, detail, remedy = said
    with _board.lock:
        if _board.trouble is None:
            _log.error("nothing can be kept", extra={"why": title, "error": str(error)})
            _board.trouble = Trouble(clock.now(), title)
    then = "it goes on by itself. What was refused was not kept: send it again."
    return Problem(code, title, detail, remedy=remedy + then, status=503, retryable=True, retry_after=_RETRY_AFTER_SECONDS)


def written() -> None:
    """A write succeeded: whatever was wrong with the disk is over."""
    if _board.trouble is not None:
        with _board.lock:
            _log.info("the disk takes writes again")
            _board.trouble = None


def trouble() -> Trouble | None:
    """What keeps the disk from being written, as the last write found it; None when that went well."""
    return _board.trouble


def _kind(error: BaseException) -> tuple[str, str, str, str] | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)  # an extended code keeps the plain one in its low byte
        return _BY_SQLITE.get(code & 0xFF)
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    return _BY_SQLSTATE.get(str(getattr(error, "sqlstate", "")))
