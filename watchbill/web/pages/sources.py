"""Sources: who looks, when they last did, what they could not read, and scans held back until a person decides."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbill.base.problem import Problem, not_found
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings import services as verbs
from watchbill.intake.scans import queries as scans
from watchbill.intake.scans import services as looks
from watchbill.roster import queries as roster
from watchbill.web.reader import actor, allowed


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /sources/."""
    allowed(request, "read")
    listed = scans.sources()
    context = {
        "title": "Sources",
        "sources": listed,
        "stale": sum(1 for source in listed if source.stale),
        "held": findings.held_scans(),
        "packages": scans.inventory_size(),
    }
    return render(request, "sources/sources.html", context)


@require_safe
def one(request: HttpRequest, source_id: int) -> HttpResponse:
    """GET /sources/<id>/."""
    person = allowed(request, "read")
    source = scans.source(source_id)
    if source is None:
        raise not_found("source", source_id)
    context = {"title": source.title, "source": source, "scans": scans.scans_of(source_id), "may_check": roster.may(person, "act")}
    return render(request, "sources/source.html", context)


@require_POST
def check(request: HttpRequest, source_id: int) -> HttpResponse:
    """POST /sources/<id>/check: look again now."""
    person = allowed(request, "act")
    messages.success(request, looks.check_now(source_id, by=actor(person)).sentence)
    return HttpResponseRedirect(reverse("source", args=[source_id]), status=303)


@require_POST
def held(request: HttpRequest, key: str) -> HttpResponse:
    """POST /sources/held/<key>: let a held scan close what it would close, or throw it away."""
    person = allowed(request, "triage")
    do = request.POST.get("do", "")
    if do == "release":
        verbs.release_held_scan(key, by=actor(person))
        messages.success(request, "Released: it has closed what it showed to be gone.")
    elif do == "reject":
        verbs.reject_held_scan(key, by=actor(person))
        messages.success(request, "Thrown away: it closed nothing.")
    else:
        raise Problem("invalid", "Which button?", "The form said neither release nor reject.", status=422)
    return HttpResponseRedirect(reverse("sources"), status=303)
