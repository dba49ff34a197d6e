"""What the bell does by itself: the loop's turn (steps whose time has come, pages whose time has come) and the self-audit of each minute.
It decides nothing: escalation and delivery do."""

import logging
import threading
from datetime import datetime, timedelta
from functools import partial

from watchbill.base import clock
from watchbill.base.acting import SYSTEM
from watchbill.base.jobs import JobInfo, every, handler
from watchbill.base.loop import loops_run, walker
from watchbill.base.newsroom import subscribe
from watchbill.base.outgoing import CallFailed, request
from watchbill.base.settings import settings
from watchbill.base.subscriptions import NewsItem
from watchbill.base.workers import GONE
from watchbill.base.writer import audit, news, write, writer_health
from watchbill.paging import escalation, limits
from watchbill.paging.bell_health import health, lately_moved
from watchbill.paging.delivery import ClaimedPage, claim, due_pages, next_look, retake
from watchbill.paging.logbook import LogBook
from watchbill.paging.models import Alert
from watchbill.paging.rules.words import AlertState, LogKind
from watchbill.paging.senders import send_and_record, senders
from watchbill.paging.targets import Asked

SELF_AUDIT = "paging.self_audit"

log = logging.getLogger(__name__)
_begun = threading.Event()


def turn(now: datetime) -> datetime | None:
    """Do what is due and return when to be called next. Nothing due costs two small reads and no write."""
    if not _begun.is_set() and writer_health().running:
        # The writer's thread runs in the one process that holds the data directory: whoever was sending before it is dead.
        write(partial(retake, now), name="paging.retake")
        _begun.set()
    due = _next_time()
    if due is None or due > now:
        return due
    advance_due(now)
    send_due(now)
    return _next_time()


def _next_time() -> datetime | None:
    times = (next_look(senders.full(), senders.busy()), _next_step())
    return min((at for at in times if at is not None), default=None)


def advance_due(now: datetime) -> int:
    """Escalate the alerts whose step has had its time, a few at a time so that other writes get between. Returns how many."""
    done = 0
    while _due_alerts(now)[:1]:
        done += write(lambda: _advance(now), name="paging.advance")
    return done


def _due_alerts(now: datetime) -> list[int]:
    rows = Alert.objects.filter(state=AlertState.TRIGGERED.value, next_step_at__lte=now).order_by("next_step_at")
    return list(rows.values_list("id", flat=True)[: limits.STEPS_A_TURN])


def _advance(now: datetime) -> int:
    due = _due_alerts(now)
    asked = Asked()
    rows = Alert.objects.filter(pk__in=due, state=AlertState.TRIGGERED.value, next_step_at__lte=now)
    for alert in rows.select_for_update(skip_locked=True).order_by("next_step_at"):
        try:
            write(partial(_advance_one, alert, now, asked))
        except Exception:
            log.exception("alert %s could not go on", alert.pk)
            _put_off(alert, now)
    return len(due)


def _advance_one(alert: Alert, now: datetime, asked: Asked) -> None:
    book = LogBook(alert, now, asked)
    escalation.escalate(alert, book)
    book.close()


def _put_off(alert: Alert, now: datetime) -> None:
    """One alert that can't go on must not keep the others from it: it is told of, and tried again in a minute."""
    Alert.objects.filter(pk=alert.pk).update(next_step_at=now + timedelta(seconds=limits.STUCK_STEP_SECONDS))
    book = LogBook(alert, now)
    book.add(LogKind.ESCALATED, "The next step failed by a fault of Watchbill's own; it is tried again in a minute.")
    book.close()
    news("paging.stuck", alert.subject, {"alert": alert.pk})


def send_due(now: datetime) -> None:
    """Claim and send until nothing that can go now is left: through the threads when the writer runs in one, else here."""
    threaded = loops_run()
    while True:
        full, busy = senders.full(), senders.busy()
        if not due_pages(now, full, busy).values_list("id", flat=True)[:1]:
            return
        claimed = write(partial(claim, now, limits.PAGES_A_CLAIM, full, busy), name="paging.claim", beside=True)
        for page in claimed:
            _send(page, threaded)


def _send(page: ClaimedPage, threaded: bool) -> None:
    if threaded:
        senders.give(page)
    else:
        send_and_record(page)


def _next_step() -> datetime | None:
    rows = Alert.objects.filter(state=AlertState.TRIGGERED.value, next_step_at__isnull=False)
    return rows.order_by("next_step_at").values_list("next_step_at", flat=True).first()


@handler(SELF_AUDIT)
def self_audit(args: dict[str, object], job: JobInfo) -> None:
    """Is anything late or stuck? Then tell; else beat the outward heart, whose silence tells even when this process is gone."""
    now = clock.now()
    if lately_moved():
        return  # the clock was just moved: what is due by that is not late by our doing
    found = health()
    if found.late:
        body = {"late": found.late, "oldest_seconds": int(found.oldest_late_seconds)}

        def tell() -> None:
            audit(SYSTEM, "paging.late", "paging", outcome="late", body=body)
            news("paging.late", "paging", body)

        write(tell, name="paging.late")
        log.error("%s pages or steps are late, the oldest by %s s", found.late, body["oldest_seconds"])
        return
    _beat(now)


def _beat(now: datetime) -> None:
    url = settings().paging.heartbeat_url
    if not url:
        return
    try:
        request("GET", url, timeout=limits.SEND_SECONDS)
    except CallFailed as problem:
        log.warning("the outward heartbeat did not go out: %s", problem)


def take_over(item: NewsItem) -> None:
    """A process is gone: what it was sending is sent again under the same keys, not when its lease ends but now."""
    write(partial(retake, clock.now(), int(item.body["worker"])), name="paging.retake")


def begin() -> None:
    """Register the bell's turn and its self-audit, once the rooms are loaded."""
    walker(escalation.LOOP, turn)
    every(SELF_AUDIT, limits.AUDIT_EVERY_SECONDS)
    subscribe(GONE, "paging.retake", take_over)
