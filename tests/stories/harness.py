"""A real server process with fakes only at its edge: a real SMTP server on loopback, a browser-like client, a clock that moves.

Stories speak through this: start a company, open a link, read the mail that arrived, press a button, move the clock.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import http.cookies
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests import databases

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
T = TypeVar("T")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(ask: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """Ask until the answer is true; an assertion naming `what` when patience ends. No wall-clock promise is made or tested."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"never happened: {what}")


class Postbox:
    """A real SMTP server on loopback that keeps what it was sent."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._new = threading.Condition()
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content or b"", policy=default_policy)  # type: ignore[arg-type]
        with self._new:
            self.messages.append(message)  # type: ignore[arg-type]
            self._new.notify_all()
        return "250 kept"

    def to(self, address: str) -> list[EmailMessage]:
        """Every message for this address, oldest first."""
        with self._new:
            return [message for message in self.messages if address in str(message["To"])]

    def wait_for(self, address: str, count: int = 1) -> EmailMessage:
        """The `count`-th message for this address."""
        return eventually(lambda: self.to(address)[count - 1 : count], f"mail {count} to {address}")[0]

    def stop(self) -> None:
        self._controller.stop()


@dataclass
class Answer:
    """What the server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """A browser without scripts: keeps cookies, follows redirects, fills the forms it finds."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    last: Answer = field(default_factory=lambda: Answer(0, {}, b""))
    where: str = "/"

    def send(self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """One request, no redirects followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body=body or None, headers=given)
            response = connection.getresponse()
            answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
            for line in response.msg.get_all("Set-Cookie") or []:
                for name, morsel in http.cookies.SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return answer
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        """A page, redirects followed."""
        answer = self.send("GET", path)
        for _ in range(5):
            if answer.status not in (301, 302, 303):
                break
            path = urllib.parse.urlsplit(urllib.parse.urljoin(path, answer.headers["location"])).path
            answer = self.send("GET", path)
        self.last, self.where = answer, path
        return answer

    def press(self, button: str, **fields: str) -> Answer:
        """Press the button with this text on the last page: its form's hidden fields, its own value, and `fields`; redirects followed."""
        action, values = _form_with(self.last.text, button)
        values.update(fields)
        target = urllib.parse.urljoin(self.where, action or self.where)
        origin = f"http://127.0.0.1:{self.port}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin, "Referer": origin + self.where}
        answer = self.send("POST", target, body=urllib.parse.urlencode(values).encode(), headers=headers)
        if answer.status in (301, 302, 303):
            return self.get(urllib.parse.urlsplit(urllib.parse.urljoin(target, answer.headers["location"])).path)
        self.last, self.where = answer, target
        return answer


def _form_with(page: str, button: str) -> tuple[str, dict[str, str]]:
    for match in re.finditer(r"<form\b([^>]*)>(.*?)</form>", page, re.DOTALL):
        attributes, inner = match.groups()
        for pressed in re.finditer(r"<button\b([^>]*)>(.*?)</button>", inner, re.DOTALL):
            text = html.unescape(re.sub(r"<[^>]+>", " ", pressed.group(2)))
            if button in " ".join(text.split()):
                values = {
                    name: _attribute(tag, "value") or ""
                    for tag in re.findall(r"<input\b[^>]*>", inner)
                    if (name := _attribute(tag, "name")) and _attribute(tag, "type") not in ("checkbox", "radio")
                }
                if name := _attribute(pressed.group(1), "name"):
                    values[name] = _attribute(pressed.group(1), "value") or ""
                return _attribute(attributes, "action") or "", values
    raise AssertionError(f"no button says {button!r}")


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}\s*=\s*"([^"]*)"', tag)
    return html.unescape(found.group(1)) if found else None


