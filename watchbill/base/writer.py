"""The writer: every change goes through `write`, and on the embedded database one thread commits them, many to a transaction.

While one group commits, the next gathers in the urgent queue; long work uses the slow lane in small closures. Without the thread
(tests, server commands, PostgreSQL) the same closure runs in the caller's thread. A closure must be repeatable: database work only,
since a failed group is run again one by one. Never used for sending, waiting or computing.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from django.db import connection

from watchbill.base import clock, limits, storage
from watchbill.base.problem import busy
from watchbill.base.unit import audit as audit
from watchbill.base.unit import in_unit as in_unit
from watchbill.base.unit import news as news
from watchbill.base.unit import wake as wake
from watchbill.base.writing import GroupLost, run_alone, run_group, run_nested

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Lane = Literal["urgent", "slow"]
_log = logging.getLogger(__name__)


class WriteInsideTransaction(RuntimeError):
    """A request thread called write() within transaction.atomic(): it would wait for itself. Take the atomic() away."""


@dataclass(frozen=True, slots=True)
class WriterHealth:
    """`busy_since`: when the group now being written began, None when idle. `busy_seconds` the same as a duration that no clock move
    changes.
    """

    running: bool
    busy_since: datetime | None
    urgent_waiting: int
    slow_waiting: int
    busy_seconds: float = 0.0
    busy_with: str = ""

    @property
    def stuck(self) -> bool:
        """Whether a closure has been running for longer than any should."""
        return self.busy_seconds > limits.WRITE_STUCK_SECONDS


class Outcome(Protocol[T_co]):
    """A write handed in by `write_soon`."""

    def give_up(self) -> bool:
        """Have it never begun; False when it has begun already."""

    def outcome(self) -> T_co:
        """Once told: the closure's value; raises what it raised."""


class _Ticket(Generic[T]):
    """One caller's closure on its way through the writer thread."""

    def __init__(self, fn: Callable[[], T], name: str) -> None:
        self.name = name
        self._fn = fn
        self._lock = threading.Lock()
        self._begun = False
        self._cancelled = False
        self._answered = threading.Event()
        self._values: list[T] = []
        self._error: BaseException | None = None

    def begin(self) -> bool:
        """The writer takes it up. False when the caller gave up before."""
        with self._lock:
            self._begun = not self._cancelled
            return self._begun

    def run(self) -> None:
        """In the writer thread, inside a savepoint; may happen again when the group failed."""
        self._values, self._error = [], None
        self._values.append(self._fn())

    def keep_error(self, error: BaseException) -> None:
        """The closure failed; nothing of it was written. A disk that takes no more is told as that."""
        self._values, self._error = [], storage.as_problem(error) or error

    def answer(self) -> None:
        """Committed or failed for good: let the caller go on."""
        self._answered.set()

    def give_up(self) -> bool:
        """Have it never begun; False when it has begun already."""
        with self._lock:
            self._cancelled = not self._begun
            return self._cancelled

    def outcome(self) -> T:
        """Once answered: the closure's value; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._values[0]

    def wait(self, patience: float) -> T:
        """The closure's value. Raises what it raised, or Problem("busy") if it was not begun within `patience` seconds (then it never
        will be).
        """
        if not self._answered.wait(patience):
            if self.give_up():
                raise busy(limits.WRITE_RETRY_AFTER_SECONDS)
            self._answered.wait()  # begun: its outcome is not known before it ends
        return self.outcome()


class _ToldTicket(_Ticket[T]):
    """A ticket nobody waits for: whoever handed it in is told, in the writer's thread."""

    def __init__(self, fn: Callable[[], T], name: str, tell: Callable[[], None]) -> None:
        super().__init__(fn, name)
        self._tell = tell

    def answer(self) -> None:
        super().answer()
        self._tell()


