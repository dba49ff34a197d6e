"""Reading incidents: only for those who are in, and for security. To everybody else there is none. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from watchbill.base.problem import not_found
from watchbill.cases.incidents.models import Incident, TimelineLine
from watchbill.cases.incidents.rules import SECURITY_ROLES, may_read
from watchbill.cases.limits import TIMELINE_SHOWN
from watchbill.roster import queries as roster
from watchbill.roster.facts import PersonInfo


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """A line of the list."""

    id: int
    codename: str
    text: str
    state: str
    started_by: str
    started_at: datetime
    closed_at: datetime | None
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log: kind is said, page, role or step."""

    at: datetime
    kind: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class IncidentInfo(IncidentRow):
    """An incident with who is in (names, in the order in which they came) and its log, oldest first."""

    responders: tuple[PersonInfo, ...]
    lines: tuple[LogLine, ...]


def incident(incident_id: int, viewer: PersonInfo | None) -> IncidentInfo:
    """One incident. Raises Problem 404 also for whoever may not know of it."""
    row = Incident.objects.filter(pk=incident_id).first()
    if row is None or viewer is None or not viewer.active:
        raise not_found("incident", incident_id)
    ids = list(row.responders.order_by("since", "pk").values_list("person_id", flat=True))
    if not may_read(viewer.id, viewer.role, ids):
        raise not_found("incident", incident_id)
    people = tuple(roster.person(pk) for pk in ids)
    lines = TimelineLine.objects.filter(incident=row).order_by("-at", "-pk")[:TIMELINE_SHOWN]
    told = tuple(LogLine(line.at, line.kind, line.who, line.text) for line in reversed(lines))
    return IncidentInfo(
        row.pk, row.codename, row.text, row.state, row.started_by_name, row.started_at, row.closed_at, row.alert_id, people, told
    )


def incidents(viewer: PersonInfo | None, limit: int = 100) -> tuple[IncidentRow, ...]:
    """Those that the viewer may know of, open ones first, newest first."""
    rows = _readable(viewer).order_by("-state", "-started_at", "-pk")[:limit]
    return tuple(
        IncidentRow(row.pk, row.codename, row.text, row.state, row.started_by_name, row.started_at, row.closed_at, row.alert_id)
        for row in rows
    )


def alert_ids() -> frozenset[int]:
    """The alerts of all incidents: what the trail tells of them is as private as the incidents."""
    return frozenset(number for number in Incident.objects.values_list("alert_id", flat=True) if number is not None)


def open_count(viewer: PersonInfo | None) -> int:
    """How many open incidents the viewer may know of."""
    return _readable(viewer).filter(state="open").count()


def _readable(viewer: PersonInfo | None) -> "QuerySet[Incident]":
    if viewer is None or not viewer.active:
        return Incident.objects.none()
    if viewer.role in SECURITY_ROLES:
        return Incident.objects.all()
    return Incident.objects.filter(responders__person=viewer.id)
