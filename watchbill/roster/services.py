"""The roster's verbs: apply a roster file, add a person, give a role, stand in for somebody, make a token. The only writers of its tables.

Each writes its change, its audit event and its news in one transaction. Whether somebody *may* do it is asked at the door
(``queries.require``); what can't be is refused here.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from watchbill.base import clock, ids
from watchbill.base.acting import Actor
from watchbill.base.canonical import Body
from watchbill.base.problem import conflict, invalid, not_found
from watchbill.base.writer import audit, news, write
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.zones import check_zone
from watchbill.roster import limits, models, queries, rules
from watchbill.roster.as_code import keeping, snapshot
from watchbill.roster.as_code.desired import check_hours, check_new, wanted_of
from watchbill.roster.as_code.document import RosterFile, read_roster
from watchbill.roster.as_code.plan import Change, Fields, plan
from watchbill.roster.facts import OverrideInfo, PersonInfo, RosterDiff, ServiceInfo, TokenInfo
from watchbill.roster.ownership import check_codeowners


def apply_roster(text: str, *, by: Actor, dry_run: bool = False, where: str = "roster.toml") -> RosterDiff:
    """Make the roster what the file says, all or nothing; the diff in words. With ``dry_run`` nothing is written.

    The same file again changes nothing. Raises ``Problem`` naming the path in the file for whatever can't be used.
    """
    file = read_roster(text, where)
    if dry_run:
        return _diff(_planned(file))

    def apply() -> RosterDiff:
        changes = _planned(file)
        for change in changes:
            keeping.keep(change, by)
        diff = _diff(changes)
        if changes:
            digest = hashlib.sha256(text.encode()).hexdigest()
            body: Body = {"where": where[:200], "sha256": digest, "changed": diff.changed}
            audit(by, "roster.applied", "company:own", body=body, private={"lines": _kept_lines(diff.lines)})
            news("roster.changed", "company:own", {"kinds": sorted({change.kind for change in changes})})
        return diff

    return write(apply, name="roster.apply")


def _planned(file: RosterFile) -> tuple[Change, ...]:
    now = clock.now()
    wanted = wanted_of(file, snapshot.zones())
    standing = snapshot.standing(now)
    check_new(standing, wanted)
    changes = plan(standing, wanted)
    check_hours(changes, wanted)
    _check_admins(changes)
    return changes


def _check_admins(changes: Iterable[Change]) -> None:
    """Raise ``Problem`` if a file would take the last administrator's role or access away."""
    touched = {change.key: change.after for change in changes if change.kind == "person"}
    people = queries.people()
    staying = [person for person in people if person.email not in touched]
    leaving = [person for person in people if person.email in touched and rules.may(person, "admin")]
    problem = rules.last_admin_leaves(leaving[0], staying) if leaving else None
    if problem and not any(map(_is_admin, touched.values())):
        raise problem


def _is_admin(fields: Fields) -> bool:
    return fields.get("role") == "admin" and fields.get("active") is True


def _diff(changes: Iterable[Change]) -> RosterDiff:
    listed = tuple(changes)
    return RosterDiff(tuple(line for change in listed for line in change.lines()), len(listed))


def _kept_lines(lines: tuple[str, ...]) -> list[str]:
    """As much of the diff as the summary event holds; each change has an event of its own."""
    kept: list[str] = []
    room = limits.AUDIT_LINES_BYTES
    for line in lines:
        room -= len(line.encode()) + 4
        if room < 0:
            return [*kept, f"and {len(lines) - len(kept)} more"]
        kept.append(line)
    return kept


def add_person(email: str, name: str, role: str = "engineer", zone: str = "UTC", password: str | None = None, *, by: Actor) -> PersonInfo:
    """Add somebody who can sign in (without a password: by a link or single sign-on only). Raises ``Problem`` if they are there already."""
    plain, called = rules.check_email(email), rules.check_text(name, "name") or email
    _check_zone(zone)

    def add() -> PersonInfo:
        person = _once(
            lambda: models.Person.objects.create_user(plain, password, name=called, role=rules.check_role(role), zone=zone),
            f"{plain} is in the roster already.",
        )
        audit(by, "person.added", f"person:{plain}", body={"role": role, "zone": zone}, private={"name": called})
        return queries.person(person.pk)

    return write(add, name="person.add")