@dataclass
class Server:
    """One `watchbill up` process group and its data directory."""

    data: Path
    port: int
    process: subprocess.Popen[str]
    output: list[str]
    settings: dict[str, str] = field(default_factory=dict)
    others: list[Server] = field(default_factory=list)

    @property
    def link(self) -> str:
        """The one-time link it printed, as a path."""

        def printed() -> str:
            found = [line.strip() for line in self.output if "/welcome/" in line]
            return urllib.parse.urlsplit(found[-1]).path if found else ""

        return eventually(printed, "the one-time link in the terminal")

    def client(self) -> Client:
        return Client(self.port)

    def answers(self, path: str) -> bool:
        """Is there a page at this path, now?"""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return Client(self.port).send("GET", path).status == 200
        return False

    def is_up(self) -> bool:
        """Does it answer, and say that it is well?"""
        return self.answers("/healthz")

    def kill(self) -> None:
        """kill -9 of the parent; the kernel takes the worker with it."""
        self.process.kill()
        self.process.wait()

    def worker(self) -> int:
        """The process id of the worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii").split()
        return int(children[0])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A `watchbill` command on the same data directory."""
        environment = {**os.environ, **_environment(self.data.parent if self.data.name == "sample" else self.data, self.port)}
        environment["WATCHBILL_DATA"] = str(self.data)
        environment |= {f"WATCHBILL_{name}": value for name, value in self.settings.items()}
        command = [sys.executable, "-m", "watchbill.cli.main", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False, timeout=120)
        assert not check or done.returncode == 0, f"watchbill {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done


def _environment(home: Path, port: int, postbox: Postbox | None = None) -> dict[str, str]:
    given = {"WATCHBILL_DATA": str(home), "WATCHBILL_ADDR": f"127.0.0.1:{port}", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    if postbox is not None:
        given |= {"WATCHBILL_MAIL_HOST": "127.0.0.1", "WATCHBILL_MAIL_PORT": str(postbox.port), "WATCHBILL_MAIL_TLS": "none"}
    return given


def start(
    home: Path, *, sample: bool, postbox: Postbox | None = None, port: int = 0, wait: bool = True, role: str = "up", **settings: str
) -> Server:
    """`watchbill up` (or `web`, or `work`) in `home`; returns once it answers, `work` once it says that it is at work. `settings` are
    further WATCHBILL_ variables without the prefix. In a run of the tests on PostgreSQL each home has a database of its own there.
    """
    port = port or free_port()
    settings = database_of(home) | settings
    environment = {**os.environ, **_environment(home, port, postbox), **{f"WATCHBILL_{name}": value for name, value in settings.items()}}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    words = [sys.executable, "-m", "watchbill.cli.main", role, *(["--sample"] if sample else [])]
    process = subprocess.Popen(words, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output: list[str] = []
    threading.Thread(target=_collect, args=(process, output), daemon=True).start()
    in_own_folder = sample and not settings.get("DATABASE_URL")
    server = Server(home / "sample" if in_own_folder else home, port, process, output, settings)
    if wait:
        ready = server.is_up if role != "work" else lambda: any("at work" in line for line in output)
        eventually(lambda: ready() or process.poll() is not None, f"{role} is ready")
        assert process.poll() is None, "the server ended at once:\n" + "".join(output)
    return server


def _collect(process: subprocess.Popen[str], output: list[str]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        output.extend(iter(lines.readline, ""))


def database_of(home: Path) -> dict[str, str]:
    """The setting that leads to this home's own database, made at the first question; nothing on SQLite, where it lies in the home."""
    if not databases.postgres():
        return {}
    if home not in _made:
        databases.create(home)
        _made.add(home)
    return {"DATABASE_URL": databases.url_of(home)}


_made: set[Path] = set()


@contextlib.contextmanager
def running(
    home: Path, *, sample: bool, postbox: Postbox | None = None, database: str = "", web: int = 0, work: int = 0, **settings: str
) -> Iterator[Server]:
    """A server for the length of a story, stopped afterwards. With `web` and `work` that many processes of each on one PostgreSQL
    database: the first web process, with the rest as its `others`. `database="postgres"` skips the story where there is none.
    """
    if (database == "postgres" or web or work) and not databases.postgres():
        pytest.skip("needs PostgreSQL")
    if not web and not work:
        roles = ["up"]
    else:
        roles = ["web"] * web + ["work"] * work
    started: list[Server] = []
    try:
        for role in roles:
            started += [start(home, sample=sample, postbox=postbox, role=role, **settings)]
        started[0].others = started[1:]
        yield started[0]
    finally:
        for server in reversed(started):
            if server.process.poll() is None:
                server.stop()
