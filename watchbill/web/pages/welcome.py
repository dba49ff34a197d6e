"""The welcome link: opening it shows one button and spends nothing; pressing signs the person in, or makes the first administrator."""

from django.contrib.auth import get_user_model, login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchbill.base import state, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.base.settings import settings
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.roster import sign_in_links
from watchbill.roster.queries import PersonInfo

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SHORTEST_PASSWORD = 12


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """GET and POST /welcome/<token>."""
    link = sign_in_links.look(token)
    known = roster.person(link.email) if link.email else None
    if request.method == "POST":
        if link.kind == "set_up":
            person = _first_administrator(request, token)
        elif known is not None:
            sign_in_links.redeem(token, by=Actor("link", known.email, "web"))
            person = known
        else:
            raise Problem("link_spent", "This link is spent", "The person it was made for is gone.", status=410)
        _sign_in(request, person)
        sample = state.get("company") == "sample"
        return HttpResponseRedirect("/sample/" if sample else "/setup/" if link.kind == "set_up" else "/", status=303)
    context = {"title": "Welcome", "link": link, "known": known, "sample": state.get("company") == "sample", "zone": settings().timezone}
    answer = render(request, "sign_in/welcome.html", context)
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "same-origin"
    return answer


def _first_administrator(request: HttpRequest, token: str) -> PersonInfo:
    """Make the person who sets the place up, spending the link in the same transaction."""
    email, name = request.POST.get("email", "").strip(), request.POST.get("name", "").strip()
    zone, password = request.POST.get("zone", "").strip() or settings().timezone, request.POST.get("password", "")
    if len(password) < SHORTEST_PASSWORD:
        raise invalid("password", f"A password has at least {SHORTEST_PASSWORD} letters.", "Go back and choose a longer one.")
    by = Actor("link", email or "set-up", "web")

    def make() -> None:
        sign_in_links.redeem(token, by=by)
        people.add_person(email, name, "admin", zone, password=password, by=by)

    writer.write(make, name="welcome.set_up")
    return roster.person(email)


def _sign_in(request: HttpRequest, person: PersonInfo) -> None:
    user = get_user_model().objects.get(pk=person.id)
    writer.write(lambda: login(request, user, backend=BACKEND), name="welcome.sign_in")
