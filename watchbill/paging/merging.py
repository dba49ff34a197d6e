"""What a second opening of an open alert does: it is merged, with its reason on record; and when it got worse (hours to now), what was
held rings at once. Inside the writer's unit."""

from datetime import datetime, timedelta

from watchbill.base.acting import Actor
from watchbill.base.writer import audit, wake
from watchbill.paging import escalation, limits
from watchbill.paging.escalation import LOOP, note_planned, plan_for, policy_of
from watchbill.paging.logbook import LogBook
from watchbill.paging.models import Alert, Page
from watchbill.paging.rules import sentences
from watchbill.paging.rules.escalation import AFTER_THE_END, Position, is_past_the_end
from watchbill.paging.rules.planning import PlannedPage, WaitingPage, any_time, plan_raise
from watchbill.paging.rules.words import WAITING, AlertState, Decision, LogKind, PageState
from watchbill.paging.targets import Reached


def merge(alert: Alert, draft: Alert, by: Actor, now: datetime) -> None:
    """Merge `draft` into the open alert, inside a unit: it pages nobody a second time, unless it got worse."""
    book = LogBook(alert, now)
    if not (draft.decision == Decision.NOW and alert.decision == Decision.HOURS):
        book.add(LogKind.MERGED, sentences.merged(draft.title))
        book.close()
        return
    alert.decision = Decision.NOW.value
    alert.title, alert.where, alert.why, alert.guidance = draft.title, draft.where, draft.why, draft.guidance
    book.add(LogKind.RAISED, f"{sentences.raised()} {' '.join(alert.why)}".strip())
    audit(by, "alert.raised", f"alert:{alert.pk}", ref=alert.subject, body={"decision": alert.decision, "title": alert.title})
    if alert.state == AlertState.ACKNOWLEDGED:
        alert.state = AlertState.TRIGGERED.value
        alert.acknowledged_at, alert.acknowledged_by, alert.acknowledged_person_id = None, "", None
        alert.save()
        escalation.start(alert, book)
    else:
        alert.save()
        _ring_now(alert, book)
    book.close()


def _ring_now(alert: Alert, book: LogBook) -> None:
    """What was held rings now; the step is planned again from now by the `now` rules, for whoever is on watch now."""
    policy, at = policy_of(alert), Position(alert.loop, alert.step)
    if is_past_the_end(policy, at):
        reached, wait = book.asked.security_watch(book.now, alert.zone, book.now), AFTER_THE_END
    else:
        step = policy.steps[at.step]
        reached, wait = book.asked.resolve(step.targets, book.now, alert.zone, book.now), timedelta(seconds=step.wait_seconds)
    for kind, text in reached.lines:
        book.add(kind, text)
    wanted = [page for person_id in reached.people for page in plan_for(alert, person_id, book.now, any_time, reached)]
    _apply_raise(alert, at, wanted, reached, book)
    alert.next_step_at = book.now + wait if reached.people else book.now
    alert.next_names = escalation.names_of_next(alert, book.now, book.asked)
    alert.save(update_fields=["next_step_at", "next_names"])
    wake(LOOP)


def _apply_raise(alert: Alert, at: Position, wanted: list[PlannedPage], reached: Reached, book: LogBook) -> None:
    rows = list(Page.objects.filter(alert=alert, state__in=[state.value for state in WAITING]).select_related("person"))
    plan = plan_raise((WaitingPage(row.pk, row.person_id, row.contact_method_id, row.channel, row.due) for row in rows), wanted)
    due_by_way = {(page.person_id, page.channel, page.method_id): page.due for page in wanted}
    for row in rows:
        if row.pk in plan.release:
            row.due = due_by_way[row.person_id, row.channel, row.contact_method_id]
            why = sentences.released_by_raise(row.person.name, row.channel)
            Page.objects.filter(pk=row.pk).update(
                state=PageState.PLANNED.value, due=row.due, next_at=row.due, why=why[: limits.SENTENCE_CHARS]
            )
            book.add(LogKind.RELEASED, why, row.person_id)
    why = sentences.called_off("it has become urgent, and the rules for urgent pages apply instead.")
    Page.objects.filter(pk__in=plan.call_off).update(state=PageState.CANCELLED.value, next_at=None, why=why)
    Page.objects.bulk_create(note_planned(alert, at, plan.add, reached, book))
