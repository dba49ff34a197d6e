"""Whether the bell does its work in time: what is late, by how much, and when its loop was last seen. Reads only; the self-audit and the
web pages ask it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from watchbill.base import clock
from watchbill.base.loop import loop_health
from watchbill.base.settings import settings
from watchbill.paging import limits
from watchbill.paging.escalation import LOOP
from watchbill.paging.models import Alert, Page
from watchbill.paging.rules.words import ALIVE, AlertState


@dataclass(frozen=True, slots=True)
class BellHealth:
    """`late` counts pages and steps that should have gone over a minute ago. `loop_last_turn` is None when no loop runs in this
    process."""

    late: int
    oldest_late_seconds: float
    loop_last_turn: datetime | None
    loop_error: str


class _Hands:
    """When the clock was last seen to have been moved (the sample company does that): everything due by it is on time for a moment."""

    def __init__(self) -> None:
        self.offset = clock.offset()
        self.moved_at = float("-inf")


_hands = _Hands()


def lately_moved() -> bool:
    """Whether the clock was moved within the last few real seconds, or since this was last asked."""
    if clock.offset() != _hands.offset:
        _hands.offset = clock.offset()
        _hands.moved_at = clock.monotonic()
    return clock.monotonic() - _hands.moved_at < limits.CLOCK_MOVED_GRACE_SECONDS


def health() -> BellHealth:
    """The bell's health now."""
    now = clock.now()
    loops = [one for one in loop_health() if one.name == LOOP]
    last_turn = max((one.last_turn_at for one in loops if one.last_turn_at), default=None)
    error = next((one.last_error for one in loops if one.last_error), "")
    if lately_moved():
        return BellHealth(0, 0.0, last_turn, error)
    before = now - timedelta(seconds=settings().paging.late_after_seconds)
    pages = Page.objects.filter(state__in=[state.value for state in ALIVE], next_at__lt=before)
    steps = Alert.objects.filter(state=AlertState.TRIGGERED.value, next_step_at__lt=before)
    late = pages.count() + steps.count()
    if not late:
        return BellHealth(0, 0.0, last_turn, error)
    page_at = pages.order_by("next_at").values_list("next_at", flat=True).first()
    step_at = steps.order_by("next_step_at").values_list("next_step_at", flat=True).first()
    oldest = min(at for at in (page_at, step_at) if at is not None)
    return BellHealth(late, (now - oldest).total_seconds(), last_turn, error)
