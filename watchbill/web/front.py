"""The front of the serving process: takes each request in whole, under a deadline, before a thread is given to it.

A thread that waited for a body would be anybody's to hold: sixteen slow uploads, and no page could be acknowledged. So bodies are read by
the event loop, large ones onto disk, and only then does Django's synchronous code run, in one of a few threads that keep their database
connections. Importing `watchbill.web.serving` starts the process; this module starts nothing.
"""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Protocol, cast

from watchbill.base import limits
from watchbill.base.problem import Problem, busy
from watchbill.web.api.taking import Taker
from watchbill.web.fast import FastDoor

_log = logging.getLogger(__name__)
_BODILESS = frozenset({204, 304})
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Headers = list[tuple[str, str]]


class Scope(Protocol):
    """What granian says of a request (RSGI 1.x)."""

    method: str
    path: str
    query_string: str
    scheme: str
    http_version: str
    server: str
    client: str
    authority: str | None
    headers: Any


class Exchange(Protocol):
    """granian's end of a request: its body as it arrives, and the way to answer."""

    def __call__(self) -> Awaitable[bytes]: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_file(self, status: int, headers: Headers, file: str) -> None: ...


class OnDisk:
    """A file that is an answer's whole content (PEP 3333, file_wrapper). It goes out from the disk, however large and slowly taken, and no
    thread of ours waits for it.
    """

    def __init__(self, file: BinaryIO, _block_bytes: int = 0) -> None:
        self._file = file
        self.path = str(file.name)

    def __iter__(self) -> Iterator[bytes]:
        """For whoever reads it like any other content."""
        return iter(self._file)

    def close(self) -> None:
        """The application is done with it."""
        self._file.close()


class Front:
    """An RSGI application around a WSGI one (PEP 3333). `on_stop` is called when the process is asked to end."""

    def __init__(
        self, application: Application, threads: int, on_stop: Callable[[], None], takers: Mapping[str, Taker] | None = None
    ) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="web")
        self._on_stop = on_stop
        self._arriving = Arriving()
        self._fast = FastDoor(takers or {}, self._threads)

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        """Answer one request."""
        if self._fast.takes(scope.method, scope.path, scope.headers):
            await self._answer_fast(scope, exchange)
            return
        with SpooledTemporaryFile(max_size=limits.REQUEST_MEMORY_BYTES) as body:
            try:
                refuse_claim(scope.headers.get("content-length"))
                size = await take_body(exchange, cast(BinaryIO, body), self._arriving)
            except Problem as problem:
                exchange.response_bytes(*refusal(scope.path, problem))
                return
            body.seek(0)
            given = environ(scope, cast(BinaryIO, body), size)
            status, headers, content = await asyncio.get_running_loop().run_in_executor(self._threads, self._call, given)
        if scope.method == "HEAD" or status in _BODILESS:
            exchange.response_empty(status, headers)
        elif isinstance(content, str):
            exchange.response_file(status, headers, content)
        else:
            exchange.response_bytes(status, headers, content)

    async def _answer_fast(self, scope: Scope, exchange: Exchange) -> None:
        size = int(scope.headers.get("content-length"))
        try:
            self._arriving.add(size)
            try:
                async with asyncio.timeout(limits.REQUEST_GRACE_SECONDS + size / limits.REQUEST_BYTES_PER_SECOND):
                    body = await exchange()
            finally:
                self._arriving.drop(size)
        except Problem as problem:
            exchange.response_bytes(*refusal(scope.path, problem))
        except TimeoutError:
            exchange.response_bytes(*refusal(scope.path, _slow()))
        else:
            exchange.response_bytes(*await self._fast.answer(scope.path, scope.query_string, scope.headers, body))

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """The process was asked to end: let what runs finish, then stop in order."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._on_stop()

    def _call(self, given: Environ) -> tuple[int, Headers, bytes | str]:
        """Run the application in this thread; its status, headers and whole content, or the path of the file that is it."""
        told: list[tuple[int, Headers]] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> None:
            told[:] = [(int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers])]

        try:
            parts = self._application(given, start_response)
            try:
                content = parts.path if isinstance(parts, OnDisk) else b"".join(parts)
            finally:
                if closing := getattr(parts, "close", None):
                    closing()
            return (*told[0], content)
        except Exception:  # noqa: BLE001 - the outermost call: whatever happens, the client is answered and the log told
            _log.exception("a request broke outside of Django", extra={"path": given["PATH_INFO"]})
            return 500, [("content-type", "text/plain; charset=utf-8")], b"Something in Watchbill broke. It is in the server's log.\n"


class Arriving:
    """How many bytes of bodies are being taken in at this moment, over all requests. Only the event loop's thread touches it."""

    def __init__(self) -> None:
        self._bytes = 0

    def add(self, count: int) -> None:
        """Raises `Problem` 503 when there would be more than `limits.REQUESTS_ARRIVING_BYTES`."""
        if self._bytes + count > limits.REQUESTS_ARRIVING_BYTES:
            raise busy(limits.WRITE_RETRY_AFTER_SECONDS)
        self._bytes += count

    def drop(self, count: int) -> None:
        """These have been taken in, or given up."""
        self._bytes -= count


