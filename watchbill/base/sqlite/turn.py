"""One writer at a time, first come first served, within this process.

SQLite lets one connection write and makes the others sleep and retry, in no order: beside a busy writer thread, a request thread could
starve until its time-out. Here whoever wants to write waits in line instead. It knows nothing of SQL; other processes are still kept
apart by SQLite itself.
"""

import threading
from collections import deque
from functools import cache


class Turn:
    """A first-in-first-out lock owned by an object (a connection), not by a thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._owner: object | None = None
        self._waiting: deque[tuple[object, threading.Event]] = deque()

    def take(self, owner: object, timeout: float) -> bool:
        """Wait in line for at most `timeout` seconds. True when `owner` has the turn, also when it had it before."""
        with self._guard:
            if self._owner is None or self._owner is owner:
                self._owner = owner
                return True
            called = threading.Event()
            self._waiting.append((owner, called))
        if called.wait(timeout):
            return True
        with self._guard:
            if called.is_set():  # the turn came while giving up
                return True
            self._waiting.remove((owner, called))
            return False

    def give(self, owner: object) -> None:
        """Pass the turn on to the next in line; nothing happens unless `owner` has it."""
        with self._guard:
            if self._owner is not owner:
                return
            self._owner = None
            if self._waiting:
                self._owner, called = self._waiting.popleft()
                called.set()

    def held_by(self, owner: object) -> bool:
        """Whether `owner` has the turn."""
        return self._owner is owner


@cache
def turn_for(database: str) -> Turn:
    """The one turn of a database file in this process."""
    return Turn()
