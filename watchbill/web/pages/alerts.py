"""One alert: why it pages (or doesn't), whom, by what, and what became of each attempt. "Why was I (not) paged?" is answered here."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import clock
from watchbill.base.problem import Problem, not_found
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.paging.queries import AlertInfo
from watchbill.paging.trace import trace
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo
from watchbill.web import why_you
from watchbill.web.privacy import may_see
from watchbill.web.reader import actor, allowed, names_of_people, zone_of
from watchbill.web.telling import Entry, plainly

LOUD = frozenset({"sent", "escalated", "exhausted", "unreachable"})


def seen_by(person: PersonInfo, alert_id: int) -> AlertInfo:
    """The alert, for whoever may know what it is about. Raises Problem(not_found)."""
    alert = paging.alert(alert_id)
    if not may_see(person, alert.subject):
        raise not_found("alert", alert_id)
    return alert


@require_safe
def page(request: HttpRequest, alert_id: int) -> HttpResponse:
    """GET /alerts/<id>/."""
    person = allowed(request, "read")
    alert = seen_by(person, alert_id)
    names = tuple(names_of_people(request).values())
    context = {
        "title": f"Alert {alert.number}",
        "alert": alert,
        "pages": paging.pages(alert_id),
        "why": [plainly(sentence) if i == 0 else sentence for i, sentence in enumerate(alert.why)],
        "mine": why_you.sentences(alert, person, zone_of(person)),
        "entries": _entries(alert_id, names),
        "team": next((team.name for team in roster.teams() if team.slug == alert.team), alert.team),
        "upcoming": paging.next_for(alert_id, clock.now()) if alert.state == "triggered" else None,
    }
    return render(request, "alerts/alert.html", context)


def _entries(alert_id: int, names: tuple[str, ...]) -> list[Entry]:
    """The bell's own log, newest first, with people's names strong."""
    lines = reversed(trace(alert_id))
    return [Entry(one.at, one.text.removesuffix("."), "page" if one.kind in LOUD else "", people=_in(one.text, names)) for one in lines]


def _in(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in text)


@require_POST
def act(request: HttpRequest, alert_id: int) -> HttpResponse:
    """POST /alerts/<id>/do: ack, escalate or resolve, then back to where the button stood."""
    person = allowed(request, "act")
    alert = seen_by(person, alert_id)
    do = request.POST.get("do", "")
    if do == "ack":
        bell.acknowledge(alert_id, by=actor(person), person_id=person.id, channel="web")
    elif do == "escalate":
        bell.escalate_now(alert_id, by=actor(person))
    else:
        raise Problem("invalid", "Which button?", "The form said neither acknowledge nor escalate.", status=422)
    return HttpResponseRedirect(alert.link or reverse("alert", args=[alert_id]), status=303)
