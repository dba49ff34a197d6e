"""The verbs of incidents: start one with a sentence, write to its log, bring somebody in, stand down. The trail and the alert know the
codename only; what was said stays with the responders.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.ids import new_id
from watchbill.base.problem import Problem, forbidden, invalid, not_found
from watchbill.base.writer import audit, news, write
from watchbill.cases.incidents import rules
from watchbill.cases.incidents.codenames import codename
from watchbill.cases.incidents.models import Incident, Responder, TimelineLine
from watchbill.cases.limits import RESPONDERS, TIMELINE_CHARS
from watchbill.paging import services as paging
from watchbill.roster import queries as roster
from watchbill.roster.facts import PersonInfo

GUIDANCE = (
    "Open the incident: what was seen stands there, and only there.",
    "Talk in the private room. Keep evidence before cleaning.",
    "False alarms cost nothing: thank whoever pulled the cord.",
)


@dataclass(frozen=True, slots=True)
class IncidentRef:
    """The incident that was started: its number and its codename, which may be said aloud."""

    id: int
    codename: str


def start_incident(text: str, by: Actor, person_id: int | None = None, *, key: str = "") -> IncidentRef:
    """Start a private incident from one sentence and page security's watch, now. Takes no permission, refuses no text and is never
    limited (law 9).

    `person_id`: who pulled the cord, if they can sign in; they may read what follows. The same sentence under the same `key` by the same
    person is the same incident, and pages nobody again; another sentence under it is another incident, since a cord is never refused.
    """
    said = rules.sentence(text)
    once = sha256(json.dumps([by.kind, by.name, key, said]).encode()).hexdigest() if key else None
    seed = int.from_bytes(sha256(new_id().encode()).digest()[:8], "big")
    return write(lambda: _start_once(said, seed, by, person_id, once), name="incidents.start")


def _start_once(said: str, seed: int, by: Actor, person_id: int | None, once: str | None) -> IncidentRef:
    """A new incident, or the one that this very telling of it had started."""
    earlier = Incident.objects.filter(once=once).values_list("pk", "codename").first() if once else None
    return IncidentRef(*earlier) if earlier else _start(said, seed, by, person_id, once)


def _start(said: str, seed: int, by: Actor, person_id: int | None, once: str | None) -> IncidentRef:
    now = clock.now()
    starter = _person(person_id)
    name = codename(seed, set(Incident.objects.values_list("codename", flat=True)))
    who = starter.name if starter else by.name
    row = Incident.objects.create(codename=name, text=said, started_by=by.name[:254], started_by_name=who[:254], started_at=now, once=once)
    if starter:
        _bring_in(row, starter.id, "started", now)
    watch = roster.on_call(roster.security_schedule(), now) if roster.security_schedule() else ()
    for person in watch:
        _bring_in(row, person.id, "paged", now)
    _line(row, now, "page", who, f"{who} pulled the cord: \u201c{said}\u201d")
    audit(by, "incident.started", f"incident:{row.pk}", body={"text": f"Incident {name} was started", "codename": name})
    news("incident.started", f"incident:{row.pk}", {"codename": name})
    security = roster.security_team()
    alert = paging.open_alert(
        subject=f"incident:{row.pk}",
        dedup_key=f"incident:{row.pk}",
        title=f"Incident {name}: somebody says that something looks wrong",
        decision="now",
        why=(f"{who} pulled the cord. Every cord rings at once, at any hour.",),
        policy=roster.policy_for_team(security).slug,
        team=security,
        link=f"/incidents/{row.pk}/",
        guidance=GUIDANCE,
        by=by,
    )
    Incident.objects.filter(pk=row.pk).update(alert_id=alert.id)
    whom = ", ".join(person.name for person in watch) or "the security team: nobody is on watch"
    _line(row, now, "page", "", f"Paged {whom}")
    return IncidentRef(row.pk, name)


def _person(person_id: int | None) -> PersonInfo | None:
    try:
        return roster.person(person_id) if person_id is not None else None
    except Problem:
        return None


def _bring_in(incident: Incident, person_id: int, how: str, now: datetime) -> bool:
    """Make somebody a responder, once. Returns whether they are new."""
    if Responder.objects.filter(incident=incident).count() >= RESPONDERS:
        return False
    return Responder.objects.get_or_create(incident=incident, person_id=person_id, defaults={"how": how, "since": now})[1]


def _line(incident: Incident, at: datetime, kind: str, who: str, text: str, key: str | None = None) -> None:
    row = {"at": at, "kind": kind, "who": who[:254], "text": text[:TIMELINE_CHARS]}
    if key is None:
        TimelineLine.objects.create(incident=incident, **row)
    else:
        TimelineLine.objects.get_or_create(incident=incident, key=key, defaults=row)


def _readable(incident_id: int, by: Actor) -> tuple[Incident, PersonInfo]:
    """The incident and the person who acts on it. Raises Problem 404 for whoever may not know of it."""
    row = Incident.objects.filter(pk=incident_id).first()
    try:
        person = roster.person(by.name) if by.kind in ("person", "token", "link") else None
    except Problem:
        person = None
    if row is None or person is None or not person.active:
        raise not_found("incident", incident_id)
    if not rules.may_read(person.id, person.role, set(row.responders.values_list("person_id", flat=True))):
        raise not_found("incident", incident_id)
    return row, person


def say(incident_id: int, text: str, by: Actor) -> None:
    """One line for the log; every responder sees it. Raises Problem 404 for whoever isn't in, 422 for nothing said."""
    plain = rules.sentence(text)
    if plain == rules.NO_WORDS:
        raise invalid("text", "Say something.")

    def write_line() -> None:
        row, person = _readable(incident_id, by)
        now = clock.now()
        _bring_in(row, person.id, "added", now)
        _line(row, now, "said", person.name, plain)
        audit(by, "incident.said", f"incident:{row.pk}", body={"codename": row.codename})

    write(write_line, name="incidents.say")


