"""Services: what runs, whose it is, how exposed and how important it is and who said so; and the form that says it anew."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from watchbill.base.problem import invalid
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import queries as scans
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.web import formats
from watchbill.web.reader import actor, allowed, names_of_people

EXPOSURES = (
    ("", "unknown"),
    ("small", "small: almost nobody reaches it"),
    ("controlled", "controlled: our network, or behind a gate"),
    ("open", "open: the internet"),
)
TIERS = (
    (0, "unknown"),
    (1, "1: harm to people, or the company’s survival"),
    (2, "2: customers notice at once"),
    (3, "3: a team notices"),
    (4, "4: nobody notices soon"),
)
ROWS = 50


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /services/?q=."""
    allowed(request, "read")
    q = formats.line(request.GET.get("q", "")).lower()[:200]
    listed = [one for one in roster.services() if q in f"{one.slug} {one.name} {one.team}".lower()]
    opened = findings.open_by_service()
    teams = {team.slug: team.name for team in roster.teams()}
    rows = [(one, teams.get(one.team, one.team), opened.get(one.slug, 0)) for one in listed]
    unknown = sum(1 for one in listed if not one.exposure or not one.tier)
    return render(request, "services/services.html", {"title": "Services", "q": q, "rows": rows, "unknown": unknown})


@require_safe
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """GET /services/<slug>/."""
    person = allowed(request, "read")
    service = roster.service(slug)
    owner = roster.owner_of(service=slug)
    found = findings.search(f"is:open service:{slug} sort:decision,due", page=1, size=ROWS)
    context = {
        "title": f"Service {service.name}",
        "service": service,
        "names": names_of_people(request),
        "team": roster.team(service.team) if service.team else None,
        "owner": owner,
        "rows": found.rows,
        "total": found.total,
        "policy": _policy(service.policy or (roster.team(service.team).policy if service.team else "")),
        "sources": [source for source in scans.sources() if source.service == slug],
        "may_change": roster.may(person, "triage"),
        "exposures": EXPOSURES,
        "tiers": TIERS,
    }
    return render(request, "services/service.html", context)


def _policy(slug: str) -> str:
    """An escalation policy's name; its slug for one that is gone."""
    return next((one.name for one in roster.policies() if one.slug == slug), slug)


@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """POST /services/<slug>/context: who can reach it, and what happens when it breaks. Findings of it are decided anew."""
    person = allowed(request, "triage")
    exposure, tier = request.POST.get("exposure", ""), request.POST.get("tier", "")
    if exposure not in dict(EXPOSURES):
        raise invalid("exposure", "Choose small, controlled or open.")
    if tier not in {str(value) for value, _ in TIERS}:
        raise invalid("tier", "A tier is 1, 2, 3 or 4.")
    people.set_service_context(slug, exposure=exposure, tier=int(tier), by=actor(person))
    messages.success(request, "Noted. Open findings of this service are decided anew.")
    return HttpResponseRedirect(reverse("service", args=[slug]), status=303)
