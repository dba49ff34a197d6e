"""Where the sample's story stands: who is being paged, for what, and which step comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from watchbill.base import clock
from watchbill.base.problem import not_found
from watchbill.cases.findings import queries as findings
from watchbill.paging import links
from watchbill.paging import queries as paging
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo

SERVICE = "berth-board"
Step = Literal["ringing", "escalated", "acknowledged", "fixed"]


@dataclass(frozen=True)
class Story:
    """The sample's one loud page: the finding, its alert, the page on the phone drawn beside it, and where the story stands."""

    finding_id: int
    alert_id: int
    page_id: int
    page_token: str
    phone_person: str
    step: Step


def newcomer() -> PersonInfo:
    """The person whom a newcomer plays: whoever was paged first for the story's alert, else the security on-call."""
    alert_id = _alert_id()
    if alert_id:
        first = min(paging.pages(alert_id), key=lambda page: (page.due, page.id), default=None)
        if first is not None:
            return roster.person(first.person_id)
    watch = roster.on_call(roster.security_schedule(), clock.now()) or roster.team(roster.security_team()).members
    if not watch:
        raise not_found("person in the sample company", "on call")
    return watch[0]


def story() -> Story | None:
    """The story as it stands now, or `None` when its finding is not there."""
    rows = findings.search(f"service:{SERVICE} decision:now").rows or findings.search(f"service:{SERVICE} is:closed decision:now").rows
    alert_id = _alert_id()
    if not rows or not alert_id:
        return None
    alert = paging.alert(alert_id)
    planned = paging.pages(alert_id)
    rung = [page for page in planned if page.state in ("sent", "sending")]
    due = [page for page in planned if page.due <= clock.now()]
    latest = max(rung or due or planned, key=lambda page: (page.due, page.id), default=None)
    if latest is None:
        return None
    return Story(
        finding_id=rows[0].id,
        alert_id=alert_id,
        page_id=latest.id,
        page_token=links.ack_link(latest.id).rstrip("/").rsplit("/", 1)[-1],
        phone_person=latest.person,
        step=_step(rows[0].state, alert.state, handed_on=latest.person_id != newcomer().id),
    )


def _step(finding_state: str, alert_state: str, *, handed_on: bool) -> Step:
    if finding_state == "fixed":
        return "fixed"
    if alert_state == "acknowledged":
        return "acknowledged"
    return "escalated" if handed_on else "ringing"


def _alert_id() -> int:
    """The alert of the story's finding: the newest for that service."""
    found = [*findings.search(f"service:{SERVICE} decision:now").rows, *findings.search(f"service:{SERVICE} is:closed decision:now").rows]
    for row in found:
        alert = paging.alert_for(f"finding:{row.id}")
        if alert is not None:
            return alert.id
    return 0
