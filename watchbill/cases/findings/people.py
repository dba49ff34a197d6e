"""From an actor to the person behind it, and what that person may do. Deny by default: an actor without a person may do nothing that
takes one.
"""

from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, forbidden
from watchbill.cases.findings.acceptance import SECURITY_ROLES, Signer
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
