"""Applies rules to finding rows in memory: new facts, a new decision, proof. It queries and writes nothing; `Changes` carries what came
of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from watchbill.cases.decisions.rules import RANK, Decided, DecisionInput, ServiceContext, ThreatFacts, decide, gather_inputs, wakes
from watchbill.cases.decisions.sentences import after_colon, decided_line, decision_why, short_why
from watchbill.cases.findings.changes import Changes, seen_today
from watchbill.cases.findings.facts import Facts, as_stored, joined, threat_of, to_json
from watchbill.cases.findings.models import NO_SCORE, Finding
from watchbill.cases.findings.owners import Owners
from watchbill.cases.findings.states import OPEN_STATES, state_words, step
from watchbill.cases.findings.weighing import Evidence, Standing, Weighed, weigh

NO_DUE = datetime(9999, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def _decided(threat: ThreatFacts, context: ServiceContext) -> Decided:
    return decide(gather_inputs(threat, context))


@lru_cache(maxsize=4096)
def _stored_inputs(inputs: tuple[DecisionInput, ...]) -> list[dict[str, Any]]:
    stored: list[dict[str, Any]] = as_stored(inputs)
    return stored


def decide_for(finding: Finding, facts: Facts, owners: Owners) -> Decided:
    """The decision on these facts in this finding's place."""
    return _decided(threat_of(facts), owners.context(finding.service))


def take_facts(finding: Finding, told: Sequence[Facts]) -> Facts:
    """Put the joined facts of all open sightings on the finding."""
    facts = joined(told, finding.advisory)
    finding.aliases = list(facts.aliases)
    finding.ecosystem, finding.package, finding.purl = facts.ecosystem, facts.package, facts.purl
    finding.installed, finding.pin, finding.pin_note = facts.installed, facts.pin, facts.pin_note
    finding.title = facts.title
    take_score(finding, facts)
    return facts


def take_score(finding: Finding, facts: Facts) -> None:
    """Put facts on the finding as they are stored, with what the forecast makes of its place among those equally urgent."""
    finding.facts = to_json(facts)
    finding.epss_sort = NO_SCORE if facts.epss is None else round((1 - facts.epss.score) * 1_000_000)


def take_owner(finding: Finding, owners: Owners, facts: Facts) -> None:
    """Who owns it, with the rule that says so; a hand-on by a person stays."""
    if finding.owner_fixed:
        return
    owner = owners.owner(finding.service, finding.repo, finding.manifest, facts.named_owners)
    finding.team = owner.team
    finding.owner_rule = owner.rule[:500]
    finding.owner_origin = owner.origin
    finding.unowned = owner.origin == "fallback"


def standing_of(finding: Finding, signed: str = "") -> Standing:
    """The finding as the rules see it."""
    decision = finding.decision if finding.state else ""
    due = None if finding.state == "accepted" else finding.due
    return Standing(finding.state, decision, due, finding.claimed_at, signed)


def settle(finding: Finding, weighed: Weighed, decided: Decided, now: datetime) -> None:
    """Write a weighed decision onto the row."""
    before = finding.state
    if weighed.redecided or weighed.opened:
        finding.decided_at = now
    finding.decision, finding.decision_rank = weighed.decision, RANK[weighed.decision]
    finding.outcome, finding.capped, finding.triage = decided.outcome, decided.capped, decided.triage or finding.pin != "pinned"
    finding.inputs = _stored_inputs(decided.inputs)
    finding.short_why = why_line(finding, decided)
    set_state(finding, weighed.state, now)
    if finding.is_open:
        set_due(finding, weighed.due)
    if weighed.reopened:
        finding.reopened_count += 1
        finding.reopened_at = now
        finding.proof = []
        finding.taken_by, finding.taken_at = "", None
    if weighed.refuted or weighed.reopened or (before == "accepted" and finding.state == "open"):
        finding.claimed_at, finding.claimed_by = None, ""


def why_line(finding: Finding, decided: Decided) -> str:
    """The list's one sentence."""
    if finding.pin == "not_pinned":
        return "No version is pinned, so nobody can say whether it is affected"
    if finding.pin == "unknown":
        return "The installed version can't be compared, so nobody can say whether it is affected"
    return short_why(decided.inputs)[:300]


