"""Fakes at the edge: a web server and a mail server that answer as told, on loopback. They keep what they were given."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Taken:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FakeWeb:
    """A web server on loopback. `answer` is what it does: a status with headers, or a function given the handler."""

    port: int = 0
    scheme: str = "http"
    answer: "tuple[int, dict[str, str]] | Callable[[BaseHTTPRequestHandler], None]" = (200, {})
    taken: list[Taken] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"


@contextmanager
def fake_web(certificate: Path | None = None) -> Iterator[FakeWeb]:
    web = FakeWeb(scheme="https" if certificate else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            web.taken.append(Taken(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if callable(web.answer):
                web.answer(self)
                return
            status, headers = web.answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST  # noqa: N815 - its names

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    server.handle_error = lambda *_: None  # type: ignore[method-assign,misc]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hang(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    """Take the request and say nothing."""
    return lambda handler: time.sleep(seconds)


def drip(seconds: float) -> Callable[[BaseHTTPRequestHandler], None]:
    """A header line now and then, never the end: each byte comes in time, the whole never does."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        end = time.monotonic() + seconds
        try:
            handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
            while time.monotonic() < end:
                handler.wfile.write(b"X-Wait: 1\r\n")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass  # the caller hung up, as it should

    return answer


def self_signed(folder: Path) -> Path:
    """A certificate for localhost that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "self-signed.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@dataclass
class FakeMail:
    """A real SMTP server on loopback. `reply` is its answer to each message's end, `to` its answer to each recipient."""

    port: int = 0
    reply: str = "250 OK"
    to: str = "250 OK"
    slow: float = 0.0
    taken: list[Message] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)

    def reset(self) -> None:
        """As at first, at the same port."""
        self.reply, self.to, self.slow, self.taken, self.arrived = "250 OK", "250 OK", 0.0, [], []

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if self.to.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.reply.startswith("250"):
            self.arrived.append(time.time())
            self.taken.append(message_from_bytes(envelope.content or b"", policy=default))
        return self.reply


@contextmanager
def fake_mail() -> Iterator[FakeMail]:
    mail = FakeMail(port=free_port())
    controller = Controller(mail, hostname="127.0.0.1", port=mail.port)
    controller.start()
    try:
        yield mail
    finally:
        controller.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
