"""Accepting a risk, and calling a finding not affected: asked by one person, signed by another, ended by the calendar. It pages nobody
by itself but when an acceptance ends and the decision says so.
"""

from datetime import datetime

from watchbill.base import clock
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import conflict, not_found
from watchbill.base.writer import write
from watchbill.cases.findings import ringing
from watchbill.cases.findings.acceptance import SECURITY_ROLES, check_reason, check_second_look, check_until
from watchbill.cases.findings.changes import Changes, store_rows, store_story
from watchbill.cases.findings.hands import close_rows, loaded, redecide
from watchbill.cases.findings.judging import set_due, set_state
from watchbill.cases.findings.models import Acceptance, Finding
from watchbill.cases.findings.people import called, check_second_name, day, require, signer
from watchbill.cases.findings.states import allowed, step


def accept_risk(finding_id: int, reason: str, until: datetime, by: Actor) -> int:
    """Ask for a risk to be accepted until a date (at most 180 days away). The finding stays open until a second person signs. The
    request's number.

    Raises Problem for no reason, a bad date, a finding that can't be accepted, or one that somebody asked about already.
    """
    person = require(by, "act")
    text = check_reason(reason)

    def ask() -> int:
        now = clock.now()
        finding = loaded(finding_id)
        step(finding.state, "accept")
        return _ask(finding, "accept", text, check_until(until, now), person.email, by, now)

    return write(ask, name="findings.accept_risk")


def not_affected(finding_id: int, reason: str, by: Actor) -> int:
    """Say that a finding does not affect us. On security's word it is closed; an engineer's waits for security's second look. The
    request's number.
    """
    person = require(by, "act")
    text = check_reason(reason)

    def say() -> int:
        now = clock.now()
        finding = loaded(finding_id)
        step(finding.state, "dismiss")
        number = _ask(finding, "not_affected", text, None, person.email, by, now)
        if person.role in SECURITY_ROLES:
            row = Acceptance.objects.get(pk=number)
            changes = Changes()
            _sign(row, finding, changes, person.email, now)
            _write(changes, by, now, text)
        return number

    return write(say, name="findings.not_affected")


def _ask(finding: Finding, kind: str, reason: str, until: datetime | None, asker: str, by: Actor, now: datetime) -> int:
    if Acceptance.objects.filter(finding=finding, state__in=("asked", "signed")).exists():
        raise conflict("Somebody has asked about this finding already.", "Sign or turn down that request first.")
    row = Acceptance.objects.create(
        finding=finding, kind=kind, state="asked", reason=reason, until=until, asked_by=asker, asked_at=now, decision=finding.decision
    )
    changes = Changes()
    what = f"accept the risk until {day(until, finding.team)}" if until else "call it not affected"
    text = f"{called(asker)} asks to {what}: {reason}"
    changes.tell(finding, f"finding.{kind}_asked", text, "finding.signature_wanted", reason=reason, acceptance=row.pk)
    store_story(changes, by)
    return row.pk


def sign_acceptance(acceptance_id: int, by: Actor) -> None:
    """Sign what another person asked for. Raises Problem(forbidden) for the requester, and for whoever may not sign; 409 when it is
    settled.
    """
    person = require(by, "act")

    def sign() -> None:
        now = clock.now()
        row, finding = _waiting(acceptance_id)
        check_second_name(row.kind, row.asked_by, signer(person, finding.service, finding.team))
        if row.kind == "accept":
            check_until(row.until or now, now)
        changes = Changes()
        _sign(row, finding, changes, person.email, now)
        _write(changes, by, now, f"Signed by {person.name}.")

    write(sign, name="findings.sign_acceptance")


def _sign(row: Acceptance, finding: Finding, changes: Changes, signed_by: str, now: datetime) -> None:
    row.state, row.settled_by, row.settled_at, row.decision = "signed", signed_by, now, finding.decision
    row.save()
    if row.kind == "not_affected":
        close_rows([finding], changes, "dismiss", _not_affected_words(row, signed_by), now)
        return
    set_state(finding, step(finding.state, "accept"), now)
    set_due(finding, row.until)
    finding.not_seen_at, finding.not_seen_why = None, ""
    changes.touch(finding)
    changes.quiets.append(finding)
    until = day(row.until, finding.team) if row.until else "further notice"
    text = f"Accepted until {until}, asked by {called(row.asked_by)} and signed by {called(signed_by)}: {row.reason}"
    changes.tell(finding, "finding.accepted", text, "finding.accepted", reason=row.reason, acceptance=row.pk)


def _not_affected_words(row: Acceptance, signed_by: str) -> str:
    seconded = "" if signed_by == row.asked_by else f", and {called(signed_by)} signed"
    return f"Not affected, says {called(row.asked_by)}{seconded}: {row.reason}"


def reject_acceptance(acceptance_id: int, by: Actor, reason: str = "") -> None:
    """Turn a request down, or take one's own back. The finding stays as it is."""
    person = require(by, "act")

    def reject() -> None:
        now = clock.now()
        row, finding = _waiting(acceptance_id)
        if person.email.casefold() != row.asked_by.casefold():
            check_second_look(row.asked_by, signer(person, finding.service, finding.team))
        row.state, row.settled_by, row.settled_at, row.settled_why = "rejected", person.email, now, reason.strip()[:2000]
        row.save()
        changes = Changes()
        text = f"{person.name} turned the request down" + (f": {reason.strip()[:300]}" if reason.strip() else "")
        changes.tell(finding, "finding.request_rejected", text, "finding.request_rejected", acceptance=row.pk)
        store_story(changes, by)

    write(reject, name="findings.reject_acceptance")


def _waiting(acceptance_id: int) -> tuple[Acceptance, Finding]:
    row = Acceptance.objects.select_for_update().filter(pk=acceptance_id).first()
    if row is None:
        raise not_found("request", acceptance_id)
    if row.state != "asked":
        raise conflict(f"This request is settled: {row.state}.", "Ask again if it is still wanted.")
    return row, loaded(row.finding_id)


def _write(changes: Changes, by: Actor, now: datetime, why: str) -> None:
    store_rows(changes, now)
    store_story(changes, by)
    ringing.quiet(changes.quiets, by, why)


def expire_due(now: datetime, by: Actor = SYSTEM, limit: int = 500) -> int:
    """End acceptances whose date has come: their findings are open again, decided anew, and ring if the decision says so. How many came
    back.
    """

    def expire() -> list[int]:
        changes = Changes()
        rows = Acceptance.objects.select_related("finding").filter(state="signed", kind="accept", until__lte=now).order_by("until")[:limit]
        for row in rows:
            row.state, row.ended_at = "expired", now
            row.save(update_fields=["state", "ended_at"])
            finding = row.finding
            if not allowed(finding.state, "expire"):
                continue
            set_state(finding, step(finding.state, "expire"), now)
            set_due(finding, None)
            finding.taken_by, finding.taken_at = "", None
            finding.claimed_by, finding.claimed_at = "", None
            changes.touch(finding)
            text = f"The acceptance ended that {called(row.asked_by)} asked for and {called(row.settled_by)} signed"
            changes.tell(finding, "finding.acceptance_expired", text, "finding.reopened", acceptance=row.pk)
        store_rows(changes, now)
        store_story(changes, by)
        back = [finding.pk for finding in changes.changed.values()]
        redecide(back, by=by, rings=True)
        return back

    return len(write(expire, lane="slow", name="findings.expire"))
