"""The living processes, where several share a PostgreSQL database: each has a row and beats every few seconds; what a process had claimed
is taken over when its beat stays away.

Times are the database's own, so neither a moved clock nor one that is wrong makes a process look dead. On the embedded database there
is one process and no row.
"""

import logging
import os
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from django.db import connection
from django.db.models.functions import Now

from watchbill.base import clock, jobs, limits, locks, newsroom, sequencer, state, wakeups
from watchbill.base.listening import is_listening
from watchbill.base.models import Worker
from watchbill.base.unit import news
from watchbill.base.writer import write

_log = logging.getLogger(__name__)
Role = Literal["up", "web", "work"]
GONE = "base.worker_gone"
CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Living:
    """A process that beats. `silent_seconds`: since its last beat, as the database counts."""

    id: int
    role: str
    host: str
    pid: int
    address: str
    version: str
    started_at: datetime
    silent_seconds: float


def living() -> list[Living]:
    """Every process that has a row, the longest-serving first; none on the embedded database."""
    if not locks.needed():
        return []
    found = []
    for row in Worker.objects.annotate(now=Now()).order_by("started_at", "pk"):
        silent = max(0.0, (row.now - row.beat_at).total_seconds())
        found.append(Living(row.pk, row.role, row.host, row.pid, row.address, row.version, row.started_at, silent))
    return found


def enter(role: Role, address: str = "") -> int:
    """Make this process's row; its number, which it claims work under."""

    def store() -> int:
        return Worker.objects.create(
            role=role, host=socket.gethostname()[:253], pid=os.getpid(), address=address[:253], version=_version()[:40]
        ).pk

    number = write(store, name="workers.enter")
    jobs.claim_as(number)
    return number


def beat(number: int) -> bool:
    """Say that we live. False when we were counted as dead meanwhile."""
    return write(lambda: Worker.objects.filter(pk=number).update(beat_at=Now()), name="workers.beat", beside=True) == 1


def bury() -> int:
    """Forget processes whose beat stayed away, and free what they had claimed; how many."""
    silence = timedelta(seconds=limits.WORKER_GONE_SECONDS)
    if not Worker.objects.filter(beat_at__lt=Now() - silence).exists():
        return 0

    def forget() -> Sequence[int]:
        dead = list(Worker.objects.filter(beat_at__lt=Now() - silence).values_list("pk", flat=True))
        for number in dead:
            _free(number)
        return dead

    gone = write(forget, name="workers.bury")
    for number in gone:
        _log.warning("a process is gone; what it had claimed is taken over", extra={"worker": number})
    return len(gone)


def leave(number: int) -> None:
    """An orderly end: what is still claimed goes to the others at once."""
    write(lambda: _free(number), name="workers.leave")


def _free(number: int) -> None:
    Worker.objects.filter(pk=number).delete()
    now = clock.now()
    jobs.retake(now, number)
    newsroom.retake(now, number)
    news(GONE, f"worker:{number}", {"worker": number})


def faults() -> list[str]:
    """What keeps this process from doing its part beside the others, in words; empty when nothing does, and on the embedded database."""
    beating = _here.beat
    if beating is None:
        return []
    found = []
    if not beating.is_alive() or clock.monotonic() - beating.last > limits.WORKER_GONE_SECONDS:
        found.append("the database does not hear this process")
    if not is_listening():
        found.append("wake-ups from other processes are not heard")
    behind = sequencer.lag().oldest_seconds
    if behind > limits.SEQUENCE_LATE_SECONDS:
        found.append(f"the audit trail is {behind:.0f} s behind")
    return found


class _Beat(threading.Thread):
    """Beats, buries the dead, and follows the clock that another process moved."""

    def __init__(self, role: Role, address: str) -> None:
        super().__init__(name="beat", daemon=True)
        self.role: Role = role
        self.address = address
        self.number = enter(role, address)
        self.woken = threading.Event()
        self.stopping = False
        self.last = clock.monotonic()

    def run(self) -> None:
        wakeups.add(CLOCK, self.woken)
        while not self.stopping:
            try:
                self._once()
            except Exception as error:  # noqa: BLE001 - the outermost loop: a beat that failed is followed by the next
                _log.warning("a beat failed", extra={"why": str(error)})
                connection.close()
            self.woken.wait(limits.WORKER_BEAT_SECONDS)
            self.woken.clear()
        connection.close()

    def _once(self) -> None:
        follow_clock()
        if not beat(self.number):
            self.number = enter(self.role, self.address)
            _log.warning("counted as dead while it lived; entered again", extra={"worker": self.number})
        self.last = clock.monotonic()
        bury()

    def stop(self) -> None:
        self.stopping = True
        self.woken.set()
        self.join(limits.LOOP_STOP_SECONDS)


class _Here:
    beat: _Beat | None = None


_here = _Here()


def follow_clock() -> None:
    """Move our clock to where the database says that it was moved."""
    offset = timedelta(seconds=float(state.get("clock_offset") or 0))
    if offset > clock.offset():
        clock.set_offset(offset)
        wakeups.wake("")


def start_beating(role: Role, address: str = "") -> None:
    """Enter and beat from now on, on PostgreSQL. A second call does nothing."""
    if locks.needed() and _here.beat is None:
        _here.beat = _Beat(role, address)
        _here.beat.start()


def stop_beating() -> None:
    """Leave in order. A call without a beat does nothing."""
    beating, _here.beat = _here.beat, None
    if beating is not None:
        beating.stop()
        leave(beating.number)


def _version() -> str:
    try:
        return version("watchbill")
    except PackageNotFoundError:
        return ""
