"""Answers "why was I (not) paged?" for an alert, and for one person in particular, from the log that was written when it was decided.
It reads and words; it decides nothing and changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from watchbill.base.problem import Problem
from watchbill.paging.escalation import policy_of
from watchbill.paging.models import Alert, AlertLog, Page
from watchbill.paging.reading import alert as alert_info
from watchbill.paging.rules import sentences
from watchbill.paging.rules.escalation import Position, following, is_past_the_end
from watchbill.paging.rules.words import DESK, AlertState, LogKind, PageState
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of the answer; `kind` as in the log, or `answer` for the sentence that sums it up."""

    at: datetime
    text: str
    kind: str


# What an alert's log says of the alert as a whole, and so tells everybody's story.
_FOR_ALL = (LogKind.TARGET, LogKind.GAP)


def trace(alert_id: int, person_id: int | None = None) -> tuple[TraceLine, ...]:
    """The alert's log, oldest first.

    For a person: their answer first, then only the lines that concern them or everybody. Raises Problem(not_found).
    """
    alert_info(alert_id)
    alert = Alert.objects.get(pk=alert_id)
    rows = list(AlertLog.objects.filter(alert_id=alert_id).order_by("id"))
    if person_id is None:
        return tuple(TraceLine(row.at, row.text, row.kind) for row in rows)
    person = roster.person(person_id)
    answer = TraceLine(alert.opened_at, _answer(alert, person, rows), LogKind.ANSWER.value)
    return (answer, *(TraceLine(row.at, row.text, row.kind) for row in rows if row.person_id in (None, person_id)))


def _answer(alert: Alert, person: PersonInfo, rows: list[AlertLog]) -> str:
    own = list(Page.objects.filter(alert=alert, person_id=person.id).order_by("due", "id"))
    if not own:
        return sentences.was_not_paged(person.name, _why_never_planned(alert, person, rows))
    sent = [page for page in own if page.state == PageState.SENT]
    if sent:
        # The desk is the weakest proof that somebody heard: name another way when there is one.
        best = next((page for page in sent if page.channel != DESK), sent[0])
        at = sentences.clock_time(best.sent_at or best.due, alert.zone, alert.opened_at)
        return f"{person.name} was paged {sentences.by_channel(best.channel)} at {at}. {best.why}"
    return _why_not_yet(person, own)


def _why_not_yet(person: PersonInfo, own: list[Page]) -> str:
    for state in (PageState.SENDING, PageState.HELD, PageState.PLANNED):
        if waiting := next((page for page in own if page.state == state), None):
            fault = f" The last try failed: {waiting.error}." if waiting.error else ""
            return f"{person.name} has not been paged yet. {waiting.why}{fault}"
    last = own[-1]
    if last.state == PageState.FAILED:
        return sentences.was_not_paged(person.name, f"every way failed, the last {sentences.by_channel(last.channel)}: {last.error}.")
    return sentences.was_not_paged(person.name, last.why)


def _why_never_planned(alert: Alert, person: PersonInfo, rows: list[AlertLog]) -> str:
    skipped = [row.text for row in rows if row.kind == LogKind.SKIPPED and row.text.startswith(f"{person.name} ")]
    if skipped:
        return skipped[-1]
    later = _later_step(alert, person)
    if later:
        return later
    found = list(dict.fromkeys(row.text for row in rows if row.kind in _FOR_ALL))
    gaps_first = sorted(found, key=lambda text: not text.startswith("Nobody"))
    return " ".join(gaps_first) if gaps_first else f"No step of policy {alert.policy['name']} named them."


def _later_step(alert: Alert, person: PersonInfo) -> str:
    """A step that would have come to this person, had it been reached."""
    policy = policy_of(alert)
    at = Position(alert.loop, alert.step)
    if is_past_the_end(policy, at):
        return ""
    step = following(policy, at)
    while step is not None and step.loop == at.loop:
        if any(_names(target, person) for target in policy.steps[step.step].targets):
            return f"Step {step.step + 1} of policy {policy.name}, which names them, {_why_unreached(alert, step, at)}"
        step = following(policy, step)
    return ""


def _why_unreached(alert: Alert, step: Position, at: Position) -> str:
    if alert.state == AlertState.ACKNOWLEDGED and alert.acknowledged_at:
        moment = sentences.clock_time(alert.acknowledged_at, alert.zone, alert.opened_at)
        return f"was not reached: {alert.acknowledged_by} acknowledged at {moment}."
    if alert.state == AlertState.RESOLVED:
        return "was not reached: the alert was resolved before."
    if alert.next_step_at and step.step == at.step + 1:
        return f"comes at {sentences.clock_time(alert.next_step_at, alert.zone, alert.opened_at)} if nobody acknowledges."
    return "has not been reached yet."


def _names(target: str, person: PersonInfo) -> bool:
    kind, _, name = target.partition(":")
    if kind == "person":
        return name == person.email
    try:
        return kind == "team" and any(member.id == person.id for member in roster.team(name).members)
    except Problem:
        return False  # the team is gone since; the log says so where it mattered
