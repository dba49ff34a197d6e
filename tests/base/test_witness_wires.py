"""Witnesses over the network, each with a real receiver on loopback: syslog by UDP, TCP and TLS, mail, HTTP, and a transparency-log
witness.
"""

import base64
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.base.test_mail import Postmaster, postmaster  # noqa: F401 - a fixture
from tests.base.test_outgoing import certificate
from watchbill.base import limits
from watchbill.base import settings as own
from watchbill.base.acting import SYSTEM
from watchbill.base.checkpoints import checkpoint_now, rotate_key, witness_status
from watchbill.base.handover import Handover, WitnessFailed, WitnessHas
from watchbill.base.settings import WitnessSettings
from watchbill.base.witnesses import http, mail, syslog, tlog
from watchbill.base.writer import audit, write
from watchbill.engines.merkle.notes import CheckpointText, NoteDamaged, read_checkpoint, sign_checkpoint
from watchbill.engines.merkle.proofs import is_beginning_of

KEY = Ed25519PrivateKey.generate()
ORIGIN = "watchbill/0011"
AT = datetime(2026, 6, 1, 9, 0, 0, 250_000, tzinfo=UTC)
ROOT = bytes(range(32))
GIVEN = Handover(ORIGIN, 7, ROOT, sign_checkpoint(CheckpointText(ORIGIN, 7, ROOT), KEY), AT)
STATEMENT = "watchbill key rotation v1\nand so on\n"


def readable(note: str) -> CheckpointText:
    return read_checkpoint(note, ORIGIN, KEY.public_key().public_bytes_raw())


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loopback may be called, and keys that are changed are this test's alone."""
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "yes")
    own.forget()
    yield
    monkeypatch.undo()
    own.forget()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


