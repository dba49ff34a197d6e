"""The contract of every channel that speaks HTTP, against a real server that misbehaves as told; then what each says."""

import base64
import hashlib
import hmac
import json
import logging
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.paging.fake_servers import FakeWeb, drip, free_port, hang
from watchbill.paging import limits
from watchbill.paging.registry import all_channels
from watchbill.paging.rules.messages import OutgoingPage, Reject, Retry, Sent, Unknown

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"a key of some thirty random bytes").decode()
TOKEN = "tk_not_for_logs"
HTTP = ("ntfy", "webhook")

pytestmark = pytest.mark.usefixtures("clock")


def fields_for(channel: str, url: str) -> dict[str, str]:
    return {"ntfy": {"server": url, "topic": "saltmarsh", "token": TOKEN}, "webhook": {"url": f"{url}/hook?a=1", "secret": SECRET}}[channel]


def page(channel: str, url: str, **other: Any) -> OutgoingPage:
    made = OutgoingPage(
        idem="01kaw0000000000000000000zz-0-0-2-1-now",
        alert_id=7,
        title="lodash is exploited – now",
        decision="now",
        person_name="Bob Lindqvist",
        person_email="bob@saltmarsh.example",
        zone="Europe/Amsterdam",
        team="Berths",
        why=("It is exploited in the wild.",),
        why_you="Bob Lindqvist is on the Security schedule.",
        next_up="Mira Solberg at 11:05 CEST, in 5 min, unless somebody acknowledges.",
        guidance=("Put it at 4.17.21.",),
        ack_url="https://watch.saltmarsh.example/p/token",
        link_url="https://watch.saltmarsh.example/findings/412",
        opened_at=NOW,
        sent_at=NOW,
        attempt=1,
        fields=fields_for(channel, url),
    )
    return replace(made, **other)


def send(channel: str, web: FakeWeb, **other: Any) -> object:
    return all_channels()[channel].send(page(channel, web.url, **other))


@pytest.fixture
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEND_SECONDS", 0.4)


