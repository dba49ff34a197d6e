"""Server verbs of the bell, for `wb ack` and `wb status`. Who may call them is the door's concern; they only act and answer in JSON."""

from typing import Any

from watchbill.base.acting import Actor
from watchbill.base.control import verb
from watchbill.base.problem import Problem, invalid
from watchbill.paging import queries, services
from watchbill.roster import queries as roster


@verb("alert.ack")
def acknowledge(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """{id} -> {id, already, title, state, by}. Raises Problem(invalid) for a bad id, (not_found) for an unknown one."""
    alert_id = _number(payload.get("id"))
    result = services.acknowledge(alert_id, by=by, person_id=_person_id(by), channel=by.source)
    alert = queries.alert(alert_id)
    return {"id": alert_id, "already": result.already, "title": alert.title, "state": alert.state, "by": alert.acknowledged_by}


@verb("alerts")
def open_alerts(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """{} -> {alerts: [{id, title, decision, state, opened_at, team, next, next_at, by, link}]}, newest first."""
    return {"alerts": [_shown(alert) for alert in queries.open_alerts()]}


def _shown(alert: queries.AlertInfo) -> dict[str, Any]:
    return {
        "id": alert.id,
        "subject": alert.subject,
        "title": alert.title,
        "decision": alert.decision,
        "state": alert.state,
        "team": alert.team,
        "opened_at": alert.opened_at,
        "by": alert.acknowledged_by,
        "next": list(alert.next_targets),
        "next_at": alert.next_step_at,
        "link": alert.link,
    }


def _number(given: object) -> int:
    text = str(given).strip().removeprefix("#")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise invalid("id", f"{given!r} is no alert number.", "Take one from `wb status`.")
    return int(text)


def _person_id(by: Actor) -> int | None:
    """The person behind the actor, when the roster knows one by that address."""
    if by.kind == "system":
        return None
    try:
        return roster.person(by.name).id
    except Problem:
        return None
