"""E-mail by SMTP, plain text only. The page's key is its Message-ID, so that a mail sent twice is known as the same. It never puts
foreign text into a header without making it one inert line."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from watchbill.base import clock
from watchbill.base.outgoing import CallFailed, MailRejected, Refused, TimedOut, send_mail
from watchbill.base.settings import settings
from watchbill.paging import limits
from watchbill.paging.rules import texts
from watchbill.paging.rules.messages import ChannelInfo, Field, Outcome, OutgoingPage, Reject, Retry, Sent, Unknown
from watchbill.paging.rules.words import EMAIL, Decision

INFO = ChannelInfo(
    name=EMAIL,
    title="E-mail",
    fields=(Field("address", "Address", "email", example="bob@example.com"),),
)


def unusable() -> str:
    """Without a mail server no mail goes out."""
    return "" if settings().mail.host else "no mail server is set up (mail.host)"


def send(page: OutgoingPage) -> Outcome:
    """Hand the mail to the configured server."""
    try:
        return Sent(send_mail(compose(page))[: limits.RECEIPT_CHARS])
    except MailRejected as problem:
        return Reject(_said(problem)) if problem.permanent else Retry(_said(problem))
    except TimedOut as problem:
        return Unknown(_said(problem))
    except Refused as problem:
        return Reject(_said(problem))
    except CallFailed as problem:
        return Retry(_said(problem))


def compose(page: OutgoingPage) -> EmailMessage:
    """The message, with every header of ours."""
    now = clock.now()
    name, _, domain = page.fields["address"].rpartition("@")
    message = EmailMessage()
    message["Subject"] = texts.heading(page, limits.MAIL_SUBJECT_CHARS)
    message["To"] = Address(texts.one_line(page.person_name, 100), name, domain)
    message["From"] = settings().mail.sender
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{page.idem}@{_house()}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Watchbill-Alert"] = str(page.alert_id)
    if page.decision == Decision.NOW:
        message["Importance"] = "high"
    message.set_content(texts.body(page, now))
    return message


def _house() -> str:
    return urlsplit(settings().public_url).hostname or "watchbill.localhost"


def _said(problem: CallFailed) -> str:
    return texts.one_line(f"{problem.title}: {problem.detail}", limits.ERROR_CHARS)
