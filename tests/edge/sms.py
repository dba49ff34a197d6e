"""A text-message carrier on loopback that speaks Twilio's REST API (2010-04-01): it checks each request as the carrier does, keeps the
messages, and sends replies and receipts back as signed webhooks.
"""

import base64
import hashlib
import hmac
import http.client
import json
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.paging.fake_servers import fake_web

ACCOUNT, SECRET, NUMBER = "AC" + "0" * 32, "a-secret-of-the-carrier", "+15005550006"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BODY_CHARS = 1600


@dataclass(frozen=True)
class Text:
    """A message that was accepted."""

    sid: str
    to: str
    body: str
    callback: str


@dataclass
class Carrier:
    """The carrier: what it took, and whom it refuses. `refuse` maps a number to one of its error codes, such as 21610 (unsubscribed)."""

    url: str = ""
    texts: list[Text] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    busy: int = 0  # so many requests are answered 429

    def to(self, number: str) -> list[Text]:
        """The messages to one number, oldest first."""
        return [text for text in self.texts if text.to == number]

    def reply(self, url: str, number: str, body: str) -> int:
        """The phone answers: the carrier posts it to `url`, signed; the status it got."""
        return _call_back(
            url, {"AccountSid": ACCOUNT, "From": number, "To": NUMBER, "Body": body, "MessageSid": f"SM{len(self.texts):032d}"}
        )

    def receipt(self, text: Text, status: str) -> int:
        """Tell what became of a message ("delivered", "undelivered"), where its sender asked for that."""
        return _call_back(text.callback, {"AccountSid": ACCOUNT, "MessageSid": text.sid, "MessageStatus": status, "To": text.to})


@contextmanager
def carrier() -> Iterator[Carrier]:
    """A carrier for the length of a story."""
    house = Carrier()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status, told = _take(house, handler.path, dict(handler.headers.items()), web.taken[-1].body)
        content = json.dumps(told).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    with fake_web() as web:
        web.answer = answer
        house.url = web.url
        yield house


def signature(url: str, fields: dict[str, str]) -> str:
    """The X-Twilio-Signature of a webhook: HMAC-SHA1 over the URL and the sorted fields, in base64."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _take(house: Carrier, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, object]]:
    expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{SECRET}".encode()).decode()
    if headers.get("Authorization") != expected:
        return 401, {"code": 20003, "message": "Authenticate", "status": 401}
    if path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
        return 404, {"code": 20404, "message": "The requested resource was not found", "status": 404}
    if house.busy:
        house.busy -= 1
        return 429, {"code": 20429, "message": "Too Many Requests", "status": 429}
    given = {name: values[0] for name, values in urllib.parse.parse_qs(body.decode(), keep_blank_values=True).items()}
    code = _wrong(given) or house.refuse.get(given["To"], 0)
    if code:
        return 400, {"code": code, "message": "refused", "status": 400}
    text = Text(f"SM{len(house.texts):032d}", given["To"], given["Body"], given.get("StatusCallback", ""))
    house.texts.append(text)
    return 201, {"sid": text.sid, "status": "queued", "to": text.to, "from": given["From"], "error_code": None}


def _wrong(given: dict[str, str]) -> int:
    """The carrier's error code for a request that makes no sense; 0 for a good one."""
    if not _E164.fullmatch(given.get("To", "")):
        return 21211
    if given.get("From") != NUMBER:
        return 21606
    if not given.get("Body"):
        return 21602
    return 21617 if len(given["Body"]) > _BODY_CHARS else 0


def _call_back(url: str, fields: dict[str, str]) -> int:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature(url, fields)}
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else ""), urllib.parse.urlencode(fields), headers)
        return connection.getresponse().status
    finally:
        connection.close()
