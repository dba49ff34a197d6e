"""What PostgreSQL needs said: its URL in Django's words, the time-outs of every connection, and which of its errors mean "try again",
"busy" or "the connection is gone".

It connects to nothing and knows no table.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import DataError, Error, connection

from watchbill.base import limits
from watchbill.base.problem import Problem, busy, invalid

# SQLSTATE codes, PostgreSQL documentation appendix A.
# serialization_failure, deadlock_detected: taken back whole, so run again. unique_violation: somebody else made it since we looked, and
# who looks again finds it; when nobody did, the same is raised once more.
_TAKEN_BACK = frozenset({"40001", "40P01"})
_REPEATABLE = _TAKEN_BACK | {"23505"}
_BUSY = frozenset({"55P03", "57014", "53300", "53400"})  # lock or statement time-out, too many connections, a limit reached
_GONE = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03", "25P04"})  # shut down, starting up, or we were idle for too long
_CONNECTION_CLASS = "08"
_NUL = "NUL (0x00)"
_SCHEMES = ("postgresql", "postgres")


def connection_settings(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?sslmode=...`; the words after `?` are libpq's own (a socket's
    folder as `host`). Raises Problem for anything else.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        remedy = "Write postgresql://user:password@host:5432/name, or leave it empty for the embedded database."
        raise invalid("database_url", "database_url names no PostgreSQL database.", remedy)
    words = dict(parse_qsl(parts.query))
    try:
        port = str(parts.port or "")
    except ValueError as error:
        raise invalid("database_url", "The port in database_url is no number.") from error
    timeouts = {
        "statement_timeout": limits.POSTGRES_STATEMENT_SECONDS,
        "lock_timeout": limits.POSTGRES_LOCK_SECONDS,
        "idle_in_transaction_session_timeout": limits.POSTGRES_IDLE_SECONDS,
    }
    options = [words.pop("options", ""), *(f"-c {name}={int(seconds * 1000)}" for name, seconds in timeouts.items())]
    return {
        "ENGINE": "watchbill.base.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or words.pop("dbname", ""),
        "USER": unquote(parts.username or "") or words.pop("user", ""),
        "PASSWORD": unquote(parts.password or "") or words.pop("password", ""),
        "HOST": unquote(parts.hostname or "") or words.pop("host", ""),
        "PORT": port or words.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "application_name": "watchbill",
            "connect_timeout": int(limits.POSTGRES_CONNECT_SECONDS),
            **words,
            "options": " ".join(options).strip(),
        },
        "TEST": {"NAME": unquote(parts.path.lstrip("/")) or None},
    }


def sqlstate(error: BaseException) -> str:
    """The five characters that the server gave for it; empty when the failure is the connection's own."""
    return str(getattr(error.__cause__, "sqlstate", None) or getattr(error, "sqlstate", None) or "")


def worth_repeating(error: BaseException) -> bool:
    """Did the server take the transaction back because of others, as far as one can tell, so that the same one may succeed now?"""
    return isinstance(error, Error) and sqlstate(error) in _REPEATABLE


def connection_lost(error: BaseException) -> bool:
    """Is the connection gone, or was there none to be had?"""
    if not isinstance(error, Error):
        return False
    state = sqlstate(error)
    if state:
        return state in _GONE or state.startswith(_CONNECTION_CLASS)
    return type(error).__name__ in ("OperationalError", "InterfaceError")


def as_problem(error: BaseException | None) -> Problem | None:
    """Problem("busy", 503) for what passes by itself, ("invalid", 422) for a text that PostgreSQL can't hold; None for a fault of ours, and
    for what the embedded database raises.
    """
    if error is None or connection.vendor != "postgresql":
        return None
    if connection_lost(error) or sqlstate(error) in _BUSY | _TAKEN_BACK:
        return busy(limits.WRITE_RETRY_AFTER_SECONDS)
    if isinstance(error, (DataError, ValueError)) and _NUL in str(error):
        return invalid("", "The character NUL stands in it, which the database's texts can't hold.", "Take it out.")
    return None


def unreachable(error: BaseException) -> Problem | None:
    """503 in words for who starts a process: the database can't be reached. None for any other error."""
    if not connection_lost(error):
        return None
    said = str(error).strip().splitlines()
    detail = f"The database that database_url names can't be reached: {said[0] if said else 'no reason given'}."
    remedy = "Start PostgreSQL, or correct database_url; then start this again."
    return Problem("no_database", "No database", detail, field="database_url", remedy=remedy, status=503, retryable=True)


def outcome_unknown() -> Problem:
    """503: the connection was lost at the commit itself."""
    detail = "The connection to the database was lost while writing. Whether it was written is not known."
    remedy = "Look whether it is there; what carries a key may simply be sent again."
    return Problem("outcome_unknown", "Lost while writing", detail, remedy=remedy, status=503, retryable=True, retry_after=2.0)