@pytest.mark.parametrize("channel", HTTP)
class TestContract:
    def test_a_page_that_was_taken_is_sent_with_a_receipt(self, channel: str, web: FakeWeb) -> None:
        told = send(channel, web)
        assert isinstance(told, Sent)
        assert told.receipt
        assert len(web.taken) == 1

    def test_a_busy_server_is_asked_again_when_it_said(self, channel: str, web: FakeWeb) -> None:
        web.answer = (429, {"Retry-After": "17"})
        assert send(channel, web) == Retry("answered 429", 17.0)

    def test_a_broken_server_is_asked_again(self, channel: str, web: FakeWeb) -> None:
        web.answer = (500, {})
        assert send(channel, web) == Retry("answered 500", None)

    def test_a_server_that_says_no_is_not_asked_again(self, channel: str, web: FakeWeb) -> None:
        web.answer = (403, {})
        assert send(channel, web) == Reject("answered 403")

    def test_a_redirect_is_never_followed(self, channel: str, web: FakeWeb) -> None:
        web.answer = (302, {"Location": f"{web.url}/elsewhere"})
        told = send(channel, web)
        assert isinstance(told, Reject)
        assert len(web.taken) == 1

    @pytest.mark.usefixtures("short_deadline")
    def test_a_server_that_hangs_leaves_the_outcome_unknown(self, channel: str, web: FakeWeb) -> None:
        web.answer = hang(1.0)
        assert isinstance(send(channel, web), Unknown)

    @pytest.mark.usefixtures("short_deadline")
    def test_a_server_that_drips_is_cut_off_at_the_deadline(self, channel: str, web: FakeWeb) -> None:
        web.answer = drip(2.0)
        assert isinstance(send(channel, web), Unknown)

    def test_a_certificate_nobody_vouches_for_is_refused(self, channel: str, unproven_web: FakeWeb) -> None:
        assert isinstance(send(channel, unproven_web), Reject)
        assert unproven_web.taken == []

    def test_nobody_listening_is_tried_again(self, channel: str, web: FakeWeb) -> None:
        told = all_channels()[channel].send(page(channel, f"http://localhost:{free_port()}"))
        assert isinstance(told, Retry)

    def test_a_connection_that_breaks_off_is_tried_again(self, channel: str, web: FakeWeb) -> None:
        web.answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
        assert isinstance(send(channel, web), Retry | Unknown)

    def test_a_private_address_that_is_not_allowed_is_refused(self, channel: str, web: FakeWeb, set_to: Callable[..., None]) -> None:
        set_to(OUTGOING_ALLOW_PRIVATE="false")
        assert isinstance(send(channel, web), Reject)
        assert web.taken == []

    def test_secrets_show_neither_in_logs_nor_in_outcomes(self, channel: str, web: FakeWeb, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        for answer in ((500, {}), (403, {}), (200, {})):
            web.answer = answer
            told = send(channel, web)
            assert not any(secret in f"{told!r}" for secret in (SECRET, TOKEN))
        assert not any(secret in caplog.text for secret in (SECRET, TOKEN))

    def test_hostile_text_does_no_harm(self, channel: str, web: FakeWeb) -> None:
        told = send(channel, web, title="<script>\r\nBcc: eve@evil.example\x00\u202e\x1b[31m", why=("a\r\n\r\nb",))
        assert isinstance(told, Sent)
        assert "bcc" not in web.taken[0].headers
        assert json.loads(web.taken[0].body)

    def test_the_channel_needs_nothing_set_up(self, channel: str, web: FakeWeb) -> None:
        assert all_channels()[channel].unusable() == ""

    def test_a_second_try_carries_the_same_key(self, channel: str, web: FakeWeb) -> None:
        send(channel, web)
        send(channel, web, attempt=2)
        first, second = (json.loads(one.body) for one in web.taken)
        key = "sequence_id" if channel == "ntfy" else "id"
        assert first[key] == second[key]


def test_a_webhook_is_signed_over_its_id_time_and_body(web: FakeWeb) -> None:
    send("webhook", web)
    taken = web.taken[0]
    signed = f"{taken.headers['webhook-id']}.{taken.headers['webhook-timestamp']}.".encode() + taken.body
    wanted = base64.b64encode(hmac.new(b"a key of some thirty random bytes", signed, hashlib.sha256).digest()).decode()
    assert taken.headers["webhook-signature"] == f"v1,{wanted}"
    assert taken.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_a_webhook_carries_its_idempotency_key(web: FakeWeb) -> None:
    send("webhook", web)
    assert web.taken[0].headers["idempotency-key"] == web.taken[0].headers["webhook-id"] == page("webhook", "").idem


def test_a_webhook_keeps_the_query_of_its_address(web: FakeWeb) -> None:
    send("webhook", web)
    assert web.taken[0].path == "/hook?a=1"


def test_a_webhook_tells_the_whole_story(web: FakeWeb) -> None:
    send("webhook", web)
    told = json.loads(web.taken[0].body)
    assert told["title"] == "lodash is exploited – now"
    assert told["person"] == {"name": "Bob Lindqvist", "email": "bob@saltmarsh.example"}
    assert told["acknowledge_url"].endswith("/p/token")
    assert told["opened_at"] == "2026-06-01T09:00:00+00:00"


def test_a_webhook_never_carries_its_secret(web: FakeWeb) -> None:
    send("webhook", web)
    assert SECRET.encode() not in web.taken[0].body
    assert SECRET not in str(web.taken[0].headers)


def test_ntfy_gets_title_priority_tags_click_and_actions(web: FakeWeb) -> None:
    send("ntfy", web)
    told = json.loads(web.taken[0].body)
    assert web.taken[0].path == "/"
    assert (told["topic"], told["priority"], told["tags"]) == ("saltmarsh", 5, ["rotating_light"])
    assert told["title"] == "[now] lodash is exploited – now"
    assert told["click"] == "https://watch.saltmarsh.example/p/token"
    assert [(action["action"], action["url"]) for action in told["actions"]] == [
        ("view", "https://watch.saltmarsh.example/p/token"),
        ("view", "https://watch.saltmarsh.example/findings/412"),
    ]


def test_ntfy_is_calmer_in_working_hours(web: FakeWeb) -> None:
    send("ntfy", web, decision="hours")
    assert json.loads(web.taken[0].body)["priority"] == 3


def test_ntfy_shows_its_token(web: FakeWeb) -> None:
    send("ntfy", web)
    assert web.taken[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_ntfy_without_a_token_shows_none(web: FakeWeb) -> None:
    send("ntfy", web, fields={"server": web.url + "/", "topic": "saltmarsh"})
    assert "authorization" not in web.taken[0].headers
