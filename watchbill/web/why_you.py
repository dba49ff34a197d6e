"""Why this person and nobody else, said to them: for the pages of an alert and of a finding. It words what the bell wrote down."""

from zoneinfo import ZoneInfo

from watchbill.paging import queries as paging
from watchbill.paging.queries import AlertInfo
from watchbill.paging.rules.sentences import to_you
from watchbill.paging.trace import trace
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats, telling


def sentences(alert: AlertInfo, person: PersonInfo, zone: ZoneInfo) -> tuple[str, ...]:
    """A sentence each: why it came to them and by what ways, or why it did not; in the past once it is over."""
    sent = [page for page in paging.pages(alert.id) if page.person_id == person.id and page.state == "sent" and page.sent_at]
    if not sent:
        return (to_you(trace(alert.id, person.id)[0].text, person.name),)
    last = max((page.loop, page.step) for page in sent)
    latest = [page for page in sent if (page.loop, page.step) == last]
    ways = dict.fromkeys(telling.channel(page.channel) for page in sorted(latest, key=lambda page: page.channel == "desk"))
    at = min(page.sent_at or page.due for page in latest)
    why = _looking_back(latest[-1].why_you) if alert.state == "resolved" else latest[-1].why_you
    how = f"You were paged {formats.listed(list(ways))}, {formats.when(at, zone, alert.opened_at)}."
    return (why, how)


_THEN = ((" is on watch ", " was on watch "), (" are on watch ", " were on watch "), (", so it goes to ", ", so it went to "))


def _looking_back(why: str) -> str:
    """A why that was written when it rang, told when it is over."""
    for now, then in _THEN:
        why = why.replace(now, then)
    return why
