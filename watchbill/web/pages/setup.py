"""Set-up: three steps to the first page that rings, each with the exact command or form; people, tokens and the roster for administrators.

A token is made by a POST, shown once in its answer, and never again; no GET makes or changes anything.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from watchbill.base import clock, state, trail, witness, workers
from watchbill.base.problem import Problem, invalid
from watchbill.base.settings import settings
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import queries as scans
from watchbill.paging import contacts
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.roster.queries import PersonInfo
from watchbill.roster.rules import SCOPES, allowed_scopes
from watchbill.web.pages.me import addable
from watchbill.web.reader import actor, allowed, signed_in
from watchbill.web.watch import WatchBook

TOKEN_DAYS = 90
ROLES = ("viewer", "engineer", "security", "admin")
SEND = ("send",)
CLIENT = ("read", "act", "send")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /setup/."""
    return render(request, "setup/setup.html", _context(signed_in(request)))


def _context(person: PersonInfo, **more: object) -> dict[str, object]:
    methods = contacts.contact_methods(person.id)
    book = WatchBook(clock.now())
    watch = book.on_watch(book.security)
    sources = scans.sources()
    services = roster.services()
    reached = tuple(one for one in watch if _reached(one))
    owned = [service for service in services if service.team]
    steps = (bool(reached), bool(sources), bool(owned))
    return {
        "title": "Set-up",
        "person": person,
        "watch": watch,
        "methods": methods,
        "channels": addable(),
        "sources": sources,
        "services": services,
        "owned": len(owned),
        "unowned": len(services) - len(owned),
        "unreached": [one for one in watch if one not in reached],
        "done": steps,
        "here": steps.index(False) if False in steps else None,
        "may_admin": roster.may(person, "admin"),
        "may_configure": roster.may(person, "configure"),
        "may_act": roster.may(person, "act"),
        "sample": state.get("company") == "sample",
        "open_findings": sum(findings.open_by_service().values()),
        "witness": trail.witness_status(),
        "witness_kinds": [one.INFO for one in witness.all_witnesses().values()],
        "advisories": scans.advisories_age(),
        "processes": workers.living(),
        "lag": trail.lag(),
        "own_database": bool(settings().database_url),
        "mirrored": bool(settings().advisories.url),
        **more,
    }


def _reached(person: PersonInfo) -> bool:
    """Whether a page can come to them beyond this site: by mail, where mail is set up, or by a verified way of their own."""
    if settings().mail.host or state.get("company") == "sample":
        return True
    return any(one.verified_at for one in contacts.contact_methods(person.id))


@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """POST /setup/token: a command with a key in it, made for this person, shown once."""
    person = allowed(request, "act")
    service = request.POST.get("service", "")
    if service:
        roster.service(service)
    _, raw = people.create_token(f"wb send, {service or 'any service'}", person.email, SEND, TOKEN_DAYS, by=actor(person))
    url = _home()
    made = (
        f"curl -fsS {url}/wb -o wb && chmod +x wb",
        f"WATCHBILL_URL={url} WATCHBILL_TOKEN={raw} ./wb send . --service {service or 'SERVICE'}",
    )
    answer = render(request, "setup/setup.html", _context(person, made=made, made_for=service))
    answer["Cache-Control"] = "no-store"
    return answer


def _home() -> str:
    """Where this server is reached, as commands name it."""
    own = settings()
    return own.public_url.rstrip("/") or f"http://{own.addr}"


@require_POST
def roster_file(request: HttpRequest) -> HttpResponse:
    """POST /setup/roster: preview (do=preview) or apply (do=apply) a roster.toml, all or nothing."""
    person = allowed(request, "configure")
    text = request.POST.get("text", "").replace("\r\n", "\n")
    preview = request.POST.get("do") != "apply"
    diff = people.apply_roster(text, by=actor(person), dry_run=preview, where="the form on Set-up")
    if preview:
        return render(request, "setup/setup.html", _context(person, diff=diff, roster_text=text))
    messages.success(request, f"Applied: {diff.changed} changed.")
    return HttpResponseRedirect(reverse("setup"), status=303)


@require_POST
def codeowners(request: HttpRequest) -> HttpResponse:
    """POST /setup/owners: take a CODEOWNERS file of one repository in."""
    person = allowed(request, "configure")
    repo, text = request.POST.get("repo", "").strip(), request.POST.get("text", "").replace("\r\n", "\n")
    if not repo:
        raise invalid("repo", "Which repository is it of?", "Give it as the roster does, such as saltmarsh/berth-board.")
    people.import_codeowners(repo, text, by=actor(person), where="CODEOWNERS")
    messages.success(request, f"Taken in: who owns what in {repo}.")
    return HttpResponseRedirect(reverse("setup"), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def everyone(request: HttpRequest) -> HttpResponse:
    """GET /setup/people/ lists people; POST adds one or changes a role."""
    person = allowed(request, "admin")
    if request.method == "POST":
        role = request.POST.get("role", "")
        if role not in ROLES:
            raise invalid("role", f"A role is one of {', '.join(ROLES)}.")
        email = request.POST.get("email", "").strip()
        if request.POST.get("do") == "role":
            people.set_role(email, role, by=actor(person))
            messages.success(request, f"{email} is {role} now.")
        else:
            name, zone = request.POST.get("name", "").strip(), request.POST.get("zone", "").strip() or settings().timezone
            people.add_person(email, name, role, zone, password=request.POST.get("password") or None, by=actor(person))
            messages.success(request, f"{name} is in.")
        return HttpResponseRedirect(reverse("people"), status=303)
    return render(request, "setup/people.html", {"title": "People", "people": roster.people(), "roles": ROLES, "zone": settings().timezone})


@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """GET /setup/tokens/ lists mine (an administrator: everybody's); POST makes or revokes one."""
    person = allowed(request, "read")
    everybody = roster.may(person, "admin")
    made: str = ""
    if request.method == "POST":
        roster.require(person, "act")
        if request.POST.get("do") == "revoke":
            _revoke(request, person, everybody)
            return HttpResponseRedirect(reverse("tokens"), status=303)
        name = request.POST.get("name", "").strip()
        scopes = tuple(scope for scope in request.POST.getlist("scope") if scope in SCOPES)
        _, made = people.create_token(name, person.email, scopes, TOKEN_DAYS, by=actor(person))
    listed = [one for one in roster.tokens() if everybody or one.person_email == person.email]
    context = {"title": "Tokens", "tokens": listed, "made": made, "scopes": _grantable(person), "client": CLIENT}
    answer = render(request, "setup/tokens.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


SCOPES_TOLD = {
    "read": "see findings, alerts and who is on watch",
    "act": "take, acknowledge, ask; whatever its person may",
    "send": "hand in scans and tell of changes",
    "admin": "change people and set-up",
}


def _grantable(person: PersonInfo) -> list[tuple[str, str]]:
    """The scopes that this person's role allows, and what each opens."""
    return [(scope, SCOPES_TOLD.get(scope, "")) for scope in allowed_scopes(SCOPES, person)]


def _revoke(request: HttpRequest, person: PersonInfo, everybody: bool) -> None:
    ident = request.POST.get("token", "")
    known = next((one for one in roster.tokens() if str(one.id) == ident), None)
    if known is None or not (everybody or known.person_email == person.email):
        raise Problem("not_found", "No such token", "It is gone, or not yours.", status=404)
    people.revoke_token(known.id, by=actor(person))
    messages.success(request, f"{known.name} opens nothing any more.")
