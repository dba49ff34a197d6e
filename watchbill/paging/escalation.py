"""Runs the steps of an alert's policy: resolves a step's targets, stores every page of it at once with its due time, and plans the next
step. All of it inside the writer's unit. It never sends, and it never asks the time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.writer import audit, news, wake
from watchbill.paging import limits
from watchbill.paging.contacts import rules_of
from watchbill.paging.hours import opening_of
from watchbill.paging.logbook import LogBook
from watchbill.paging.models import Alert, Page
from watchbill.paging.rules import escalation, sentences
from watchbill.paging.rules.escalation import AFTER_THE_END, Policy, Position
from watchbill.paging.rules.planning import Opening, PlannedPage, plan_person, reaches_beyond_the_desk, step_start
from watchbill.paging.rules.words import WAITING, LogKind, PageState
from watchbill.paging.targets import Asked, Reached

LOOP = "paging"


def policy_of(alert: Alert) -> Policy:
    """The alert's policy as it was when it opened."""
    return escalation.from_snapshot(alert.policy)


def start(alert: Alert, book: LogBook) -> None:
    """Page the first step, now."""
    _run_from(alert, escalation.START if alert.policy["steps"] else None, book, [])


def escalate(alert: Alert, book: LogBook, by: Actor = SYSTEM, cause: str = "nobody answered in time") -> None:
    """Go on to the next step, or past the end of the policy."""
    policy = policy_of(alert)
    at = Position(alert.loop, alert.step)
    following = None if escalation.is_past_the_end(policy, at) else escalation.following(policy, at)
    book.add(LogKind.ESCALATED, f"It goes on: {cause}.")
    audit(by, "alert.escalated", f"alert:{alert.pk}", body={"step": alert.step + 1}, private={"cause": cause}, ref=alert.subject)
    _run_from(alert, following, book, [cause])


def _run_from(alert: Alert, at: Position | None, book: LogBook, causes: list[str]) -> None:
    """Run the first step from `at` on that reaches somebody; a whole round that reaches nobody ends the policy at once.

    `causes` say why it came that far; what nobody has the watch of is added on the way.
    """
    policy = policy_of(alert)
    opening = opening_of(alert)
    begins = step_start(book.now, opening)
    for _ in policy.steps:
        if at is None:
            break
        reached = book.asked.resolve(policy.steps[at.step].targets, begins, alert.zone, book.now)
        _note_reached(alert, reached, book)
        if reached.people:
            book.add(LogKind.ESCALATED, sentences.step_started(at.step, at.loop, policy.name, reached.names()))
            _page(alert, at, reached.because(causes), book, opening, begins + timedelta(seconds=policy.steps[at.step].wait_seconds))
            return
        book.add(LogKind.ESCALATED, sentences.passed_over(at.step, policy.name))
        causes += reached.nobody or [sentences.reaches_nobody(at.step)]
        at = escalation.following(policy, at)
    _past_the_end(alert, policy, book, opening, begins, causes)


def _past_the_end(alert: Alert, policy: Policy, book: LogBook, opening: Opening, begins: datetime, causes: list[str]) -> None:
    reached = book.asked.security_watch(begins, alert.zone, book.now)
    _note_reached(alert, reached, book)
    if alert.exhausted_at is None:
        alert.exhausted_at = book.now
        book.add(LogKind.EXHAUSTED, sentences.exhausted(policy.name, AFTER_THE_END))
        audit(SYSTEM, "alert.exhausted", f"alert:{alert.pk}", ref=alert.subject)
        news("paging.exhausted", alert.subject, {"alert": alert.pk})
    else:
        book.add(LogKind.EXHAUSTED, sentences.after_the_end(reached.names()))
    at = Position(alert.loop + 1, len(policy.steps))
    _page(alert, at, reached.because(causes), book, opening, begins + AFTER_THE_END)


def _note_reached(alert: Alert, reached: Reached, book: LogBook) -> None:
    for kind, text in reached.lines:
        book.add(kind, text)
    for schedule in reached.gaps:
        news("paging.gap", f"schedule:{schedule}", {"alert": alert.pk})


