"""Me: how I am reached, my two lists of rules, my sign-in; the theme of this browser; and what rings for me, for the desk's own bell."""

from dataclasses import dataclass

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import get_totp_secret
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from watchbill.base.problem import Problem, invalid, not_found
from watchbill.paging import contacts
from watchbill.paging import queries as paging
from watchbill.paging.registry import all_channels
from watchbill.paging.rules.messages import ChannelInfo
from watchbill.paging.trial import send_trial
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats
from watchbill.web.reader import actor, signed_in
from watchbill.web.shell import THEMES, theme_of

YEAR = 365 * 24 * 3600
DELAYS = ((0, "at once"), (120, "after 2 min"), (300, "after 5 min"), (600, "after 10 min"))


@dataclass(frozen=True)
class RuleList:
    """One of a person's two lists as the page shows it; empty lines mean that the default applies."""

    name: str
    title: str
    lines: tuple[contacts.RuleInfo, ...]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /me/."""
    person = signed_in(request)
    lists = [
        RuleList(name, title, contacts.notification_rules(person.id, name))
        for name, title in (("now", "When it can’t wait"), ("hours", "In working hours"))
    ]
    context = {
        "title": "Me",
        "methods": contacts.contact_methods(person.id),
        "channels": addable(),
        "lists": lists,
        "delays": DELAYS,
        "ringing": paging.my_pages(person.id),
    }
    return render(request, "setup/me.html", context)


@dataclass(frozen=True)
class Addable:
    """A channel that needs to be told something, and why nothing can go that way on this installation just now ("" when it can)."""

    info: ChannelInfo
    why_not: str


def addable() -> list[Addable]:
    """The channels that a person may add, as they describe themselves."""
    return [Addable(one.INFO, one.unusable()) for one in all_channels().values() if not one.INFO.stored]


@require_POST
def add_method(request: HttpRequest) -> HttpResponse:
    """POST /me/contact: a new way to reach me, unverified until I say that a test arrived."""
    person = signed_in(request)
    name = request.POST.get("channel", "")
    given = {field.name: request.POST.get(f"{name}.{field.name}", "") for field in contacts.channel_fields(name)}
    contacts.add_contact_method(person.id, name, given, by=actor(person))
    messages.success(request, "Added. Send a test, then say that it arrived; until then it is not used.")
    return _back(request)


@require_POST
def method(request: HttpRequest, method_id: int) -> HttpResponse:
    """POST /me/contact/<id>: test, verified or remove, for a method of mine."""
    person = signed_in(request)
    if all(one.id != method_id for one in contacts.contact_methods(person.id)):
        raise not_found("contact method", method_id)
    do = request.POST.get("do", "")
    if do == "test":
        messages.success(request, send_trial(method_id, by=actor(person)))
    elif do == "verified":
        contacts.verify_contact_method(method_id, by=actor(person))
        messages.success(request, "Good. Pages go that way from now on.")
    elif do == "remove":
        contacts.remove_contact_method(method_id, by=actor(person))
        messages.success(request, "Removed.")
    else:
        raise Problem("invalid", "Which button?", "The form said neither test nor verified nor remove.", status=422)
    return _back(request)


@require_POST
def rules(request: HttpRequest) -> HttpResponse:
    """POST /me/rules: replace one of my lists by what the form says; none chosen brings back the default."""
    person = signed_in(request)
    contacts.set_rules(person.id, request.POST.get("list", ""), _lines(request.POST, person), by=actor(person))
    messages.success(request, "Saved.")
    return _back(request)


def _lines(form: QueryDict, person: PersonInfo) -> list[tuple[int, int]]:
    lines = []
    for one in contacts.contact_methods(person.id):
        delay = form.get(f"delay-{one.id}", "")
        if delay == "":
            continue
        if not delay.isdecimal():
            raise invalid("delay", "A delay is a number of seconds.")
        lines.append((int(delay), one.id))
    return sorted(lines)


def _back(request: HttpRequest) -> HttpResponse:
    back = request.POST.get("back", "")
    known = back if back == reverse("setup") else reverse("me")
    return HttpResponseRedirect(known, status=303)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """POST /me/look: the next theme, kept in this browser, then back to the page."""
    signed_in(request)
    following = THEMES[(THEMES.index(theme_of(request)) + 1) % len(THEMES)]
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    answer = HttpResponseRedirect(back if safe else "/", status=303)
    answer.set_cookie("look", following, max_age=YEAR, samesite="Lax", secure=request.is_secure())
    return answer


@require_safe
def ringing(request: HttpRequest) -> HttpResponse:
    """GET /me/ringing.json: what rings for me now, for this browser's notification."""
    person = signed_in(request)
    pages = [
        {
            "id": one.page.id,
            "title": formats.line(one.alert.title),
            "body": formats.line(one.alert.why[0]) if one.alert.why else "",
            "link": reverse("alert", args=[one.alert.id]),
        }
        for one in paging.my_pages(person.id)
    ]
    return JsonResponse({"pages": pages})


@require_safe
def totp_picture(request: HttpRequest) -> HttpResponse:
    """GET /me/second-factor.svg: the QR code of the secret that this session is about to activate; never of an active one."""
    signed_in(request)
    if not request.session.get("mfa.totp.secret"):
        raise Http404
    adapter = get_adapter()
    picture: str = adapter.build_totp_svg(adapter.build_totp_url(request.user, get_totp_secret(regenerate=False)))
    answer = HttpResponse(picture, content_type="image/svg+xml")
    answer["Cache-Control"] = "no-store"
    return answer
