"""The fast door: machines' posts go from the event loop to the writer, with the same answers as the ordinary way, and never by a token that
was revoked a moment ago.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from django.test import Client

from tests.databases import sqlite_only
from tests.web.test_front import Line, Request
from watchbill.base import inbox, limits, trail
from watchbill.base.acting import SYSTEM
from watchbill.base.models import Change, ChangeTarget
from watchbill.base.writer import stop_writer, write
from watchbill.roster import services as people
from watchbill.web.api.changes import Changes
from watchbill.web.api.inbox import SmallFile
from watchbill.web.front import Front

pytestmark = sqlite_only  # elsewhere there is no writer thread to hand things to, and every post goes the ordinary way

ROSTER = """
[company]
name = "Quayside"
security_team = "security"
[[person]]
email = "alice@quayside.example"
name = "Alice Duarte"
role = "admin"
[[person]]
email = "bob@quayside.example"
name = "Bob Lindqvist"
[[team]]
slug = "security"
members = ["alice@quayside.example"]
[[service]]
slug = "berth-board"
team = "security"
"""
CHANGES, INBOX = "/api/v1/changes", "/api/v1/inbox"
DEPLOY = {"summary": "berth-board 4.2.1 deployed", "source": "ci", "kind": "deploy", "targets": ["service:berth-board"]}


class Whole(Line):
    """A connection whose body granian hands over in one piece."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.body = body

    def __call__(self) -> Awaitable[bytes]:
        async def whole() -> bytes:
            return self.body

        return whole()


class Never(Whole):
    """A connection whose body never comes."""

    def __call__(self) -> Awaitable[bytes]:
        return asyncio.sleep(3600, b"")


class Door:
    """The front with its takers, and nothing behind it."""

    def __init__(self) -> None:
        self.behind = 0
        self.front = Front(self._ordinary, 1, lambda: None, {CHANGES: Changes(), INBOX: SmallFile()})

    def _ordinary(self, given: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.behind += 1
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"the ordinary way"]

    def post(self, path: str, body: bytes, token: str = "", line: Whole | None = None, query: str = "", **headers: str) -> Any:
        """Status and body of the answer (JSON where it is some)."""
        given = [("content-length", str(len(body))), *((name.replace("_", "-"), value) for name, value in headers.items())]
        request = Request("POST", path, [*given, *([("authorization", f"Bearer {token}")] if token else [])])
        request.query_string = query
        line = line or Whole(body)
        asyncio.run(self.front.__rsgi__(request, line))
        status, told, content = line.answer
        return status, json.loads(content or b"") if "json" in told["content-type"] else content


@pytest.fixture
def door(writer_thread: object) -> Door:
    people.apply_roster(ROSTER, by=SYSTEM)
    return Door()


@pytest.fixture
def token(door: Door) -> str:
    return people.create_token("ci", "alice@quayside.example", ["send"], by=SYSTEM)[1]


class TestAChange:
    def test_is_kept_audited_and_answered_with_its_number(self, door: Door, token: str) -> None:
        assert door.post(CHANGES, json.dumps(DEPLOY).encode(), token) == (201, {"id": 1})
        assert door.behind == 0
        assert trail.events()[0].target == "change:1"
        assert trail.events()[0].actor == "alice@quayside.example"

    def test_told_twice_under_one_key_is_one(self, door: Door, token: str) -> None:
        answers = [door.post(CHANGES, json.dumps(DEPLOY).encode(), token, idempotency_key="build-9") for _ in range(2)]
        assert answers == [(201, {"id": 1}), (201, {"id": 1})]
        assert Change.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"{", 400), (b'{"summary": 7}', 422), (b"{}", 422), (b"[]", 422), (b'{"summary": " "}', 422), (b"\xff", 400)],
    )
    def test_that_makes_no_sense_is_refused(self, door: Door, token: str, body: bytes, status: int) -> None:
        assert door.post(CHANGES, body, token)[0] == status
        assert Change.objects.count() == 0


class TestManyAtOnce:
    def test_are_kept_in_order(self, door: Door, token: str) -> None:
        many = [{**DEPLOY, "summary": f"deploy {n}"} for n in range(limits.CHANGES_AT_ONCE)]
        status, told = door.post(CHANGES, json.dumps(many).encode(), token)
        assert (status, told["ids"]) == (201, list(range(1, limits.CHANGES_AT_ONCE + 1)))
        assert Change.objects.get(pk=told["ids"][41]).summary == "deploy 41"
        assert ChangeTarget.objects.count() == limits.CHANGES_AT_ONCE

    def test_past_the_most_are_refused_whole(self, door: Door, token: str) -> None:
        many = [DEPLOY] * (limits.CHANGES_AT_ONCE + 1)
        assert door.post(CHANGES, json.dumps(many).encode(), token)[0] == 422
        assert Change.objects.count() == 0

    def test_with_one_that_is_wrong_none_is_kept_and_the_answer_names_it(self, door: Door, token: str) -> None:
        status, told = door.post(CHANGES, json.dumps([DEPLOY, DEPLOY, {**DEPLOY, "summary": ""}]).encode(), token)
        assert (status, told["field"]) == (422, "[2].summary")
        assert Change.objects.count() == 0

    def test_with_keys_are_told_apart_by_them(self, door: Door, token: str) -> None:
        door.post(CHANGES, json.dumps({**DEPLOY, "key": "b"}).encode(), token)
        many = [{**DEPLOY, "key": key} for key in ("a", "b", "a", "")]
        assert door.post(CHANGES, json.dumps(many).encode(), token)[1]["ids"] == [2, 1, 2, 3]

    def test_sent_again_under_the_requests_key_are_the_same(self, door: Door, token: str) -> None:
        sent = [door.post(CHANGES, json.dumps([DEPLOY] * 3).encode(), token, idempotency_key="run-7")[1] for _ in range(2)]
        assert sent[0] == sent[1] == {"ids": [1, 2, 3]}

    def test_verify_afterwards(self, door: Door, token: str) -> None:
        door.post(CHANGES, json.dumps([DEPLOY] * 300).encode(), token)
        assert trail.verify().ok


