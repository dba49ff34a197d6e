"""What a reader may see of incidents, which are private to those concerned: used wherever subjects of all kinds are listed together."""

from collections.abc import Iterable

from watchbill.base.problem import Problem
from watchbill.base.trail import TrailEvent
from watchbill.cases.incidents import queries as incidents
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo

PRIVATE = "incident:"


def may_see(person: PersonInfo, subject: str) -> bool:
    """Whether the person may read about `subject`: everything that is no incident, and the incidents that concern them."""
    if not subject.startswith(PRIVATE):
        return True
    number = subject.removeprefix(PRIVATE)
    if not number.isdecimal():
        return False
    try:
        incidents.incident(int(number), person)
    except Problem:
        return False
    return True


def visible(events: Iterable[TrailEvent], person: PersonInfo) -> list[TrailEvent]:
    """The events the person may read: security reads all; others nothing that names an incident."""
    if roster.may(person, "triage"):
        return list(events)
    private = {f"alert:{number}" for number in incidents.alert_ids()}
    return [event for event in events if not _about_incident(event, private) and not _others_search(event, person)]


def _others_search(event: TrailEvent, person: PersonInfo) -> bool:
    """Whether it tells what somebody else looked for: that may be an incident, or who is thought to be behind it."""
    return event.action == "trail.exported" and not event.body.get("whole") and event.actor != person.email


def _about_incident(event: TrailEvent, private: set[str]) -> bool:
    """Whether it names an incident, or an incident's alert (its pages do, by their ref)."""
    named = (event.target, event.ref, str(event.body.get("subject", "")))
    return event.action.startswith("incident.") or any(text.startswith(PRIVATE) or text in private for text in named)
