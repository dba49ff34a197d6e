"""Advisory locks of PostgreSQL, held until the transaction that took them ends: who writes alone, who numbers events, who claims, who
sets up. On the embedded database there is one writer anyway, and every lock is free.

They are names in the database's own lock table, so a process that dies lets go with its connection. Nothing here waits longer than the
connection's lock_timeout.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any
from zlib import crc32

from django.db import connection

from watchbill.base import limits

# The first of the two numbers that name an advisory lock; other programs in the same database should not use these.
_OURS = 0x57425F31
_SUBJECTS = 0x57425F32


class Lock(IntEnum):
    """What can be held by one transaction at a time."""

    WRITING = 1
    SEQUENCING = 2
    NEWS = 3
    JOBS = 4
    SETTING_UP = 5


def needed() -> bool:
    """Does this database let several transactions write at once?"""
    return connection.vendor == "postgresql"


def hold(lock: Lock) -> None:
    """Wait for the lock and keep it until the transaction ends."""
    if needed():
        _ask("SELECT pg_advisory_xact_lock(%s, %s)", [_OURS, lock.value])


def try_hold(lock: Lock) -> bool:
    """Keep the lock until the transaction ends, if nobody else has it."""
    return not needed() or bool(_ask("SELECT pg_try_advisory_xact_lock(%s, %s)", [_OURS, lock.value]))


def hold_subjects(subjects: Collection[str]) -> None:
    """Be the only transaction that tells news of these subjects, until it ends, so that the numbers of one subject's news are in the
    order of their commits. Subjects share a bounded number of locks, always taken in the same order.
    """
    if not needed():
        return
    buckets = sorted({crc32(subject.encode()) % limits.NEWS_SUBJECT_LOCKS for subject in subjects})
    _ask("SELECT count(pg_advisory_xact_lock(%s, number)) FROM unnest(%s::int[]) AS number", [_SUBJECTS, buckets])


@contextmanager
def setting_up() -> Iterator[None]:
    """Bring tables up to date, or set up what an empty database needs, while no other process does; however long that takes."""
    if not needed():
        yield
        return
    _ask("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)", [])
    _ask("SELECT pg_advisory_lock(%s, %s)", [_OURS, Lock.SETTING_UP.value])
    try:
        yield
    finally:
        connection.close()  # lets go, and forgets the time-outs


def _ask(statement: str, values: list[Any]) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None