def _once(make: Callable[[], models.Person], told: str) -> models.Person:
    try:
        with transaction.atomic():
            return make()
    except IntegrityError as error:
        raise conflict(told, "Change the one that is there.") from error


def _check_zone(zone: str) -> None:
    try:
        check_zone(zone, "zone")
    except CalendarError as error:
        raise invalid("zone", f"{error.reason}.") from error


def set_role(email: str, role: str, *, by: Actor) -> PersonInfo:
    """Give a person a role. Raises ``Problem`` if nobody active would be left to administer."""
    rules.check_role(role)

    def give() -> PersonInfo:
        person = queries.person(email)
        if role != "admin":
            _keep_an_admin(person)
        if person.role != role:
            models.Person.objects.filter(pk=person.id).update(role=role)
            audit(by, "person.role_given", f"person:{person.email}", body={"role": f"{person.role} -> {role}"})
        return queries.person(person.id)

    return write(give, name="person.set_role")


def set_active(email: str, active: bool, *, by: Actor) -> PersonInfo:
    """Let a person in again, or out: their sign-in, sessions and tokens count only while they are active. Nobody is ever deleted."""

    def switch() -> PersonInfo:
        person = queries.person(email)
        if not active:
            _keep_an_admin(person)
        if person.active != active:
            models.Person.objects.filter(pk=person.id).update(is_active=active)
            audit(by, "person.activated" if active else "person.deactivated", f"person:{person.email}")
        return queries.person(person.id)

    return write(switch, name="person.set_active")


def _keep_an_admin(person: PersonInfo) -> None:
    problem = rules.last_admin_leaves(person, queries.people())
    if problem:
        raise problem


def join_team(team: str, email: str, *, by: Actor) -> None:
    """Put a person in a team; nothing when they are in it."""

    def join() -> None:
        place = models.Membership.objects.filter(team__slug=queries.team(team).slug).count()
        row = models.Team.objects.get(slug=team)
        _, made = models.Membership.objects.get_or_create(team=row, person_id=queries.person(email).id, defaults={"position": place})
        if made:
            audit(by, "team.joined", f"team:{team}", private={"person": rules.check_email(email)})

    write(join, name="team.join")


def add_override(schedule: str, person: str, start: datetime, end: datetime, *, by: Actor, reason: str = "") -> OverrideInfo:
    """Give ``person`` the watch of a schedule in ``[start, end)``, whatever its layers say. Aware instants."""
    rules.check_span(start, end)
    why = rules.check_text(reason, "reason", limits.TEXT_CHARS)

    def stand_in() -> OverrideInfo:
        who = queries.person(person)
        if not who.active:
            raise conflict(f"{who.name} is deactivated and can't be on watch.", "Choose somebody else.")
        row = models.Schedule.objects.filter(slug=schedule).first()
        if row is None:
            raise not_found("schedule", schedule)
        values = {"reason": why, "by": by.name, "made_at": clock.now()}
        made, new = models.Override.objects.get_or_create(schedule=row, person_id=who.id, start=start, end=end, defaults=values)
        if new:
            span = {"start": start.isoformat(), "end": end.isoformat()}
            audit(by, "override.added", f"schedule:{schedule}", body=span, private={"person": who.email, "reason": why})
            news("schedule.changed", f"schedule:{schedule}")
        return queries.override_info(made)

    return write(stand_in, name="override.add")


def remove_override(override_id: int, *, by: Actor) -> None:
    """Take an override away before it is over. Raises ``Problem`` for one that is over: who had the watch is history."""

    def remove() -> None:
        row = models.Override.objects.select_related("schedule", "person").filter(pk=override_id).first()
        if row is None:
            raise not_found("override", override_id)
        if row.end <= clock.now():
            raise conflict("This override is over, and who had the watch then stays on record.")
        row.delete()
        span = {"start": row.start.isoformat(), "end": row.end.isoformat()}
        audit(by, "override.removed", f"schedule:{row.schedule.slug}", body=span, private={"person": row.person.email})
        news("schedule.changed", f"schedule:{row.schedule.slug}")

    write(remove, name="override.remove")


