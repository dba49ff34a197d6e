"""The first minute: in the sample company only, a phone is drawn beside the real page; its form is the real form of a real signed link.

What the buttons play is the world outside (time passing, an owner upgrading); everything that follows is what the product does anyway.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import clock, serving, state
from watchbill.base.problem import not_found
from watchbill.cases.findings import queries as findings
from watchbill.paging import queries as paging
from watchbill.paging.links import read_ack_link
from watchbill.sample import queries as sample
from watchbill.sample import services as play
from watchbill.web.pages.ack import SAMPLE, glass
from watchbill.web.pages.finding import story_of
from watchbill.web.reader import actor, signed_in, zone_of

LEAP_MINUTES = 10
START_SECONDS = 6  # the server is back by then; the page goes on by itself


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /sample/."""
    person = signed_in(request)
    if state.get("company") != "sample":
        raise not_found("sample company here", "")
    story = sample.story()
    context: dict[str, object] = {"title": "First minute", "story": story, "back": SAMPLE, "leap": LEAP_MINUTES}
    if story is not None:
        link = read_ack_link(story.page_token, clock.now())
        context |= {
            "page": glass(link, story.page_token),
            "slept": any(one.person_id != link.person.id and one.sent_at for one in paging.pages(story.alert_id)),
            "phone_zone": zone_of(link.person),
            "finding": findings.finding(story.finding_id),
            "entries": story_of(request, story.finding_id, link.alert, "company:sample"),
        }
    with timezone.override(zone_of(person)):
        return render(request, "sample/sample.html", context)


@require_POST
def forward(request: HttpRequest) -> HttpResponse:
    """POST /sample/forward: nobody answers for ten minutes."""
    person = signed_in(request)
    play.forward(LEAP_MINUTES, by=actor(person))
    return HttpResponseRedirect(SAMPLE, status=303)


@require_POST
def upgrade(request: HttpRequest) -> HttpResponse:
    """POST /sample/upgrade: the owner upgrades, and the service is scanned again."""
    person = signed_in(request)
    story = sample.story()
    if story is None:
        raise not_found("story", "")
    play.upgrade_and_rescan(story.finding_id, by=actor(person))
    if findings.finding(story.finding_id).state != "fixed":
        messages.error(request, "The look did not prove it fixed. The finding says what is missing.")
    return HttpResponseRedirect(SAMPLE, status=303)


@require_POST
def own(request: HttpRequest) -> HttpResponse:
    """POST /sample/own: leave the sample for an empty company. The answer is the last page of the sample; the server then starts over."""
    person = signed_in(request)
    path = play.start_own_company(by=actor(person))
    answer = render(request, "sample/leaving.html", {"title": "Your own company", "path": path, "seconds": START_SECONDS})
    answer["Refresh"] = f"{START_SECONDS}; url={path}"
    serving.stop_soon()
    return answer
