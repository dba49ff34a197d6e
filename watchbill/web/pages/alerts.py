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
from watchbill.roster.queries import PersonInfo
from watchbill.web.privacy import may_see
from watchbill.web.reader import actor, allowed
from watchbill.web.telling import Entry

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
    context = {
        "title": f"Alert {alert.number}",
        "alert": alert,
        "pages": paging.pages(alert_id),
        "mine": trace(alert_id, person.id)[:1],
        "entries": [Entry(line.at, line.text, "page" if line.kind in LOUD else "") for line in reversed(trace(alert_id))],
        "upcoming": paging.next_for(alert_id, clock.now()) if alert.state == "triggered" else None,
    }
    return render(request, "alerts/alert.html", context)


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
