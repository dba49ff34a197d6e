"""The one guarded door for calls that leave this process: HTTP and mail. It resolves a name once, refuses addresses it may not reach,
and connects to the very address it checked; it follows no redirect, reads no more than the cap, and ends at the deadline however
slowly the other side drips.
"""

import http.client
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from functools import cache
from urllib.parse import SplitResult, urlsplit

from watchbill.base import addresses, limits
from watchbill.base.addresses import AddressRefused
from watchbill.base.problem import Problem
from watchbill.base.settings import MailSettings, settings


class CallFailed(Problem):
    """A call that brought nothing. `retryable` says whether the same call may succeed later."""

    def __init__(self, code: str, title: str, detail: str, *, retryable: bool, remedy: str = "") -> None:
        super().__init__(code, title, detail, remedy=remedy, status=502, retryable=retryable)


class Refused(CallFailed):
    """We don't make this call: bad address, a private one that isn't listed, too large an answer, or nothing configured."""

    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__("outgoing_refused", "Call not made", detail, retryable=False, remedy=remedy)


class TimedOut(CallFailed):
    """No whole answer before the deadline. Whether the other side acted is not known."""

    def __init__(self, detail: str) -> None:
        super().__init__("outgoing_timed_out", "No answer in time", detail, retryable=True)


class TlsFailed(CallFailed):
    """The other side could not prove who it is, or speaks no TLS that we accept."""

    def __init__(self, detail: str) -> None:
        super().__init__("outgoing_tls", "No safe connection", detail, retryable=True)


class Unreachable(CallFailed):
    """No connection, or it broke."""

    def __init__(self, detail: str) -> None:
        super().__init__("outgoing_unreachable", "Not reachable", detail, retryable=True)


class MailRejected(CallFailed):
    """The mail server said no. `permanent`: it will say so again."""

    def __init__(self, detail: str, *, permanent: bool) -> None:
        super().__init__("mail_rejected", "Mail not taken", detail, retryable=not permanent)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Response:
    """Header names in lower case; a redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Answer(http.client.HTTPResponse):
    """The standard library reads without an end after a chunk that claims fewer than no bytes; here that is no HTTP."""

    def _read_next_chunk_size(self) -> int:
        size = int(super()._read_next_chunk_size())  # type: ignore[misc]  # private there, and tested here
        if size < 0:
            raise http.client.HTTPException("a chunk of a negative size")
        return size


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a call goes: the name it was given and the address that was checked."""

    secure: bool
    host: str
    port: int
    address: str
    shown: str


def request(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout: float | None = None
) -> Response:
    """One call, without following redirects. `timeout` seconds for all of it. Raises Refused, TimedOut, TlsFailed or Unreachable."""
    seconds = min(timeout or settings().outgoing.timeout_seconds, limits.OUTGOING_MAX_SECONDS)
    parts = urlsplit(url)
    place = _place(parts)
    sent = _headers(place, headers)
    late = threading.Event()
    try:
        with _connection(place, seconds, late, seconds) as connection:
            connection.request(method, _target(parts), body=body, headers=sent)
            answer = connection.getresponse()
            data = _read_capped(answer, place.shown)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _call_problem(error, place.shown, seconds, late=late.is_set()) from error
    if late.is_set():
        raise TimedOut(f"{place.shown} had not answered in full after {seconds:g} seconds.")
    return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, data)


