"""Signed links that acknowledge one alert for one person: whoever holds one may acknowledge or escalate that alert, and nothing else.
Reading a link changes nothing; only the services it is given to act."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.base import clock
from watchbill.base.keys import ends, sign, unsign
from watchbill.base.problem import Problem
from watchbill.base.settings import settings
from watchbill.paging import limits
from watchbill.paging.reading import AlertInfo, PageInfo, alert, page
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo

PURPOSE = "paging.ack"


@dataclass(frozen=True, slots=True)
class AckLink:
    """What a link stands for, and until when it is good."""

    page: PageInfo
    alert: AlertInfo
    person: PersonInfo
    ends: datetime


def ack_link(page_id: int) -> str:
    """The path `/p/<token>` for that page, good for a day from now. Raises Problem(not_found) for a page that doesn't exist."""
    about = page(page_id)
    return path_for(page_id, about.alert_id, about.person_id, clock.now())


def path_for(page_id: int, alert_id: int, person_id: int, now: datetime) -> str:
    """As `ack_link`, for a page that is at hand: no database is asked."""
    hours = min(settings().paging.ack_link_hours, limits.ACK_LINK_HOURS)
    return "/p/" + sign(PURPOSE, f"{page_id}.{alert_id}.{person_id}", now + timedelta(hours=hours))


def read_ack_link(token: str, now: datetime) -> AckLink:
    """What the token of a link stands for. Raises Problem: link_invalid (also for a closed account), link_expired, not_found."""
    numbers = unsign(PURPOSE, token, now).split(".")
    page_id, alert_id, person_id = (int(number) for number in numbers)
    about = page(page_id)
    person = roster.person(person_id)
    if (about.alert_id, about.person_id) != (alert_id, person_id):
        raise Problem("link_invalid", "This link is not valid", "It names another page.", remedy="Sign in.", status=404)
    if not person.active:
        raise Problem("link_invalid", "This link is not valid any more", "The account that it was made for is closed.", status=404)
    return AckLink(about, alert(alert_id), person, ends(token))
