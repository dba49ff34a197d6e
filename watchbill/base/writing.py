"""Runs closures inside a transaction: the part of the writer that knows the database, the same whether a thread, a request or a test
drives it.

It never waits, queues or starts a thread. Each closure has a savepoint and a unit of its own; what the units recorded is flushed just
before the commit.
"""

import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from django.db import Error, connection, transaction

from watchbill.base import ledger, limits, locks, postgres, sequencer, wakeups
from watchbill.base.locks import Lock
from watchbill.base.unit import Unit, current, running

T = TypeVar("T")


class GroupLost(RuntimeError):
    """The database took the whole transaction back inside a closure, neighbours included. Its cause is what the closure raised, if it
    raised.
    """


class HookForbidden(RuntimeError):
    """A closure asked for transaction.on_commit: a hook that fails would report a committed write as failed. Send news instead."""


class Task(Protocol):
    """A closure to be run in a group, and where its outcome goes."""

    def run(self) -> None:
        """Run the closure and keep its value; raises what it raises."""

    def keep_error(self, error: Exception) -> None:
        """The closure failed and was taken back."""


def run_group(tasks: Sequence[Task]) -> None:
    """All tasks in one transaction. Returning means committed: each task then holds its value or its own error.

    Anything raised here means that nothing at all was written.
    """
    with transaction.atomic():
        units = [unit for task in tasks if (unit := _run_task(task)) is not None]
        wakes = ledger.flush(units)
    for name in sorted(wakes):
        wakeups.wake(name)


def run_alone(fn: Callable[[], T], *, beside: bool = False) -> T:
    """One closure in one transaction (or in a savepoint of the one that is open); raises what it raises, with nothing written.

    On PostgreSQL it is run again, a few times, when other transactions were in its way or the connection was lost before its commit.
    Problem("busy", 503) when that did not help, ("outcome_unknown", 503) when the connection was lost while committing.
    """
    if connection.in_atomic_block or not locks.needed():
        return _run_once(fn, beside=beside, attempt=_Attempt())
    pause = limits.POSTGRES_PAUSE_SECONDS
    for tries_left in range(limits.POSTGRES_TRIES - 1, -1, -1):
        attempt = _Attempt()
        try:
            return _run_once(fn, beside=beside, attempt=attempt)
        except Error as error:
            _give_up_or_go_on(error, attempt, tries_left)
        time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - so that two don't meet again
        pause *= 2
    raise AssertionError("the last try returns or raises")


class _Attempt:
    """How far a try has come."""

    committing = False
    recorded = False


def _give_up_or_go_on(error: Error, attempt: _Attempt, tries_left: int) -> None:
    """Raises, unless the closure is worth another try."""
    lost = postgres.connection_lost(error)
    if lost:
        connection.in_atomic_block = False  # lost on the way into its block, or else the dead connection would be kept for it
        connection.close()
        if attempt.committing:
            raise postgres.outcome_unknown() from error
    if tries_left and (lost or postgres.worth_repeating(error)):
        return
    raise postgres.as_problem(error) or error from error.__cause__


def _run_once(fn: Callable[[], T], *, beside: bool, attempt: _Attempt) -> T:
    with transaction.atomic():
        if not beside:
            locks.hold(Lock.WRITING)
        unit = Unit()
        value = _run(fn, unit)
        wakes = ledger.flush([unit])
        attempt.committing, attempt.recorded = True, bool(unit.audits)
    for name in sorted(wakes):
        wakeups.wake(name)
    if attempt.recorded and not (beside and sequencer.left_to_loops()):
        sequencer.after_commit()
    return value


def run_nested(fn: Callable[[], T]) -> T:
    """A closure within this thread's unit: its own savepoint; when it fails, only its changes and records are dropped."""
    unit = current()
    mark = unit.mark()
    try:
        with transaction.atomic():
            return _checked(fn)
    except BaseException:
        unit.back_to(mark)
        raise


def _run_task(task: Task) -> Unit | None:
    unit = Unit()
    try:
        with transaction.atomic():
            _run(task.run, unit)
    except GroupLost:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a closure raises is its caller's to see
        _still_in_transaction(error)
        task.keep_error(error)
        return None
    return unit


def _run(fn: Callable[[], T], unit: Unit) -> T:
    with running(unit):
        value = _checked(fn)
    _still_in_transaction()
    return value


def _checked(fn: Callable[[], T]) -> T:
    before = len(connection.run_on_commit)
    value = fn()
    if len(connection.run_on_commit) > before:
        del connection.run_on_commit[before:]
        raise HookForbidden("transaction.on_commit inside write(): send news, or do it after write() returned")
    return value


def _still_in_transaction(failure: Exception | None = None) -> None:
    """An interrupted or failed statement may make SQLite roll back everything; Django would go on as if nothing had happened."""
    raw = connection.connection
    if raw is None or not getattr(raw, "in_transaction", True):
        raise GroupLost("the database rolled the whole transaction back") from failure
