"""Claims due pages with a lease and records what became of each try, inside the writer's unit; and puts together the page a channel is
given. It never sends (senders.py does) and holds nothing between calls, so a killed process loses nothing: a lease that ran out is
claimed again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet

from watchbill.base import jobs
from watchbill.base.acting import SYSTEM
from watchbill.base.settings import settings
from watchbill.base.writer import audit, news, wake
from watchbill.paging import limits, links
from watchbill.paging.escalation import LOOP, policy_of
from watchbill.paging.logbook import LogBook
from watchbill.paging.models import Alert, AlertLog, ContactMethod, Page
from watchbill.paging.registry import stored_channels
from watchbill.paging.rules import sentences
from watchbill.paging.rules.delivery import AfterTry, PersonPage, after_failure, after_try
from watchbill.paging.rules.messages import Outcome, OutgoingPage, Sent
from watchbill.paging.rules.words import ALIVE, DESK, EMAIL, AlertState, LogKind, PageState


@dataclass(frozen=True, slots=True)
class ClaimedPage:
    """A page that this process holds the lease of, complete but for its signed link."""

    id: int
    alert_id: int
    person_id: int
    channel: str
    attempt: int
    lease_until: datetime
    outgoing: OutgoingPage


def due_pages(now: datetime, full: Collection[str] = (), busy: Collection[int] = ()) -> "QuerySet[Page]":
    """Pages to look at now: planned, held or leased ones whose time has come, but none of a channel that is `full` or that is `busy`
    here."""
    rows = Page.objects.filter(state__in=[state.value for state in ALIVE], next_at__lte=now)
    return rows.exclude(channel__in=full).exclude(pk__in=busy).order_by("next_at", "id")


def next_look(full: Collection[str] = (), busy: Collection[int] = ()) -> datetime | None:
    """When the next page is to be looked at, leaving out what `due_pages` leaves out."""
    rows = (
        Page.objects.filter(state__in=[state.value for state in ALIVE], next_at__isnull=False)
        .exclude(channel__in=full)
        .exclude(pk__in=busy)
    )
    return rows.order_by("next_at").values_list("next_at", flat=True).first()


def retake(now: datetime, holder: int | None = None) -> int:
    """Inside a unit: look now at every page whose sender is known to be gone, rather than when its lease ends. Returns how many.

    Without a `holder` that is all of them: only where one process alone may send (the embedded database), and only as that process
    begins.
    """
    sending = Page.objects.filter(state=PageState.SENDING.value)
    if holder is not None:
        sending = sending.filter(holder=holder)
        wake(LOOP)
    return sending.update(next_at=now)


def claim(now: datetime, limit: int, full: Collection[str] = (), busy: Collection[int] = ()) -> tuple[ClaimedPage, ...]:
    """Inside a unit: take up to `limit` due pages.

    Those that deliver by being stored are sent by this; the rest come back under a lease.
    """
    rows = due_pages(now, full, busy)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    pages = list(rows.select_related("alert", "person", "contact_method")[:limit])
    ringing = [page for page in pages if page.alert.state == AlertState.TRIGGERED]
    _drop([page for page in pages if page.alert.state != AlertState.TRIGGERED])
    _note_opening([page for page in ringing if page.state == PageState.HELD], now)
    stored = stored_channels()
    _store([page for page in ringing if page.channel in stored], now)
    return _lease([page for page in ringing if page.channel not in stored], now)


def _drop(pages: Sequence[Page]) -> None:
    """A try was under way when the alert stopped ringing, and its sender never told how it went: it is not begun again."""
    why = sentences.called_off("the alert no longer rings.")
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(state=PageState.CANCELLED.value, next_at=None, why=why)


def _note_opening(pages: Sequence[Page], now: datetime) -> None:
    AlertLog.objects.bulk_create(
        _line(page, now, LogKind.RELEASED, sentences.released_at_opening(page.person.name, page.channel)) for page in pages
    )


def _store(pages: Sequence[Page], now: datetime) -> None:
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(
        state=PageState.SENT.value, sent_at=now, next_at=None, attempts=F("attempts") + 1, receipt=F("idem")
    )
    AlertLog.objects.bulk_create(
        _line(page, now, LogKind.SENT, sentences.sent(page.person.name, page.channel, timedelta(0), 1)) for page in pages
    )
    for page in pages:
        audit(SYSTEM, "page.sent", f"page:{page.pk}", ref=f"alert:{page.alert_id}", body={"channel": page.channel, "to": page.person.email})


def _lease(pages: Sequence[Page], now: datetime) -> tuple[ClaimedPage, ...]:
    until = now + timedelta(seconds=settings().paging.lease_seconds)
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(
        state=PageState.SENDING.value, lease_until=until, next_at=until, attempts=F("attempts") + 1, holder=jobs.holder()
    )
    return tuple(_claimed(page, now, until) for page in pages)


def _claimed(page: Page, now: datetime, until: datetime) -> ClaimedPage:
    attempt = page.attempts + 1
    return ClaimedPage(page.pk, page.alert_id, page.person_id, page.channel, attempt, until, _outgoing(page, attempt, now))


def _outgoing(page: Page, attempt: int, now: datetime) -> OutgoingPage:
    alert, person = page.alert, page.person
    fields: dict[str, str] = {}
    if page.contact_method is not None:
        fields = dict(page.contact_method.fields)
    elif page.channel == EMAIL:
        fields = {"address": person.email}
    own = settings()
    root = own.public_url.rstrip("/") or f"http://{own.addr}"
    return OutgoingPage(
        idem=page.idem,
        alert_id=alert.pk,
        title=alert.title,
        decision=alert.decision,
        person_name=person.name,
        person_email=person.email,
        zone=alert.zone,
        team=alert.team_name,
        where=alert.where,
        why=tuple(alert.why),
        why_you=sentences.to_you(page.why, person.name),
        next_up=_next_up(alert, now),
        guidance=tuple(alert.guidance),
        ack_url=root + links.path_for(page.pk, alert.pk, person.pk, now),
        link_url=root + alert.link,
        opened_at=alert.opened_at,
        sent_at=now,
        attempt=attempt,
        fields=fields,
    )


def _next_up(alert: Alert, now: datetime) -> str:
    if alert.next_step_at is None:
        return ""
    moment = sentences.clock_time(alert.next_step_at, alert.zone, now)
    return f"{sentences.names(alert.next_names)} at {moment}, in {sentences.span(alert.next_step_at - now)}, unless somebody acknowledges."


def record(page_id: int, attempt: int, outcome: Outcome, now: datetime) -> None:
    """Inside a unit: store what became of try number `attempt`. A try that was overtaken by a later one counts only if it succeeded."""
    page = Page.objects.select_related("alert", "person").get(pk=page_id)
    overtaken = page.state != PageState.SENDING or page.attempts != attempt
    if overtaken and not (isinstance(outcome, Sent) and page.state != PageState.SENT):
        return
    rings = page.alert.state == AlertState.TRIGGERED
    after = after_try(outcome, attempts=attempt, idem=page.idem, now=now, alert_rings=rings)
    _store_try(page, after, now)
    _note_method(page, after, now)
    book = LogBook(page.alert, now)
    _word_try(page, after, attempt, book)
    if after.state is PageState.FAILED and rings:
        _after_failure(page, book)
    book.close()
    wake(LOOP)


def _store_try(page: Page, after: AfterTry, now: datetime) -> None:
    page.state = after.state.value
    page.next_at = after.next_at
    page.lease_until = None
    page.receipt = after.receipt[: limits.RECEIPT_CHARS]
    page.error = after.error[: limits.ERROR_CHARS]
    page.sent_at = now if after.state is PageState.SENT else None
    page.save(update_fields=["state", "next_at", "lease_until", "receipt", "error", "sent_at"])


def _note_method(page: Page, after: AfterTry, now: datetime) -> None:
    if page.contact_method_id is not None:
        stamp = "last_ok" if after.state is PageState.SENT else "last_fail"
        ContactMethod.objects.filter(pk=page.contact_method_id).update(**{stamp: now})


def _word_try(page: Page, after: AfterTry, attempt: int, book: LogBook) -> None:
    name, target, now = page.person.name, f"page:{page.pk}", book.now
    if after.state is PageState.SENT:
        book.add(LogKind.SENT, sentences.sent(name, page.channel, now - page.due, attempt), page.person_id)
        audit(
            SYSTEM,
            "page.sent",
            target,
            ref=f"alert:{page.alert_id}",
            body={"channel": page.channel, "to": page.person.email, "try": attempt},
        )
    elif after.next_at is not None:
        again = sentences.clock_time(after.next_at, page.alert.zone, now)
        book.add(LogKind.RETRY, sentences.will_retry(name, page.channel, after.error, again), page.person_id)
    else:
        book.add(LogKind.FAILED, sentences.failed(name, page.channel, after.error), page.person_id)
        body = {"channel": page.channel, "to": page.person.email, "reason": page.error}
        audit(SYSTEM, "page.failed", target, outcome="failed", ref=f"alert:{page.alert_id}", body=body)


def _after_failure(page: Page, book: LogBook) -> None:
    """Another way goes at once; a person without one counts as unreachable, and a step of nothing but such people ends at once.

    Later rounds keep their time: everybody was tried by then, and a policy of people who can't be reached must not spin.
    """
    step = Page.objects.filter(alert_id=page.alert_id, loop=page.loop, step=page.step).exclude(pk=page.pk)
    others = [
        PersonPage(other.pk, other.channel, PageState(other.state), other.next_at or other.due)
        for other in step.filter(person_id=page.person_id)
    ]
    plan = after_failure(others)
    if plan.pull_forward is not None:
        other = next(one for one in others if one.id == plan.pull_forward)
        Page.objects.filter(pk=other.id).update(next_at=book.now)
        book.add(LogKind.PULLED, sentences.pulled_forward(page.person.name, other.channel), page.person_id)
    if not plan.unreachable:
        return
    book.add(LogKind.UNREACHABLE, sentences.unreachable(page.person.name), page.person_id)
    news("paging.unreachable", page.alert.subject, {"alert": page.alert_id, "person": page.person.email, "person_id": page.person_id})
    policy = policy_of(page.alert)
    if page.loop == 0 and page.step < len(policy.steps) and not _others_reachable(step, page.person_id):
        standing = Alert.objects.filter(pk=page.alert_id, state=AlertState.TRIGGERED.value, loop=page.loop, step=page.step)
        standing.update(next_step_at=book.now)


def _others_reachable(step: "QuerySet[Page]", person_id: int) -> bool:
    """Whether anybody else of the step still may hear of it: a way beyond the desk that hasn't failed, or only ever the desk."""
    beyond: dict[int, list[str]] = {}
    for other, channel, state in step.exclude(person_id=person_id).values_list("person_id", "channel", "state"):
        ways = beyond.setdefault(other, [])
        if channel != DESK and state != PageState.SKIPPED:
            ways.append(state)
    return any(not states or any(state != PageState.FAILED for state in states) for states in beyond.values())


def _line(page: Page, now: datetime, kind: LogKind, text: str) -> AlertLog:
    return AlertLog(alert_id=page.alert_id, at=now, kind=kind.value, text=text, person_id=page.person_id)
