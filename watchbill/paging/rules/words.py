"""The words of the bell as closed sets: states of alerts and pages, the two urgencies, and the kinds of line in an alert's log.
They are stored as they stand here; a text shown to a person never comes from this file."""

from enum import StrEnum


class Decision(StrEnum):
    """The urgencies that ring (design section 4): `now` at any hour, `hours` in the team's working time."""

    NOW = "now"
    HOURS = "hours"


class AlertState(StrEnum):
    """One way only, except that escalating an acknowledged alert triggers it again."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class PageState(StrEnum):
    """planned -> sending -> sent | failed, back to planned for another try; held waits for an opening; cancelled and skipped never
    ring."""

    PLANNED = "planned"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class LogKind(StrEnum):
    """What a line of an alert's log tells."""

    OPENED = "opened"
    MERGED = "merged"
    RAISED = "raised"
    TARGET = "target"
    GAP = "gap"
    PLANNED = "planned"
    HELD = "held"
    RELEASED = "released"
    SKIPPED = "skipped"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    PULLED = "pulled"
    UNREACHABLE = "unreachable"
    ESCALATED = "escalated"
    EXHAUSTED = "exhausted"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"
    RESOLVED = "resolved"
    ANSWER = "answer"


# A page in one of these will still ring unless somebody stops it.
WAITING = (PageState.PLANNED, PageState.HELD)
# A page in one of these is looked at again by the loop (a lease in `sending` may run out).
ALIVE = (PageState.PLANNED, PageState.HELD, PageState.SENDING)

DESK = "desk"
EMAIL = "email"
