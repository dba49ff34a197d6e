"""The door of the API: who holds the token, what it opens, cursors, and Problems as RFC 9457 problem+json for everything that goes wrong.

It trusts no cookie: only `Authorization: Bearer`. A token acts for its person, within its scopes and that person's role.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Schema
from ninja.security import HttpBearer

from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo, TokenInfo

PAGE, MOST = 50, 500


@dataclass(frozen=True)
class Caller:
    """Whoever holds the token of this request."""

    token: TokenInfo
    person: PersonInfo

    def actor(self) -> Actor:
        """As the trail keeps it: the token's person, by a token."""
        return Actor("token", self.person.email, "api")


class ProblemOut(Schema):
    """Problem details (RFC 9457), with the field at fault, the next step, and whether trying again makes sense."""

    type: str
    title: str
    status: int
    detail: str = ""
    field: str = ""
    remedy: str = ""
    retryable: bool = False
    retry_after: float | None = None


ERRORS = frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429, 503})


class Bearer(HttpBearer):
    """`Authorization: Bearer wbk_...`; unknown, expired and revoked tokens are all the same 401."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """The caller. Raises Problem 401."""
        return caller_of(token)

    def __call__(self, request: HttpRequest) -> Caller:
        """As ninja calls it; a missing header is a Problem too, so that every 401 looks alike."""
        return caller_of(bearer(request))


def bearer(request: HttpRequest) -> str:
    """The token of the request's Authorization header, "" when it carries none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def caller_of(token: str) -> Caller:
    """Raises Problem 401 for a token that opens nothing."""
    held = roster.token_holder(token) if token else None
    if held is None:
        detail = "This needs Authorization: Bearer and a token that is neither expired nor revoked."
        raise Problem("bad_token", "No valid token", detail, remedy="Make one under Set-up, Tokens.", status=401)
    return Caller(held, roster.person(held.person_email))


def who(request: HttpRequest, *scopes: str) -> Caller:
    """The caller, whose token must open one of `scopes`. Raises Problem 403."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # ninja puts it there
    return require_scope(caller, *scopes)


def require_scope(caller: Caller, *scopes: str) -> Caller:
    """Raises Problem 403 when the token opens none of `scopes`."""
    if not set(scopes) & set(caller.token.scopes):
        detail = f"It opens {', '.join(caller.token.scopes) or 'nothing'}; this needs {' or '.join(scopes)}."
        raise Problem("scope", "This token doesn't open that", detail, remedy="Make a token with that scope.", status=403)
    return caller


def problem_answer(problem: Problem) -> HttpResponse:
    """The Problem as problem+json, with Retry-After and WWW-Authenticate where they belong."""
    answer = JsonResponse(problem.as_dict(), status=problem.status, content_type="application/problem+json")
    if problem.retry_after is not None:
        answer["Retry-After"] = str(max(1, round(problem.retry_after)))
    if problem.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def cursor(at: int) -> str:
    """A position as the opaque text that clients hand back."""
    return base64.urlsafe_b64encode(f"p{at}".encode()).decode().rstrip("=")


def position(text: str, first: int) -> int:
    """The position in a cursor of ours; `first` for none. Raises Problem 422 for anything else."""
    if not text:
        return first
    try:
        plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        plain = ""
    if not plain.startswith("p") or not plain[1:].isdecimal() or len(plain) > 20:
        raise invalid("cursor", "That is no cursor of ours.", "Start again without one.")
    return int(plain[1:])


def moment(text: str, field: str) -> datetime | None:
    """An RFC 3339 moment with its zone, None for an empty text. Raises Problem 422."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 <= at.year < 9000:
        raise invalid(field, "A moment looks like 2026-11-23T15:49:00Z.")
    return at