def bring_in(incident_id: int, person_email: str, by: Actor) -> None:
    """Bring somebody in: from then on they may read it."""

    def add() -> None:
        row, person = _readable(incident_id, by)
        other, now = roster.person(person_email), clock.now()
        if _bring_in(row, other.id, "added", now):
            _line(row, now, "role", person.name, f"{person.name} brought in {other.name}")
            audit(by, "incident.brought_in", f"incident:{row.pk}", body={"codename": row.codename}, private={"person": other.email})

    write(add, name="incidents.bring_in")


def stand_down(incident_id: int, by: Actor) -> None:
    """End it: the alert is resolved, and it stays readable to those who were in. Again changes nothing. Takes security."""

    def close() -> None:
        row, person = _readable(incident_id, by)
        if person.role not in rules.SECURITY_ROLES:
            raise forbidden("Standing down takes somebody from security.", "Ask whoever acknowledged the page.")
        if row.state == "closed":
            return
        now = clock.now()
        row.state, row.closed_at, row.closed_by = "closed", now, person.email
        row.save(update_fields=["state", "closed_at", "closed_by"])
        _line(row, now, "step", person.name, f"{person.name} stood down")
        audit(by, "incident.closed", f"incident:{row.pk}", body={"text": f"Incident {row.codename} was closed", "codename": row.codename})
        news("incident.closed", f"incident:{row.pk}", {"codename": row.codename})
        paging.resolve_alert(f"incident:{row.pk}", by, "The incident was stood down.")

    write(close, name="incidents.stand_down")


def answered(incident_id: int, person_id: int | None, name: str, news_id: int, acknowledged: bool) -> None:
    """The bell's news, told once: who acknowledged is in from now on; or that nobody did."""

    def note() -> None:
        row = Incident.objects.filter(pk=incident_id).first()
        if row is None:
            return
        now = clock.now()
        if acknowledged and person_id is not None:
            _bring_in(row, person_id, "acknowledged", now)
        text = f"{name or 'Somebody'} acknowledged" if acknowledged else "Everybody on the escalation policy was paged, and nobody answered"
        _line(row, now, "page", name if acknowledged else "", text, key=f"news:{news_id}")

    write(note, name="incidents.answered")
