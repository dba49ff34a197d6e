"""The fast door: small posts of machines (change events, lock files) go from the event loop straight to the writer, without a thread of
their own and without Django's middleware, which alone would cost twice what the write does.

Only what carries a bearer token comes in here; each address is one `Taker` that also stands behind an ordinary view, so that what is too
large, packed or sent as a form gets the same answer by the ordinary way. The token is checked again inside the transaction: one that was
revoked a moment ago opens nothing.
"""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from watchbill.base import clock, limits
from watchbill.base.problem import Problem, busy
from watchbill.base.writer import has_thread, write_soon
from watchbill.roster import open_tokens
from watchbill.roster.open_tokens import Standing
from watchbill.roster.services import note_token_used
from watchbill.web.api.door import Caller, caller_of, require_scope
from watchbill.web.api.taking import Post, Taker

_log = logging.getLogger(__name__)
Headers = list[tuple[str, str]]
Reply = tuple[int, Headers, bytes]
JSON_HEADERS: Headers = [("content-type", "application/json"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
PROBLEM_HEADERS: Headers = [("content-type", "application/problem+json"), *JSON_HEADERS[1:]]


@dataclass(frozen=True, slots=True)
class _Known:
    """A token seen before, how it stood then, and until when (on the event loop's clock) that is taken for a start."""

    caller: Caller
    standing: Standing | None
    until: float


class _Changed(Exception):
    """The token no longer stands as it did when it was looked up."""


class FastDoor:
    """The takers by path, and what is known of the tokens that come. All of it belongs to the event loop's thread."""

    def __init__(self, takers: Mapping[str, Taker], threads: Executor) -> None:
        self._takers = takers
        self._threads = threads
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def takes(self, method: str, path: str, headers: Any) -> bool:  # noqa: ANN401 - granian's headers
        """Whether a request comes in here: a plain post of a stated, moderate size to one of the addresses."""
        taker = self._takers.get(path) if method == "POST" else None
        if taker is None or headers.get("content-encoding") or not has_thread():
            return False
        length = headers.get("content-length") or ""
        form = (headers.get("content-type") or "").startswith("multipart/")
        return length.isdecimal() and int(length) <= taker.MOST and not form

    async def answer(self, path: str, query: str, headers: Any, body: bytes) -> Reply:  # noqa: ANN401 - granian's headers
        """Take one post."""
        post = Post(dict(parse_qsl(query, keep_blank_values=True)), {name.lower(): value for name, value in headers.items()}, body)
        try:
            try:
                return await self._take(path, post)
            except _Changed:  # between its look-up and now: once more, from the start
                return await self._take(path, post)
        except Problem as problem:
            return refused(problem)
        except Exception:  # noqa: BLE001 - the outermost call: whatever happens, the client is answered and the log told
            _log.exception("a post broke at the fast door", extra={"path": path})
            return refused(Problem("broken", "Something in Watchbill broke", "It is in the server's log.", status=500))

    async def _take(self, path: str, post: Post) -> Reply:
        taker = self._takers[path]
        name, known = await self._caller(post.headers.get("authorization", ""))
        require_scope(known.caller, *taker.SCOPES)
        taken = taker.take(known.caller, post)
        try:
            value = await _written(_still_open(known, taken.write), path)
        except _Changed:
            self._known.pop(name, None)
            raise
        return taken.status, JSON_HEADERS, msgspec.json.encode(taken.tell(value))

    async def _caller(self, authorization: str) -> tuple[bytes, _Known]:
        """The token's hash and holder, looked up when it was not known lately. Raises `Problem` 401."""
        kind, _, token = authorization.partition(" ")
        token = token.strip() if kind.lower() == "bearer" else ""
        loop = asyncio.get_running_loop()
        name = hashlib.sha256(token.encode()).digest()
        known = self._known.get(name)
        if known is None or known.until < loop.time():
            known = await loop.run_in_executor(self._threads, _look_up, token, loop.time() + limits.FAST_CALLER_SECONDS)
            self._known[name] = known
            if len(self._known) > limits.FAST_CALLERS:
                self._known.popitem(last=False)
        return name, known


def _look_up(token: str, until: float) -> _Known:
    """In a thread: the token's holder as the database has it now. Raises Problem 401."""
    caller = caller_of(token)
    note_token_used(caller.token)
    return _Known(caller, open_tokens.standing(caller.token.id), until)


def _still_open(known: _Known, closure: Callable[[], Any]) -> Callable[[], Any]:
    def checked() -> Any:  # noqa: ANN401 - whatever the closure returns
        if open_tokens.standing(known.caller.token.id) != known.standing or known.caller.token.expires <= clock.now():
            raise _Changed
        return closure()

    return checked


async def _written(closure: Callable[[], Any], name: str) -> Any:  # noqa: ANN401 - whatever the closure returns
    """The closure's value, once it is on disk. Raises what it raises, or Problem("busy") when it was not begun in time."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        loop.call_soon_threadsafe(_settle, done)

    ticket = write_soon(closure, tell, name=name)
    given_up = False

    def give_up() -> None:
        nonlocal given_up
        given_up = ticket.give_up()
        if given_up:
            _settle(done)

    patience = loop.call_later(limits.WRITE_WAIT_SECONDS, give_up)
    await done
    patience.cancel()
    if given_up:
        raise busy(limits.WRITE_RETRY_AFTER_SECONDS)
    return ticket.outcome()


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def refused(problem: Problem) -> Reply:
    """The Problem as problem+json (RFC 9457)."""
    headers = list(PROBLEM_HEADERS)
    if problem.retry_after is not None:
        headers.append(("retry-after", str(max(1, round(problem.retry_after)))))
    if problem.status == 401:
        headers.append(("www-authenticate", "Bearer"))
    return problem.status, headers, msgspec.json.encode(problem.as_dict())
