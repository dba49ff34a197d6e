"""Errors as pages: what happened, to what, and what to do next.

Nothing of the inside is shown: no trace, no settings, no path of this machine.
"""

import logging
import sys

from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import get_random_string

from watchbill.base import postgres
from watchbill.base.problem import Problem
from watchbill.web.reader import reader, zone_of

log = logging.getLogger("watchbill.web")


def problem_page(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The page of a Problem: inside the shell for who is signed in, at the door for anybody else."""
    person = reader(request) if getattr(request, "user", None) is not None else None
    inside = person is not None
    back = request.path if request.method == "GET" else request.headers.get("Referer", "")
    base = "shell.html" if inside else "entrance.html"
    context = {"problem": problem, "title": problem.title, "base": base, "inside": inside, "back": _own(request, back)}
    with timezone.override(zone_of(person)):
        return render(request, "errors/problem.html", context, status=problem.status)


def _own(request: HttpRequest, address: str) -> str:
    """The address, if it is one of ours; else nothing."""
    prefix = f"{request.scheme}://{request.get_host()}"
    path = address.removeprefix(prefix)
    return path if path.startswith("/") and not path.startswith("//") and request.method != "GET" else ""


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for an address that no view answers."""
    return problem_page(request, Problem("not_found", "No such page", f"There is nothing at {request.path}.", status=404))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for a request that Django refused before any view saw it. Its words are not repeated: they are the asker's."""
    return HttpResponse("This request can't be read.\n", status=400, content_type="text/plain; charset=utf-8")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 from Django itself."""
    return problem_page(request, Problem("forbidden", "Not allowed", "This is not yours to open.", status=403))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our mistake. Plain text, because templates or the database may be what broke."""
    if problem := postgres.as_problem(sys.exception()):
        return _not_now(request, problem)
    mark = get_random_string(8)
    log.error("answered 500 at %s, mark %s", request.path, mark)
    text = f"Something in Watchbill broke. Nothing was changed that was not answered for.\nIt is in the server's log. Mark {mark}.\n"
    return HttpResponseServerError(text, content_type="text/plain; charset=utf-8")


def _not_now(request: HttpRequest, problem: Problem) -> HttpResponse:
    """For a PostgreSQL that can't be reached, was too slow, or can't hold a text. Without a template, whose shell would ask it again."""
    if request.path.startswith(("/api/", "/control/")) or "json" in request.headers.get("Accept", ""):
        answer: HttpResponse = JsonResponse(problem.as_dict(), status=problem.status, content_type="application/problem+json")
    else:
        answer = HttpResponse(problem.as_text() + "\n", status=problem.status, content_type="text/plain; charset=utf-8")
    if problem.retry_after is not None:
        answer["Retry-After"] = str(max(1, round(problem.retry_after)))
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form was sent without this browser's own mark."""
    problem = Problem(
        "stale_form",
        "That form was too old, or not ours",
        "Nothing was changed. This happens when you signed in again in another tab, or when cookies are blocked.",
        remedy="Go back, load the page again, and send it once more.",
        status=403,
    )
    return problem_page(request, problem)