class LogServer:
    """Takes syslog connections and reads octet-counted frames (RFC 6587 section 3.4.1)."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls, self.messages = tls, list[bytes]()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.done = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        try:
            with self.listening:
                connection, _ = self.listening.accept()
            with connection, self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as stream:
                data = b""
                while part := stream.recv(65536):
                    data += part
            while data:
                count, _, rest = data.partition(b" ")
                self.messages.append(rest[: int(count)])
                data = rest[int(count) :]
        except OSError:
            pass
        self.done.set()


FORM = re.compile(rb"<109>1 (\S+) (\S+) watchbill (\d+) (checkpoint|key-rotation) - origin=(\S+) size=(\d+) root=([0-9a-f]{64}) note=(\S+)")


class TestSyslog:
    """One message a checkpoint, whatever carries it."""

    def check(self, message: bytes) -> None:
        found = FORM.fullmatch(message)
        assert found is not None, message
        assert found[1] == b"2026-06-01T09:00:00.250000Z"
        assert (found[4], found[5], found[6]) == (b"checkpoint", ORIGIN.encode(), b"7")
        assert readable(base64.b64decode(found[8]).decode()).root == ROOT

    def test_by_udp_it_is_one_datagram(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(5)
            syslog.hand_over(GIVEN, WitnessSettings(syslog=f"udp://127.0.0.1:{server.getsockname()[1]}"))
            message = server.recv(65536)
        self.check(message)
        assert len(message) < 2048  # what RFC 5426 asks receivers to take

    def test_by_tcp_its_length_stands_before_it(self) -> None:
        server = LogServer()
        syslog.hand_over(GIVEN, WitnessSettings(syslog=f"tcp://127.0.0.1:{server.port}"))
        assert server.done.wait(5)
        (message,) = server.messages
        self.check(message)

    def test_statements_about_the_key_are_messages_of_their_own(self) -> None:
        server = LogServer()
        syslog.hand_over(replace(GIVEN, statements=(STATEMENT,)), WitnessSettings(syslog=f"tcp://127.0.0.1:{server.port}"))
        assert server.done.wait(5)
        found = [FORM.fullmatch(message) for message in server.messages]
        assert [one[4] for one in found if one] == [b"key-rotation", b"checkpoint"]
        assert found[0] is not None
        assert base64.b64decode(found[0][8]).decode() == STATEMENT

    def test_by_tls_the_server_proves_itself(self, tmp_path: Path) -> None:
        context = certificate(tmp_path, "127.0.0.1")
        server = LogServer(context)
        trusted = next(file for file in tmp_path.iterdir() if b"BEGIN CERTIFICATE" in file.read_bytes())
        syslog.hand_over(GIVEN, WitnessSettings(syslog=f"tls://127.0.0.1:{server.port}", syslog_ca=str(trusted)))
        assert server.done.wait(5)
        (message,) = server.messages
        self.check(message)

    def test_a_server_that_nobody_vouches_for_gets_nothing(self, tmp_path: Path) -> None:
        server = LogServer(certificate(tmp_path, "127.0.0.1"))
        with pytest.raises(WitnessFailed, match="no safe connection"):
            syslog.hand_over(GIVEN, WitnessSettings(syslog=f"tls://127.0.0.1:{server.port}"))
        assert server.done.wait(5)
        assert server.messages == []

    def test_nobody_there_is_a_failure(self) -> None:
        with pytest.raises(WitnessFailed, match="refused"):
            syslog.hand_over(GIVEN, WitnessSettings(syslog=f"tcp://127.0.0.1:{free_port()}"))

    def test_a_server_that_says_nothing_and_stays_is_no_failure(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(syslog, "_GOODBYE_SECONDS", 0.05)
        with socket.create_server(("127.0.0.1", 0)) as server:
            syslog.hand_over(GIVEN, WitnessSettings(syslog=f"tcp://127.0.0.1:{server.getsockname()[1]}"))

    @pytest.mark.parametrize("address", ["logs.example", "http://logs.example", "tcp://", "tcp://logs.example:99999", "udp://x:port"])
    def test_an_address_that_is_none_is_refused(self, address: str) -> None:
        with pytest.raises(WitnessFailed, match=r"address|syslog"):
            syslog.hand_over(GIVEN, WitnessSettings(syslog=address))


class TestMail:
    """A mail that keeps."""

    TO = WitnessSettings(mail=["auditor@example.org", "board@example.org"])

    def sent(self, postmaster: Postmaster, given: Handover = GIVEN) -> list[tuple[str, str]]:  # noqa: F811 - the fixture's value
        mail.hand_over(given, self.TO)
        (envelope,) = postmaster.taken
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.envelope, self.message = envelope, message
        return [(part.get_filename() or "", part.get_content()) for part in message.walk() if not part.is_multipart()]

    def test_everybody_named_gets_it(self, postmaster: Postmaster) -> None:  # noqa: F811
        self.sent(postmaster)
        assert self.envelope.rcpt_tos == ["auditor@example.org", "board@example.org"]
        assert self.message["Subject"] == "Checkpoint of watchbill/0011: 7 events"

    def test_the_checkpoint_is_attached_byte_for_byte(self, postmaster: Postmaster) -> None:  # noqa: F811
        parts = self.sent(postmaster)
        assert parts[1][0] == "checkpoint-7.txt"
        assert readable(parts[1][1]).size == 7

    def test_it_says_what_it_is_for_and_has_the_checkpoint_in_it(self, postmaster: Postmaster) -> None:  # noqa: F811
        body = self.sent(postmaster)[0][1]
        assert "Please keep this mail" in body
        assert GIVEN.note.strip() in body.replace("\r\n", "\n")

    def test_no_robot_answers_it(self, postmaster: Postmaster) -> None:  # noqa: F811
        self.sent(postmaster)
        assert self.message["Auto-Submitted"] == "auto-generated"

    def test_statements_about_the_key_are_attached(self, postmaster: Postmaster) -> None:  # noqa: F811
        parts = self.sent(postmaster, replace(GIVEN, statements=(STATEMENT,)))
        assert [name for name, _ in parts] == ["", "checkpoint-7.txt", "key-rotation-1.txt"]

    def test_a_server_that_refuses_is_a_failure_with_its_word(self, postmaster: Postmaster) -> None:  # noqa: F811
        postmaster.to_data = "554 not today"
        with pytest.raises(WitnessFailed, match="554 not today"):
            mail.hand_over(GIVEN, self.TO)

    def test_without_a_mail_server_it_says_so(self) -> None:
        with pytest.raises(WitnessFailed, match="No mail server"):
            mail.hand_over(GIVEN, self.TO)


class Site:
    """An HTTP server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[bytes], tuple[int, bytes]] = lambda _body: (200, b"")
        site = self

        class Desk(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                site.got.append((self.command, self.path, dict(self.headers), body))
                status, said = site.answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_PUT = do_POST  # noqa: N815 - its name

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Desk)
        self.url = f"http://127.0.0.1:{self.server.server_port}/checkpoints"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


