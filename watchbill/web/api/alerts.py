"""Alerts over the API: what is open, what is mine, and the two verbs of the bell."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from watchbill.base.problem import not_found
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.paging.queries import AlertInfo
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats
from watchbill.web.api.door import ERRORS, ProblemOut, who
from watchbill.web.privacy import may_see

router = Router(tags=["alerts"])


class AlertOut(Schema):
    """One reason to reach people."""

    id: int
    title: str
    subject: str
    decision: str
    state: str
    opened_at: str
    acknowledged_at: str | None
    acknowledged_by: str
    next_names: list[str]
    next_at: str | None
    team: str
    why: list[str]
    link: str


class AlertsOut(Schema):
    """Open alerts, newest first; bounded, so there is no further page."""

    items: list[AlertOut]
    next: str | None


class AckOut(Schema):
    """Whether somebody had acknowledged before."""

    already: bool
    alert: AlertOut


def alert_facts(alert: AlertInfo) -> dict[str, Any]:
    """The alert as plain facts."""
    return {
        "id": alert.id,
        "title": formats.line(alert.title),
        "subject": alert.subject,
        "decision": alert.decision,
        "state": alert.state,
        "opened_at": formats.iso(alert.opened_at),
        "acknowledged_at": formats.iso(alert.acknowledged_at) if alert.acknowledged_at else None,
        "acknowledged_by": alert.acknowledged_by,
        "next_names": list(alert.next_targets),
        "next_at": formats.iso(alert.next_step_at) if alert.next_step_at else None,
        "team": alert.team,
        "why": [formats.line(sentence) for sentence in alert.why],
        "link": alert.link,
    }


def _seen(alert_id: int, person: PersonInfo) -> AlertInfo:
    alert = paging.alert(alert_id)
    if not may_see(person, alert.subject):
        raise not_found("alert", alert_id)
    return alert


@router.get("", response={200: AlertsOut, ERRORS: ProblemOut}, summary="Open alerts")
def listed(request: HttpRequest, mine: bool = False) -> dict[str, Any]:
    """With `mine`, those that ring for the token's person."""
    caller = who(request, "read")
    found = [one.alert for one in paging.my_pages(caller.person.id)] if mine else list(paging.open_alerts())
    return {"items": [alert_facts(alert) for alert in found if may_see(caller.person, alert.subject)], "next": None}


@router.get("/{int:alert_id}", response={200: AlertOut, ERRORS: ProblemOut}, summary="One alert")
def one(request: HttpRequest, alert_id: int) -> dict[str, Any]:
    """Open or not."""
    return alert_facts(_seen(alert_id, who(request, "read").person))


@router.post("/{int:alert_id}/ack", response={200: AckOut, ERRORS: ProblemOut}, summary="Acknowledge")
def ack(request: HttpRequest, alert_id: int) -> dict[str, Any]:
    """I am on it. Doing it twice does no harm: the second says `already`."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    _seen(alert_id, caller.person)
    result = bell.acknowledge(alert_id, by=caller.actor(), person_id=caller.person.id, channel="api")
    return {"already": result.already, "alert": alert_facts(paging.alert(alert_id))}


@router.post("/{int:alert_id}/escalate", response={200: AlertOut, ERRORS: ProblemOut}, summary="Escalate now")
def escalate(request: HttpRequest, alert_id: int) -> dict[str, Any]:
    """Page the next step at once."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    _seen(alert_id, caller.person)
    bell.escalate_now(alert_id, caller.actor())
    return alert_facts(paging.alert(alert_id))
