"""A webhook: the page as JSON by POST, signed as the Standard Webhooks specification has it (id, timestamp and body under HMAC-SHA256),
with an idempotency key. The secret never leaves and never shows; redirects are not followed."""

import json
from datetime import datetime

from watchbill.base import clock
from watchbill.base.outgoing import CallFailed, Refused, TimedOut, TlsFailed, request
from watchbill.paging import limits
from watchbill.paging.rules import signature, texts
from watchbill.paging.rules.delivery import http_outcome, retry_after_seconds
from watchbill.paging.rules.messages import ChannelInfo, Field, Outcome, OutgoingPage, Reject, Retry, Unknown

INFO = ChannelInfo(
    name="webhook",
    title="Webhook",
    fields=(
        Field("url", "Address", "url", example="https://hooks.example.com/pages"),
        Field("secret", "Signing secret", "secret", example="whsec_ and 32 random bytes in base64"),
    ),
)


def unusable() -> str:
    """Nothing to set up beyond the contact method."""
    return ""


def send(page: OutgoingPage) -> Outcome:
    """POST it once."""
    now = clock.now()
    content = json.dumps(document(page), ensure_ascii=False).encode()
    stamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": page.idem,
        "Webhook-Id": page.idem,
        "Webhook-Timestamp": str(stamp),
        "Webhook-Signature": signature.sign(page.fields["secret"], page.idem, stamp, content),
    }
    return post(page.fields["url"], headers, content, page.idem, now)


def post(url: str, headers: dict[str, str], content: bytes, receipt: str, now: datetime) -> Outcome:
    """One POST through the guarded door, and what its answer means for a page; `receipt` is noted when the other side took it."""
    try:
        response = request("POST", url, headers=headers, body=content, timeout=limits.SEND_SECONDS)
    except TimedOut as problem:
        return Unknown(_said(problem))
    except (Refused, TlsFailed) as problem:
        return Reject(_said(problem))
    except CallFailed as problem:
        return Retry(_said(problem))
    return http_outcome(response.status, receipt, retry_after_seconds(response.headers.get("retry-after", ""), now))


def document(page: OutgoingPage) -> dict[str, object]:
    """What the other side gets: plain JSON, times in RFC 3339, nothing secret but the acknowledge link."""
    return {
        "type": "watchbill.page",
        "id": page.idem,
        "alert": page.alert_id,
        "title": page.title,
        "decision": page.decision,
        "team": page.team,
        "where": page.where,
        "person": {"name": page.person_name, "email": page.person_email},
        "why": list(page.why),
        "why_you": page.why_you,
        "next": page.next_up,
        "guidance": list(page.guidance),
        "acknowledge_url": page.ack_url,
        "url": page.link_url,
        "opened_at": page.opened_at.isoformat(),
        "sent_at": page.sent_at.isoformat(),
        "attempt": page.attempt,
    }


def _said(problem: CallFailed) -> str:
    return texts.one_line(f"{problem.title}: {problem.detail}", limits.ERROR_CHARS)
