"""The API as one object: OpenAPI 3.1 at /api/v1/openapi.json, and every error as problem+json.

Errors are ours (Problem), a bad input's, or an unknown address's; they all have one shape.
"""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from watchbill.base.problem import Problem, invalid
from watchbill.web.api import alerts, changes, findings, inbox, oncall, proofs, records
from watchbill.web.api.door import Bearer, problem_answer


class WholeText(Parser):
    """Reads JSON bodies, which are objects, and refuses halves of characters (lone surrogates): nothing could store or show them."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - whatever the JSON holds
        """Raises ValueError, which ninja answers by 400."""
        given = json.loads(request.body)
        json.dumps(given, ensure_ascii=False).encode()
        if not isinstance(given, dict):
            raise ValueError("a JSON object is wanted here")
        return given


api = NinjaAPI(
    parser=WholeText(),
    title="Watchbill",
    version="1",
    description="Signals in, findings, alerts and the trail out. Errors are RFC 9457 problem details; lists go on by `cursor`.",
    docs_url=None,
    openapi_url="/openapi.json",
    auth=Bearer(),
    urls_namespace="api",
)
api.add_router("/findings", findings.router)
api.add_router("/alerts", alerts.router)
api.add_router("", oncall.router)
api.add_router("", records.router)
api.add_router("", proofs.router)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, exc: Problem) -> HttpResponse:
    return problem_answer(exc)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    first: dict[str, Any] = exc.errors[0] if exc.errors else {}
    field = ".".join(str(part) for part in first.get("loc", ())[1:])
    return problem_answer(invalid(field, str(first.get("msg", "")), "See /api/v1/openapi.json."))


@api.exception_handler(AuthenticationError)
def _unknown(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
    return problem_answer(Problem("bad_token", "No valid token", "This needs Authorization: Bearer.", status=401))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, exc: Http404) -> HttpResponse:
    return problem_answer(Problem("not_found", "No such thing", f"There is nothing at {request.path}.", status=404))


@api.exception_handler(HttpError)
def _http(request: HttpRequest, exc: HttpError) -> HttpResponse:
    return problem_answer(Problem("refused", "This can't be taken", exc.message, status=exc.status_code))


def openapi(request: HttpRequest) -> dict[str, Any]:
    """The document, with the hot addresses that ninja doesn't serve written in by hand."""
    document = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    document["paths"] = {**document["paths"], **inbox.OPENAPI_PATHS, **changes.OPENAPI_PATHS}
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"] = {str(status): _as_sent(status, told) for status, told in operation["responses"].items()}
    return document


def _as_sent(status: int | str, told: dict[str, Any]) -> dict[str, Any]:
    """A declared answer; errors are problem+json, which ninja can't say."""
    content = told.get("content", {})
    if int(status) < 400 or "application/json" not in content:
        return told
    return {**told, "content": {"application/problem+json": content["application/json"]}}
