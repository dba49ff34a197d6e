"""One alert: why it pages (or doesn't), whom, by what, and what became of each attempt. "Why was I (not) paged?" is answered here."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import clock
from watchbill.base.problem import Problem
from watchbill.paging import queries as paging
from watchbill.paging import services as bell
from watchbill.web.reader import actor, allowed


@dataclass(frozen=True)
class Entry:
    """A line of a log as the log partial draws it."""

    at: datetime
    text: str
    look: str = ""
    seq: int | None = None
    sub: str = ""


@require_safe
def page(request: HttpRequest, alert_id: int) -> HttpResponse:
    """GET /alerts/<id>/."""
    person = allowed(request, "read")
    alert = paging.alert(alert_id)
    mine = [one for one in paging.pages(alert_id) if one.person_id == person.id]
    context = {
        "title": f"Alert {alert.number}",
        "alert": alert,
        "pages": paging.pages(alert_id),
        "mine": mine,
        "entries": [Entry(line.at, line.text, "page" if line.kind == "page" else "") for line in paging.trace(alert_id)],
        "upcoming": paging.next_for(alert_id, clock.now()) if alert.state == "triggered" else None,
    }
    return render(request, "alerts/alert.html", context)


@require_POST
def act(request: HttpRequest, alert_id: int) -> HttpResponse:
    """POST /alerts/<id>/do: ack, escalate or resolve, then back to where the button stood."""
    person = allowed(request, "act")
    do = request.POST.get("do", "")
    if do == "ack":
        bell.acknowledge(alert_id, by=actor(person), person_id=person.id, channel="desk")
    elif do == "escalate":
        bell.escalate_now(alert_id, by=actor(person))
    else:
        raise Problem("invalid", "Which button?", "The form said neither acknowledge nor escalate.", status=422)
    alert = paging.alert(alert_id)
    return HttpResponseRedirect(alert.link or reverse("alert", args=[alert_id]), status=303)
