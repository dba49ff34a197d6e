"""The process's one clock. Everything that needs the time asks here (rules get it as an argument), so that tests and the sample company
can move it.

It never goes backwards by hand: escalations that have happened can't un-happen.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time as an aware UTC datetime."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class _MachineClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class _Hands:
    """What the module-level functions share: the clock in use and how far it was moved."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clock: Clock = _MachineClock()
        self.offset = timedelta(0)


_hands = _Hands()


def now() -> datetime:
    """The present instant as Watchbill sees it: aware, UTC, moved by `offset()`."""
    return _hands.clock.now() + _hands.offset


def offset() -> timedelta:
    """How far the clock was moved forward."""
    return _hands.offset


def forward(delta: timedelta) -> None:
    """Move the clock forward by `delta`. Raises ValueError for a negative one."""
    if delta < timedelta(0):
        raise ValueError("the clock only moves forward")
    with _hands.lock:
        _hands.offset += delta


def set_offset(delta: timedelta) -> None:
    """Set how far the clock is moved, as at the start of a process. Raises ValueError if that would take it back."""
    with _hands.lock:
        if delta < _hands.offset:
            raise ValueError("the clock only moves forward")
        _hands.offset = delta


def use_clock(clock: Clock | None = None) -> None:
    """Put another clock in (None: the machine's own) and forget the offset. For tests."""
    with _hands.lock:
        _hands.clock = clock or _MachineClock()
        _hands.offset = timedelta(0)


def monotonic() -> float:
    """Seconds that only ever grow, for measuring durations; never moved."""
    return time.monotonic()
