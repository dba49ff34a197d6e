"""The front: a body is taken whole before a thread is given to it, under a deadline and a limit; then it is plain WSGI."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from watchbill.base import limits
from watchbill.base.problem import Problem
from watchbill.web.front import Arriving, Environ, Front, OnDisk, environ, take_body


class Request:
    """What granian would say of a request."""

    def __init__(
        self, method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = (), client: str = "192.0.2.7:4711"
    ) -> None:
        self.method, self.path, self.query_string, self.scheme, self.http_version = method, path, "a=1", "http", "1.1"
        self.server, self.client, self.authority = "127.0.0.1:8080", client, None
        self.headers = self
        self._headers = list(headers)

    def items(self) -> list[tuple[str, str]]:
        return self._headers

    def get(self, name: str) -> str | None:
        return dict(self._headers).get(name)


class Line:
    """A connection whose body arrives in these pieces; `None` means that nothing more ever comes."""

    def __init__(self, *pieces: bytes | None) -> None:
        self._pieces = pieces
        self.answer: tuple[int, dict[str, str], bytes | None] = (0, {}, None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if piece is None:
                await asyncio.sleep(3600)
            else:
                yield piece

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answer = (status, dict(headers), body)

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.answer = (status, dict(headers), None)

    def response_file(self, status: int, headers: list[tuple[str, str]], file: str) -> None:
        self.answer = (status, dict(headers), b"from the disk: " + Path(file).read_bytes())


def echo(given: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application that says back what it was sent."""
    start("200 OK", [("Content-Type", "text/plain"), ("X-Length", given["CONTENT_LENGTH"])])
    return [given["wsgi.input"].read()]


def broken(given: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
    raise RuntimeError("no")


def ask(application: Any, request: Request, line: Line) -> tuple[int, dict[str, str], bytes | None]:
    """The front's answer."""
    front = Front(application, threads=1, on_stop=lambda: None)
    asyncio.run(front.__rsgi__(request, line))
    return line.answer


class TestABody:
    def test_is_handed_over_whole(self) -> None:
        status, headers, body = ask(echo, Request("POST"), Line(b"left", b"-", b"shelf"))
        assert (status, headers["x-length"], body) == (200, "10", b"left-shelf")

    def test_past_the_limit_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REQUEST_BYTES", 9)
        assert ask(echo, Request("POST"), Line(b"left-shelf"))[0] == 413

    def test_that_says_itself_it_is_too_large_is_refused_unread(self) -> None:
        said = [("content-length", str(limits.REQUEST_BYTES + 1))]
        assert ask(echo, Request("POST", headers=said), Line(None))[0] == 413

    @pytest.mark.parametrize(("path", "kind"), [("/api/v1/inbox", "application/problem+json"), ("/p/x", "text/plain; charset=utf-8")])
    def test_that_is_refused_is_told_in_the_form_its_sender_reads(self, path: str, kind: str) -> None:
        said = [("content-length", str(limits.REQUEST_BYTES + 1))]
        assert ask(echo, Request("POST", path, headers=said), Line(None))[1]["content-type"] == kind

    def test_waits_its_turn_when_too_much_arrives_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REQUESTS_ARRIVING_BYTES", 9)
        assert ask(echo, Request("POST"), Line(b"left-shelf"))[0] == 503

    def test_counts_only_while_it_arrives(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REQUESTS_ARRIVING_BYTES", 10)
        arriving = Arriving()
        for _ in range(3):
            assert asyncio.run(take_body(Line(b"left-shelf"), io.BytesIO(), arriving)) == 10

    def test_at_the_limit_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REQUEST_BYTES", 10)
        assert ask(echo, Request("POST"), Line(b"left-shelf"))[0] == 200

    def test_that_stops_arriving_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REQUEST_GRACE_SECONDS", 0.05)
        assert ask(echo, Request("POST"), Line(b"left", None))[0] == 408

    def test_earns_time_by_arriving(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "REQUEST_GRACE_SECONDS", 0)
        monkeypatch.setattr(limits, "REQUEST_BYTES_PER_SECOND", 1)
        with pytest.raises(Problem):
            asyncio.run(take_body(Line(b"x"), io.BytesIO(), Arriving()))
        monkeypatch.setattr(limits, "REQUEST_GRACE_SECONDS", 5)
        assert asyncio.run(take_body(Line(b"x" * 60, b"y"), io.BytesIO(), Arriving())) == 61


class TestWhatTheApplicationSees:
    def test_the_address_of_who_asks(self) -> None:
        assert environ(Request(client="[2001:db8::1]:99"), io.BytesIO(), 0)["REMOTE_ADDR"] == "2001:db8::1"

    def test_a_header_with_an_underscore_cannot_pose_as_another(self) -> None:
        given = environ(Request(headers=[("x_forwarded_for", "127.0.0.1"), ("x-real", "1")]), io.BytesIO(), 0)
        assert ("HTTP_X_FORWARDED_FOR" in given, given["HTTP_X_REAL"]) == (False, "1")

    def test_cookies_sent_apart_are_one_header(self) -> None:
        assert environ(Request(headers=[("cookie", "a=1"), ("cookie", "b=2")]), io.BytesIO(), 0)["HTTP_COOKIE"] == "a=1; b=2"

    def test_the_length_is_what_arrived_not_what_was_claimed(self) -> None:
        assert environ(Request(headers=[("content-length", "999")]), io.BytesIO(b"abc"), 3)["CONTENT_LENGTH"] == "3"

    def test_the_path_as_wsgi_wants_it(self) -> None:
        assert environ(Request(path="/é%20"), io.BytesIO(), 0)["PATH_INFO"].encode("latin-1").decode() == "/é%20"


class TestTheAnswer:
    def test_to_a_head_request_has_no_body(self) -> None:
        assert ask(echo, Request("HEAD"), Line())[2] is None

    def test_when_the_application_breaks_is_a_500_that_tells_nothing(self) -> None:
        status, _, body = ask(broken, Request(), Line())
        assert (status, b"RuntimeError" in (body or b"")) == (500, False)

    def test_closes_what_the_application_gave(self) -> None:
        closed: list[bool] = []

        class Parts(list[bytes]):
            def close(self) -> None:
                closed.append(True)

        def app(given: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
            start("200 OK", [])
            return Parts([b"x"])

        ask(app, Request(), Line())
        assert closed == [True]


class TestAFileAsTheAnswer:
    def test_goes_out_from_the_disk_without_being_read_by_us(self, tmp_path: Path) -> None:
        (tmp_path / "export.zip").write_bytes(b"left-shelf")
        opened: list[Any] = []

        def app(given: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
            start("200 OK", [("Content-Type", "application/zip")])
            opened.append((tmp_path / "export.zip").open("rb"))
            wrapped: Iterable[bytes] = given["wsgi.file_wrapper"](opened[0], 4096)
            return wrapped

        status, headers, body = ask(app, Request(), Line())
        assert (status, headers["content-type"], body) == (200, "application/zip", b"from the disk: left-shelf")
        assert opened[0].closed

    def test_can_be_read_like_any_other_content(self, tmp_path: Path) -> None:
        (tmp_path / "export.zip").write_bytes(b"left\nshelf")
        with (tmp_path / "export.zip").open("rb") as file:
            assert b"".join(OnDisk(file, 4096)) == b"left\nshelf"


def test_being_asked_to_end_stops_in_order() -> None:
    ended: list[bool] = []

    async def end() -> None:
        Front(echo, 1, lambda: ended.append(True)).__rsgi_del__(asyncio.get_running_loop())

    asyncio.run(end())
    assert ended == [True]
