"""The trail as proof, over the API: a part at once as a zip, the whole trail as a run to come back for, and checks of everything."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Router, Schema, Status

from watchbill.base import limits, trail_runs
from watchbill.base.problem import Problem
from watchbill.base.trail_runs import Run
from watchbill.base.trail_search import Question
from watchbill.roster import queries as roster
from watchbill.web.api.door import ERRORS, ProblemOut, moment, who
from watchbill.web.pages.trail import events_for
from watchbill.web.pages.trail_proof import visible_run, zip_answer

router = Router()


class ExportIn(Schema):
    """The whole trail. `since`: the recipient's last checkpoint, as text; `sealed`: names and private values stay closed."""

    since: str = ""
    sealed: bool = False


class RunOut(Schema):
    """An export or a check: waiting, running, done, failed or gone. `outcome` has root and number of events, and of a check whether it is
    `ok`, or its `first_bad_seq` and `reason`.
    """

    id: int
    kind: str
    state: str
    done: int
    total: int
    asked_at: datetime
    ended_at: datetime | None
    outcome: dict[str, Any]


def _out(run: Run) -> dict[str, Any]:
    return {name: getattr(run, name) for name in RunOut.model_fields}


@router.get(
    "/trail/export",
    response={200: None, ERRORS: ProblemOut},
    tags=["trail"],
    summary="A part of the trail as a zip that proves itself",
    openapi_extra={
        "responses": {200: {"description": "OK", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}
    },
)
def part(
    request: HttpRequest,
    start: str = "",
    end: str = "",
    target: str = "",
    actor: str = "",
    action: str = "",
    q: str = "",
    sealed: bool = False,
) -> HttpResponseBase:
    """`start` <= recorded < `end`. At most 20,000 events; for all of them, POST /trail/exports. The export is an event of the trail."""
    caller = who(request, "read")
    roster.require(caller.person, "read")
    words = (q,) if q else ()
    question = Question(start=moment(start, "start"), end=moment(end, "end"), actor=actor, target=target, action=action, words=words)
    events, last = events_for(question, caller.person, limits.TRAIL_AT_ONCE + 1)
    if len(events) > limits.TRAIL_AT_ONCE or last.go_on is not None:
        detail = f"More than {limits.TRAIL_AT_ONCE} events fit, or it takes too long to tell."
        raise Problem("too_many", "Too many for a part", detail, remedy="Ask for a shorter time, or POST /trail/exports.", status=409)
    if not events:
        raise Problem("no_events", "Nothing to export", "No event fits what you asked for.", status=409)
    told = ", ".join(f"{name} {value}" for name, value in request.GET.items() if value and name != "sealed")
    seqs = [event.seq for event in events]
    return zip_answer(trail_runs.ask_export(caller.actor(), seqs=seqs, opened=not sealed, told=told[:500]))


@router.post("/trail/exports", response={202: RunOut, ERRORS: ProblemOut}, tags=["trail"], summary="Export the whole trail")
def whole(request: HttpRequest, given: ExportIn) -> Status[dict[str, Any]]:
    """Come back for it at /trail/runs/{id}, then /trail/runs/{id}/file. For security and administrators: it holds everything."""
    caller = who(request, "read")
    roster.require(caller.person, "triage")
    return Status(202, _out(trail_runs.ask_export(caller.actor(), since=given.since, opened=not given.sealed, told="the whole trail")))


@router.post("/trail/checks", response={202: RunOut, ERRORS: ProblemOut}, tags=["trail"], summary="Verify the whole trail")
def check(request: HttpRequest) -> Status[dict[str, Any]]:
    """Every event is hashed anew and compared with tree, checkpoints and witnesses. Come back for the outcome at /trail/runs/{id}."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    return Status(202, _out(trail_runs.ask_check(caller.actor())))


@router.get("/trail/runs/{run_id}", response={200: RunOut, ERRORS: ProblemOut}, tags=["trail"], summary="How far an export or check is")
def run(request: HttpRequest, run_id: int) -> dict[str, Any]:
    """An export is seen by whoever asked for it and by administrators."""
    caller = who(request, "read")
    return _out(visible_run(run_id, caller.person))


@router.get(
    "/trail/runs/{run_id}/file",
    response={200: None, ERRORS: ProblemOut},
    tags=["trail"],
    summary="The finished export",
    openapi_extra={
        "responses": {200: {"description": "OK", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}
    },
)
def file(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """409 while it is still being written."""
    caller = who(request, "read")
    return zip_answer(visible_run(run_id, caller.person))
