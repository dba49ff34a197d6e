"""Addresses that take what machines post: what came in, what is to be written, and how that is told.

A `Taker` checks a post without touching the database and hands back one closure for `write`. The fast door calls it from the event loop,
`as_view` from an ordinary view, so that both ways in give the same answers.
"""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from watchbill.base.problem import Problem, invalid
from watchbill.base.writer import write
from watchbill.roster.services import note_token_used
from watchbill.web.api.door import Caller, bearer, caller_of, problem_answer, require_scope


@dataclass(frozen=True, slots=True)
class Post:
    """A request as a taker sees it. Header names in lower case."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be written, the status once it is, and how the closure's value is told."""

    write: Callable[[], Any]
    status: int
    tell: Callable[[Any], Any]


class Taker(Protocol):
    """One address. `MOST` is the largest body, in bytes, that it takes in memory."""

    SCOPES: tuple[str, ...]
    MOST: int

    def take(self, caller: Caller, post: Post) -> Taken:
        """Check it all but what only the database knows. Raises `Problem`."""


def as_view(taker: Taker) -> Callable[[HttpRequest], HttpResponse]:
    """The ordinary way in to a taker: the same checks and the same answers."""

    @csrf_exempt  # no cookie is looked at here, only the bearer token
    def view(request: HttpRequest) -> HttpResponse:
        try:
            return _taken(taker, request)
        except Problem as problem:
            return answered(problem)

    return view


def _taken(taker: Taker, request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        raise only("POST")
    caller = require_scope(caller_of(bearer(request)), *taker.SCOPES)
    body = unpacked(request.read(taker.MOST + 1), request.headers.get("Content-Encoding", ""), taker.MOST)
    headers = {name.lower(): value for name, value in request.headers.items()}
    taken = taker.take(caller, Post(request.GET.dict(), headers, body))
    value = write(taken.write, name=request.path, beside=True)
    note_token_used(caller.token)
    return JsonResponse(taken.tell(value), status=taken.status)


def only(method: str) -> Problem:
    """405 for an address that takes one method."""
    return Problem("method", "Not that way", f"This address takes {method} only.", status=405)


def answered(problem: Problem) -> HttpResponse:
    """The Problem, with Allow where it is about the method."""
    answer = problem_answer(problem)
    if problem.status == 405:
        answer["Allow"] = "POST"
    return answer


def unpacked(data: bytes, encoding: str, most: int) -> bytes:
    """The bytes themselves, at most `most`. Unpacking stops at the limit, so a small bomb stays small. Raises `Problem` 413, 415, 422."""
    if len(data) > most:
        raise too_large(most)
    if encoding in ("", "identity"):
        return data
    if encoding != "gzip":
        detail = f"Content-Encoding {encoding[:40]!r} is not taken."
        raise Problem("encoding", "Not that encoding", detail, remedy="Send it plain, or as gzip.", status=415)
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(data, most + 1)
    except zlib.error as error:
        raise invalid("body", f"This is no gzip: {error}.") from None
    if len(plain) > most:
        raise too_large(most)
    if not unpacker.eof:
        raise invalid("body", "This gzip ends in the middle.", "Send it again, whole.")
    return plain


def too_large(most: int) -> Problem:
    """413 past `most` bytes."""
    detail = f"This address takes at most {most} bytes, packed and unpacked."
    return Problem("too_large", "Too large", detail, remedy="Send it in parts; of a project its lock file, not an archive.", status=413)
