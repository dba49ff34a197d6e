"""A chat on loopback that speaks the parts of Slack's Web API that a page needs: messages with buttons, their updates, and the signed post
that follows when somebody presses one.
"""

import hashlib
import hmac
import http.client
import json
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.paging.fake_servers import fake_web

TOKEN, SIGNING_SECRET, TEAM = "xoxb-a-token-of-the-bot", "a-signing-secret", "T0QUAYSIDE"


@dataclass
class Message:
    """One message as it stands now."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]

    def buttons(self) -> dict[str, dict[str, Any]]:
        """Its buttons by their words."""
        elements = [element for block in self.blocks for element in block.get("elements", []) if element.get("type") == "button"]
        return {element["text"]["text"]: element for element in elements}


@dataclass
class Chat:
    """The chat: its messages, and the channels it knows. `busy` requests are answered 429 with Retry-After."""

    url: str = ""
    channels: set[str] = field(default_factory=lambda: {"C0WATCH"})
    messages: list[Message] = field(default_factory=list)
    busy: int = 0

    def press(self, url: str, message: Message, words: str, *, user: str, at: float | None = None, secret: str = SIGNING_SECRET) -> int:
        """Somebody presses a button: the chat posts it to `url`, signed; the status it got."""
        button = message.buttons()[words]
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user},
            "container": {"message_ts": message.ts, "channel_id": message.channel},
            "actions": [{"action_id": button["action_id"], "value": button.get("value", ""), "type": "button"}],
        }
        body = urllib.parse.urlencode({"payload": json.dumps(payload)})
        stamp = str(int(time.time() if at is None else at))
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(stamp, body, secret),
        }
        try:
            connection.request("POST", parts.path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def chat() -> Iterator[Chat]:
    """A chat for the length of a story."""
    room = Chat()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status, headers, told = _take(room, handler.path, dict(handler.headers.items()), web.taken[-1].body)
        content = json.dumps(told).encode()
        handler.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    with fake_web() as web:
        web.answer = answer
        room.url = web.url
        yield room


def signature(stamp: str, body: str, secret: str = SIGNING_SECRET) -> str:
    """The X-Slack-Signature, version v0: HMAC-SHA256 over version, time and body."""
    return "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()


def _take(room: Chat, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
    if room.busy:
        room.busy -= 1
        return 429, {"Retry-After": "1"}, {"ok": False, "error": "ratelimited"}
    if headers.get("Authorization") != f"Bearer {TOKEN}":
        return 200, {}, {"ok": False, "error": "invalid_auth"}
    given = json.loads(body)
    if given.get("channel") not in room.channels:
        return 200, {}, {"ok": False, "error": "channel_not_found"}
    if not given.get("text"):
        return 200, {}, {"ok": False, "error": "no_text"}
    if path == "/api/chat.postMessage":
        message = Message(given["channel"], f"{1_700_000_000 + len(room.messages)}.000100", given["text"], given.get("blocks", []))
        room.messages.append(message)
        return 200, {}, {"ok": True, "channel": message.channel, "ts": message.ts}
    if path == "/api/chat.update":
        return _update(room, given)
    return 200, {}, {"ok": False, "error": "unknown_method"}


def _update(room: Chat, given: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
    for message in room.messages:
        if message.ts == given.get("ts"):
            message.text, message.blocks = given["text"], given.get("blocks", [])
            return 200, {}, {"ok": True, "channel": message.channel, "ts": message.ts}
    return 200, {}, {"ok": False, "error": "message_not_found"}
