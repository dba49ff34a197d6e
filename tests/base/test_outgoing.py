"""The guarded door for HTTP, against real servers on loopback that misbehave in every way a server can."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from watchbill.base import limits, outgoing
from watchbill.base import settings as own
from watchbill.base.outgoing import Refused, Response, TimedOut, TlsFailed, Unreachable, request
from watchbill.base.problem import Problem

Talk = Callable[[socket.socket], None]


class LoopbackServer:
    """Accepts connections on loopback and talks to each as told, keeping what it was sent."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None = None) -> None:
        self.talk, self.tls = talk, tls
        self.received: list[bytes] = []
        self.wants_a_head = True
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, self.tls.wrap_socket(connection, server_side=True) if self.tls else connection as stream:
                head = b""
                while self.wants_a_head and b"\r\n\r\n" not in head and (part := stream.recv(65536)):
                    head += part
                self.received.append(head)
                self.talk(stream)
        except OSError:
            pass  # the client hung up, as it may

    def close(self) -> None:
        self.listening.close()


def saying(text: bytes) -> Talk:
    return lambda stream: stream.sendall(text)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nahoy!"


@pytest.fixture
def serve() -> Iterator[Callable[..., LoopbackServer]]:
    servers: list[LoopbackServer] = []

    def start(talk: Talk, tls: ssl.SSLContext | None = None) -> LoopbackServer:
        servers.append(LoopbackServer(talk, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def _private_addresses_allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "yes")
    own.forget()
    yield
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def only_public(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "no")
    own.forget()
    yield monkeypatch
    own.forget()


def get(server: LoopbackServer, path: str = "/", **how: float) -> Response:
    return request("GET", f"http://127.0.0.1:{server.port}{path}", **how)  # type: ignore[arg-type]  # timeout only


def test_an_answer_comes_back_whole(serve: Callable[..., LoopbackServer]) -> None:
    answer = get(serve(saying(OK)))
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"ahoy!", "text/plain")


