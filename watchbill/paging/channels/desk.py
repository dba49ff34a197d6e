"""The desk: the web pages themselves. A page is delivered here by being stored; the browser shows it and may notify. It never leaves
the house."""

from watchbill.paging.rules.messages import ChannelInfo, Outcome, OutgoingPage, Sent
from watchbill.paging.rules.words import DESK

INFO = ChannelInfo(name=DESK, title="The desk (these pages, in your browser)", fields=(), stored=True)


def unusable() -> str:
    """The desk is always there."""
    return ""


def send(page: OutgoingPage) -> Outcome:
    """Being stored is being sent."""
    return Sent(page.idem)
