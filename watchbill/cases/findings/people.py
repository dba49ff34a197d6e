"""From an actor to the person behind it, and what that person may do. Deny by default: an actor without a person may do nothing that
takes one.
"""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem, forbidden
from watchbill.cases.findings.acceptance import SECURITY_ROLES, Signer, check_second_look, check_signer
from watchbill.roster import queries as roster
from watchbill.roster.facts import PersonInfo


def person_behind(by: Actor) -> PersonInfo | None:
    """The active person of an actor (signed in, holding a token or a signed link); None for systems and strangers."""
    if by.kind not in ("person", "token", "link"):
        return None
    try:
        found = roster.person(by.name)
    except Problem:
        return None
    return found if found.active else None


def called(by: Actor | str) -> str:
    """Who it is, as a sentence says it: a person's name for their address; the product's name for the product."""
    if isinstance(by, Actor) and by.kind == "system":
        return "Watchbill" if by.name == SYSTEM.name else f"The {by.name}"
    address = by if isinstance(by, str) else by.name
    try:
        return roster.person(address).name
    except Problem:
        return address


def team_called(slug: str) -> str:
    """A team's name; the slug of one that the roster doesn't know."""
    try:
        return roster.team(slug).name
    except Problem:
        return slug


def day(at: datetime, team: str) -> str:
    """A date as the team's own calendar has it: "3 Dec 2026"."""
    try:
        local = at.astimezone(ZoneInfo(roster.team(team).zone))
    except (Problem, ZoneInfoNotFoundError, ValueError):
        local = at
    return f"{local.day} {local:%b %Y}"


def require(by: Actor, action: str) -> PersonInfo:
    """The person behind an actor, who may do `action`. Raises Problem(forbidden)."""
    person = person_behind(by)
    roster.require(person, action)
    if person is None:
        raise forbidden("This takes a person.", "Sign in, and do it again.")
    return person


def require_unless_system(by: Actor, action: str) -> None:
    """As `require`, but Watchbill itself may: jobs, the sample company, a verb of the server's command line."""
    if by.kind != "system":
        require(by, action)


def signer(person: PersonInfo, service: str, team: str) -> Signer:
    """The person as the rules of acceptance see them."""
    teams = set(roster.teams_of(person.id))
    owners = {team}
    try:
        owners |= {roster.service(service).team} if service else set()
    except Problem:
        pass  # an unknown service has no further owner
    return Signer(person.email, person.role, bool(teams & owners))


def other_signers(requester: str) -> int:
    """How many active people besides the requester could sign as security."""
    return sum(1 for one in roster.people() if one.active and one.role in SECURITY_ROLES and one.email.casefold() != requester.casefold())


def check_second_name(kind: str, requester: str, who: Signer) -> None:
    """Raises Problem(forbidden) unless `who` may sign a request of that kind (`accept` or `not_affected`) by `requester`."""
    if kind == "accept":
        check_signer(requester, who, other_signers(requester))
    else:
        check_second_look(requester, who)