class TestALockFile:
    def test_is_on_disk_when_it_is_answered(self, door: Door, token: str) -> None:
        status, told = door.post(INBOX, b"{}", token, query="service=berth-board&filename=package-lock.json")
        assert (status, told["repeated"]) == (202, False)
        assert inbox.read_bytes(told["id"]) == b"{}"

    def test_for_no_service_is_refused(self, door: Door, token: str) -> None:
        assert door.post(INBOX, b"{}", token, query="service=nothing&filename=package-lock.json")[0] == 404

    @pytest.mark.parametrize("query", ["service=berth-board", "service=berth-board&filename=../x.lock"])
    def test_needs_a_name_inside_the_repository(self, door: Door, token: str, query: str) -> None:
        assert door.post(INBOX, b"{}", token, query=query)[0] == 422

    def test_answers_as_the_ordinary_way_does(self, door: Door, token: str) -> None:
        query = "service=berth-board&filename=package-lock.json"
        fast = door.post(INBOX, b"{}", token, query=query, idempotency_key="k")
        slow = Client().post(
            f"{INBOX}?{query}", b"{}", "application/octet-stream", HTTP_AUTHORIZATION=f"Bearer {token}", HTTP_IDEMPOTENCY_KEY="k"
        )
        assert (slow.status_code, slow.json()) == (202, {**fast[1], "repeated": True, "items": [{**fast[1]["items"][0], "repeated": True}]})


class TestWhoComesIn:
    @pytest.mark.parametrize("token", ["", "wbk_nothing"])
    def test_nobody_without_a_token(self, door: Door, token: str) -> None:
        assert door.post(CHANGES, json.dumps(DEPLOY).encode(), token)[0] == 401

    def test_not_with_another_scope(self, door: Door) -> None:
        reading = people.create_token("reader", "alice@quayside.example", ["read"], by=SYSTEM)[1]
        assert door.post(CHANGES, json.dumps(DEPLOY).encode(), reading)[0] == 403

    def test_not_after_the_token_was_revoked(self, door: Door) -> None:
        made, raw = people.create_token("ci", "alice@quayside.example", ["send"], by=SYSTEM)
        body = json.dumps(DEPLOY).encode()
        assert door.post(CHANGES, body, raw)[0] == 201
        people.revoke_token(made.id, by=SYSTEM)
        assert door.post(CHANGES, body, raw)[0] == 401
        assert Change.objects.count() == 1

    def test_not_after_its_holder_left(self, door: Door) -> None:
        _, raw = people.create_token("ci", "bob@quayside.example", ["send"], by=SYSTEM)
        body = json.dumps(DEPLOY).encode()
        assert door.post(CHANGES, body, raw)[0] == 201
        people.set_active("bob@quayside.example", active=False, by=SYSTEM)
        assert door.post(CHANGES, body, raw)[0] == 401


class TestWhatGoesTheOrdinaryWay:
    @pytest.mark.parametrize(
        ("path", "size", "headers"),
        [
            ("/api/v1/findings", 2, {}),
            (INBOX, limits.INBOX_ROW_BYTES + 1, {}),
            (INBOX, 2, {"content_encoding": "gzip"}),
            (INBOX, 2, {"content_type": "multipart/form-data; boundary=x"}),
        ],
    )
    def test_other_addresses_and_what_is_large_packed_or_a_form(
        self, door: Door, token: str, path: str, size: int, headers: dict[str, str]
    ) -> None:
        assert door.post(path, b" " * size, token, **headers) == (200, b"the ordinary way")

    def test_everything_where_no_writer_thread_is(self, door: Door, token: str) -> None:
        stop_writer()
        assert door.post(CHANGES, b"{}", token) == (200, b"the ordinary way")


class TestAWriterThatCannot:
    def test_is_told_as_busy_and_nothing_is_kept(self, door: Door, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        door.post(CHANGES, json.dumps(DEPLOY).encode(), token)
        begun, gate = threading.Event(), threading.Event()
        holding = threading.Thread(target=write, args=(lambda: begun.set() or gate.wait(30),))
        holding.start()
        begun.wait(30)
        monkeypatch.setattr(limits, "WRITE_WAIT_SECONDS", 0.05)
        status, told = door.post(CHANGES, json.dumps(DEPLOY).encode(), token)
        gate.set()
        holding.join()
        assert (status, told["retryable"]) == (503, True)
        assert Change.objects.count() == 1


def test_a_body_that_never_comes_is_given_up(door: Door, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_GRACE_SECONDS", 0.05)
    assert door.post(CHANGES, b"{}", token, line=Never(b"{}"))[0] == 408
