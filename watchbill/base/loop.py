"""The loops: each walker in its own thread does what is due, then waits until it is woken, its next time comes, or two seconds have passed.

A turn that fails is logged and shown, and never ends its loop. No loop knows another, and none holds a transaction while it waits.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from watchbill.base import clock, jobs, limits, newsroom, wakeups

_log = logging.getLogger(__name__)
Turn = Callable[[datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class LoopHealth:
    """`lag_seconds`: how long its last turn came after the time it should have; a loop that is stuck in a turn lags by how long that
    takes.
    """

    name: str
    last_turn_at: datetime | None
    last_error: str
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class _Walker:
    name: str
    turn: Turn
    threads: int


class _Loop(threading.Thread):
    """One thread of one walker."""

    def __init__(self, walker: _Walker) -> None:
        super().__init__(name=f"loop-{walker.name}", daemon=True)
        self.walker = walker
        self.woken = threading.Event()
        self.stopping = False
        self.last_turn_at: datetime | None = None
        self.last_error = ""
        self._expected = clock.monotonic()

    def run(self) -> None:
        while not self.stopping:
            self.woken.clear()
            wait = self._turn()
            self._expected = clock.monotonic() + wait
            self.woken.wait(wait)
        connection.close()

    def lag(self) -> float:
        """Seconds since it should have been seen at work."""
        return max(0.0, clock.monotonic() - self._expected)

    def _turn(self) -> float:
        """Do what is due; how long to wait then, in seconds."""
        now = clock.now()
        try:
            due = self.walker.turn(now)
            self.last_error = ""
        except Exception as error:  # noqa: BLE001 - the outermost loop: it outlives every failure
            _log.exception("a loop's turn failed", extra={"loop": self.walker.name})
            self.last_error = f"{type(error).__name__}: {error}"
            connection.close()
            due = None
        self.last_turn_at = now
        if due is None:
            return limits.LOOP_POLL_SECONDS
        return min(limits.LOOP_POLL_SECONDS, max(0.0, (due - clock.now()).total_seconds()))


class _Round:
    """All walkers, and their threads while they run."""

    def __init__(self) -> None:
        self.walkers: dict[str, _Walker] = {}
        self.loops: list[_Loop] = []


_round = _Round()


def walker(name: str, turn: Turn, threads: int = 1) -> None:
    """Register, in `ready()`: `turn(now)` does what is due and returns when it wants to be called next (None: when woken, or after the
    poll).

    With more than one thread the turn must claim what it does. The same name again replaces the former one.
    """
    _round.walkers[name] = _Walker(name, turn, threads)


def start_loops() -> None:
    """Start every walker's threads. A second call does nothing."""
    if _round.loops:
        return
    _round.loops = [_Loop(one) for one in _round.walkers.values() for _ in range(one.threads)]
    for loop in _round.loops:
        wakeups.add(loop.walker.name, loop.woken)
        loop.start()


def stop_loops() -> None:
    """Let every loop end its turn, and wait for that; a turn that takes too long is left behind."""
    loops, _round.loops = _round.loops, []
    for loop in loops:
        loop.stopping = True
        loop.woken.set()
    for loop in loops:
        loop.join(limits.LOOP_STOP_SECONDS)
        wakeups.remove(loop.walker.name, loop.woken)


def loops_run() -> bool:
    """Whether this process runs the loops."""
    return bool(_round.loops)


def loop_health() -> list[LoopHealth]:
    """One line per thread; empty when no loop runs."""
    return [LoopHealth(one.walker.name, one.last_turn_at, one.last_error, one.lag()) for one in _round.loops]


def run_turns(now: datetime | None = None) -> None:
    """Every walker's turn in this thread, again for as long as a pass has woken somebody, so that news and their consequences have settled.

    For tests, server commands without a server, and after a clock move. Raises what a turn raises.
    """
    for _ in range(limits.LOOP_SETTLE_ROUNDS):
        before = wakeups.times_woken()
        for one in list(_round.walkers.values()):
            one.turn(now or clock.now())
        if wakeups.times_woken() == before:
            return


def news_turn(now: datetime) -> datetime | None:
    """The newsroom's walker."""
    while newsroom.deliver_due(now):
        now = max(now, clock.now())
    return newsroom.next_due()


def jobs_turn(now: datetime) -> datetime | None:
    """The jobs' walker."""
    while jobs.run_due(now):
        now = max(now, clock.now())
    due = jobs.next_due()
    return due if due is not None and due > now else now + timedelta(seconds=limits.LOOP_POLL_SECONDS)