def test_what_is_sent_arrives(serve: Callable[..., LoopbackServer]) -> None:
    server = serve(saying(OK))
    url = f"http://127.0.0.1:{server.port}/hook?who=bob"
    request("POST", url, headers={"Content-Type": "application/json"}, body=b'{"page": 7}')
    head = server.received[0].decode()
    assert head.startswith("POST /hook?who=bob HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{server.port}\r\n" in head
    assert "Content-Type: application/json\r\n" in head
    assert "Content-Length: 11\r\n" in head


def test_a_chunked_answer_is_put_together(serve: Callable[..., LoopbackServer]) -> None:
    text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\naho\r\n2\r\ny!\r\n0\r\n\r\n"
    assert get(serve(saying(text))).body == b"ahoy!"


@pytest.mark.parametrize("status", [404, 429, 500, 503])
def test_an_unhappy_answer_is_an_answer(serve: Callable[..., LoopbackServer], status: int) -> None:
    server = serve(saying(b"HTTP/1.1 %d No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n" % status))
    answer = get(server)
    assert (answer.status, answer.headers["retry-after"]) == (status, "7")


def test_a_redirect_is_not_followed(serve: Callable[..., LoopbackServer]) -> None:
    elsewhere = serve(saying(OK))
    text = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n".encode()
    assert get(serve(saying(text))).status == 302
    assert elsewhere.received == []


def test_an_answer_over_the_cap_is_refused(serve: Callable[..., LoopbackServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTGOING_BODY_BYTES", 5)
    assert get(serve(saying(OK))).body == b"ahoy!"
    monkeypatch.setattr(limits, "OUTGOING_BODY_BYTES", 4)
    with pytest.raises(Refused, match="more than 4 bytes"):
        get(serve(saying(OK)))


def test_an_answer_without_an_end_is_cut_at_the_cap(serve: Callable[..., LoopbackServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTGOING_BODY_BYTES", 100_000)

    def flood(stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            stream.sendall(b"x" * 65536)

    with pytest.raises(Refused):
        get(serve(flood))


@pytest.mark.parametrize("size", [b"-1", b"-ffffffff"])
def test_a_chunk_of_less_than_nothing_is_not_read_without_an_end(serve: Callable[..., LoopbackServer], size: bytes) -> None:
    taken = []

    def flood(stream: socket.socket) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n")
        for _ in range(64):
            stream.sendall(b"x" * limits.MIB)
            taken.append(1)

    server = serve(flood)
    with pytest.raises(Unreachable):
        get(server)
    with pytest.raises(Unreachable), outgoing.stream(f"http://127.0.0.1:{server.port}/", seconds=10) as answer:
        answer.read(1000)
    assert len(taken) < 64


def silent(stream: socket.socket) -> None:
    time.sleep(30)


def dripping(stream: socket.socket) -> None:
    """A byte now and then: each arrives within the socket's own time-out, the whole never does."""
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        time.sleep(0.02)
        stream.sendall(b"x")


def dripping_headers(stream: socket.socket) -> None:
    stream.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(1000):
        time.sleep(0.02)
        stream.sendall(b"x")


@pytest.mark.parametrize("talk", [silent, dripping, dripping_headers])
def test_the_deadline_holds_however_the_other_side_stalls(serve: Callable[..., LoopbackServer], talk: Talk) -> None:
    with pytest.raises(TimedOut) as caught:
        get(serve(talk), timeout=0.2)
    assert caught.value.retryable


def test_nobody_may_ask_for_a_longer_time_than_the_limit(serve: Callable[..., LoopbackServer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "OUTGOING_MAX_SECONDS", 0.1)
    with pytest.raises(TimedOut, match=r"0\.1 seconds"):
        get(serve(silent), timeout=3600)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", id="too many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n", id="a header too long"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="a bad chunk"),
    ],
)
def test_what_is_no_answer_is_unreachable(serve: Callable[..., LoopbackServer], text: bytes) -> None:
    with pytest.raises(Unreachable):
        get(serve(saying(text)))


def test_an_answer_cut_short_is_not_taken_for_whole(serve: Callable[..., LoopbackServer]) -> None:
    with pytest.raises(Unreachable):
        get(serve(saying(OK[:-2])))


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        request("GET", f"http://127.0.0.1:{port}/")


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="can't be resolved"):
        request("GET", "http://nowhere.invalid/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hello",
        "ftp://host.example/",
        "file:///etc/passwd",
        "http:///path",
        "http://user:secret@host.example/",
        "http://host.example:99999/",
    ],
)
def test_only_whole_web_addresses_are_called(url: str) -> None:
    with pytest.raises(Refused):
        request("GET", url)


def test_a_private_address_is_refused_unless_listed(serve: Callable[..., LoopbackServer], only_public: pytest.MonkeyPatch) -> None:
    server = serve(saying(OK))
    with pytest.raises(Refused) as caught:
        get(server)
    assert "allow_hosts" in caught.value.remedy
    assert server.received == []
    only_public.setenv("WATCHBILL_OUTGOING_ALLOW_HOSTS", f"127.0.0.1:{server.port}")
    own.forget()
    assert get(server).status == 200


def test_a_name_that_changes_its_mind_is_called_where_it_was_checked(
    serve: Callable[..., LoopbackServer], only_public: pytest.MonkeyPatch
) -> None:
    trap = serve(saying(OK))
    answers = iter(["93.184.215.14", "127.0.0.1"])
    resolved: list[str] = []
    dialled: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return [next(answers)]

    def dial(address: tuple[str, int], timeout: float) -> socket.socket:
        dialled.append(address[0])
        raise ConnectionRefusedError

    only_public.setattr(outgoing.addresses, "resolve", resolve)
    only_public.setattr(socket, "create_connection", dial)
    with pytest.raises(Unreachable):
        request("GET", f"http://rebind.example:{trap.port}/")
    assert (resolved, dialled) == (["rebind.example"], ["93.184.215.14"])


@pytest.mark.parametrize("headers", [{"X-A": "b\r\nX-Evil: 1"}, {"X-A\r\nX-Evil": "1"}, {"X-A": "b\nc"}, {"X-A": "b\0"}])
def test_line_breaks_in_headers_are_refused(serve: Callable[..., LoopbackServer], headers: dict[str, str]) -> None:
    server = serve(saying(OK))
    with pytest.raises(Refused, match="line break"):
        request("GET", f"http://127.0.0.1:{server.port}/", headers=headers)
    assert server.received == []


@pytest.mark.parametrize("path", ["/a b", "/a\x7f", "/\x01"])
def test_a_path_that_could_smuggle_is_refused(serve: Callable[..., LoopbackServer], path: str) -> None:
    with pytest.raises(Problem):
        get(serve(saying(OK)), path)


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server that proves to be `name`, to whoever trusts the file `folder/name.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def trust(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """Make this the only authority that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(file.parent / "none"))


def test_a_trusted_server_is_called_by_tls(serve: Callable[..., LoopbackServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(saying(OK), certificate(tmp_path, "127.0.0.1"))
    trust(monkeypatch, tmp_path / "127.0.0.1.pem")
    assert request("GET", f"https://127.0.0.1:{server.port}/").body == b"ahoy!"


def test_an_untrusted_server_is_not_talked_to(serve: Callable[..., LoopbackServer], tmp_path: Path) -> None:
    server = serve(saying(OK), certificate(tmp_path, "127.0.0.1"))
    with pytest.raises(TlsFailed):
        request("GET", f"https://127.0.0.1:{server.port}/")
    assert server.received == []


def test_a_server_that_proves_to_be_another_is_not_talked_to(
    serve: Callable[..., LoopbackServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(saying(OK), certificate(tmp_path, "charlie.example"))
    trust(monkeypatch, tmp_path / "charlie.example.pem")
    with pytest.raises(TlsFailed):
        request("GET", f"https://127.0.0.1:{server.port}/")


def test_a_server_without_tls_is_a_tls_failure(serve: Callable[..., LoopbackServer]) -> None:
    server = serve(saying(OK))
    server.wants_a_head = False
    with pytest.raises(TlsFailed):
        request("GET", f"https://127.0.0.1:{server.port}/", timeout=1)


def test_a_problem_of_a_call_says_whether_to_try_again() -> None:
    assert not Refused("no").retryable
    assert TimedOut("late").retryable
    assert Unreachable("gone").as_dict()["status"] == 502
