"""Mail through the guarded door, to a real SMTP server on loopback."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP, compat32
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.core.mail import EmailMessage as DjangoMessage

from watchbill.base import limits
from watchbill.base import settings as own
from watchbill.base.mail_backend import GuardedDoor
from watchbill.base.outgoing import MailRejected, Refused, TimedOut, TlsFailed, Unreachable, send_mail


class Postmaster:
    """Takes mail, or answers what it was told to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.to_recipients: dict[str, str] = {}
        self.to_data = "250 taken"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802 - its name
        answer = self.to_recipients.get(address, "250 yes")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - its name
        if self.to_data.startswith("250"):
            self.taken.append(envelope)
        return self.to_data


def configure(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"WATCHBILL_MAIL_{name.upper()}", str(value))
    own.forget()


@pytest.fixture
def postmaster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Postmaster]:
    handler = Postmaster()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    configure(monkeypatch, host="127.0.0.1", port=port, tls="none", sender="watchbill@saltmarsh.example")
    yield handler
    controller.stop()
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def settings_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    own.forget()


def letter(to: str = "bob@saltmarsh.example", subject: str = "You are paged") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["To"], message["Subject"] = to, subject
    message.set_content("lodash in berths-api is being exploited.\n")
    return message


def test_mail_is_handed_over_with_an_id(postmaster: Postmaster) -> None:
    made = send_mail(letter())
    envelope = postmaster.taken[0]
    assert envelope.rcpt_tos == ["bob@saltmarsh.example"]
    assert envelope.mail_from == "watchbill@saltmarsh.example"
    assert isinstance(envelope.content, bytes)
    assert f"Message-ID: {made}".encode() in envelope.content
    assert made.endswith("@saltmarsh.example>")


def test_an_id_that_is_there_is_kept(postmaster: Postmaster) -> None:
    message = letter()
    message["Message-ID"] = "<page-7@saltmarsh.example>"
    assert send_mail(message) == "<page-7@saltmarsh.example>"


def test_a_sender_that_is_there_is_kept(postmaster: Postmaster) -> None:
    message = letter()
    message["From"] = "security@saltmarsh.example"
    send_mail(message)
    assert postmaster.taken[0].mail_from == "security@saltmarsh.example"


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such person", True), ("450 mailbox busy", False)])
def test_a_refused_recipient_is_told_with_whether_it_lasts(postmaster: Postmaster, answer: str, permanent: bool) -> None:
    postmaster.to_recipients["bob@saltmarsh.example"] = answer
    with pytest.raises(MailRejected, match=r"bob@saltmarsh\.example") as caught:
        send_mail(letter())
    assert (caught.value.permanent, caught.value.retryable) == (permanent, not permanent)


@pytest.mark.parametrize(("answer", "permanent"), [("554 looks like spam", True), ("452 disk full", False)])
def test_refused_content_is_told_with_the_servers_words(postmaster: Postmaster, answer: str, permanent: bool) -> None:
    postmaster.to_data = answer
    with pytest.raises(MailRejected, match=answer[4:]) as caught:
        send_mail(letter())
    assert caught.value.permanent is permanent


def test_of_two_recipients_the_refused_one_is_named(postmaster: Postmaster) -> None:
    postmaster.to_recipients["charlie@outside.example"] = "550 not here"
    with pytest.raises(MailRejected, match=r"Not taken for charlie@outside\.example"):
        send_mail(letter("bob@saltmarsh.example, charlie@outside.example"))
    assert len(postmaster.taken) == 1


@pytest.mark.parametrize("subject", ["You are paged\r\nBcc: charlie@outside.example", "paged\nX: y", "paged\rX: y"])
def test_a_line_break_in_a_header_is_refused(postmaster: Postmaster, subject: str) -> None:
    with pytest.raises(ValueError):
        letter(subject=subject)
    older = EmailMessage(policy=compat32)  # refuses nothing itself
    older["To"], older["Subject"] = "bob@saltmarsh.example", subject
    with pytest.raises(Refused, match="line break"):
        send_mail(older)
    assert postmaster.taken == []


def test_letters_outside_ascii_arrive(postmaster: Postmaster) -> None:
    send_mail(letter(subject="Señal – página"))
    content = postmaster.taken[0].content
    assert isinstance(content, bytes)
    assert b"=?utf-8?" in content


def test_without_a_mail_server_nothing_is_sent(settings_afterwards: pytest.MonkeyPatch) -> None:
    own.forget()
    with pytest.raises(Refused) as caught:
        send_mail(letter())
    assert caught.value.remedy == "Set mail.host."


def test_nobody_listening_is_unreachable(settings_afterwards: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configure(settings_afterwards, host="127.0.0.1", port=port, tls="none")
    with pytest.raises(Unreachable):
        send_mail(letter())


def test_a_silent_server_is_timed_out(settings_afterwards: pytest.MonkeyPatch) -> None:
    settings_afterwards.setattr(limits, "MAIL_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        configure(settings_afterwards, host="127.0.0.1", port=silent.getsockname()[1], tls="none")
        with pytest.raises((TimedOut, Unreachable)):
            send_mail(letter())


def test_a_server_without_tls_gets_no_mail_when_tls_was_asked_for(postmaster: Postmaster, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, tls="starttls")
    with pytest.raises((MailRejected, TlsFailed)):
        send_mail(letter())
    configure(monkeypatch, tls="tls")
    with pytest.raises((TlsFailed, Unreachable)):
        send_mail(letter())
    assert postmaster.taken == []


def test_a_password_is_never_sent_to_a_server_that_offers_no_login(postmaster: Postmaster, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, user="watchbill", password="hunter2")
    with pytest.raises(MailRejected):
        send_mail(letter())
    assert postmaster.taken == []


def test_djangos_own_mail_takes_the_same_door(postmaster: Postmaster) -> None:
    sent = GuardedDoor().send_messages([DjangoMessage("Reset", "Open this.", "watchbill@saltmarsh.example", ["alice@saltmarsh.example"])])
    assert sent == 1
    assert postmaster.taken[0].rcpt_tos == ["alice@saltmarsh.example"]
