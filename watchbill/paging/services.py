"""The verbs of the bell: open an alert, acknowledge it, escalate it, resolve it. Each is one transaction with its log, audit event and
news; each can be done twice without harm. Other rooms call these; nothing here sends."""

from dataclasses import dataclass
from datetime import datetime

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.canonical import Body
from watchbill.base.ids import new_id
from watchbill.base.problem import Problem, conflict, invalid, not_found
from watchbill.base.writer import audit, news, write
from watchbill.paging import escalation, limits
from watchbill.paging.contacts import add_contact_method as add_contact_method
from watchbill.paging.contacts import remove_contact_method as remove_contact_method
from watchbill.paging.contacts import set_rules as set_rules
from watchbill.paging.contacts import verify_contact_method as verify_contact_method
from watchbill.paging.escalation import call_off
from watchbill.paging.links import AckLink, read_ack_link
from watchbill.paging.links import ack_link as ack_link
from watchbill.paging.logbook import LogBook
from watchbill.paging.merging import merge
from watchbill.paging.models import Alert
from watchbill.paging.rules import sentences
from watchbill.paging.rules.escalation import Policy, Position, Step, snapshot
from watchbill.paging.rules.texts import one_line
from watchbill.paging.rules.words import AlertState, Decision, LogKind
from watchbill.paging.targets import name_of
from watchbill.roster import queries as roster


@dataclass(frozen=True, slots=True)
class AlertRef:
    """The alert that is open now; `created` is False when it was open before and this one was merged into it."""

    id: int
    number: int
    created: bool


@dataclass(frozen=True, slots=True)
class AckResult:
    """`already` is True when it needed no acknowledging any more (acknowledged or resolved before)."""

    already: bool


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What a link's POST did: `already` is True when there was nothing left to do; `link` shows the state after it."""

    already: bool
    link: AckLink


def open_alert(  # noqa: PLR0913 - all that an alert says, each part by its name
    *,
    subject: str,
    dedup_key: str,
    title: str,
    decision: str,
    why: tuple[str, ...],
    policy: str,
    team: str,
    link: str,
    guidance: tuple[str, ...] = (),
    where: str = "",
    by: Actor,
) -> AlertRef:
    """Reach people about `subject`, by the escalation policy, at any hour (`now`) or in the team's working time (`hours`).

    `why`, `guidance` and `where` are sentences; a command in them stands between backticks. While an alert with this `dedup_key` is
    open a second one is merged into it, and pages nobody unless it got worse (hours to now).
    May be called inside a `write`. Raises Problem(invalid) for a decision that doesn't ring, or an empty or over-long subject, key or
    link.
    """
    _check(subject, dedup_key, title, decision, link)
    draft = Alert(
        subject=subject,
        dedup_key=dedup_key,
        title=one_line(title, limits.TITLE_CHARS),
        decision=decision,
        why=_sentences(why, limits.WHY_LINES),
        guidance=_sentences(guidance, limits.GUIDANCE_LINES),
        link=link,
        where=one_line(where, limits.WHERE_CHARS),
        team=team,
        opened_by=by.name,
    )
    return write(lambda: _open_or_merge(draft, policy, by), name="paging.open_alert")


def _check(subject: str, dedup_key: str, title: str, decision: str, link: str) -> None:
    if decision not in {one.value for one in Decision}:
        raise invalid(
            "decision", f"An alert is opened with now or hours, not {decision!r}.", "What may wait for the digest opens no alert."
        )
    for name, value, ceiling in (
        ("subject", subject, limits.SUBJECT_CHARS),
        ("dedup_key", dedup_key, limits.DEDUP_KEY_CHARS),
        ("title", title, limits.SENTENCE_CHARS * 4),
        ("link", link or "/", limits.LINK_CHARS),
    ):
        if not value.strip() or len(value) > ceiling:
            raise invalid(name, f"The {name} has between 1 and {ceiling} characters.")
    if link and (not link.startswith("/") or link.startswith("//")):
        raise invalid("link", "The link is a path of these pages, such as /findings/412.")


def _sentences(lines: tuple[str, ...], most: int) -> list[str]:
    return [text for line in lines[:most] if (text := one_line(line, limits.SENTENCE_CHARS))]


def _open_or_merge(draft: Alert, policy: str, by: Actor) -> AlertRef:
    now = clock.now()
    standing = Alert.objects.select_for_update().filter(dedup_key=draft.dedup_key, resolved_at__isnull=True).first()
    if standing is not None:
        merge(standing, draft, by, now)
        return AlertRef(standing.pk, standing.pk, False)
    # The draft is copied: a closure may run twice, and the second run must insert anew.
    alert = Alert(**{field: getattr(draft, field) for field in _DRAFTED}, uid=new_id(), opened_at=now)
    _place(alert)
    chosen = _policy(policy)
    alert.policy = snapshot(chosen)
    alert.save(force_insert=True)
    book = LogBook(alert, now)
    book.add(LogKind.OPENED, sentences.opened(name_of(by), alert.why))
    if not chosen.steps:
        book.add(LogKind.GAP, f"There is no policy {policy or '(none given)'} with steps, so the security watch is paged.")
    body = {"decision": alert.decision, "title": alert.title, "policy": chosen.slug}
    audit(by, "alert.opened", f"alert:{alert.pk}", ref=alert.subject, body=body)
    news("paging.opened", alert.subject, {"alert": alert.pk, "decision": alert.decision})
    escalation.start(alert, book)
    book.close()
    return AlertRef(alert.pk, alert.pk, True)


_DRAFTED = ("subject", "dedup_key", "title", "decision", "why", "guidance", "link", "where", "team", "opened_by")


