"""Who is awake, whose it is, and how the place stands, over the API."""

from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from watchbill.base import clock
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import queries as scans
from watchbill.paging import bell_health
from watchbill.paging import queries as paging
from watchbill.roster import queries as roster
from watchbill.roster.queries import ScheduleInfo
from watchbill.web import formats
from watchbill.web.api.alerts import AlertOut, alert_facts
from watchbill.web.api.door import ERRORS, ProblemOut, who

router = Router()


class PersonOut(Schema):
    """A person by name and address."""

    name: str
    email: str


class NextOut(Schema):
    """Who comes next and when; nobody is an empty name: a gap."""

    name: str
    email: str
    at: str


class WatchOut(Schema):
    """One schedule now."""

    schedule: str
    name: str
    now: list[PersonOut]
    next: NextOut | None


class OnCallOut(Schema):
    """The watches asked for; with a service, also whose it is and why."""

    items: list[WatchOut]
    service: str
    team: str
    rule: str


class ServiceOut(Schema):
    """A service with what decisions about it rest on."""

    slug: str
    name: str
    team: str
    tier: int
    exposure: str
    repos: list[str]


class ServicesOut(Schema):
    """Every service."""

    items: list[ServiceOut]
    next: str | None


class SourcesOut(Schema):
    """How many feed us, and how many have gone silent."""

    total: int
    stale: int


class StatusOut(Schema):
    """How the place stands for the token's person."""

    ok: bool
    version: str
    person: str
    open_findings: int
    ringing: list[AlertOut]
    sources: SourcesOut
    late_pages: int


@router.get("/oncall", response={200: OnCallOut, ERRORS: ProblemOut}, tags=["people"], summary="Who is on call")
def on_call(request: HttpRequest, service: str = "", schedule: str = "") -> dict[str, Any]:
    """For a service: the schedules of its team and the security watch; for a schedule: that one; else every one."""
    who(request, "read")
    now = clock.now()
    team, rule = "", ""
    listed: tuple[ScheduleInfo, ...] = tuple(roster.schedules())
    if schedule:
        listed = (roster.schedule(schedule),)
    elif service:
        roster.service(service)
        owner = roster.owner_of(service=service)
        team, rule = owner.team, owner.rule
        listed = tuple(one for one in listed if one.team == team or one.slug == roster.security_schedule())
    return {"items": [_watch(one, now) for one in listed], "service": service, "team": team, "rule": rule}


def _watch(schedule: ScheduleInfo, now: datetime) -> dict[str, Any]:
    upcoming = roster.next_on_call(schedule.slug, now)
    following = None
    if upcoming is not None:
        person = upcoming.person
        following = {"name": person.name if person else "", "email": person.email if person else "", "at": formats.iso(upcoming.start)}
    people = [{"name": person.name, "email": person.email} for person in roster.on_call(schedule.slug, now)]
    return {"schedule": schedule.slug, "name": schedule.name, "now": people, "next": following}


@router.get("/services", response={200: ServicesOut, ERRORS: ProblemOut}, tags=["people"], summary="Services")
def services(request: HttpRequest) -> dict[str, Any]:
    """What runs, and whose it is."""
    who(request, "read")
    items = [
        {"slug": one.slug, "name": one.name, "team": one.team, "tier": one.tier, "exposure": one.exposure, "repos": list(one.repos)}
        for one in roster.services()
    ]
    return {"items": items, "next": None}


@router.get("/status", response={200: StatusOut, ERRORS: ProblemOut}, tags=["status"], summary="How the place stands")
def status(request: HttpRequest) -> dict[str, Any]:
    """For people at a terminal; machines ask /healthz."""
    person = who(request, "read").person
    sources = scans.sources()
    health = bell_health.health()
    return {
        "ok": not health.late,
        "version": _version(),
        "person": person.email,
        "open_findings": sum(findings.open_by_service().values()),
        "ringing": [alert_facts(one.alert) for one in paging.my_pages(person.id)],
        "sources": {"total": len(sources), "stale": sum(1 for source in sources if source.stale)},
        "late_pages": health.late,
    }


def _version() -> str:
    try:
        return version("watchbill")
    except PackageNotFoundError:
        return "from a source tree"
