"""Delivers news to its subscribers: at least once, in order per subscriber and subject, outside any transaction.

A handler that fails is tried again with growing pauses and holds back only later news of the same subject. Nothing is ever given up
silently: what keeps failing is listed by `stuck`.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Exists, F, OuterRef, QuerySet

from watchbill.base import clock, jobs, limits, locks, subscriptions
from watchbill.base.locks import Lock
from watchbill.base.subscriptions import Handler, NewsItem, Subscription
from watchbill.base.unit import wake
from watchbill.base.writer import write

if TYPE_CHECKING:
    from watchbill.base.models import Delivery, News

_log = logging.getLogger(__name__)
_ERROR_CHARS = 1000


@dataclass(frozen=True, slots=True)
class StuckNews:
    """News that a subscriber keeps failing to take."""

    id: int
    topic: str
    subject: str
    subscriber: str
    attempts: int
    next_try: datetime
    last_error: str


def subscribe(topic: str, name: str, handler: Handler) -> None:
    """Call `handler` with each piece of news of `topic` (exact, or ending in ".*"). Called in `ready()`.

    `name` is the subscriber's lasting identity. The handler is idempotent; it may call `write`.
    """
    subscriptions.add(Subscription(topic, name, handler))


def retake(now: datetime, holder: int | None = None) -> int:
    """Inside `write`: hand everything over now that a dead process had taken; how many. Without a `holder` that is all of it, and what
    waited for another try too: only where one process alone delivers (the embedded database), as that process begins.
    """
    waiting = _deliveries().filter(due__gt=now)
    if holder is not None:
        waiting = waiting.filter(holder=holder)
        wake("news")
    return waiting.update(due=now, holder=0)


def deliver_due(now: datetime) -> int:
    """One turn: claim what is due, hand it over, and tell how many deliveries were made."""
    if not _due(now)[:1]:
        return 0
    claimed = write(lambda: _claim(now), lane="slow", name="news.claim", beside=True)
    until = clock.monotonic() + limits.NEWS_LEASE_SECONDS / 2
    blocked: set[tuple[str, str]] = set()
    done: list[int] = []
    for delivery in claimed:
        line = (delivery.subscriber, delivery.subject)
        if line in blocked or clock.monotonic() > until:
            blocked.add(line)  # not tried: it goes back, and nothing later of its line before it
            continue
        error = _hand_over(delivery)
        if error is None:
            done.append(delivery.pk)
        else:
            blocked.add(line)
            _put_back(delivery, error, now)
    held = [one.pk for one in claimed if (one.subscriber, one.subject) in blocked and one.pk not in done]
    write(lambda: _settle(done, held, now), lane="slow", name="news.done", beside=True)
    return len(done)


def next_due() -> datetime | None:
    """When the next delivery is to be tried, None when nothing is owed."""
    return _deliveries().order_by("due").values_list("due", flat=True).first()


def stuck() -> list[StuckNews]:
    """Deliveries that failed again and again, oldest first."""
    rows = _deliveries().filter(attempts__gte=limits.NEWS_STUCK_AFTER).exclude(last_error="").select_related("news").order_by("pk")
    return [StuckNews(row.news.pk, row.news.topic, row.subject, row.subscriber, row.attempts, row.due, row.last_error) for row in rows]


def forget_old(before: datetime) -> int:
    """Drop news from before `before` that nobody is owed any more, a batch at a time; how many."""

    def drop() -> int:
        old = _news().filter(created_at__lt=before).exclude(Exists(_deliveries().filter(news=OuterRef("pk"))))
        return _news().filter(pk__in=list(old.values_list("pk", flat=True)[:1000])).delete()[0]

    return write(drop, lane="slow", name="news.forget_old")


def _deliveries() -> "QuerySet[Delivery]":
    """The table, looked up late: rooms import this module to subscribe in their apps.py, before there are tables."""
    rows: QuerySet[Delivery] = apps.get_model("base", "Delivery").objects.all()
    return rows


def _news() -> "QuerySet[News]":
    """As above."""
    rows: QuerySet[News] = apps.get_model("base", "News").objects.all()
    return rows


def _due(now: datetime) -> list[int]:
    """Ids of deliveries that are due and have no earlier one of their line still waiting for its time."""
    earlier = _deliveries().filter(subscriber=OuterRef("subscriber"), subject=OuterRef("subject"), pk__lt=OuterRef("pk"), due__gt=now)
    free = _deliveries().filter(due__lte=now).exclude(Exists(earlier)).order_by("pk")
    return list(free.values_list("pk", flat=True)[: limits.NEWS_TURN])


def _claim(now: datetime) -> "list[Delivery]":
    locks.hold(Lock.NEWS)  # who skipped a row that another is just taking would overtake it
    ids = _due(now)
    rows = list(_deliveries().filter(pk__in=ids).select_related("news").order_by("pk").select_for_update(of=("self",)))
    lease = now + timedelta(seconds=limits.NEWS_LEASE_SECONDS)
    _deliveries().filter(pk__in=ids).update(due=lease, attempts=F("attempts") + 1, holder=jobs.holder())
    return rows


def _hand_over(delivery: "Delivery") -> str | None:
    """None when taken, else what went wrong."""
    subscription = subscriptions.named(delivery.subscriber)
    if subscription is None:
        _log.warning("news dropped: its subscriber is gone", extra={"news": delivery.news.pk, "subscriber": delivery.subscriber})
        return None
    row = delivery.news
    item = NewsItem(row.pk, row.topic, row.subject, json.loads(row.body), row.created_at)
    try:
        subscription.handler(item)
    except Exception as error:  # noqa: BLE001 - whatever a subscriber raises is kept and tried again
        _log.exception("news not taken", extra={"topic": row.topic, "subject": row.subject, "subscriber": delivery.subscriber})
        return f"{type(error).__name__}: {error}"[:_ERROR_CHARS]
    return None


def _put_back(delivery: "Delivery", error: str, now: datetime) -> None:
    pauses = limits.NEWS_RETRY_SECONDS
    due = now + timedelta(seconds=pauses[min(delivery.attempts, len(pauses) - 1)])
    ours = _deliveries().filter(pk=delivery.pk, attempts=delivery.attempts + 1)
    write(lambda: ours.update(due=due, last_error=error, holder=0), name="news.put_back", beside=True)
    held_attempt = delivery.attempts + 1
    if held_attempt == limits.NEWS_STUCK_AFTER:
        _log.error("news is stuck", extra={"subject": delivery.subject, "subscriber": delivery.subscriber})


def _settle(done: Sequence[int], held: Sequence[int], now: datetime) -> None:
    _deliveries().filter(pk__in=done).delete()
    # Held back behind one that failed: not tried, so neither counted nor delayed for themselves.
    _deliveries().filter(pk__in=held, due__gt=now, last_error="").update(due=now, attempts=F("attempts") - 1, holder=0)
