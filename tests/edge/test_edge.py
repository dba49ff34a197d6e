"""The fakes at the edge refuse what the real carrier and the real chat refuse, and sign what they send back."""

import base64
import http.client
import json
import urllib.parse
from typing import Any

import pytest

from tests.edge import chat as chats
from tests.edge import sms
from tests.paging.fake_servers import fake_web

ALICE = "+4915550001111"
BASIC = "Basic " + base64.b64encode(f"{sms.ACCOUNT}:{sms.SECRET}".encode()).decode()


def post(url: str, path: str, body: str, **headers: str) -> tuple[int, Any]:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def text(house: sms.Carrier, *, to: str = ALICE, body: str = "berth-board is down", key: str = BASIC, **more: str) -> tuple[int, Any]:
    fields = urllib.parse.urlencode({"To": to, "From": sms.NUMBER, "Body": body, **more})
    return post(house.url, f"/2010-04-01/Accounts/{sms.ACCOUNT}/Messages.json", fields, Authorization=key)


class TestTheCarrier:
    def test_keeps_what_it_takes(self) -> None:
        with sms.carrier() as house:
            status, told = text(house)
            assert (status, told["status"], house.to(ALICE)[0].body) == (201, "queued", "berth-board is down")

    @pytest.mark.parametrize(("how", "code"), [({"to": "0155"}, 21211), ({"body": ""}, 21602), ({"body": "x" * 1601}, 21617)])
    def test_refuses_what_makes_no_sense(self, how: dict[str, str], code: int) -> None:
        with sms.carrier() as house:
            assert text(house, **how) == (400, {"code": code, "message": "refused", "status": 400})
            assert house.texts == []

    def test_refuses_a_number_that_wants_none(self) -> None:
        with sms.carrier() as house:
            house.refuse[ALICE] = 21610
            assert text(house)[1]["code"] == 21610

    def test_refuses_strangers_and_is_busy_when_told(self) -> None:
        with sms.carrier() as house:
            assert text(house, key="Basic bm8=")[0] == 401
            house.busy = 1
            assert [text(house)[0], text(house)[0]] == [429, 201]

    def test_sends_replies_and_receipts_signed(self) -> None:
        with sms.carrier() as house, fake_web() as ours:
            text(house, StatusCallback=f"{ours.url}/receipts")
            assert house.reply(f"{ours.url}/replies", ALICE, "ack 4") == 200
            assert house.receipt(house.texts[0], "delivered") == 200
            for taken, path in zip(ours.taken, ("/replies", "/receipts"), strict=True):
                fields = dict(urllib.parse.parse_qsl(taken.body.decode()))
                assert taken.headers["x-twilio-signature"] == sms.signature(ours.url + path, fields)


def say(room: chats.Chat, method: str = "chat.postMessage", key: str = chats.TOKEN, **given: Any) -> dict[str, Any]:
    body = json.dumps({"channel": "C0WATCH", "text": "berth-board is down", **given})
    _, told = post(room.url, f"/api/{method}", body, Authorization=f"Bearer {key}")
    assert isinstance(told, dict)
    return told


BUTTON = {
    "type": "actions",
    "elements": [{"type": "button", "action_id": "ack", "value": "4", "text": {"type": "plain_text", "text": "I am on it"}}],
}


class TestTheChat:
    def test_keeps_a_message_and_its_update(self) -> None:
        with chats.chat() as room:
            told = say(room)
            assert say(room, "chat.update", ts=told["ts"], text="Alice is on it")["ok"]
            assert [message.text for message in room.messages] == ["Alice is on it"]

    @pytest.mark.parametrize(
        ("how", "error"), [({"channel": "C0NOWHERE"}, "channel_not_found"), ({"text": ""}, "no_text"), ({"key": "no"}, "invalid_auth")]
    )
    def test_refuses_as_the_real_one_does(self, how: dict[str, str], error: str) -> None:
        with chats.chat() as room:
            assert say(room, **how) == {"ok": False, "error": error}

    def test_cannot_update_what_is_not_there(self) -> None:
        with chats.chat() as room:
            assert say(room, "chat.update", ts="1.0")["error"] == "message_not_found"

    def test_is_busy_when_told(self) -> None:
        with chats.chat() as room:
            room.busy = 1
            assert [say(room)["ok"], say(room)["ok"]] == [False, True]

    def test_posts_a_pressed_button_signed(self) -> None:
        with chats.chat() as room, fake_web() as ours:
            say(room, blocks=[BUTTON])
            assert room.press(f"{ours.url}/chat", room.messages[0], "I am on it", user="U0ALICE", at=1_700_000_000) == 200
            taken = ours.taken[0]
            assert taken.headers["x-slack-signature"] == chats.signature("1700000000", taken.body.decode())
            payload = json.loads(urllib.parse.parse_qs(taken.body.decode())["payload"][0])
            assert (payload["user"]["id"], payload["actions"][0]["value"]) == ("U0ALICE", "4")