def _place(alert: Alert) -> None:
    """The team's name and zone, for sentences; an unknown team still pages, in UTC."""
    try:
        team = roster.team(alert.team)
        alert.team_name, alert.zone = team.name, team.zone
    except Problem:
        alert.team_name, alert.zone = alert.team, "UTC"


def _policy(slug: str) -> Policy:
    """The policy as the roster has it now; one without steps when there is none, which leads straight to the security watch."""
    try:
        found = roster.policy(slug)
    except Problem:
        return Policy(slug, slug or "none", 0, ())
    return Policy(found.slug, found.name, found.repeat, tuple(Step(step.delay_seconds, step.targets) for step in found.steps))


def acknowledge(alert_id: int, *, by: Actor, person_id: int | None, channel: str) -> AckResult:
    """Somebody has it: every page that hasn't gone yet is called off.

    `channel` says by what way (link, web, cli). Raises Problem(not_found).
    """
    return _acknowledge(alert_id, by, person_id, channel, sentences.answering_by(channel))


def _acknowledge(alert_id: int, by: Actor, person_id: int | None, channel: str, way: str) -> AckResult:
    now = clock.now()

    def ack() -> AckResult:
        alert = _locked(alert_id)
        if alert.state != AlertState.TRIGGERED:
            return AckResult(already=True)
        name = roster.person(person_id).name if person_id is not None else name_of(by)
        alert.state = AlertState.ACKNOWLEDGED.value
        alert.acknowledged_at, alert.acknowledged_by, alert.acknowledged_person_id = now, name, person_id
        alert.next_step_at = None
        alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "acknowledged_person", "next_step_at"])
        called_off = call_off(alert_id, f"{name} acknowledged at {sentences.clock_time(now, alert.zone, now)}.")
        _log_one(alert, now, LogKind.ACKNOWLEDGED, sentences.acknowledged(name, way, called_off), person_id)
        body: Body = {"channel": channel, "way": way, "called_off": called_off}
        audit(by, "alert.acknowledged", f"alert:{alert_id}", ref=alert.subject, body=body, private={"person": name})
        told = {"alert": alert_id, "person": _email_of(person_id, by), "person_id": person_id, "name": name, "way": way}
        news("paging.acknowledged", alert.subject, told)
        return AckResult(already=False)

    return write(ack, name="paging.acknowledge")


def escalate_now(alert_id: int, by: Actor, *, only_at: Position | None = None) -> bool:
    """Page the next step at once; an acknowledged alert rings again. With `only_at`, only if it still stands there: a second click is
    no second step.

    Returns whether it went on. Raises Problem(not_found), and Problem(conflict) for a resolved alert.
    """

    def go_on() -> bool:
        alert = _locked(alert_id)
        if alert.state == AlertState.RESOLVED:
            raise conflict("This alert is resolved; it can't be escalated.", "Open the case it was about.")
        if only_at is not None and only_at != Position(alert.loop, alert.step):
            return False
        alert.state = AlertState.TRIGGERED.value
        book = LogBook(alert, clock.now())
        escalation.escalate(alert, book, by, f"{name_of(by)} asked for it")
        book.close()
        return True

    return write(go_on, name="paging.escalate_now")


def resolve_alert(which: int | str, by: Actor, why: str) -> bool:
    """End an alert, by its id or its dedup key. Returns whether one was open. Raises Problem(not_found) for an id that never was."""
    now = clock.now()

    def resolve() -> bool:
        if isinstance(which, int):
            alert: Alert | None = _locked(which)
        else:
            alert = Alert.objects.select_for_update().filter(dedup_key=which, resolved_at__isnull=True).first()
        if alert is None or alert.state == AlertState.RESOLVED:
            return False
        alert.state, alert.resolved_at, alert.resolved_by, alert.next_step_at = AlertState.RESOLVED.value, now, by.name, None
        alert.save(update_fields=["state", "resolved_at", "resolved_by", "next_step_at"])
        reason = one_line(why, limits.SENTENCE_CHARS)
        call_off(alert.pk, f"the alert was resolved: {reason}")
        _log_one(alert, now, LogKind.RESOLVED, f"Over: {sentences.after_colon(reason)}")
        audit(by, "alert.resolved", f"alert:{alert.pk}", ref=alert.subject, private={"why": reason[:400]})
        news("paging.resolved", alert.subject, {"alert": alert.pk, "why": reason})
        return True

    return write(resolve, name="paging.resolve_alert")


def ack_by_link(token: str, do: str = "ack") -> LinkResult:
    """Act on a signed link (a POST did that): "ack" or "escalate". Returns the link read again, so that it shows the new state.

    Raises what `read_ack_link` raises, and Problem(invalid) for anything else to do.
    """
    if do not in ("ack", "escalate"):
        raise invalid("do", f"A link can acknowledge or escalate, not {do!r}.")
    link = read_ack_link(token, clock.now())
    by = Actor("link", link.person.email, "web")
    if do == "ack":
        way = sentences.answering_by("link", link.page.channel)
        already = _acknowledge(link.alert.id, by, link.person.id, "link", way).already
    else:
        already = not escalate_now(link.alert.id, by, only_at=Position(link.page.loop, link.page.step))
    return LinkResult(already, read_ack_link(token, clock.now()))


def _locked(alert_id: int) -> Alert:
    alert = Alert.objects.select_for_update().filter(pk=alert_id).first()
    if alert is None:
        raise not_found("alert", alert_id)
    return alert


def _log_one(alert: Alert, now: datetime, kind: LogKind, text: str, person_id: int | None = None) -> None:
    book = LogBook(alert, now)
    book.add(kind, text, person_id)
    book.close()


def _email_of(person_id: int | None, by: Actor) -> str:
    return roster.person(person_id).email if person_id is not None else by.name
