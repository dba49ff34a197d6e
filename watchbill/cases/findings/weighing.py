"""What newer evidence and its decision mean for one finding: the next state, whether it came back, whether it got worse, when it is
due. Pure.

Due dates: `now` is due 24 hours after it was decided: an exploited hole on an exposed system is a day's work, not a sprint's. `hours`
is due after three working days (24 working hours of the owning team; the calendar is the roster's, so the date is an argument). Digest
and silent have none. A date only moves when the decision changes, and a worsening never makes it later."""

from datetime import datetime

import msgspec

from watchbill.cases.decisions.rules import Decided, is_lifted, is_worse
from watchbill.cases.findings.states import CLOSED_STATES, is_reopening, step


class Standing(msgspec.Struct, frozen=True):
    """How a finding stood before: `decision` is empty for one that did not exist. `signed` is the decision an acceptance was signed for."""

    state: str = ""
    decision: str = ""
    due: datetime | None = None
    claimed_at: datetime | None = None
    signed: str = ""


class Evidence(msgspec.Struct, frozen=True):
    """A scan that shows the finding: when it began (a claim made later is not refuted by it), and whether a version could be judged."""

    started_at: datetime
    judged: bool = True


class DueDates(msgspec.Struct, frozen=True):
    """When work decided at this moment would be due."""

    now: datetime
    hours: datetime


class Weighed(msgspec.Struct, frozen=True):
    """What changes. `speaks`: people are to be reached about it (a page or an entry in working hours), if the decision reaches people
    at all.
    """

    state: str
    decision: str
    due: datetime | None
    opened: bool = False
    reopened: bool = False
    refuted: bool = False
    worsened: bool = False
    outgrown: bool = False
    redecided: bool = False
    speaks: bool = False


def weigh(before: Standing, evidence: Evidence | None, decided: Decided, dates: DueDates, judged: bool = True) -> Weighed:
    """The next standing of a finding. `evidence` is None when only an input of the decision changed; `judged` then says whether its
    version could be.

    A sighting whose version can't be judged stays `new`, is never more urgent than `digest` and speaks to nobody but triage.
    """
    decision = decided.decision
    judged = judged if evidence is None else evidence.judged
    if not judged and decision in ("now", "hours"):
        decision = "digest"
    state, opened, refuted = _after_evidence(before, evidence)
    outgrown = state == "accepted" and not is_lifted(decided) and is_worse(decision, before.signed or before.decision)
    if outgrown:
        state = step(state, "outgrow")
    if not decided.triage and judged and state in ("new", "triaged"):
        state = step(state, "decide")
    reopened = bool(before.state) and is_reopening(before.state, state)
    worsened = bool(before.decision) and is_worse(decision, before.decision)
    redecided = decision != before.decision
    resting = state == "accepted" or state in CLOSED_STATES
    return Weighed(
        state=state,
        decision=decision,
        due=_due(before, decision, dates, fresh=opened or reopened),
        opened=opened,
        reopened=reopened,
        refuted=refuted,
        worsened=worsened,
        outgrown=outgrown,
        redecided=redecided and not opened,
        speaks=(opened or reopened or worsened or outgrown) and not resting,
    )


def _after_evidence(before: Standing, evidence: Evidence | None) -> tuple[str, bool, bool]:
    """State, whether it was opened by this, whether a claimed fix was refuted by it."""
    if not before.state:
        return "new", True, False
    if evidence is None:
        return before.state, False, False
    if before.state in ("fix_claimed", "verifying"):
        if before.claimed_at is not None and evidence.started_at >= before.claimed_at:
            return step(before.state, "refute"), False, True
        return before.state, False, False
    return step(before.state, "see"), False, False


def _due(before: Standing, decision: str, dates: DueDates, *, fresh: bool) -> datetime | None:
    if decision not in ("now", "hours"):
        return None
    date = dates.now if decision == "now" else dates.hours
    if fresh or before.due is None:
        return date
    if decision == before.decision:
        return before.due
    return min(before.due, date) if is_worse(decision, before.decision) else date
