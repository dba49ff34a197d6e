"""What others read of findings: frozen values, and how a row becomes one. It queries nothing and decides nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from watchbill.cases.decisions.rules import Decided, DecisionInput
from watchbill.cases.decisions.sentences import after_colon, counterfactual, if_not_done
from watchbill.cases.findings.changes import spark
from watchbill.cases.findings.facts import Facts, from_json, upgrade_to
from watchbill.cases.findings.guidance import comes_in
from watchbill.cases.findings.judging import full_why
from watchbill.cases.findings.models import Acceptance, Finding, RecordedScan
from watchbill.cases.findings.states import OPEN_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A line of a list. `marks` may hold not_seen, not_pinned, unknown_version, unowned, triage; `why` is one sentence; `due` None for
    no date (for an accepted one, the day it comes back); `seen_days` are fourteen 0 or 1, ending today.
    """

    id: int
    title: str
    decision: str
    state: str
    marks: tuple[str, ...]
    service: str
    team: str
    why: str
    due: datetime | None
    first_seen: datetime
    last_seen: datetime
    seen_days: tuple[int, ...]
    package: str
    installed: str
    fixed: tuple[str, ...]
    advisory: str
    reopened_count: int
    taken_by: str
    not_seen_at: datetime | None
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is."""

    service: str
    repo: str
    branch: str
    manifest: str


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One thing that has to pass, or has: state is pass, fail (seen) or wait. `scan` is the key of the scan that says so, if one does."""

    state: str
    text: str
    at: datetime | None
    scan: str = ""


@dataclass(frozen=True, slots=True)
class AcceptanceInfo:
    """A request to accept a risk (`accept`) or to call it `not_affected`, and what became of it. State: requested, signed, rejected,
    expired, outgrown, ended.
    """

    id: int
    kind: str
    state: str
    finding_id: int
    title: str
    reason: str
    until: datetime | None
    requested_by: str
    requested_at: datetime
    signed_by: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDetail(FindingRow):
    """All that one finding's page says. `upgrade` are commands; `upgrade_to` is the nearest fixed version, "" when there is none.

    `path` and the sentence `comes_in` say through which direct dependency it comes in, where that is known; `perhaps_ask` names who
    changed the manifest last, only while nobody owns the finding.
    """

    what: str
    summary: str
    aliases: tuple[str, ...]
    cwes: tuple[str, ...]
    references: tuple[str, ...]
    ecosystem: str
    purl: str
    pin: str
    pin_note: str
    place: Place
    ownership: str
    ownership_origin: str
    inputs: tuple[DecisionInput, ...]
    outcome: str
    capped: bool
    decision_why: str
    counterfactual: str
    if_not_done: str
    decided_at: datetime
    upgrade: tuple[str, ...]
    upgrade_to: str
    path: tuple[str, ...]
    comes_in: str
    perhaps_ask: tuple[str, ...]
    proof: tuple[ProofLine, ...]
    proof_sentence: str
    not_seen_why: str
    acceptance: AcceptanceInfo | None
    elsewhere: tuple[FindingRow, ...]
    opened_at: datetime
    taken_at: datetime | None
    claimed_by: str
    claimed_at: datetime | None
    closed_at: datetime | None
    closed_why: str


@dataclass(frozen=True, slots=True)
class HeldScan:
    """A scan that waits for a person before it may close anything."""

    key: str
    source: str
    service: str
    reason: str
    would_close: int
    held_at: datetime
    finished_at: datetime


def row_of(finding: Finding, today: datetime) -> FindingRow:
    """A finding as a line of a list."""
    return FindingRow(**_row_fields(finding, from_json(finding.facts), today))


def _row_fields(finding: Finding, facts: Facts, today: datetime) -> dict[str, Any]:
    return {
        "id": finding.pk,
        "title": finding.title,
        "decision": finding.decision,
        "state": finding.state,
        "marks": marks_of(finding),
        "service": finding.service,
        "team": finding.team,
        "why": finding.not_seen_why or finding.short_why,
        "due": finding.due,
        "first_seen": finding.first_seen,
        "last_seen": finding.last_seen,
        "seen_days": spark(finding.seen_mask, finding.seen_day, today.date()),
        "package": finding.package,
        "installed": finding.installed,
        "fixed": facts.fixed,
        "advisory": finding.advisory,
        "reopened_count": finding.reopened_count,
        "taken_by": finding.taken_by,
        "not_seen_at": finding.not_seen_at,
        "alert_id": finding.alert_id,
    }


def marks_of(finding: Finding) -> tuple[str, ...]:
    """What stands beside the state: marks, which are no states."""
    marks = {
        "not_seen": finding.is_open and finding.not_seen_at is not None,
        "not_pinned": finding.pin == "not_pinned",
        "unknown_version": finding.pin == "unknown",
        "unowned": finding.unowned,
        "triage": finding.state == "new" and finding.triage,
    }
    return tuple(name for name, here in marks.items() if here)


