"""The syslog witness: each checkpoint as one RFC 5424 message, by UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425), to a
log server that this machine's administrator doesn't rule.

Receivers mangle line breaks in their own ways, so the signed note travels in base64 on the one line. Syslog has no answer: sent is all that
can be known.
"""

import base64
import os
import socket
import ssl
from contextlib import ExitStack, suppress
from urllib.parse import SplitResult, urlsplit

from watchbill.base import limits
from watchbill.base.handover import Handover, WitnessFailed, WitnessInfo
from watchbill.base.settings import WitnessSettings

INFO = WitnessInfo(
    name="syslog",
    title="A log server",
    settings=("syslog", "syslog_ca"),
    confirms=False,
    reads_back=False,
    example='syslog = "tls://logs.example.org:6514"',
)
_PORTS = {"udp": 514, "tcp": 601, "tls": 6514}
_GOODBYE_SECONDS = 1.0
_PRIORITY = 13 * 8 + 5  # facility "log audit", severity "notice"


def place(own: WitnessSettings) -> str:
    """The server's address."""
    return own.syslog


def hand_over(given: Handover, own: WitnessSettings) -> None:
    """One message for each text."""
    server = _server(own.syslog)
    messages = [message(text, given) for text in given.texts()]
    try:
        if server.scheme == "udp":
            _send_datagrams(server, messages)
        else:
            _send_stream(server, messages, own)
    except ssl.SSLError as error:
        raise WitnessFailed(f"no safe connection: {error.reason or error}") from error
    except TimeoutError as error:
        raise WitnessFailed(f"it took no message within {limits.WITNESS_SECONDS:g} seconds") from error
    except OSError as error:
        raise WitnessFailed(error.strerror or str(error)) from error


def read_back(own: WitnessSettings) -> tuple[str, ...]:
    """Nothing: a log server is asked with its own tools."""
    return ()


def message(text: str, given: Handover) -> bytes:
    """`<109>1 TIME HOST watchbill PID checkpoint - size=… note=…` (RFC 5424 section 6), all of it ASCII."""
    kind = "checkpoint" if text == given.note else "key-rotation"
    time = given.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    host = "".join(letter for letter in socket.gethostname() if letter.isascii() and letter.isprintable() and letter != " ")[:255] or "-"
    note = base64.b64encode(text.encode()).decode()
    said = f"origin={given.origin} size={given.size} root={given.root.hex()} note={note}"
    return f"<{_PRIORITY}>1 {time} {host} watchbill {os.getpid()} {kind} - {said}".encode()


def _server(address: str) -> SplitResult:
    parts = urlsplit(address)
    try:
        parts.port  # noqa: B018 - asking raises
    except ValueError as error:
        raise WitnessFailed("the address has no valid port") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise WitnessFailed("witness.syslog is udp://, tcp:// or tls:// with a host, such as tls://logs.example.org:6514")
    return parts


def _send_datagrams(server: SplitResult, messages: list[bytes]) -> None:
    found = socket.getaddrinfo(server.hostname, server.port or _PORTS["udp"], type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as plug:
        plug.settimeout(limits.WITNESS_SECONDS)
        plug.connect(address)
        for one in messages:
            plug.send(one)


def _send_stream(server: SplitResult, messages: list[bytes], own: WitnessSettings) -> None:
    where = (server.hostname or "", server.port or _PORTS[server.scheme])
    with ExitStack() as open_now:
        plug = open_now.enter_context(socket.create_connection(where, timeout=limits.WITNESS_SECONDS))
        if server.scheme == "tls":
            context = ssl.create_default_context(cafile=own.syslog_ca or None)
            plug = open_now.enter_context(context.wrap_socket(plug, server_hostname=server.hostname))
        plug.sendall(b"".join(b"%d %b" % (len(one), one) for one in messages))
        # Whatever the other side does at once, such as refusing us, is seen by waiting until it has read to our end.
        if server.scheme == "tcp":
            plug.shutdown(socket.SHUT_WR)
            plug.settimeout(_GOODBYE_SECONDS)
            with suppress(TimeoutError):
                plug.recv(1)
