"""What somebody tried at the fast door: keys that collide, changes as large as their limits allow, headers that no client sends."""

import json
from typing import Any

import pytest
from django.test import Client

from tests.databases import sqlite_only
from tests.web.test_fast import CHANGES, DEPLOY, INBOX, Door, door, token  # noqa: F401 - fixtures, found by name
from watchbill.base import limits
from watchbill.base.acting import SYSTEM
from watchbill.base.models import Change, Inbox
from watchbill.roster import services as people

pytestmark = sqlite_only  # as tests/web/test_fast.py

WHERE = "service=berth-board&filename=go.sum"


def sent(door: Door, token: str, what: Any, key: str = "") -> Any:  # noqa: F811 - the fixture
    """The answer to a change under this key."""
    return door.post(CHANGES, json.dumps(what).encode(), token, **({"idempotency_key": key} if key else {}))


class TestAnIdempotencyKey:
    def test_is_its_tokens_own(self, door: Door, token: str) -> None:  # noqa: F811
        bobs = people.create_token("cd", "bob@quayside.example", ["send"], by=SYSTEM)[1]
        assert sent(door, token, DEPLOY, "1") != sent(door, bobs, DEPLOY, "1")
        assert set(Change.objects.values_list("by", flat=True)) == {"alice@quayside.example", "bob@quayside.example"}

    def test_never_hides_another_change(self, door: Door, token: str) -> None:  # noqa: F811
        """What was answered 201 for is kept."""
        for summary in ("A", "B"):
            assert sent(door, token, {**DEPLOY, "summary": summary}, "1")[0] == 201
        assert set(Change.objects.values_list("summary", flat=True)) == {"A", "B"}

    def test_of_one_change_is_none_of_a_list(self, door: Door, token: str) -> None:  # noqa: F811
        assert sent(door, token, DEPLOY, "z:0")[1]["id"] != sent(door, token, [DEPLOY], "z")[1]["ids"][0]

    def test_counts_to_its_last_letter(self, door: Door, token: str) -> None:  # noqa: F811
        first, second = ("k" * (limits.CHANGE_KEY_CHARS - 1) + last for last in "12")
        assert sent(door, token, [DEPLOY], first) != sent(door, token, [DEPLOY], second)
        assert sent(door, token, DEPLOY, first) != sent(door, token, DEPLOY, second)

    def test_that_is_too_long_is_refused_not_cut(self, door: Door, token: str) -> None:  # noqa: F811
        status, told = sent(door, token, DEPLOY, "k" * (limits.CHANGE_KEY_CHARS + 1))
        assert (status, told["field"]) == (422, "Idempotency-Key")

    @pytest.mark.parametrize("fast", [True, False])
    def test_of_the_longest_kind_fits_the_inbox(self, door: Door, token: str, fast: bool) -> None:  # noqa: F811
        key = "k" * 200
        if fast:
            assert door.post(INBOX, b"{}", token, query=WHERE, idempotency_key=key)[0] == 202
        else:
            how = {"HTTP_AUTHORIZATION": f"Bearer {token}", "HTTP_IDEMPOTENCY_KEY": key}
            assert Client().post(f"{INBOX}?{WHERE}", b"{}", "application/octet-stream", **how).status_code == 202
        assert len(Inbox.objects.get().key) <= Inbox._meta.get_field("key").max_length


class TestAsLargeAsItMayBe:
    @pytest.mark.parametrize("letter", ["a", "\u4e2d", "\x01", "@b.example"])
    def test_a_change_is_kept_or_refused_with_its_field(self, door: Door, token: str, letter: str) -> None:  # noqa: F811
        for count in (1, 10, 20, 40, 70, 90, limits.CHANGE_TARGETS):
            targets = [(f"{number:03}" + letter * 200)[:200] for number in range(count)]
            status, told = sent(door, token, {**DEPLOY, "targets": targets})
            assert status == 201 or (status, told["field"]) == (422, "targets"), (count, status)

    @pytest.mark.parametrize("word", ["service", "repo", "branch"])
    def test_what_is_said_of_a_file_has_an_end(self, door: Door, token: str, word: str) -> None:  # noqa: F811
        said = {"service": "berth-board", "filename": "go.sum", word: "%01" * 9000}
        assert door.post(INBOX, b"{}", token, query="&".join(f"{name}={text}" for name, text in said.items()))[0] == 422
        assert not Inbox.objects.exists()


class TestOddHeaders:
    @pytest.mark.parametrize("name", ["authorization", "idempotency_key"])
    def test_with_half_a_letter_are_answered(self, door: Door, token: str, name: str) -> None:  # noqa: F811
        headers = {name: "Bearer \udcff" if name == "authorization" else "\udcff"}
        assert door.post(INBOX, b"{}", "" if name == "authorization" else token, query=WHERE, **headers)[0] >= 400


def test_what_breaks_is_answered_and_logged(
    door: Door,  # noqa: F811
    token: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("secret detail")

    monkeypatch.setattr("watchbill.web.api.changes.recording", broken)
    monkeypatch.setattr("watchbill.web.api.changes._draft", broken)
    status, told = sent(door, token, DEPLOY)
    assert (status, "secret" in json.dumps(told)) == (500, False)
    assert "a post broke" in caplog.text
