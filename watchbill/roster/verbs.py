"""The roster's server verbs, for the command line: apply a roster file, make a token, ask who is on call. They decide nothing."""

from datetime import datetime
from typing import Any

import msgspec

from watchbill.base import clock
from watchbill.base.acting import Actor
from watchbill.base.control import verb
from watchbill.base.problem import invalid
from watchbill.roster import cataloguing, limits, queries, services, sign_in_links
from watchbill.roster.rules import check_repo


class ApplyRoster(msgspec.Struct, forbid_unknown_fields=True):
    """``roster.apply``: the file's text."""

    text: str
    dry_run: bool = False
    where: str = "roster.toml"


class CatalogText(msgspec.Struct, forbid_unknown_fields=True):
    """One catalog file: its place below its repository's top, and its text."""

    place: str
    text: str


class ImportCatalog(msgspec.Struct, forbid_unknown_fields=True):
    """``roster.import_catalog``: files, and the repository or service they belong to where they don't say."""

    files: list[CatalogText]
    repo: str = ""
    service: str = ""
    dry_run: bool = False
    prune: bool = False


class CreateToken(msgspec.Struct, forbid_unknown_fields=True):
    """``token.create``: for whom, what for, what it may do, how long."""

    person: str
    name: str = "token"
    scopes: list[str] = msgspec.field(default_factory=lambda: ["read"])
    days: int = limits.TOKEN_DAYS


class OnCall(msgspec.Struct, forbid_unknown_fields=True):
    """``oncall``: for one service's team, or for all schedules."""

    service: str = ""


def _read(payload: dict[str, Any], shape: type[msgspec.Struct]) -> Any:  # noqa: ANN401 - the callers annotate what they asked for
    try:
        return msgspec.convert(payload, shape)
    except msgspec.ValidationError as error:
        raise invalid("payload", f"{error}.") from error


@verb("roster.apply")
def apply_roster(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The diff's lines and how many things changed (or would, in a dry run)."""
    asked: ApplyRoster = _read(payload, ApplyRoster)
    diff = services.apply_roster(asked.text, by=by, dry_run=asked.dry_run, where=asked.where)
    return {"lines": list(diff.lines), "changed": diff.changed, "dry_run": asked.dry_run}


@verb("roster.import_catalog")
def import_catalog(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The diff's lines, how many things changed (or would), owners whom the roster doesn't know, and what was passed over."""
    asked: ImportCatalog = _read(payload, ImportCatalog)
    files = [cataloguing.BroughtFile(one.place, one.text.encode()) for one in asked.files]
    repo = check_repo(asked.repo, "repo") if asked.repo else ""
    home = queries.catalog_home(queries.service(asked.service).slug if asked.service else "", repo)
    diff = cataloguing.import_catalog(files, by=by, home=home, dry_run=asked.dry_run, prune=asked.prune)
    told = {"lines": diff.lines, "strangers": diff.strangers, "notes": diff.notes}
    return {**{name: list(lines) for name, lines in told.items()}, "changed": diff.changed, "dry_run": asked.dry_run}


@verb("token.create")
def create_token(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The new token, shown this once."""
    asked: CreateToken = _read(payload, CreateToken)
    info, raw = services.create_token(asked.name, asked.person, asked.scopes, asked.days, by=by)
    return {"token": raw, "id": info.id, "name": info.name, "person": info.person_email, "scopes": info.scopes, "expires": info.expires}


@verb("oncall")
def oncall(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Who is on watch now and next: on every schedule, or on those of the team that owns a service and of security."""
    asked: OnCall = _read(payload, OnCall)
    now = clock.now()
    wanted = None
    if asked.service:
        wanted = {queries.owner_of(service=queries.service(asked.service).slug).team, queries.security_team()}
    rows = [_watch(found, now) for found in queries.schedules() if wanted is None or found.team in wanted]
    return {"service": asked.service, "at": now, "schedules": rows}


def _watch(found: queries.ScheduleInfo, now: datetime) -> dict[str, Any]:
    following = queries.next_on_call(found.slug, now)
    return {
        "schedule": found.slug,
        "name": found.name,
        "team": found.team,
        "now": [{"name": person.name, "email": person.email} for person in queries.on_call(found.slug, now)],
        "next": following.person.name if following and following.person else "",
        "next_at": following.start if following else None,
    }


class AddPerson(msgspec.Struct, forbid_unknown_fields=True):
    """``person.add``: somebody new."""

    email: str
    name: str = ""
    role: str = "engineer"
    zone: str = "UTC"


@verb("person.add")
def add_person(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The person, and the path of a one-time link that lets them in to choose a password."""
    asked: AddPerson = _read(payload, AddPerson)
    added = services.add_person(asked.email, asked.name or asked.email, asked.role, asked.zone, by=by)
    link = sign_in_links.issue("sign_in", by=by, email=added.email)
    return {"id": added.id, "email": added.email, "name": added.name, "role": added.role, "link": link}
