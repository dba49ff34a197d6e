"""Wake-ups between processes, on PostgreSQL: a commit tells the names of loops with NOTIFY, and a thread in each serving process listens
and wakes its own.

It is only ever the quick way: what a lost notification would have woken looks by itself every other second. On the embedded database
there is one process, and nothing to tell.
"""

import logging
import os
import secrets
import threading
from collections.abc import Iterable
from typing import Any

from django.db import Error, connection

from watchbill.base import limits, locks, wakeups

_log = logging.getLogger(__name__)
_CHANNEL = "watchbill"
_NOTIFY = f"SELECT pg_notify('{_CHANNEL}', %s)"
_ALL = "*"


class _Origin:
    """This process's mark on what it tells, so that it doesn't wake itself twice. A forked child has another."""

    def __init__(self) -> None:
        self._pid, self._mark = 0, ""

    def mark(self) -> str:
        if self._pid != os.getpid():
            self._pid, self._mark = os.getpid(), secrets.token_hex(6)
        return self._mark


_origin = _Origin()


def tell(names: Iterable[str]) -> None:
    """In the transaction: the other processes wake these loops once it is committed. The empty name is all of them."""
    if locks.needed():
        words = ",".join(sorted(name or _ALL for name in names))
        with connection.cursor() as cursor:
            cursor.execute(_NOTIFY, [f"{_origin.mark()} {words}"])


def wake_for(payload: str) -> None:
    """Wake what a notification names, unless it is our own."""
    mark, _, words = payload.partition(" ")
    if mark == _origin.mark():
        return
    for word in words.split(","):
        wakeups.wake("" if word == _ALL else word)


class _Listener(threading.Thread):
    """Listens with a connection of its own, and makes a new one when that is lost."""

    def __init__(self) -> None:
        super().__init__(name="listener", daemon=True)
        self.stopping = threading.Event()
        self.heard = threading.Event()

    def run(self) -> None:
        pause = limits.LISTEN_PAUSE_SECONDS
        while not self.stopping.is_set():
            try:
                self._listen()
                pause = limits.LISTEN_PAUSE_SECONDS
            except Exception as error:  # noqa: BLE001 - the outermost loop: whatever breaks, it listens again
                _log.warning("listening for wake-ups was interrupted", extra={"why": str(error)})
                pause = min(2 * pause, limits.LISTEN_PAUSE_MAX_SECONDS)
            finally:
                self.heard.clear()
                connection.close()
            self.stopping.wait(pause)

    def _listen(self) -> None:
        raw: Any = _plain_connection()
        raw.execute(f"LISTEN {_CHANNEL}")
        self.heard.set()
        wakeups.wake("")  # whatever was told while we didn't listen
        while not self.stopping.is_set():
            for one in raw.notifies(timeout=limits.LISTEN_LOOK_SECONDS):
                wake_for(one.payload)
                if self.stopping.is_set():
                    return
            raw.execute("SELECT 1")  # a connection that died quietly shows here


def _plain_connection() -> object:
    """The driver's own connection below Django's, which has no word for notifications."""
    connection.ensure_connection()
    if connection.connection is None:
        raise Error("no connection")
    return connection.connection


class _Ear:
    listener: _Listener | None = None


_ear = _Ear()


def start_listening() -> None:
    """Listen from now on, on PostgreSQL. A second call does nothing."""
    if locks.needed() and _ear.listener is None:
        _ear.listener = _Listener()
        _ear.listener.start()


def stop_listening() -> None:
    """Stop, soon."""
    listener, _ear.listener = _ear.listener, None
    if listener is not None:
        listener.stopping.set()


def is_listening() -> bool:
    """Whether a listener runs here and its connection stands."""
    return _ear.listener is not None and _ear.listener.heard.is_set()