def set_state(finding: Finding, state: str, now: datetime) -> None:
    """The state and what hangs on it."""
    finding.state = state
    finding.is_open = state in OPEN_STATES
    if finding.is_open:
        finding.closed_at, finding.closed_why = None, ""


def set_due(finding: Finding, due: datetime | None) -> None:
    """The due date, and the same for sorting."""
    finding.due = due
    finding.due_sort = due or NO_DUE


def weigh_finding(finding: Finding, told: Sequence[Facts], evidence: Evidence | None, owners: Owners, signed: str = "") -> Weighed:
    """Facts, owner and decision anew; the row has them when this returns. An empty `finding.state` means that it is new."""
    before = standing_of(finding, signed)
    facts = take_facts(finding, told)
    take_owner(finding, owners, facts)
    decided = decide_for(finding, facts, owners)
    weighed = weigh(before, evidence, decided, owners.dates(finding.team))
    settle(finding, weighed, decided, owners.now)
    return weighed


def tell_weighed(changes: Changes, finding: Finding, weighed: Weighed, decided_why: str, before: str, ref: str = "") -> None:
    """The story of a weighing: opened, reopened, refuted, outgrown, decided anew; one line each, the whole why beside it. Nothing when
    nothing changed.
    """
    decided = decided_line(finding.decision, finding.short_why)
    inputs = [f"{item['name']}: {item['label']} ({item['source']})" for item in finding.inputs]
    told: dict[str, str | int | bool | list[str]] = {"decision": finding.decision, "outcome": finding.outcome, "inputs": inputs}
    told |= {"why": decided_why[:500]} if decided_why else {}
    if weighed.opened:
        changes.tell(finding, "finding.opened", f"Opened, {decided}", "finding.opened", ref, **told)
        if finding.unowned:
            changes.tell(finding, "finding.unowned", "No owner was found, so it is security's", "finding.unowned", ref)
    elif weighed.reopened:
        text = f"Came back after it was {state_words(before)}, {decided}"
        changes.tell(finding, "finding.reopened", text, "finding.reopened", ref, **told)
    elif weighed.outgrown:
        text = f"Outgrew what was accepted, {decided}"
        changes.tell(finding, "finding.outgrown", text, "finding.decided", ref, **told)
    elif weighed.redecided:
        changes.tell(finding, "finding.decided", f"{decided[:1].upper()}{decided[1:]}", "finding.decided", ref, **told)
    if weighed.refuted:
        changes.tell(finding, "finding.refuted", "Not fixed yet: a newer scan still sees it", "finding.refuted", ref)


def reaches_people(finding: Finding, weighed: Weighed) -> bool:
    """Whether this change is to ring: it speaks, its decision reaches people, and its version could be judged."""
    return weighed.speaks and wakes(finding.decision) and finding.pin == "pinned"


def full_why(finding: Finding, decided: Decided) -> str:
    """The decision in one or two sentences."""
    return decision_why(decided) if finding.pin == "pinned" else f"{finding.short_why}. Security is asked."


def ringing_why(finding: Finding, decided: Decided) -> str:
    """The decision as the first thing an alert says: `Decided now: exploited in the wild. It may wake people at any hour.`"""
    return f"Decided {finding.decision}: {after_colon(full_why(finding, decided))}"


def prove_fixed(finding: Finding, changes: Changes, why: str, proof: dict[str, str], now: datetime, ref: str) -> bool:
    """Close a finding on proof. False when its state isn't one that proof closes (it was called not affected, say): then only the
    sighting closed.
    """
    if (finding.state, "prove") not in _PROVABLE:
        return False
    set_state(finding, step(finding.state, "prove"), now)
    finding.closed_at, finding.closed_why = now, why[:500]
    finding.not_seen_at, finding.not_seen_why = None, ""
    finding.proof = [*finding.proof, proof][-10:]
    set_due(finding, None)
    changes.touch(finding)
    changes.quiets.append(finding)
    changes.tell(finding, "finding.fixed", f"Proven fixed: {after_colon(why)}", "finding.fixed", ref)
    return True


_PROVABLE = frozenset((state, "prove") for state in (*OPEN_STATES, "accepted"))

__all__ = [
    "decide_for",
    "full_why",
    "prove_fixed",
    "reaches_people",
    "ringing_why",
    "seen_today",
    "set_due",
    "set_state",
    "settle",
    "tell_weighed",
    "weigh_finding",
]