class _WriterThread:
    """The queues and the thread that empties them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent: deque[_Ticket[Any]] = deque()
        self._slow: deque[_Ticket[Any]] = deque()
        self._slow_at = 0.0
        self._writing_slow = False
        self._stopping = False
        self._busy: tuple[datetime, float, str] | None = None
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end. Nothing new is taken."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def submit(self, ticket: _Ticket[Any], lane: Lane) -> None:
        with self._changed:
            if self._stopping:
                raise busy(limits.WRITE_RETRY_AFTER_SECONDS)
            (self._urgent if lane == "urgent" else self._slow).append(ticket)
            self._changed.notify()

    def is_current(self) -> bool:
        return threading.current_thread() is self._thread

    def health(self) -> WriterHealth:
        busy_now = self._busy
        since, seconds, name = (busy_now[0], clock.monotonic() - busy_now[1], busy_now[2]) if busy_now else (None, 0.0, "")
        return WriterHealth(self._thread.is_alive(), since, len(self._urgent), len(self._slow), seconds, name)

    def _work(self) -> None:
        while group := self._take():
            begun = [ticket for ticket in group if ticket.begin()]
            if begun:
                self._write(begun)
        connection.close()

    def _take(self) -> list[_Ticket[Any]]:
        """Wait for work: a slow closure alone when it is its turn, else all urgent ones that wait. Empty when there is nothing left to
        stop for.
        """
        with self._changed:
            while not self._urgent and not self._slow:
                if self._stopping:
                    return []
                self._changed.wait()
            starved = clock.monotonic() - self._slow_at >= limits.SLOW_LANE_EVERY_SECONDS
            self._writing_slow = bool(self._slow) and (starved or not self._urgent)
            if self._writing_slow:
                return [self._slow.popleft()]
            return [self._urgent.popleft() for _ in range(min(len(self._urgent), limits.WRITE_GROUP))]

    def _write(self, group: list[_Ticket[Any]]) -> None:
        self._busy = (clock.now(), clock.monotonic(), group[0].name)
        try:
            self._commit(group)
        finally:
            for ticket in group:
                ticket.answer()
            self._busy = None
            if self._writing_slow:
                self._slow_at = clock.monotonic()

    def _commit(self, group: list[_Ticket[Any]]) -> None:
        """The group in one transaction; if that fails, each alone, so that only the guilty one's caller hears of it."""
        try:
            run_group(group)
            storage.written()
        except BaseException as error:  # noqa: BLE001 - the writer outlives every failure, and each caller must get an answer
            connection.close()
            if len(group) == 1:
                group[0].keep_error((isinstance(error, GroupLost) and error.__cause__) or error)
                _log.warning("write failed", extra={"write": group[0].name, "why": repr(error)})
                return
            _log.warning("group of writes failed; each is tried alone", extra={"writes": len(group), "why": repr(error)})
            for ticket in group:
                self._commit([ticket])


class _Office:
    """The process's writer, if it has one."""

    writer: _WriterThread | None = None


_office = _Office()


def write(fn: Callable[[], T], *, lane: Lane = "urgent", name: str = "", beside: bool = False) -> T:
    """Run `fn` in one transaction with the audit events and news that it records, and return its value once all of it is on disk.

    `fn` must be repeatable: database work only. Inside another `write` it joins that one with a savepoint of its own. Closures run one at
    a time, also on PostgreSQL and over all processes, so what `fn` reads stays true until its commit. One that takes care of that itself,
    by constraints and row locks, says `beside` and may then run beside others there. Raises what `fn` raises (then nothing of it was
    written), or Problem("busy", 503) when it could not begin in time.
    """
    if in_unit():
        return run_nested(fn)
    writer = _office.writer
    if writer is None:
        return run_alone(fn, beside=beside)
    if connection.in_atomic_block:
        raise WriteInsideTransaction("write() inside transaction.atomic(): the writer would wait for this thread, and this thread for it")
    ticket = _Ticket(fn, name or getattr(fn, "__qualname__", ""))
    writer.submit(ticket, lane)
    return ticket.wait(limits.WRITE_WAIT_SECONDS)


def has_thread() -> bool:
    """Whether a writer thread takes the writes of this process (then `write_soon` may be used)."""
    return _office.writer is not None


def write_soon(fn: Callable[[], T], tell: Callable[[], None], *, name: str = "") -> Outcome[T]:
    """As `write`, for a caller that must not wait, such as an event loop: `tell` is called in the writer's thread once it is on disk
    or has failed, and must return at once. A group holds others' tickets too, so nothing may be raised there.

    Raises Problem("busy") when the writer is stopping, RuntimeError where there is no writer thread.
    """
    if _office.writer is None:
        raise RuntimeError("there is no writer thread in this process: use write()")
    ticket = _ToldTicket(fn, name or getattr(fn, "__qualname__", ""), tell)
    _office.writer.submit(ticket, "urgent")
    return ticket


def start_writer() -> None:
    """Start the writer thread, on the embedded database; elsewhere writes stay in the callers' threads. A second call does nothing."""
    if connection.vendor == "sqlite" and _office.writer is None:
        writer = _WriterThread()
        writer.start()
        _office.writer = writer


def stop_writer() -> None:
    """Write what waits and end the thread; afterwards `write` runs inline. A call without a thread does nothing."""
    writer = _office.writer
    if writer is not None:
        writer.stop()
        _office.writer = None


def writer_health() -> WriterHealth:
    """How the writer is; without a thread it is not running and never busy."""
    writer = _office.writer
    return writer.health() if writer else WriterHealth(running=False, busy_since=None, urgent_waiting=0, slow_waiting=0)
