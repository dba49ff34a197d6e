"""Who is woken when a commit brought something: a registry of loops' events between the writer, which wakes, and the loops, which wait.
It runs nothing.
"""

import threading
from collections import Counter


class _Board:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.events: dict[str, list[threading.Event]] = {}
        self.counts: Counter[str] = Counter()


_board = _Board()


def add(name: str, event: threading.Event) -> None:
    """Let `event` be set whenever the loop `name` is woken."""
    with _board.lock:
        _board.events.setdefault(name, []).append(event)


def remove(name: str, event: threading.Event) -> None:
    """Stop setting it."""
    with _board.lock:
        _board.events.get(name, []).remove(event)


def wake(name: str) -> None:
    """Wake one loop, or all of them for the empty name."""
    with _board.lock:
        _board.counts[name] += 1
        listed = _board.events.get(name, []) if name else [event for events in _board.events.values() for event in events]
        for event in listed:
            event.set()


def times_woken() -> int:
    """How often anything was woken in this process: tells whether a pass over the loops brought new work."""
    with _board.lock:
        return _board.counts.total()
