"""The 2 a.m. page: what, where, how bad, who is next, and two buttons. For a phone, without signing in, by the signed link of one page.

GET shows and never acts (link previews open it); POST acts. No session, no script. The link itself is the key, so it is never logged,
cached or sent on as a referrer.
"""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from watchbill.base import clock
from watchbill.base.problem import Problem
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.paging.links import AckLink, read_ack_link
from watchbill.web import formats, why_you
from watchbill.web.reader import zone_of
from watchbill.web.telling import plainly

SAMPLE = "/sample/"


@dataclass(frozen=True)
class Glass:
    """What the phone shows."""

    title: str
    decision: str
    ringing: bool
    person: str
    sent: datetime | None
    how_bad: str
    where: str
    next_names: tuple[str, ...]
    next_at: datetime | None
    guidance: tuple[str, ...]
    why: tuple[str, ...]
    done: str
    over: bool
    action: str
    more: str
    ends: datetime | None


def glass(link: AckLink, token: str) -> Glass:
    """The phone's page for one link."""
    alert, now = link.alert, clock.now()
    upcoming = paging.next_for(alert.id, now)
    names, at = upcoming if upcoming and alert.state == "triggered" else ((), None)
    over = alert.state == "resolved"
    return Glass(
        title=alert.title,
        decision=alert.decision,
        ringing=alert.state == "triggered",
        person=link.person.name,
        sent=link.page.sent_at or link.page.due,
        how_bad="" if over else plainly((alert.why or ("",))[0]),
        where=alert.where,
        next_names=tuple(names),
        next_at=at,
        guidance=() if over else tuple(alert.guidance[:3]),
        why=(*alert.why[1:], why_you.sentences(alert, link.person, zone_of(link.person))[0]),
        done=_done(link, now),
        over=over,
        action=reverse("ack", args=[token]),
        more=alert.link,
        ends=link.ends,
    )


def _done(link: AckLink, now: datetime) -> str:
    """The sentence that says that the ringing is over, and who ended it; empty while it rings."""
    alert = link.alert
    if alert.state == "resolved":
        return "Over: this is resolved. Nobody needs to do anything."
    if alert.state != "acknowledged" or alert.acknowledged_at is None:
        return ""
    you = alert.acknowledged_by in (link.person.name, link.person.email)
    who = "you are on it" if you else f"{alert.acknowledged_by} is on it"
    return f"Acknowledged: {who}, since {formats.when(alert.acknowledged_at, zone_of(link.person), now)}. The ringing has stopped."


@csrf_exempt  # nobody can forge this form without knowing the link, and there is no session to borrow
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET and POST /p/<token>."""
    try:
        if request.method == "POST":
            bell.ack_by_link(token, request.POST.get("do", ""))
            back = SAMPLE if request.POST.get("back") == SAMPLE else request.path
            return _private(HttpResponseRedirect(back, status=303))
        link = read_ack_link(token, clock.now())
    except Problem as problem:
        return _private(render(request, "ack/gone.html", {"problem": problem}, status=problem.status))
    with timezone.override(zone_of(link.person)):
        return _private(render(request, "ack/ack.html", {"page": glass(link, token)}))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