def _page(alert: Alert, at: Position, reached: Reached, book: LogBook, opening: Opening, next_step_at: datetime) -> None:
    rows: list[Page] = []
    for person_id in list(reached.people)[: limits.STEP_PEOPLE]:
        planned = plan_for(alert, person_id, book.now, opening, reached)
        rows += note_planned(alert, at, planned, reached, book)
    Page.objects.bulk_create(rows)
    alert.loop, alert.step, alert.next_step_at = at.loop, at.step, next_step_at
    alert.next_names = names_of_next(alert, book.now, book.asked)
    alert.save(update_fields=["loop", "step", "next_step_at", "next_names", "exhausted_at", "state", "decision"])
    wake(LOOP)


def plan_for(alert: Alert, person_id: int, now: datetime, opening: Opening, reached: Reached) -> tuple[PlannedPage, ...]:
    """All pages for one person from a step that starts now."""
    return plan_person(person_id, rules_of(person_id, alert.decision, reached.people[person_id].email), now, opening)


def note_planned(alert: Alert, at: Position, planned: Iterable[PlannedPage], reached: Reached, book: LogBook) -> list[Page]:
    """Rows for planned pages, and a line for each that says why it rings, waits, or is left out."""
    pages = tuple(planned)
    rows = []
    for page in pages:
        person = reached.people[page.person_id]
        kind, line, why = _why(alert, page, person.name, reached.why_you[page.person_id], book.now)
        book.add(kind, line, page.person_id)
        rows.append(_row(alert, at, page, why))
    if pages and not reaches_beyond_the_desk(pages):
        person = reached.people[pages[0].person_id]
        book.add(LogKind.PLANNED, f"{person.name} hears of it only at the desk: no other way is set up and usable.", person.id)
    return rows


def _why(alert: Alert, page: PlannedPage, name: str, why_you: str, now: datetime) -> tuple[LogKind, str, str]:
    """The kind of line, the line for the log, and the page's own why: the log has told already why them."""
    if page.state is PageState.SKIPPED:
        text = sentences.skipped(name, page.channel, page.why_not)
        return LogKind.SKIPPED, text, text
    moment = sentences.clock_time(page.due, alert.zone, now)
    if page.state is PageState.HELD:
        line = sentences.held(name, page.channel, moment, alert.team_name)
        return LogKind.HELD, line, sentences.can_wait(moment, alert.team_name, why_you)
    return LogKind.PLANNED, sentences.planned(name, page.channel, moment), why_you


def _row(alert: Alert, at: Position, page: PlannedPage, why: str) -> Page:
    return Page(
        alert=alert,
        person_id=page.person_id,
        contact_method_id=page.method_id,
        loop=at.loop,
        step=at.step,
        channel=page.channel,
        state=page.state.value,
        due=page.due,
        next_at=None if page.state is PageState.SKIPPED else page.due,
        idem=f"{alert.uid}-{at.loop}-{at.step}-{page.person_id}-{page.order}-{alert.decision}",
        why=why[: limits.SENTENCE_CHARS],
    )


def names_of_next(alert: Alert, now: datetime, asked: Asked | None = None) -> list[str]:
    """Who would be paged at `alert.next_step_at` as the roster stands, by name."""
    if alert.next_step_at is None:
        return []
    asked = asked or Asked()
    policy = policy_of(alert)
    at = Position(alert.loop, alert.step)
    following = None if escalation.is_past_the_end(policy, at) else escalation.following(policy, at)
    if following is None:
        return asked.security_watch(alert.next_step_at, alert.zone, now).names()
    return asked.resolve(policy.steps[following.step].targets, alert.next_step_at, alert.zone, now).names()


def call_off(alert_id: int, cause: str) -> int:
    """Cancel every page of the alert that hasn't begun to go out, in one statement. Returns how many."""
    why = sentences.called_off(cause)[: limits.SENTENCE_CHARS]
    waiting = Page.objects.filter(alert_id=alert_id, state__in=[state.value for state in WAITING])
    return waiting.update(state=PageState.CANCELLED.value, next_at=None, why=why)
