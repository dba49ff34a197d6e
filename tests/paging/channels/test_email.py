"""E-mail against a real SMTP server: what it says, and what each of the server's answers means."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.paging.channels.test_http_channels import page as http_page
from tests.paging.fake_servers import FakeMail, free_port
from watchbill.paging.channels import email
from watchbill.paging.rules.messages import OutgoingPage, Reject, Retry, Sent

pytestmark = pytest.mark.usefixtures("clock")
BOB = "bob@saltmarsh.example"


def page(**other: object) -> OutgoingPage:
    return replace(http_page("webhook", ""), fields={"address": BOB}, **other)  # type: ignore[arg-type]


def test_a_mail_that_was_taken_is_sent_and_its_id_is_the_receipt(mail: FakeMail) -> None:
    told = email.send(page())
    assert told == Sent("<01kaw0000000000000000000zz-0-0-2-1-now@watch.saltmarsh.example>")
    assert mail.taken[0]["Message-ID"] == told.receipt


def test_a_mail_says_what_why_and_what_next(mail: FakeMail) -> None:
    email.send(page())
    body = mail.taken[0].get_content()  # type: ignore[attr-defined]
    for part in (
        "lodash is exploited",
        "It is exploited in the wild.",
        "Bob Lindqvist is on the Security schedule.",
        "1. Put it at 4.17.21.",
        "Mira Solberg",
    ):
        assert part in body


def test_a_mail_carries_the_link_that_acknowledges(mail: FakeMail) -> None:
    email.send(page())
    assert "https://watch.saltmarsh.example/p/token" in mail.taken[0].get_content().splitlines()  # type: ignore[attr-defined]


def test_a_mail_is_plain_text_alone(mail: FakeMail) -> None:
    email.send(page())
    assert mail.taken[0].get_content_type() == "text/plain"


def test_a_mail_says_that_no_person_sent_it(mail: FakeMail) -> None:
    email.send(page())
    assert mail.taken[0]["Auto-Submitted"] == "auto-generated"


def test_an_urgent_mail_is_marked_so(mail: FakeMail) -> None:
    email.send(page())
    email.send(page(decision="hours"))
    assert [taken["Importance"] for taken in mail.taken] == ["high", None]


def test_a_mail_goes_to_the_person_by_name(mail: FakeMail) -> None:
    email.send(page())
    assert mail.taken[0]["To"] == "Bob Lindqvist <bob@saltmarsh.example>"
    assert mail.taken[0]["From"] == "watchbill@saltmarsh.example"


def test_the_date_is_ours(mail: FakeMail) -> None:
    email.send(page())
    assert mail.taken[0]["Date"].datetime == datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "hostile",
    ["x\r\nBcc: eve@evil.example\r\n\r\nhello", "x\nBcc: eve@evil.example", "x\x00", "\u202ex", "=?utf-8?b?QmNjOiBlQGUuZXhhbXBsZQ==?="],
)
def test_a_hostile_title_adds_no_header(mail: FakeMail, hostile: str) -> None:
    told = email.send(page(title=hostile, person_name=hostile))
    assert isinstance(told, Sent)
    assert mail.taken[0]["Bcc"] is None
    assert [name for name in mail.taken[0] if name.lower() == "to"] == ["To"]


def test_a_very_long_title_is_cut(mail: FakeMail) -> None:
    email.send(page(title="a" * 100_000))
    assert len(mail.taken[0]["Subject"]) <= 200


def test_a_mailbox_that_does_not_exist_is_rejected(mail: FakeMail) -> None:
    mail.to = "550 5.1.1 no such mailbox"
    assert isinstance(email.send(page()), Reject)


def test_a_mailbox_that_is_full_for_now_is_tried_again(mail: FakeMail) -> None:
    mail.to = "452 4.2.2 mailbox full"
    assert isinstance(email.send(page()), Retry)


def test_a_message_refused_for_good_is_rejected(mail: FakeMail) -> None:
    mail.reply = "554 5.7.1 not here"
    assert isinstance(email.send(page()), Reject)


def test_a_message_refused_for_now_is_tried_again(mail: FakeMail) -> None:
    mail.reply = "451 4.3.0 try later"
    assert isinstance(email.send(page()), Retry)


def test_no_server_listening_is_tried_again(mail: FakeMail, set_to: Callable[..., None]) -> None:
    set_to(MAIL_PORT=free_port())
    assert isinstance(email.send(page()), Retry)


def test_without_a_mail_server_mail_is_unusable_and_says_why(set_to: Callable[..., None]) -> None:
    set_to(MAIL_HOST="")
    assert email.unusable() == "no mail server is set up (mail.host)"
    assert isinstance(email.send(page()), Reject)


def test_with_a_mail_server_mail_is_usable(mail: FakeMail) -> None:
    assert email.unusable() == ""
