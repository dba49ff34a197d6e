"""What every request passes: headers that keep pages inert, sign-in by default, the reader's zone, and Problems shown as pages.

Deny by default: a view is reachable without signing in only when its URL name stands in PUBLIC, or its path under a prefix whose views do
their own asking. It never decides roles; pages do.
"""

from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from watchbill.base.problem import Problem
from watchbill.web.errors import problem_page
from watchbill.web.reader import reader, zone_of

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "manifest-src 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

PUBLIC = frozenset({"ack", "welcome", "static", "healthz", "wb", "control", "favicon"})
PUBLIC_PREFIXES = ("/accounts/", "/api/")

Answer = Callable[[HttpRequest], HttpResponseBase]


class SafeHeaders:
    """Sets the headers above on every response that doesn't carry its own, and keeps pages of signed-in people out of every cache."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if "Cache-Control" not in response.headers:
            add_never_cache_headers(response)
        return response


class SignedInByDefault:
    """Sends whoever isn't signed in to the door, and sets the clock of the page to the reader's zone."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(timezone.get_default_timezone()):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _kwargs: object) -> HttpResponse | None:
        """None lets the view run; a response stands in for it."""
        match = request.resolver_match
        if request.path.startswith(PUBLIC_PREFIXES) or (match is not None and match.url_name in PUBLIC):
            return None
        person = reader(request)
        if person is not None:
            timezone.activate(zone_of(person))
            return None
        if wants_json(request):
            problem = Problem("sign_in", "Not signed in", "This address is for people who are signed in.", status=401)
            return JsonResponse(problem.as_dict(), status=401, content_type="application/problem+json")
        return HttpResponseRedirect(f"/accounts/login/?next={quote(request.get_full_path())}")


# What Django and ninja answer by themselves, without a Problem: code, title, detail.
_BARE = {
    400: ("unreadable", "This request can't be read", "Nothing was changed."),
    403: ("forbidden", "Not allowed", "This is not yours to open."),
    404: ("not_found", "No such address", "There is nothing here. See /api/v1/openapi.json."),
    405: ("method", "Not that way", "This address takes other methods; see Allow."),
}


class ProblemPages:
    """Turns a Problem raised by a view into its page, or its JSON where JSON was asked for; bare refusals become JSON there too."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code not in _BARE or not wants_json(request) or "json" in response.headers.get("Content-Type", ""):
            return response
        problem = Problem(*_BARE[response.status_code], status=response.status_code)
        told = JsonResponse(problem.as_dict(), status=problem.status, content_type="application/problem+json")
        if "Allow" in response.headers:
            told["Allow"] = response.headers["Allow"]
        return told

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A response for a Problem, None (Django's own answer) for anything else."""
        if not isinstance(exception, Problem):
            return None
        if wants_json(request):
            response: HttpResponse = JsonResponse(exception.as_dict(), status=exception.status, content_type="application/problem+json")
        else:
            response = problem_page(request, exception)
        if exception.retry_after is not None:
            response["Retry-After"] = str(max(1, round(exception.retry_after)))
        return response


def wants_json(request: HttpRequest) -> bool:
    """Whether the one asking is a program: under /api/ or /control/, a .json address, or JSON preferred by its Accept."""
    path = request.path
    asked = request.headers.get("Accept", "")
    return path.startswith(("/api/", "/control/")) or path.endswith(".json") or asked.startswith("application/json")