def refusal(path: str, problem: Problem) -> tuple[int, Headers, bytes]:
    """The answer to a request that was not taken in: problem+json (RFC 9457) under /api/, plain words elsewhere."""
    headers = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    if path.startswith("/api/"):
        return problem.status, [("content-type", "application/problem+json"), *headers], json.dumps(problem.as_dict()).encode()
    return problem.status, [("content-type", "text/plain; charset=utf-8"), *headers], problem.as_text().encode()


def refuse_claim(length: str | None) -> None:
    """Raise `Problem` 413 for a body that says itself that it is too large, before reading any of it."""
    if length is not None and length.isdecimal() and int(length) > limits.REQUEST_BYTES:
        raise _too_large()


def _too_large() -> Problem:
    return Problem("too_large", "Too large", f"A request has at most {limits.REQUEST_BYTES} bytes.", remedy="Send it in parts.", status=413)


async def take_body(exchange: Exchange, body: BinaryIO, arriving: Arriving) -> int:
    """Write the request's body to `body` as it arrives; its size. `arriving` counts it only while it does.

    Raises `Problem` 413 past `limits.REQUEST_BYTES`, and 408 when it comes slower than `limits.REQUEST_BYTES_PER_SECOND` once the grace
    of `limits.REQUEST_GRACE_SECONDS` is over.
    """
    clock = asyncio.get_running_loop().time
    begun, size = clock(), 0
    pieces = exchange.__aiter__()
    try:
        while True:
            patience = begun + limits.REQUEST_GRACE_SECONDS + size / limits.REQUEST_BYTES_PER_SECOND - clock()
            # Not the built-in anext with a default: granian's awaitable makes it crash the interpreter.
            chunk = await asyncio.wait_for(pieces.__anext__(), max(0.0, patience))
            if size + len(chunk) > limits.REQUEST_BYTES:
                raise _too_large()
            arriving.add(len(chunk))
            size += len(chunk)
            body.write(chunk)
    except StopAsyncIteration:
        return size
    except TimeoutError as late:
        raise _slow() from late
    finally:
        arriving.drop(size)


def _slow() -> Problem:
    return Problem("slow_upload", "The upload was too slow", "Send it again over a faster line.", status=408, retryable=True)


def environ(scope: Scope, body: BinaryIO, size: int) -> Environ:
    """The request as PEP 3333 wants it. Header names with an underscore are left out: they could pose as others."""
    host, _, port = scope.server.rpartition(":")
    given: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),  # granian has decoded it once already
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": OnDisk,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = "HTTP_" + name.upper().replace("-", "_")
        joint = "; " if key == "HTTP_COOKIE" else ","
        given[key] = f"{given[key]}{joint}{value}" if key in given else value
    given["CONTENT_TYPE"] = given.pop("HTTP_CONTENT_TYPE", "")
    given.pop("HTTP_CONTENT_LENGTH", None)
    given["CONTENT_LENGTH"] = str(size)
    if scope.authority:
        given.setdefault("HTTP_HOST", scope.authority)
    return given
