"""What people do with a finding by hand: take it, hand it on, claim the fix, settle triage, retire it. Each is one transaction with its
story.

A claim proves nothing: it asks for a newer look, and only `recording` closes on proof. Acceptance and "not affected" are in `accepting`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.problem import invalid, not_found
from watchbill.base.writer import write
from watchbill.cases.findings import ringing
from watchbill.cases.findings.acceptance import check_reason
from watchbill.cases.findings.changes import Changes, store_rows, store_story
from watchbill.cases.findings.facts import from_json
from watchbill.cases.findings.judging import decide_for, full_why, reaches_people, set_due, set_state, settle, take_owner, tell_weighed
from watchbill.cases.findings.judging import standing_of as standing
from watchbill.cases.findings.known import chunks
from watchbill.cases.findings.models import YES, Acceptance, Finding
from watchbill.cases.findings.owners import Owners
from watchbill.cases.findings.people import called, require, require_unless_system, team_called
from watchbill.cases.findings.states import is_reopening, step
from watchbill.cases.findings.weighing import weigh
from watchbill.paging import services as paging
from watchbill.roster import queries as roster
from watchbill.roster.facts import PersonInfo

T = TypeVar("T")


def loaded(finding_id: int) -> Finding:
    """The finding, locked for this unit of work. Raises Problem 404."""
    found = Finding.objects.select_for_update().filter(pk=finding_id).first()
    if found is None:
        raise not_found("finding", finding_id)
    return found


def change(finding_id: int, by: Actor, name: str, fn: Callable[[Finding, Changes, datetime], T]) -> T:
    """Run `fn` on the finding in one transaction and write what it changed."""

    def run() -> T:
        changes, now = Changes(), clock.now()
        finding = loaded(finding_id)
        value = fn(finding, changes, now)
        store_rows(changes, now)
        store_story(changes, by)
        return value

    return write(run, name=f"findings.{name}")


def take(finding_id: int, by: Actor, person: PersonInfo | str | int | None = None) -> None:
    """Somebody is on it: `person` (an e-mail address, number or PersonInfo), else the actor. An alert about it alone is acknowledged
    with it, so that nobody else is paged; one that stands for many goes on ringing for the others.
    """
    acting = require(by, "act") if by.kind != "system" else None
    chosen = acting if person is None else person if isinstance(person, PersonInfo) else roster.person(person)
    if chosen is None:
        raise invalid("person", "Say who takes it.")

    def run(finding: Finding, changes: Changes, now: datetime) -> None:
        if not finding.is_open:
            step(finding.state, "claim_fix")  # says why not, in the table's words
        if finding.alert_id is not None and finding.alert_key == f"finding:{finding.pk}":
            paging.acknowledge(finding.alert_id, by=by, person_id=chosen.id, channel=by.source)
        if finding.taken_by == chosen.email:
            return
        finding.taken_by, finding.taken_at = chosen.email, now
        changes.touch(finding)
        changes.tell(finding, "finding.taken", f"{chosen.name} is on it", "finding.taken", person=chosen.email)

    change(finding_id, by, "take", run)


def assign(finding_id: int, team: str, by: Actor, reason: str = "") -> None:
    """Hand it on to another team; their people are paged anew where it reaches people. Raises Problem for an unknown team."""
    require_unless_system(by, "act")
    info = roster.team(team)

    def run() -> None:
        changes, now = Changes(), clock.now()
        finding = loaded(finding_id)
        if finding.team == info.slug and finding.owner_fixed:
            return
        place = (finding.service, finding.repo, finding.manifest)
        before, finding.team, finding.unowned, finding.owner_fixed = finding.team, info.slug, False, True
        because = reason.strip()[:200].removesuffix(".")
        finding.owner_rule = f"{called(by)} handed it on to {info.name}" + (f": {because}." if because else ".")
        finding.owner_origin = "person"
        finding.taken_by, finding.taken_at = "", None
        changes.touch(finding)
        text = f"{called(by)} handed it on from {team_called(before)} to {info.name}"
        changes.tell(finding, "finding.assigned", text, "finding.assigned", team=info.slug)
        store_rows(changes, now)
        store_story(changes, by)
        _ring_new_owner(finding, by, Owners(now))
        _close_unowned(place, by)

    write(run, name="findings.assign")


def _ring_new_owner(finding: Finding, by: Actor, owners: Owners) -> None:
    """The former owner's alert ends; the new one's begins."""
    if not finding.is_open or finding.decision not in ("now", "hours") or finding.pin != "pinned":
        return
    ringing.quiet([finding], by, f"Handed on to {team_called(finding.team)}.")
    finding.alert_key = ""
    ringing.ring([finding], by, owners)


def _close_unowned(place: tuple[str, str, str], by: Actor) -> None:
    service, repo, manifest = place
    if not Finding.objects.filter(service=service, repo=repo, manifest=manifest, unowned=True, is_open__in=YES).exists():
        ringing.end(ringing.unowned_key(service, repo, manifest), by, "It has an owner now.")


def claim_fix(finding_id: int, by: Actor) -> None:
    """Somebody says that it is fixed: the state says so, and whoever can look again is asked to (`verification_wanted`). Nothing is
    closed.
    """
    require_unless_system(by, "act")

    def run(finding: Finding, changes: Changes, now: datetime) -> None:
        if finding.state == "fix_claimed":
            return
        set_state(finding, step(finding.state, "claim_fix"), now)
        finding.claimed_by, finding.claimed_at = called(by), now
        changes.touch(finding)
        place = {"repo": finding.repo, "branch": finding.branch, "manifest": finding.manifest}
        text = f"{called(by)} says that it is fixed; a newer scan has to prove it"
        changes.tell(finding, "finding.fix_claimed", text, "verification_wanted", **place)

    change(finding_id, by, "claim_fix", run)


def verification_began(finding_id: int, by: Actor) -> None:
    """Another room has begun to look. Only a claimed fix can be verified; a second beginning changes nothing."""

    def run(finding: Finding, changes: Changes, now: datetime) -> None:
        if finding.state == "verifying":
            return
        set_state(finding, step(finding.state, "verify"), now)
        changes.touch(finding)
        changes.tell(finding, "finding.verifying", "It is being looked at again")

    change(finding_id, by, "verification_began", run)


def triage(finding_id: int, by: Actor) -> None:
    """Security has looked at what was assumed, and leaves it so: the finding is triaged, and open to its owner."""
    require(by, "triage")

    def run(finding: Finding, changes: Changes, now: datetime) -> None:
        set_state(finding, step(finding.state, "triage"), now)
        changes.touch(finding)
        changes.tell(finding, "finding.triaged", f"{called(by)} looked at what was assumed, and left it so", "finding.triaged")

    change(finding_id, by, "triage", run)


def retire(finding_id: int, reason: str, by: Actor) -> None:
    """The thing itself is gone (manifest removed, service ended): closed as retired, which is not fixed. Takes security and a reason."""
    require(by, "triage")
    _close(finding_id, by, "retire", f"Retired by {called(by)}: {check_reason(reason)}")


def reopen(finding_id: int, reason: str, by: Actor) -> None:
    """A person takes a closing back. It is decided anew by the next look; until then its last decision stands."""
    require(by, "act")
    text = check_reason(reason)

    def run(finding: Finding, changes: Changes, now: datetime) -> None:
        before = finding.state
        set_state(finding, step(before, "reopen"), now)
        if is_reopening(before, finding.state):
            finding.reopened_count, finding.reopened_at = finding.reopened_count + 1, now
        Acceptance.objects.filter(finding=finding, state="signed").update(state="ended", ended_at=now)
        changes.touch(finding)
        changes.tell(finding, "finding.reopened", f"Reopened by {called(by)}: {text}", "finding.reopened")

    def both() -> None:
        change(finding_id, by, "reopen", run)
        redecide([finding_id], by=by, rings=True)

    write(both, name="findings.reopen")


def _close(finding_id: int, by: Actor, event: str, why: str) -> None:
    def run() -> None:
        changes, now = Changes(), clock.now()
        close_rows([loaded(finding_id)], changes, event, why, now)
        store_rows(changes, now)
        store_story(changes, by)
        ringing.quiet(changes.quiets, by, why)

    write(run, name=f"findings.{event}")


def close_rows(findings: Iterable[Finding], changes: Changes, event: str, why: str, now: datetime) -> None:
    """Close findings in memory by a step that is no proof: retired, withdrawn, not affected, duplicate."""
    for finding in findings:
        set_state(finding, step(finding.state, event), now)
        finding.closed_at, finding.closed_why = now, why[:500]
        finding.not_seen_at, finding.not_seen_why = None, ""
        set_due(finding, None)
        changes.touch(finding)
        changes.quiets.append(finding)
        changes.tell(finding, f"finding.{finding.state}", why, f"finding.{finding.state}")


def withdraw_advisories(advisories: Iterable[str], by: Actor) -> tuple[int, ...]:
    """Advisories were withdrawn by who published them: their findings become `withdrawn`. The ids of those that did."""
    names = sorted(set(advisories))

    def run() -> tuple[int, ...]:
        changes, now = Changes(), clock.now()
        for part in chunks(names):
            rows = Finding.objects.filter(advisory__in=part, state__in=("new", "triaged", "open", "fix_claimed", "verifying", "accepted"))
            close_rows(rows, changes, "withdraw", "Its advisory was withdrawn by who published it.", now)
        store_rows(changes, now)
        store_story(changes, by)
        ringing.quiet(changes.quiets, by, "The advisory was withdrawn.")
        return tuple(finding.pk for finding in changes.quiets)

    return write(run, lane="slow", name="findings.withdraw")


def redecide(which: Iterable[int] | str, by: Actor, rings: bool = False) -> tuple[int, ...]:
    """Decide again, by finding ids or for a whole service, because an input changed; the ids of those whose decision changed.

    Owners are looked up again too. Only a worsening rings; `rings` makes each of them ring (they came back to life).
    """
    if isinstance(which, str):
        ids = list(Finding.objects.filter(service=which, is_open__in=YES).order_by("pk").values_list("pk", flat=True))
        ids += list(Finding.objects.filter(service=which, state="accepted").values_list("pk", flat=True))
    else:
        ids = sorted(set(which))
    changed: list[int] = []
    for part in chunks(ids):
        changed += write(lambda part=part: _redecide(part, by, rings), lane="slow", name="findings.redecide")  # type: ignore[misc]
    return tuple(changed)


def _shown(finding: Finding) -> tuple[object, ...]:
    """What deciding may change, to tell whether it did."""
    return (finding.inputs, finding.team, finding.owner_rule, finding.triage, finding.decision, finding.due, finding.short_why)


def _redecide(ids: list[int], by: Actor, rings: bool) -> list[int]:
    changes, now = Changes(), clock.now()
    owners, moved = Owners(now), []
    signed = dict(Acceptance.objects.filter(finding_id__in=ids, state="signed").values_list("finding_id", "decision"))
    for finding in Finding.objects.select_for_update().filter(pk__in=ids):
        before, was = finding.state, _shown(finding)
        facts = from_json(finding.facts)
        take_owner(finding, owners, facts)
        decided = decide_for(finding, facts, owners)
        weighed = weigh(standing(finding, signed.get(finding.pk, "")), None, decided, owners.dates(finding.team), finding.pin == "pinned")
        settle(finding, weighed, decided, now)
        if weighed.outgrown:
            Acceptance.objects.filter(finding=finding, state="signed").update(state="outgrown", ended_at=now)
        if finding.state != before or was != _shown(finding):
            changes.touch(finding)
            moved += [finding.pk] if weighed.redecided or weighed.outgrown else []
        tell_weighed(changes, finding, weighed, full_why(finding, decided), before)
        if reaches_people(finding, weighed) or (
            rings and finding.is_open and finding.decision in ("now", "hours") and finding.pin == "pinned"
        ):
            changes.speaks.append(finding)
    store_rows(changes, now)
    store_story(changes, by)
    ringing.ring(changes.speaks, by, owners)
    return moved
