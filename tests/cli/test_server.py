"""A verb goes through the running server; a real HTTP server stands in for it here, and the lock is a real lock."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.databases import sqlite_only
from watchbill.base.datadir import DataDir, take_lock, write_private
from watchbill.base.problem import Problem
from watchbill.cli import server

pytestmark = sqlite_only  # on PostgreSQL a command does its work itself, beside any number of servers


class Desk(HTTPServer):
    """Answers /control/<verb> with what it was told to say next, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Clerk)
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.answers: list[tuple[int, bytes]] = []

    def then(self, status: int, body: object) -> None:
        self.answers.append((status, body if isinstance(body, bytes) else json.dumps(body).encode()))


class Clerk(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        status, answer = self.server.answers.pop(0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_given: object) -> None:
        """Quiet."""


@pytest.fixture
def desk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A running server on the home: it holds the lock and left its address and key."""
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 0.0)
    with Desk() as told:
        threading.Thread(target=told.serve_forever, args=(0.02,), daemon=True).start()
        lock = take_lock(home)
        leave(home, f"http://127.0.0.1:{told.server_port}")
        yield told
        lock.release()
        told.shutdown()


def leave(home: Path, url: str) -> None:
    write_private(DataDir(home).control, json.dumps({"url": url, "token": "s3cret"}).encode())


def test_the_running_server_is_asked_with_its_key(desk: Desk) -> None:
    desk.then(200, {"ok": True})
    assert server.call("alerts", {"a": 1}) == {"ok": True}
    ((path, headers, payload),) = desk.asked
    assert (path, payload) == ("/control/alerts", {"a": 1})
    assert headers["Authorization"] == "Bearer s3cret"


def test_the_server_is_told_who_asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.getpass, "getuser", lambda: "alice\r\nEvil: 1")
    desk.then(200, {})
    server.call("alerts", {})
    assert desk.asked[0][1]["Watchbill-Actor"] == "alice%0D%0AEvil%3A%201"


def test_a_name_that_is_always_allowed_is_asked_for(desk: Desk) -> None:
    desk.then(200, {})
    server.call("alerts", {})
    assert desk.asked[0][1]["Host"] == "localhost"


def test_a_problem_of_the_server_is_ours(desk: Desk) -> None:
    desk.then(422, Problem("invalid", "No", "Bad file.", field="x", remedy="Mend it.").as_dict())
    with pytest.raises(Problem) as caught:
        server.call("roster.apply", {})
    assert (caught.value.code, caught.value.title, caught.value.field, caught.value.remedy) == ("invalid", "No", "x", "Mend it.")


def test_a_busy_server_is_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 30.0)
    desk.then(503, Problem("busy", "Too busy", retry_after=0.01).as_dict())
    desk.then(200, {"second": True})
    assert server.call("alerts", {}) == {"second": True}


def test_a_refusal_is_not_asked_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 30.0)
    desk.then(409, Problem("conflict", "No").as_dict())
    with pytest.raises(Problem):
        server.call("alerts", {})
    assert len(desk.asked) == 1


@pytest.mark.parametrize("body", [b"<h1>hello</h1>", b"[]", b"\xff\xfe", b""])
def test_an_answer_that_is_none_of_ours_is_said_to_be_none(desk: Desk, body: bytes) -> None:
    desk.then(200, body)
    with pytest.raises(Problem, match="can't be asked"):
        server.call("alerts", {})


def test_an_endless_answer_is_cut(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ANSWER_BYTES", 100)
    desk.then(200, {"a": "x" * 1000})
    with pytest.raises(Problem, match="100 bytes"):
        server.call("alerts", {})


def test_a_server_that_left_no_way_in_is_never_worked_around(desk: Desk, home: Path) -> None:
    DataDir(home).control.unlink()
    with pytest.raises(Problem) as caught:
        server.call("alerts", {})
    assert caught.value.code == "server_starting"


def test_a_key_that_others_can_read_is_not_used(desk: Desk, home: Path) -> None:
    DataDir(home).control.chmod(0o644)
    with pytest.raises(Problem):
        server.call("alerts", {})
    assert desk.asked == []


def test_a_server_that_does_not_answer_is_never_worked_around(desk: Desk, home: Path) -> None:
    leave(home, "http://127.0.0.1:1")
    with pytest.raises(Problem, match="does not answer"):
        server.call("alerts", {})


def test_a_server_that_is_just_starting_is_waited_for(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATIENCE_SECONDS", 30.0)
    DataDir(home).control.unlink()
    threading.Timer(0.3, leave, (home, f"http://127.0.0.1:{desk.server_port}")).start()
    desk.then(200, {"ready": True})
    assert server.call("alerts", {}) == {"ready": True}


def test_an_address_that_listens_everywhere_is_reached_at_home(desk: Desk, home: Path) -> None:
    leave(home, f"http://0.0.0.0:{desk.server_port}")
    desk.then(200, {"ok": True})
    assert server.call("alerts", {}) == {"ok": True}


def test_an_abandoned_key_does_not_count_for_a_running_server(home: Path) -> None:
    home.mkdir(parents=True)
    leave(home, "http://127.0.0.1:1")
    assert server.running(home) is None


def test_the_sample_companys_server_is_found_from_its_home(desk: Desk, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = home / "sample"
    lock = take_lock(sample)
    leave(sample, f"http://127.0.0.1:{desk.server_port}")
    desk.then(200, {"sample": True})
    assert server.call("alerts", {}) == {"sample": True}
    lock.release()


def test_somebody_without_a_name_is_still_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(server.getpass, "getuser", nobody)
    assert (server.who().name, server.who().source) == ("unknown", "cli")