class TestHttp:
    """A web address that takes notes."""

    def test_each_checkpoint_is_a_post(self, site: Site) -> None:
        http.hand_over(GIVEN, WitnessSettings(http=site.url, http_token="wit-1"))
        ((method, path, headers, body),) = site.got
        assert (method, path, body) == ("POST", "/checkpoints", GIVEN.note.encode())
        assert headers["Authorization"] == "Bearer wit-1"
        assert headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_without_a_token_none_is_sent(self, site: Site) -> None:
        http.hand_over(GIVEN, WitnessSettings(http=site.url))
        assert "Authorization" not in site.got[0][2]

    def test_statements_come_first_each_by_itself(self, site: Site) -> None:
        http.hand_over(replace(GIVEN, statements=(STATEMENT,)), WitnessSettings(http=site.url))
        assert [body for *_, body in site.got] == [STATEMENT.encode(), GIVEN.note.encode()]

    def test_by_put_all_of_it_is_one_document(self, site: Site) -> None:
        http.hand_over(replace(GIVEN, statements=(STATEMENT,)), WitnessSettings(http=site.url, http_method="PUT"))
        ((method, _, _, body),) = site.got
        assert (method, body.decode()) == ("PUT", f"{STATEMENT}\n{GIVEN.note}")

    @pytest.mark.parametrize("status", [300, 301, 403, 404, 500])
    def test_any_other_answer_is_a_failure(self, site: Site, status: int) -> None:
        site.answer = lambda _body: (status, b"")
        with pytest.raises(WitnessFailed, match=f"answered {status}"):
            http.hand_over(GIVEN, WitnessSettings(http=site.url))

    def test_a_private_address_needs_to_be_allowed(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE")
        own.forget()
        with pytest.raises(WitnessFailed, match="outgoing"):
            http.hand_over(GIVEN, WitnessSettings(http=site.url))
        assert site.got == []


class Cosigner:
    """A transparency-log witness as C2SP tlog-witness describes it, written from that text alone."""

    NAME = "witness.example/w1"

    def __init__(self, site: Site) -> None:
        self.key, self.size, self.root = Ed25519PrivateKey.generate(), 0, b""
        self.log_key: bytes | None = None
        self.origin = ""
        site.answer = self.add_checkpoint

    @classmethod
    def of_nobody(cls) -> "Cosigner":
        """One without a site."""
        return cls(SimpleNamespace())  # type: ignore[arg-type]  # a site that is never asked

    @property
    def verifier(self) -> str:
        raw = b"\x04" + self.key.public_key().public_bytes_raw()
        return f"{self.NAME}+{sha256(self.NAME.encode() + bytes([10]) + raw).hexdigest()[:8]}+{base64.b64encode(raw).decode()}"

    def add_checkpoint(self, body: bytes) -> tuple[int, bytes]:
        head, _, note = body.decode().partition("\n\n")
        first, *lines = head.split("\n")
        old, proof = int(first.removeprefix("old ")), [base64.b64decode(line) for line in lines]
        origin, size, root = note.split("\n")[:3]
        try:
            stated = (
                read_checkpoint(note, origin, self.log_key) if self.log_key else CheckpointText(origin, int(size), base64.b64decode(root))
            )
        except NoteDamaged:
            return 403, b""
        if old != self.size:
            return 409, f"{self.size}\n".encode()
        if old and not is_beginning_of(old, self.root, stated.size, stated.root, proof):
            return 422, b""
        self.size, self.root = stated.size, stated.root
        text = note[: note.index("\n\n") + 1]
        signature = self.key.sign(f"cosignature/v1\ntime 1780304400\n{text}".encode())
        raw = b"\x04" + self.key.public_key().public_bytes_raw()
        line = sha256(self.NAME.encode() + b"\n" + raw).digest()[:4] + (1780304400).to_bytes(8, "big") + signature
        return 200, f"\N{EM DASH} {self.NAME} {base64.b64encode(line).decode()}\n".encode()


@pytest.fixture
def cosigner(site: Site, monkeypatch: pytest.MonkeyPatch) -> Cosigner:
    made = Cosigner(site)
    monkeypatch.setenv("WATCHBILL_WITNESS_TLOG", site.url)
    monkeypatch.setenv("WATCHBILL_WITNESS_TLOG_KEY", made.verifier)
    own.forget()
    return made


def something_happens(times: int = 1) -> None:
    for _ in range(times):
        write(lambda: audit(SYSTEM, "finding.opened", "finding:1"))


@pytest.mark.django_db
class TestTransparencyLogWitness:
    """It takes a checkpoint only as the continuation of the one it has, and its signature says so."""

    def test_it_gets_each_checkpoint_with_the_proof_from_the_last(self, cosigner: Cosigner, site: Site) -> None:
        for times in (1, 3, 70):
            something_happens(times)
            made = checkpoint_now(patience=limits.WITNESS_SECONDS)
            assert made is not None
            assert (cosigner.size, cosigner.root.hex()) == (made.size, made.root)
        assert witness_status().problem == ""
        assert [path for _, path, _, _ in site.got] == ["/checkpoints/add-checkpoint"] * 3

    def test_one_that_knows_another_size_is_met_there(self, cosigner: Cosigner) -> None:
        something_happens(5)
        made = checkpoint_now(patience=limits.WITNESS_SECONDS)
        assert made is not None
        something_happens(5)
        cosigner.size, cosigner.root = 0, b""
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        assert "not of 5" in witness_status().problem
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        assert (cosigner.size, witness_status().problem) == (10, "")

    def test_a_history_that_was_rewritten_is_refused(self, cosigner: Cosigner) -> None:
        something_happens(5)
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        cosigner.root = bytes(32)
        something_happens()
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        assert "not the beginning of this trail" in witness_status().problem

    def test_a_changed_key_has_to_be_told_to_it(self, cosigner: Cosigner) -> None:
        something_happens()
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        cosigner.log_key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        rotate_key(SYSTEM)
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        assert "doesn't know this log's key" in witness_status().problem

    def test_an_answer_that_somebody_else_signed_is_no_witness(self, cosigner: Cosigner) -> None:
        cosigner.key = Ed25519PrivateKey.generate()
        something_happens()
        checkpoint_now(patience=limits.WITNESS_SECONDS)
        assert "without a valid signature" in witness_status().problem


class TestACosignature:
    """What counts as one."""

    NAME = "w"

    def line(self, key: Ed25519PrivateKey, text: str, time: int = 5) -> str:
        raw = key.public_key().public_bytes_raw()
        mark = sha256(self.NAME.encode() + b"\n\x04" + raw).digest()[:4]
        signature = key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"\N{EM DASH} {self.NAME} {base64.b64encode(mark + (5).to_bytes(8, 'big') + signature).decode()}"

    def test_over_the_notes_text_and_its_time_holds(self) -> None:
        text, raw = GIVEN.note[: GIVEN.note.index("\n\n") + 1], KEY.public_key().public_bytes_raw()
        assert tlog.cosigned(GIVEN.note, self.line(KEY, text), self.NAME, raw)
        assert not tlog.cosigned(GIVEN.note, self.line(KEY, text + "x\n"), self.NAME, raw)
        assert not tlog.cosigned(GIVEN.note, self.line(KEY, text, time=6), self.NAME, raw)

    @pytest.mark.parametrize(
        "line", ["", "x", "\N{EM DASH} w", "\N{EM DASH} w !!!", "\N{EM DASH} w AAAA", "\N{EM DASH} v AAAA", "- w AAAA"]
    )
    def test_what_is_none_is_none(self, line: str) -> None:
        assert not tlog.cosigned(GIVEN.note, line, self.NAME, KEY.public_key().public_bytes_raw())

    @pytest.mark.parametrize("key", ["", "w", "w+00000000+AAAA", "w+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(), "w+0+!"])
    def test_a_key_that_is_none_is_refused_before_anything_is_sent(self, site: Site, key: str) -> None:
        with pytest.raises(WitnessFailed, match="tlog_key"):
            tlog.hand_over(GIVEN, WitnessSettings(tlog=site.url, tlog_key=key))
        assert site.got == []

    @pytest.mark.parametrize(("said", "size"), [(b"12\n", 12), (b"0", 0)])
    def test_the_size_that_it_has_is_understood(self, site: Site, said: bytes, size: int) -> None:
        site.answer = lambda _body: (409, said)
        with pytest.raises(WitnessHas) as caught:
            tlog.hand_over(GIVEN, WitnessSettings(tlog=site.url, tlog_key=Cosigner.of_nobody().verifier))
        assert caught.value.size == size

    @pytest.mark.parametrize("said", [b"", b"-1", b"many", b"9" * 30])
    def test_a_size_that_is_none_is_only_a_failure(self, site: Site, said: bytes) -> None:
        site.answer = lambda _body: (409, said)
        with pytest.raises(WitnessFailed) as caught:
            tlog.hand_over(GIVEN, WitnessSettings(tlog=site.url, tlog_key=Cosigner.of_nobody().verifier))
        assert not isinstance(caught.value, WitnessHas)
