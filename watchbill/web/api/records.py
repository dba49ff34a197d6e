"""What is told and what is kept: the cord and the trail, over the API."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema, Status
from ninja.params.functions import Query

from watchbill.base.trail_search import Question, search
from watchbill.cases.incidents import services as cord
from watchbill.roster import queries as roster
from watchbill.web.api.door import ERRORS, MOST, PAGE, ProblemOut, cursor, moment, position, who
from watchbill.web.pages.trail import event_facts
from watchbill.web.privacy import visible

router = Router()


class IncidentIn(Schema):
    """One sentence is enough."""

    text: str


class IncidentOut(Schema):
    """What was started, and where."""

    id: int
    codename: str
    url: str


class EventOut(Schema):
    """One event of the audit trail, with its Merkle leaf in hex."""

    seq: int
    recorded_at: str
    occurred_at: str
    actor: str
    actor_kind: str
    source: str
    action: str
    target: str
    outcome: str
    ref: str
    body: dict[str, Any]
    leaf: str


class TrailOut(Schema):
    """One page, newest first."""

    items: list[EventOut]
    next: str | None


@router.post("/incidents", response={201: IncidentOut, ERRORS: ProblemOut}, tags=["incidents"], summary="Pull the cord")
def incident(request: HttpRequest, given: IncidentIn) -> Status[dict[str, Any]]:
    """Pages the security watch and opens a private room. Any token may: nobody is kept from the cord.

    With an Idempotency-Key, the same sentence sent again is the same incident, and pages nobody a second time.
    """
    caller = request.auth  # type: ignore[attr-defined]  # ninja puts it there
    key = request.headers.get("Idempotency-Key", "")[:200]
    started = cord.start_incident(given.text, by=caller.actor(), person_id=caller.person.id, key=key)
    return Status(201, {"id": started.id, "codename": started.codename, "url": reverse("incident", args=[started.id])})


@router.get("/trail", response={200: TrailOut, ERRORS: ProblemOut}, tags=["trail"], summary="Read the trail")
def events(
    request: HttpRequest,
    target: str = "",
    actor: str = "",
    action: str = "",
    q: str = "",
    start: str = "",
    end: str = "",
    after: str = Query("", alias="cursor"),
    limit: int = Query(PAGE, ge=1, le=MOST),
) -> dict[str, Any]:
    """`action` may end in a dot for a whole room (`finding.`); `start` <= recorded < `end`. A page for `action` or `q` may be short and
    still have a `next`: one question looks through so many events and no more.
    """
    caller = who(request, "read")
    roster.require(caller.person, "read")
    before = position(after, 0) or None
    question = Question(
        start=moment(start, "start"),
        end=moment(end, "end"),
        actor=actor,
        target=target,
        action=action,
        words=(q,) if q else (),
        before_seq=before,
    )
    found = search(question, limit)
    following = cursor(found.go_on) if found.go_on else None
    return {"items": [event_facts(event) for event in visible(found.events, caller.person)], "next": following}
