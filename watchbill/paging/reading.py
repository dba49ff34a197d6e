"""What the bell shows: alerts, their pages and their log as plain values. It changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from watchbill.base import clock
from watchbill.base.problem import not_found
from watchbill.paging import limits
from watchbill.paging.escalation import names_of_next
from watchbill.paging.models import Alert, AlertLog, Page
from watchbill.paging.rules import sentences
from watchbill.paging.rules.words import DESK, AlertState, PageState


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """One alert. `step` counts from 0, `pages_step` from 1 as people count; `next_targets` are the names of who is paged at
    `next_step_at` if nobody answers before. `where` is a sentence, or empty.
    """

    id: int
    number: int
    subject: str
    dedup_key: str
    title: str
    decision: str
    state: str
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    resolved_at: datetime | None
    policy: str
    step: int
    loop: int
    exhausted_at: datetime | None
    next_step_at: datetime | None
    next_targets: tuple[str, ...]
    link: str
    where: str
    why: tuple[str, ...]
    guidance: tuple[str, ...]
    team: str
    zone: str
    policy_name: str
    pages_step: int


@dataclass(frozen=True, slots=True)
class PageInfo:
    """One attempt to reach one person one way. `why` says why it rings, waits, was left out or called off; `why_you` says the same to
    that person.
    """

    id: int
    alert_id: int
    person: str
    person_id: int
    channel: str
    state: str
    due: datetime
    next_at: datetime | None
    sent_at: datetime | None
    attempts: int
    why: str
    receipt: str
    error: str
    loop: int
    step: int

    @property
    def why_you(self) -> str:
        """`why`, said to the person whose page it is."""
        return sentences.to_you(self.why, self.person)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of an alert's log; `person_id` when it is about one person only."""

    at: datetime
    text: str
    kind: str
    person_id: int | None


@dataclass(frozen=True, slots=True)
class Ringing:
    """An alert that rings for a person now, and their first page of it."""

    page: PageInfo
    alert: AlertInfo


def alert(alert_id: int) -> AlertInfo:
    """Raises Problem(not_found)."""
    found = Alert.objects.filter(pk=alert_id).first()
    if found is None:
        raise not_found("alert", alert_id)
    return _alert_info(found)


def alert_for(subject: str) -> AlertInfo | None:
    """The alert about `subject`: the open one if there is one, else the newest."""
    about = Alert.objects.filter(subject=subject)
    found = _open(about).order_by("-id").first() or about.order_by("-id").first()
    return _alert_info(found) if found else None


def alerts_for(subjects: list[str]) -> dict[str, AlertInfo]:
    """For lists: per subject the open alert, if any, in one query."""
    rows = _open(Alert.objects.filter(subject__in=subjects[: limits.LIST_ROWS])).order_by("id")
    return {row.subject: _alert_info(row) for row in rows}


def open_alerts(person_id: int | None = None, limit: int = limits.LIST_ROWS) -> tuple[AlertInfo, ...]:
    """Alerts triggered or acknowledged, newest first; of one person: those they were or will be paged for."""
    rows = _open(Alert.objects.all())
    if person_id is not None:
        mine = Page.objects.filter(person_id=person_id).exclude(state=PageState.SKIPPED.value).values("alert_id")
        rows = rows.filter(Q(pk__in=mine) | Q(acknowledged_person_id=person_id))
    return tuple(_alert_info(row) for row in rows.order_by("-id")[:limit])


def page(page_id: int) -> PageInfo:
    """Raises Problem(not_found)."""
    found = Page.objects.filter(pk=page_id).select_related("person").first()
    if found is None:
        raise not_found("page", page_id)
    return _page_info(found)


def pages(alert_id: int) -> tuple[PageInfo, ...]:
    """Every page of an alert, in the order they were meant to ring."""
    rows = Page.objects.filter(alert_id=alert_id).select_related("person").order_by("due", "id")
    return tuple(_page_info(row) for row in rows[: limits.LIST_ROWS])


def my_pages(person_id: int) -> tuple[Ringing, ...]:
    """What rings for this person now, newest first: triggered alerts with a page of theirs whose time has come."""
    rows = (
        Page.objects.filter(person_id=person_id, channel=DESK, due__lte=clock.now(), alert__state=AlertState.TRIGGERED.value)
        .exclude(state__in=[PageState.CANCELLED.value, PageState.SKIPPED.value])
        .select_related("person", "alert")
        .order_by("-due", "-id")
    )
    first: dict[int, Ringing] = {}
    for row in rows[: limits.LIST_ROWS]:
        first.setdefault(row.alert_id, Ringing(_page_info(row), _alert_info(row.alert)))
    return tuple(first.values())


def log(alert_id: int) -> tuple[LogLine, ...]:
    """The alert's log, oldest first."""
    rows = AlertLog.objects.filter(alert_id=alert_id).order_by("id").values_list("at", "text", "kind", "person_id")
    return tuple(LogLine(*row) for row in rows[: 4 * limits.LIST_ROWS])


def next_for(alert_id: int, now: datetime) -> tuple[tuple[str, ...], datetime] | None:
    """Who is paged next and when, as the roster stands now; None when the alert doesn't ring."""
    found = Alert.objects.filter(pk=alert_id, state=AlertState.TRIGGERED.value, next_step_at__isnull=False).first()
    if found is None or found.next_step_at is None:
        return None
    return tuple(names_of_next(found, now)), found.next_step_at


def _open(rows: "QuerySet[Alert]") -> "QuerySet[Alert]":
    return rows.filter(resolved_at__isnull=True)


def _alert_info(row: Alert) -> AlertInfo:
    return AlertInfo(
        id=row.pk,
        number=row.pk,
        subject=row.subject,
        dedup_key=row.dedup_key,
        title=row.title,
        decision=row.decision,
        state=row.state,
        opened_at=row.opened_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        resolved_at=row.resolved_at,
        policy=str(row.policy["slug"]),
        step=row.step,
        loop=row.loop,
        exhausted_at=row.exhausted_at,
        next_step_at=row.next_step_at,
        next_targets=tuple(row.next_names) if row.next_step_at else (),
        link=row.link,
        where=row.where,
        why=tuple(row.why),
        guidance=tuple(row.guidance),
        team=row.team,
        zone=row.zone,
        policy_name=str(row.policy.get("name", row.policy["slug"])),
        pages_step=min(row.step, max(0, len(row.policy["steps"]) - 1)) + 1,
    )


def _page_info(row: Page) -> PageInfo:
    return PageInfo(
        id=row.pk,
        alert_id=row.alert_id,
        person=row.person.name,
        person_id=row.person_id,
        channel=row.channel,
        state=row.state,
        due=row.due,
        next_at=row.next_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        why=row.why,
        receipt=row.receipt,
        error=row.error,
        loop=row.loop,
        step=row.step,
    )
