"""What follows a try to send: sent, another try and when, or failed and what then. It also words the outcome for the log. The four
answers come from `messages`; who calls and what is stored is not its concern."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from watchbill.paging.rules.messages import Outcome, Reject, Retry, Sent, Unknown
from watchbill.paging.rules.words import DESK, PageState

# Seconds before try 2, 3, ...; the last is repeated for as long as the alert rings. A person waits on the other end: start small.
BACKOFF_SECONDS = (5, 10, 20, 40, 60, 120, 300)
# A provider that asks for more is asked again after this long all the same; the page would be worthless by then anyway.
LONGEST_RETRY_AFTER = 3600.0
# A page claimed for sending is somebody's for this long. Longer than the longest send (10 s) behind a full queue.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class AfterTry:
    """What to store after one try: the state, when to look again (planned only), the receipt and the error as a sentence."""

    state: PageState
    next_at: datetime | None
    receipt: str
    error: str


def after_try(outcome: Outcome, *, attempts: int, idem: str, now: datetime, alert_rings: bool) -> AfterTry:
    """Decide what a try's outcome means. `attempts` counts the tries made, this one included.

    When the alert has stopped ringing meanwhile, a try that did not succeed is not repeated.
    """
    if isinstance(outcome, Sent):
        return AfterTry(PageState.SENT, None, outcome.receipt, "")
    if isinstance(outcome, Reject):
        return AfterTry(PageState.FAILED, None, "", outcome.reason)
    reason = f"no answer, so nobody knows whether it arrived: {outcome.reason}" if isinstance(outcome, Unknown) else outcome.reason
    if not alert_rings:
        return AfterTry(PageState.CANCELLED, None, "", reason)
    wish = outcome.after if isinstance(outcome, Retry) else None
    return AfterTry(PageState.PLANNED, now + retry_delay(attempts, idem, wish), "", reason)


def retry_delay(attempts: int, idem: str, wish: float | None = None) -> timedelta:
    """How long to wait after try number `attempts`: never shorter than the provider's wish (up to an hour), spread by up to a fifth.

    The spread comes from the page's own key: a provider that comes back is not met by everybody in the same second, and a test can tell.
    """
    base = float(BACKOFF_SECONDS[min(max(attempts, 1), len(BACKOFF_SECONDS)) - 1])
    spread = hashlib.sha256(f"{idem}:{attempts}".encode()).digest()[0] / 255 * 0.2
    wanted = base * (1 + spread)
    if wish is not None:
        wanted = max(wanted, min(max(wish, 0.0), LONGEST_RETRY_AFTER))
    return timedelta(seconds=wanted)


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One of a person's pages in one step, as far as a failure needs to know it."""

    id: int
    channel: str
    state: PageState
    next_at: datetime


@dataclass(frozen=True, slots=True)
class AfterFailure:
    """After a page failed for good: the waiting page to send at once instead, or that this person can't be reached at all."""

    pull_forward: int | None
    unreachable: bool


def after_failure(others: Sequence[PersonPage]) -> AfterFailure:
    """What to do when one of a person's ways failed, given their other pages of the same step.

    The next way goes at once. With no way left but the desk, which only somebody looking at it notices, the person counts as unreachable.
    """
    beyond = [page for page in others if page.channel != DESK]
    waiting = sorted((page for page in beyond if page.state is PageState.PLANNED), key=lambda page: (page.next_at, page.id))
    if waiting:
        return AfterFailure(waiting[0].id, False)
    alive = any(page.state in (PageState.SENT, PageState.SENDING, PageState.HELD) for page in beyond)
    return AfterFailure(None, not alive)


def retry_after_seconds(header: str, now: datetime) -> float | None:
    """Read an HTTP Retry-After value, seconds or a date (RFC 9110 10.2.3). Nonsense is None: our own pauses are then used."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= 9 else None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


def http_outcome(status: int, receipt: str, retry_after: float | None) -> Outcome:
    """What an HTTP status means for a page: 2xx took it; 408, 425, 429 and 5xx may take it later; anything else never will."""
    if 200 <= status < 300:
        return Sent(receipt)
    if status in (408, 425, 429) or status >= 500:
        return Retry(f"answered {status}", retry_after)
    if 300 <= status < 400:
        return Reject(f"answered {status}: redirects are not followed; set the final address")
    return Reject(f"answered {status}")