def create_token(
    name: str, person_email: str, scopes: Iterable[str] = ("read",), days: int = limits.TOKEN_DAYS, *, by: Actor
) -> tuple[TokenInfo, str]:
    """Make an API token; the token itself is in the answer this once and nowhere else (only its hash is kept)."""
    raw = rules.TOKEN_PREFIX + ids.new_secret()
    wanted, life, called = tuple(scopes), rules.check_days(days), rules.check_text(name, "name") or "token"

    def make() -> TokenInfo:
        person = queries.person(person_email)
        chosen, now = rules.check_scopes(wanted, person), clock.now()
        standing = models.ApiToken.objects.filter(person_id=person.id, revoked_at=None, expires_at__gt=now).count()
        if standing >= limits.TOKENS_PER_PERSON:
            raise conflict(f"{person.name} has {standing} tokens already.", "Revoke one that nobody uses.")
        values = {"person_id": person.id, "name": called, "scopes": list(chosen), "created_at": now, "expires_at": now + life}
        row = models.ApiToken.objects.create(hash=rules.token_hash(raw), hint=rules.token_hint(raw), **values)
        body: Body = {"scopes": list(chosen), "expires": row.expires_at.isoformat()}
        audit(by, "token.created", f"token:{row.pk}", body=body, private={"name": called, "person": person.email})
        return queries.token(row.pk)

    return write(make, name="token.create"), raw


def revoke_token(token_id: int, *, by: Actor) -> TokenInfo:
    """End a token now; nothing when it was ended before."""

    def revoke() -> TokenInfo:
        token = queries.token(token_id)
        if not token.revoked:
            models.ApiToken.objects.filter(pk=token_id).update(revoked_at=clock.now())
            audit(by, "token.revoked", f"token:{token_id}", private={"name": token.name, "person": token.person_email})
        return queries.token(token_id)

    return write(revoke, name="token.revoke")


def note_token_used(token: TokenInfo) -> None:
    """Write down that a token opened something just now; at most every few minutes, so that reading stays reading."""
    now = clock.now()
    if token.last_used and now - token.last_used < timedelta(seconds=limits.TOKEN_USE_NOTED_SECONDS):
        return
    write(lambda: models.ApiToken.objects.filter(pk=token.id).update(last_used_at=now), lane="slow", name="token.used")


def set_service_context(slug: str, exposure: str | None = None, tier: int | None = None, *, by: Actor) -> ServiceInfo:
    """Answer for a service's exposure, its tier, or both (None leaves one alone; "" and 0 make it unknown again)."""

    def answer() -> ServiceInfo:
        before = queries.service(slug)
        fields: dict[str, str | int | datetime | None] = {}
        if exposure is not None:
            fields |= {"exposure": rules.check_exposure(exposure), "exposure_set_by": by.name, "exposure_set_at": clock.now()}
        if tier is not None:
            fields |= {"tier": rules.check_tier(tier), "tier_set_by": by.name, "tier_set_at": clock.now()}
        if fields:
            models.Service.objects.filter(slug=slug).update(**fields)
            old: dict[str, str | int] = {"exposure": before.exposure, "tier": before.tier}
            told: dict[str, str] = {name: f"{old[name] or 'unknown'} -> {fields[name] or 'unknown'}" for name in old if name in fields}
            audit(by, "service.changed", f"service:{slug}", body=told)
            news("service.changed", f"service:{slug}", {"fields": sorted(told), "by": by.name})
        return queries.service(slug)

    return write(answer, name="service.context")


def import_codeowners(repo: str, text: str, *, by: Actor, where: str = "CODEOWNERS") -> int:
    """Keep a repository's CODEOWNERS (made known if it wasn't); how many lines it has. Raises ``Problem`` naming a line it can't use."""
    check_codeowners(text)
    name = rules.check_repo(repo, "repo")

    def keep() -> int:
        before = models.Repo.objects.filter(name=name).values_list("codeowners", flat=True).first()
        if before != text:
            values = {"codeowners": text, "codeowners_from": where[:300], "codeowners_at": clock.now()}
            models.Repo.objects.update_or_create(name=name, defaults=values)
            digest = hashlib.sha256(text.encode()).hexdigest()
            audit(by, "repo.codeowners_read", f"repo:{name}", body={"where": where[:200], "sha256": digest})
            news("ownership.changed", f"repo:{name}")
        return len(text.splitlines())

    return write(keep, name="repo.codeowners")
