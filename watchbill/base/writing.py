"""Runs closures inside a transaction: the part of the writer that knows the database, the same whether a thread, a request or a test
drives it.

It never waits, queues or starts a thread. Each closure has a savepoint and a unit of its own; what the units recorded is flushed just
before the commit.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from django.db import connection, transaction

from watchbill.base import ledger, wakeups
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


def run_alone(fn: Callable[[], T]) -> T:
    """One closure in one transaction (or in a savepoint of the one that is open); raises what it raises, with nothing written."""
    with transaction.atomic():
        unit = Unit()
        value = _run(fn, unit)
        wakes = ledger.flush([unit])
    for name in sorted(wakes):
        wakeups.wake(name)
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
