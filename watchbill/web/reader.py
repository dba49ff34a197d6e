"""Who is reading or acting on this request, as the rooms know them: a PersonInfo, an Actor, a zone.

Looked up once a request. It decides nothing: what a person may do is `roster.queries.require`.
"""

from zoneinfo import ZoneInfo

from django.http import HttpRequest

from watchbill.base.acting import Actor
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo

_KEPT, _NAMES = "_watchbill_person", "_watchbill_names"


def reader(request: HttpRequest) -> PersonInfo | None:
    """The signed-in person, or None."""
    if not hasattr(request, _KEPT):
        user = getattr(request, "user", None)
        known = roster.person(user.pk) if user is not None and user.is_authenticated else None
        setattr(request, _KEPT, known if known is not None and known.active else None)
    kept: PersonInfo | None = getattr(request, _KEPT)
    return kept


def signed_in(request: HttpRequest) -> PersonInfo:
    """The signed-in person, on pages nobody else reaches (the middleware sees to that)."""
    person = reader(request)
    if person is None:
        raise RuntimeError("a page that needs a person was reached without one")
    return person


def allowed(request: HttpRequest, action: str) -> PersonInfo:
    """The signed-in person, who may do `action`. Raises Problem(forbidden) otherwise."""
    person = signed_in(request)
    roster.require(person, action)
    return person


def actor(person: PersonInfo) -> Actor:
    """The person as the actor of what they do on a page."""
    return Actor("person", person.email, "web")


def names_of_people(request: HttpRequest) -> dict[str, str]:
    """Everybody's name by their address, so that pages say names where records keep addresses; asked once a request."""
    if not hasattr(request, _NAMES):
        setattr(request, _NAMES, {person.email: person.name for person in roster.people()})
    names: dict[str, str] = getattr(request, _NAMES)
    return names


def zone_of(person: PersonInfo | None) -> ZoneInfo:
    """The person's zone; UTC when it is none that this machine knows."""
    try:
        return ZoneInfo(person.zone) if person else ZoneInfo("UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
