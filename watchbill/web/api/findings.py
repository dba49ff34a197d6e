"""Findings over the API: search, one with everything on its page, and its verbs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Query

from watchbill.base.problem import invalid
from watchbill.cases.findings import queries
from watchbill.cases.findings import services as verbs
from watchbill.cases.findings.views import FindingDetail
from watchbill.roster import queries as roster
from watchbill.web import formats
from watchbill.web.api.door import ERRORS, MOST, PAGE, ProblemOut, who
from watchbill.web.pages.findings import row_facts

router = Router(tags=["findings"])


class FindingOut(Schema):
    """A finding as lists show it. Times are RFC 3339 in UTC."""

    id: int
    title: str
    decision: str
    state: str
    marks: list[str]
    service: str
    team: str
    why: str
    due: str | None
    first_seen: str
    last_seen: str
    package: str
    installed: str
    fixed: list[str]
    advisory: str
    reopened_count: int


class FindingsOut(Schema):
    """One page of a search; `next` is the cursor of the following one."""

    items: list[FindingOut]
    total: int
    next: str | None


class InputOut(Schema):
    """One answer that the decision rests on."""

    name: str
    value: str
    source: str
    as_of: str | None
    assumed: bool


class ProofOut(Schema):
    """One thing that must be so before it counts as fixed."""

    state: str
    text: str
    at: str | None


class DetailOut(FindingOut):
    """A finding with what its page says."""

    what: str
    aliases: list[str]
    cwes: list[str]
    references: list[str]
    manifest: str
    repo: str
    branch: str
    ownership: str
    outcome: str
    decision_why: str
    if_not_done: str
    upgrade: list[str]
    path: list[str]
    perhaps_ask: list[str]
    inputs: list[InputOut]
    proof: list[ProofOut]


class VerbIn(Schema):
    """What a verb needs besides its name: a reason, an end, a team."""

    reason: str = ""
    until: datetime | None = None
    team: str = ""


@router.get("", response={200: FindingsOut, ERRORS: ProblemOut}, summary="Search findings")
def listed(
    request: HttpRequest, q: str = "is:open", after: str = Query("", alias="cursor"), limit: int = Query(PAGE, ge=1, le=MOST)
) -> dict[str, Any]:
    """`q` is the search line of the Findings page; `mine:me` is the token's person."""
    caller = who(request, "read")
    found = queries.search(q, size=limit, after=after, person=caller.person.email)
    return {"items": [row_facts(row) for row in found.rows], "total": found.total, "next": found.next or None}


@router.get("/{int:finding_id}", response={200: DetailOut, ERRORS: ProblemOut}, summary="One finding")
def one(request: HttpRequest, finding_id: int) -> dict[str, Any]:
    """Everything its page says."""
    who(request, "read")
    return detail_facts(queries.finding(finding_id))


def detail_facts(finding: FindingDetail) -> dict[str, Any]:
    """The finding as plain facts."""
    return {
        **row_facts(finding),
        "what": formats.line(finding.what),
        "aliases": list(finding.aliases),
        "cwes": list(finding.cwes),
        "references": list(finding.references),
        "manifest": finding.place.manifest,
        "repo": finding.place.repo,
        "branch": finding.place.branch,
        "ownership": formats.line(finding.ownership),
        "outcome": finding.outcome,
        "decision_why": formats.line(finding.decision_why),
        "if_not_done": formats.line(finding.if_not_done),
        "upgrade": list(finding.upgrade),
        "path": [formats.line(step) for step in finding.path],
        "perhaps_ask": [formats.line(one) for one in finding.perhaps_ask],
        "inputs": [
            {
                "name": one.name,
                "value": one.value,
                "source": formats.line(one.source),
                "as_of": formats.iso(one.as_of) if one.as_of else None,
                "assumed": one.assumed,
            }
            for one in finding.inputs
        ],
        "proof": [
            {"state": line.state, "text": formats.line(line.text), "at": formats.iso(line.at) if line.at else None}
            for line in finding.proof
        ],
    }


@router.post("/{int:finding_id}/take", response={200: DetailOut, ERRORS: ProblemOut}, summary="Take it")
def take(request: HttpRequest, finding_id: int) -> dict[str, Any]:
    """I am on it. Acknowledges the alert that rings for this finding alone; one that rings for several goes on for the others."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    verbs.take(finding_id, by=caller.actor(), person=caller.person)
    return detail_facts(queries.finding(finding_id))


@router.post("/{int:finding_id}/claim_fix", response={200: DetailOut, ERRORS: ProblemOut}, summary="Claim the fix")
def claim_fix(request: HttpRequest, finding_id: int) -> dict[str, Any]:
    """It is fixed, says its owner; a newer scan has to prove it."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    verbs.claim_fix(finding_id, by=caller.actor())
    return detail_facts(queries.finding(finding_id))


@router.post("/{int:finding_id}/not_affected", response={200: DetailOut, ERRORS: ProblemOut}, summary="Close as not affected")
def not_affected(request: HttpRequest, finding_id: int, given: VerbIn) -> dict[str, Any]:
    """Needs a reason; an engineer's waits for security's second look."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    verbs.not_affected(finding_id, reason=given.reason, by=caller.actor())
    return detail_facts(queries.finding(finding_id))


@router.post("/{int:finding_id}/accept_risk", response={200: DetailOut, ERRORS: ProblemOut}, summary="Ask to accept the risk")
def accept_risk(request: HttpRequest, finding_id: int, given: VerbIn) -> dict[str, Any]:
    """Asks for a second person's name; until then it stays open."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    if given.until is None or given.until.tzinfo is None:
        raise invalid("until", "A risk is accepted until a moment, with its zone.", "Such as 2027-01-15T23:59:59Z.")
    verbs.accept_risk(finding_id, reason=given.reason, until=given.until, by=caller.actor())
    return detail_facts(queries.finding(finding_id))


@router.post("/{int:finding_id}/assign", response={200: DetailOut, ERRORS: ProblemOut}, summary="Hand on to a team")
def assign(request: HttpRequest, finding_id: int, given: VerbIn) -> dict[str, Any]:
    """To the team with that slug."""
    caller = who(request, "act")
    roster.require(caller.person, "act")
    verbs.assign(finding_id, team=given.team, by=caller.actor())
    return detail_facts(queries.finding(finding_id))
