"""Incidents, still small: pull the cord with one sentence, see what was started, and who knows. Private to those concerned.

Pulling the cord asks for no role: anyone who is signed in may.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from watchbill.base import trail
from watchbill.cases.incidents import queries as incidents
from watchbill.cases.incidents import services as cord
from watchbill.paging import queries as paging
from watchbill.paging.queries import PageInfo
from watchbill.web.reader import actor, names_of_people, signed_in
from watchbill.web.telling import story
from watchbill.web.watch import watch_book


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """GET /incidents/ lists mine; POST pulls the cord."""
    person = signed_in(request)
    if request.method == "POST":
        started = cord.start_incident(request.POST.get("what", ""), by=actor(person), person_id=person.id)
        messages.success(request, "Thank you. Security is being paged; this page says whom.")
        return HttpResponseRedirect(reverse("incident", args=[started.id]), status=303)
    context = {"title": "Incidents", "rows": incidents.incidents(person), "wakes": watch_book(request).woken(person)}
    return render(request, "incidents/incidents.html", context)


@require_safe
def one(request: HttpRequest, incident_id: int) -> HttpResponse:
    """GET /incidents/<id>/."""
    person = signed_in(request)
    incident = incidents.incident(incident_id, person)
    subject = f"incident:{incident_id}"
    alert = paging.alert_for(subject)
    pages = paging.pages(alert.id) if alert else ()
    names = names_of_people(request)
    about = [subject, *([f"alert:{alert.id}"] if alert else []), *(f"page:{one.id}" for one in pages)]
    context = {
        "title": f"Incident {incident.codename}",
        "incident": incident,
        "alert": alert,
        "called": _called(pages),
        "entries": story(trail.events_for(about), names),
    }
    return render(request, "incidents/incident.html", context)


def _called(pages: tuple[PageInfo, ...]) -> tuple[PageInfo, ...]:
    """Who is being paged now: the first page of each person of the step that rings."""
    out = [one for one in pages if one.sent_at or one.state in ("planned", "sending")]
    latest = max(((one.loop, one.step) for one in out), default=None)
    people = {one.person_id: one for one in reversed(out) if (one.loop, one.step) == latest}
    return tuple(sorted(people.values(), key=lambda one: one.id))
