"""Django's own mail (password resets) through the one guarded door, so that nothing leaves by another way."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage as StandardMessage
from email.policy import SMTP

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from watchbill.base import outgoing
from watchbill.base.problem import Problem


class GuardedDoor(BaseEmailBackend):
    """A Django mail backend that hands each message to `outgoing.send_mail`."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were sent; a failure raises `Problem` unless `fail_silently`."""
        sent = 0
        for message in email_messages:
            try:
                outgoing.send_mail(_standard(message))
                sent += 1
            except Problem:
                if not self.fail_silently:
                    raise
        return sent


def _standard(message: EmailMessage) -> StandardMessage:
    """The standard library's form of a plain Django message; its policy refuses line breaks in headers."""
    made = StandardMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = message.from_email, ", ".join(message.to), message.subject
    made.set_content(message.body)
    return made