class Stream:
    """An answer whose body is read piece by piece. Header names in lower case."""

    def __init__(self, answer: http.client.HTTPResponse, where: str, seconds: float, late: threading.Event) -> None:
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self._answer, self._where, self._seconds, self._late = answer, where, seconds, late

    @property
    def says_where_it_ends(self) -> bool:
        """Whether a length or chunks tell the whole from a part; an answer that ends by hanging up does not."""
        return self._answer.chunked or self._answer.length is not None

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, b"" at the end of the whole. Raises TimedOut, TlsFailed, or Unreachable when it was cut short."""
        try:
            data = self._answer.read(size)
            if not data and self._answer.length:
                raise http.client.IncompleteRead(b"", self._answer.length)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _call_problem(error, self._where, self._seconds, late=self._late.is_set()) from error
        if not data and self._late.is_set():
            raise TimedOut(f"{self._where} had not answered in full after {self._seconds:g} seconds.")
        return data


@contextmanager
def stream(url: str, *, headers: Mapping[str, str] | None = None, seconds: float) -> Iterator[Stream]:
    """One GET whose body the caller reads and bounds, without following redirects: for documents too large to hold in memory.

    It is cut after `seconds` (at most `DOWNLOAD_SECONDS`) whatever state it is in, and sooner when nothing arrives for
    `DOWNLOAD_IDLE_SECONDS`. Raises what `request` raises.
    """
    allowed = max(round(min(seconds, limits.DOWNLOAD_SECONDS), 1), 0.1)
    parts = urlsplit(url)
    place = _place(parts)
    late = threading.Event()
    with ExitStack() as opened:
        try:
            connection = opened.enter_context(_connection(place, allowed, late, min(allowed, limits.DOWNLOAD_IDLE_SECONDS)))
            connection.request("GET", _target(parts), headers=_headers(place, headers))
            answer = connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _call_problem(error, place.shown, allowed, late=late.is_set()) from error
        yield Stream(answer, place.shown, allowed, late)


def send_mail(message: EmailMessage) -> str:
    """Hand a message to the configured mail server and return its Message-ID (made when it has none). Sender and recipients are those
    of its headers.

    Raises Refused when no server is configured or a header has a line break, MailRejected, TimedOut, TlsFailed or Unreachable.
    """
    own = settings().mail
    if not own.host:
        raise Refused("No mail server is configured.", "Set mail.host.")
    _refuse_line_breaks({name: str(value) for name, value in message.items()})
    if "Message-ID" not in message:
        message["Message-ID"] = make_msgid(domain=own.sender.rpartition("@")[2] or None)
    if "From" not in message:
        message["From"] = own.sender
    try:
        _deliver(message, own)
    except smtplib.SMTPException as error:
        raise _mail_problem(error, own.host) from error
    except ssl.SSLError as error:
        raise TlsFailed(f"{own.host}: {error}.") from error
    except TimeoutError as error:
        raise TimedOut(f"{own.host} did not answer in {limits.MAIL_SECONDS:g} seconds.") from error
    except OSError as error:
        raise Unreachable(f"{own.host}:{own.port}: {error}.") from error
    return str(message["Message-ID"])


def _place(parts: SplitResult) -> _Place:
    """Check scheme, name and address. Raises Refused or Unreachable."""
    try:
        given = parts.port
    except ValueError as error:
        raise Refused("The address has no valid port.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Refused(
            "Only whole http and https addresses without a password in them are called.", "Give one such as https://host.example/path."
        )
    secure = parts.scheme == "https"
    host, port = parts.hostname, given or (443 if secure else 80)
    own = settings().outgoing
    try:
        address = addresses.choose(host, port, allow_hosts=own.allow_hosts, allow_private=own.allow_private)
    except AddressRefused as error:
        raise Refused(str(error), error.remedy) from error
    except OSError as error:
        raise Unreachable(f"The name {host} can't be resolved: {error}.") from error
    return _Place(secure, host, port, address, parts.netloc)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _headers(place: _Place, headers: Mapping[str, str] | None) -> dict[str, str]:
    """What is sent with every call, and what the caller adds. Raises Refused for a line break."""
    sent = {"Host": place.shown, "User-Agent": "watchbill", "Accept-Encoding": "identity", "Connection": "close", **(headers or {})}
    _refuse_line_breaks(sent)
    return sent


def _refuse_line_breaks(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if any(letter in text for text in (name, value) for letter in "\r\n\0"):
            raise Refused(f"The header {name!r} has a line break in it.")


@contextmanager
def _connection(place: _Place, seconds: float, late: threading.Event, idle: float) -> Iterator[http.client.HTTPConnection]:
    """A connection to the checked address that is cut at the deadline, whatever state it is in; `late` is set then.

    A socket's own time-out (`idle`) counts anew for each byte, so a second handle to the same connection is shut down by a timer.
    """
    raw = socket.create_connection((place.address, place.port), timeout=idle)
    with raw, raw.dup() as handle:
        timer = threading.Timer(seconds, _cut, (handle, late))
        timer.daemon = True
        timer.start()
        connection = http.client.HTTPConnection(place.host, place.port, timeout=idle)
        connection.response_class = _Answer
        try:
            stream = _trusted().wrap_socket(raw, server_hostname=place.host) if place.secure else raw
            connection.sock = stream
            yield connection
        finally:
            timer.cancel()
            connection.close()


def _cut(handle: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was over already


def _read_capped(answer: http.client.HTTPResponse, where: str) -> bytes:
    data = answer.read(limits.OUTGOING_BODY_BYTES + 1)
    if len(data) > limits.OUTGOING_BODY_BYTES:
        raise Refused(f"{where} answered with more than {limits.OUTGOING_BODY_BYTES} bytes.")
    if answer.length:  # the standard library takes what came before the connection broke for the whole
        raise http.client.IncompleteRead(data, answer.length)
    return data


def _call_problem(error: Exception, where: str, seconds: float, *, late: bool) -> CallFailed:
    if late or isinstance(error, TimeoutError):
        return TimedOut(f"{where} had not answered in full after {seconds:g} seconds.")
    if isinstance(error, ssl.SSLError):
        return TlsFailed(f"{where}: {error}.")
    if isinstance(error, OSError):
        return Unreachable(f"{where}: {error}.")
    if isinstance(error, http.client.InvalidURL):
        return Refused(f"The address is not valid: {error}.")
    return Unreachable(f"{where} gave no HTTP answer: {type(error).__name__}.")


def _trusted() -> ssl.SSLContext:
    """Whom we trust; reading the certificates takes 30 ms, so it is done once for each place they may come from."""
    return _trusted_of(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@cache
def _trusted_of(_file: str, _folder: str) -> ssl.SSLContext:
    return ssl.create_default_context()


def _deliver(message: EmailMessage, own: MailSettings) -> None:
    """One conversation with the mail server. Raises what smtplib, ssl and the socket raise."""
    context = _trusted() if own.tls != "none" else None
    if own.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(own.host, own.port, timeout=limits.MAIL_SECONDS, context=context)
    else:
        server = smtplib.SMTP(own.host, own.port, timeout=limits.MAIL_SECONDS)
    with server:
        if own.tls == "starttls":
            server.starttls(context=context)
        if own.user:
            server.login(own.user, own.password)
        refused = server.send_message(message)
    if refused:
        # Some were taken: said, since a retry would send those twice.
        raise MailRejected("Not taken for " + ", ".join(sorted(refused)) + ".", permanent=True)


def _mail_problem(error: smtplib.SMTPException, host: str) -> CallFailed:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = error.recipients.values()
        permanent = all(code >= 500 for code, _ in answers)
        return MailRejected(f"{host} takes no mail for " + ", ".join(sorted(error.recipients)) + ".", permanent=permanent)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Unreachable(f"{host} closed the connection.")
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error.decode(errors="replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return MailRejected(f"{host} answered {error.smtp_code} {text[:300]}", permanent=error.smtp_code >= 500)
    return MailRejected(f"{host}: {error}.", permanent=True)
