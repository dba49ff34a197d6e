"""ntfy: a push to a phone through ntfy.sh or a server of one's own, published as JSON (so that no text ever stands in a header). The
page's key is the message's sequence id: a push sent twice replaces itself on servers that know it. The token never shows."""

import json

from watchbill.base import clock
from watchbill.paging.channels.webhook import post
from watchbill.paging.rules import texts
from watchbill.paging.rules.messages import ChannelInfo, Field, Outcome, OutgoingPage
from watchbill.paging.rules.words import Decision

INFO = ChannelInfo(
    name="ntfy",
    title="Push to a phone (ntfy)",
    fields=(
        Field("server", "Server", "url", example="https://ntfy.example.com"),
        Field("topic", "Topic", "secret", example="a long random name"),
        Field("token", "Access token", "secret", required=False),
    ),
)


def unusable() -> str:
    """Nothing to set up beyond the contact method."""
    return ""


def send(page: OutgoingPage) -> Outcome:
    """Publish it once."""
    headers = {"Content-Type": "application/json"}
    if page.fields.get("token"):
        headers["Authorization"] = f"Bearer {page.fields['token']}"
    now = clock.now()
    urgent = page.decision == Decision.NOW
    document = {
        "topic": page.fields["topic"],
        "title": texts.heading(page),
        "message": texts.short(page, now),
        "priority": 5 if urgent else 3,
        "tags": ["rotating_light"] if urgent else ["calendar"],
        "click": page.ack_url,
        "actions": [
            {"action": "view", "label": "Acknowledge", "url": page.ack_url},
            {"action": "view", "label": "All of it", "url": page.link_url},
        ],
        "sequence_id": page.idem[:64],
    }
    return post(page.fields["server"].rstrip("/") + "/", headers, json.dumps(document, ensure_ascii=False).encode(), page.idem, now)
