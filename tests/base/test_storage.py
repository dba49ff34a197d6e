"""A disk that takes no more is told as what it is; every other error stays what it was."""

import errno
import sqlite3
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from watchbill.base import storage


@pytest.fixture(autouse=True)
def _well() -> Iterator[None]:
    storage.written()
    yield
    storage.written()


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = code
    return error


def test_a_full_disk_says_to_free_space_and_to_send_again() -> None:
    problem = storage.as_problem(OSError(errno.ENOSPC, "No space left on device"))
    assert problem is not None
    assert (problem.code, problem.status, problem.retryable) == ("disk_full", 503, True)
    assert "Free space" in problem.remedy
    assert "send it again" in problem.remedy


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EDQUOT, "disk_full"), (errno.EROFS, "read_only"), (errno.EACCES, "read_only"), (errno.EIO, "disk_failing")],
)
def test_what_the_system_says_is_told_apart(number: int, code: str) -> None:
    problem = storage.as_problem(OSError(number, "no"))
    assert problem is not None
    assert problem.code == code


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (sqlite3.SQLITE_FULL, "disk_full"),
        (sqlite3.SQLITE_READONLY, "read_only"),
        (sqlite3.SQLITE_IOERR | (3 << 8), "disk_failing"),  # SQLITE_IOERR_WRITE, an extended code
    ],
)
def test_what_the_database_says_is_told_apart(number: int, code: str) -> None:
    outer = OperationalError("no")
    outer.__cause__ = sqlite_error(number)
    problem = storage.as_problem(outer)
    assert problem is not None
    assert problem.code == code


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError(errno.ENOENT, "gone"), sqlite_error(sqlite3.SQLITE_CONSTRAINT), OperationalError("x")]
)
def test_any_other_error_stays_what_it_was(error: Exception) -> None:
    assert storage.as_problem(error) is None
    assert storage.trouble() is None


def test_trouble_is_known_from_the_first_refusal_until_a_write_succeeds() -> None:
    storage.as_problem(OSError(errno.ENOSPC, "no"))
    since = storage.trouble()
    storage.as_problem(OSError(errno.ENOSPC, "no"))
    assert storage.trouble() == since
    storage.written()
    assert storage.trouble() is None
