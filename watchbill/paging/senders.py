"""The threads that carry claimed pages to their channels: a few per channel, so that one that hangs never holds up another. They touch
the database only through the writer, when a try is over. Without a writer thread (tests, server commands) a page is sent by whoever
asks."""

import logging
import queue
import threading
import time
from collections import Counter
from functools import partial

from watchbill.base import clock
from watchbill.base.problem import Problem
from watchbill.base.writer import write
from watchbill.paging import limits
from watchbill.paging.delivery import ClaimedPage, record
from watchbill.paging.registry import all_channels
from watchbill.paging.rules.messages import Outcome, Reject, Retry

log = logging.getLogger(__name__)


class Senders:
    """What is under way, by channel; and the threads, started at first need and living as long as the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, queue.SimpleQueue[ClaimedPage]] = {}
        self._busy: dict[int, str] = {}

    def busy(self) -> frozenset[int]:
        """Ids of pages under way here."""
        with self._lock:
            return frozenset(self._busy)

    def full(self) -> tuple[str, ...]:
        """Channels whose threads have enough to do: as many pages again wait as are being sent."""
        with self._lock:
            counts = Counter(self._busy.values())
        return tuple(name for name, count in counts.items() if count >= 2 * limits.SENDERS_PER_CHANNEL)

    def give(self, page: ClaimedPage) -> None:
        """Hand a page to its channel's threads."""
        with self._lock:
            self._busy[page.id] = page.channel
            if page.channel not in self._queues:
                self._queues[page.channel] = queue.SimpleQueue()
                for number in range(limits.SENDERS_PER_CHANNEL):
                    threading.Thread(target=self._work, args=(page.channel,), name=f"send-{page.channel}-{number}", daemon=True).start()
            self._queues[page.channel].put(page)

    def _work(self, channel: str) -> None:
        while True:
            page = self._queues[channel].get()
            try:
                send_and_record(page)
            finally:
                with self._lock:
                    self._busy.pop(page.id, None)


senders = Senders()


def send_and_record(page: ClaimedPage) -> None:
    """One try, and what became of it. When that can't be stored, the lease runs out and the page goes again under the same key."""
    if clock.now() >= page.lease_until:
        return  # waited too long in the queue: it is somebody else's by now
    outcome = send(page)
    for attempt in range(limits.RECORD_TRIES):
        try:
            write(partial(_record, page, outcome), name="paging.record")
            return
        except Problem as problem:
            log.warning("page %s: the outcome could not be stored yet: %s", page.id, problem.title)
            if not problem.retryable or attempt + 1 == limits.RECORD_TRIES:
                return
            time.sleep(limits.RECORD_PAUSE_SECONDS)
        except Exception:
            log.exception("page %s: the outcome could not be stored", page.id)
            return


def _record(page: ClaimedPage, outcome: Outcome) -> None:
    record(page.id, page.attempt, outcome, clock.now())


def send(page: ClaimedPage) -> Outcome:
    """Ask the channel. Whatever a channel throws is a try that did not work: a fault in one must not silence the bell."""
    found = all_channels().get(page.channel)
    if found is None:
        return Reject("its channel is not installed")
    if reason := found.unusable():
        return Reject(reason)
    try:
        return found.send(page.outgoing)
    except Exception as error:
        log.exception("channel %s failed at page %s", page.channel, page.id)
        return Retry(f"the channel itself failed ({type(error).__name__})")