def detail_of(
    finding: Finding,
    today: datetime,
    acceptance: Acceptance | None,
    elsewhere: tuple[FindingRow, ...],
    last_scan: RecordedScan | None,
) -> FindingDetail:
    """Everything a page says of a finding."""
    facts = from_json(finding.facts)
    inputs = tuple(msgspec.convert(item, DecisionInput) for item in finding.inputs)
    decided = Decided(finding.decision, finding.outcome, inputs, finding.capped, finding.triage)  # type: ignore[arg-type]
    return FindingDetail(
        **_row_fields(finding, facts, today),
        **_threat_fields(finding, facts),
        **_life_fields(finding),
        inputs=inputs,
        decision_why=full_why(finding, decided),
        counterfactual=counterfactual(decided),
        if_not_done=if_not_done(facts.cwes, decided, finding.service),
        proof=proof_of(finding, last_scan),
        acceptance=acceptance_of(acceptance) if acceptance else None,
        elsewhere=elsewhere,
    )


def _threat_fields(finding: Finding, facts: Facts) -> dict[str, Any]:
    """What the sources say of it, and where."""
    return {
        "what": what(finding, facts),
        "summary": finding.summary,
        "aliases": facts.aliases,
        "cwes": facts.cwes,
        "references": facts.references,
        "ecosystem": facts.ecosystem,
        "purl": facts.purl,
        "pin": finding.pin,
        "pin_note": finding.pin_note,
        "place": Place(finding.service, finding.repo, finding.branch, finding.manifest),
        "upgrade": facts.upgrade,
        "upgrade_to": upgrade_to(facts),
        "path": facts.path,
        "comes_in": comes_in(facts.path),
        "perhaps_ask": facts.committers if finding.unowned else (),
    }


def _life_fields(finding: Finding) -> dict[str, Any]:
    """Whose it is, how it was decided, and what became of it."""
    return {
        "ownership": finding.owner_rule,
        "ownership_origin": finding.owner_origin,
        "outcome": finding.outcome,
        "capped": finding.capped,
        "decided_at": finding.decided_at,
        "proof_sentence": finding.closed_why if finding.state == "fixed" else "",
        "not_seen_why": finding.not_seen_why,
        "opened_at": finding.reopened_at or finding.first_seen,
        "taken_at": finding.taken_at,
        "claimed_by": finding.claimed_by,
        "claimed_at": finding.claimed_at,
        "closed_at": finding.closed_at,
        "closed_why": finding.closed_why,
    }


def what(finding: Finding, facts: Facts) -> str:
    """The first paragraph of the advisory in plain words, else the title; and what was found instead of a version, where there is none."""
    paragraphs = [" ".join(part.split()) for part in finding.summary.split("\n\n")]
    plain = [part for part in paragraphs if part and not part.startswith(("#", "```", "|", "- ", "* "))]
    text = plain[0] if plain else facts.title
    if finding.pin == "not_pinned":
        return f"{text} No version of {facts.package} is pinned here ({facts.pin_note or 'any version'}), so it may or may not be affected."
    if finding.pin == "unknown":
        return f"{text} The version {facts.installed} of {facts.package} could not be compared: {facts.pin_note}."
    return text


def proof_of(finding: Finding, last_scan: RecordedScan | None) -> tuple[ProofLine, ...]:
    """What has passed, and what is waited for."""
    passed = tuple(
        ProofLine("pass", str(item["text"]), datetime.fromisoformat(str(item["at"])), str(item.get("scan", ""))) for item in finding.proof
    )
    if finding.state not in OPEN_STATES:
        return passed or ((ProofLine("wait", finding.closed_why, finding.closed_at),) if finding.closed_why else ())
    place = finding.manifest or "the same place"
    named = f"{finding.package} {finding.installed}".strip()
    seen = ProofLine("fail", f"{named} stands in {place}.", finding.last_seen, last_scan.key if last_scan else "")
    wanted = f"A complete, newer scan of {place} without {named}."
    if finding.not_seen_at is not None:
        seen = ProofLine("wait", f"Not seen, and not proven gone: {after_colon(finding.not_seen_why)}.", finding.not_seen_at)
    if finding.claimed_by:
        wanted = f"{finding.claimed_by} says that it is fixed. {wanted}"
    return (*passed, seen, ProofLine("wait", wanted, finding.claimed_at))


def acceptance_of(row: Acceptance) -> AcceptanceInfo:
    """A request as others read it."""
    state = "requested" if row.state == "asked" else row.state
    signed = row.state in ("signed", "expired", "outgrown", "ended")
    return AcceptanceInfo(
        id=row.pk,
        kind=row.kind,
        state=state,
        finding_id=row.finding_id,
        title=row.finding.title,
        reason=row.reason,
        until=row.until,
        requested_by=row.asked_by,
        requested_at=row.asked_at,
        signed_by=row.settled_by if signed else "",
        signed_at=row.settled_at if signed else None,
    )


__all__ = ["AcceptanceInfo", "FindingDetail", "FindingRow", "HeldScan", "Place", "ProofLine", "acceptance_of", "detail_of", "row_of"]
