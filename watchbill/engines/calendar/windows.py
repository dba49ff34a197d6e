"""Weekly windows such as "Monday to Friday, 08:00 to 18:00", written in words and laid out on real dates. It knows no people.

A window belongs to the local date on which it opens. One whose closing is not later than its opening closes on the next day, so
``1-7 20:00-08:00`` is every night, and ``1-7 00:00-24:00`` is always.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from watchbill.engines.calendar.intervals import Span
from watchbill.engines.calendar.limits import MAX_SPAN, MAX_WINDOWS
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.zones import instant_of, local_of

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})\Z")


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """``days`` are ISO weekdays (1 = Monday); ``opens`` and ``closes`` are minutes after local midnight, 0 to 1440."""

    days: frozenset[int]
    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not self.days or not self.days <= set(range(1, 8)):
            raise CalendarError("window.days", "name at least one day, 1 (Monday) to 7 (Sunday)")
        if not 0 <= self.opens < MINUTES_A_DAY or not 0 <= self.closes <= MINUTES_A_DAY:
            raise CalendarError("window.hours", "a window opens at 00:00 to 23:59 and closes at 00:00 to 24:00")
        if self.opens == self.closes:
            raise CalendarError("window.hours", "a window that closes as it opens is never open; 00:00-24:00 is a whole day")

    def on(self, day: date, zone: str) -> Span | None:
        """The window that opens on the local date ``day``; None if none does, or if the change of clocks swallows all of it."""
        if day.isoweekday() not in self.days:
            return None
        midnight = datetime.combine(day, time())
        closes = self.closes if self.closes > self.opens else self.closes + MINUTES_A_DAY
        span = Span(
            instant_of(midnight + timedelta(minutes=self.opens), zone),
            instant_of(midnight + timedelta(minutes=closes), zone),
        )
        return span if span.start < span.end else None


def read_clock(text: str, place: str = "time") -> int:
    """Minutes after midnight of "08:00" (or "24:00"). Raises ``CalendarError`` at ``place``."""
    found = _CLOCK.match(text.strip())
    if not found:
        raise CalendarError(place, f"{text!r} is not a time of day such as 08:00")
    hours, minutes = int(found[1]), int(found[2])
    if minutes > 59 or hours * 60 + minutes > MINUTES_A_DAY:
        raise CalendarError(place, f"{text!r} is not a time of day; the last is 24:00")
    return hours * 60 + minutes


def read_days(text: str, place: str = "days") -> frozenset[int]:
    """ISO weekdays of "1-5", "mon-fri", "sat,sun" or "fri-mon". Raises ``CalendarError`` at ``place``."""
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        start = _read_day(first, place)
        end = _read_day(last, place) if last else start
        days.update((start - 1 + step) % 7 + 1 for step in range((end - start) % 7 + 1))
    return frozenset(days)


def _read_day(text: str, place: str) -> int:
    if text in DAY_NAMES:
        return DAY_NAMES.index(text) + 1
    if len(text) == 1 and text in "1234567":
        return int(text)
    raise CalendarError(place, f"{text!r} is not a day; use mon to sun, or 1 (Monday) to 7")


def write_days(days: Iterable[int]) -> str:
    """The canonical text of ISO weekdays: "1-5", "1-3,6"."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def write_clock(minutes: int) -> str:
    """The text "08:00" of minutes after midnight."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def read_window(text: str, place: str = "window") -> WeeklyWindow:
    """A window from "mon-fri 08:00-18:00". Raises ``CalendarError`` at ``place``."""
    days, _, hours = text.strip().partition(" ")
    opens, dash, closes = hours.strip().partition("-")
    if not dash:
        raise CalendarError(place, f"{text!r} is not a weekly window such as mon-fri 08:00-18:00")
    return WeeklyWindow(read_days(days, place), read_clock(opens, place), read_clock(closes, place))


def write_window(window: WeeklyWindow) -> str:
    """The canonical text of a window, which ``read_window`` reads back."""
    return f"{write_days(window.days)} {write_clock(window.opens)}-{write_clock(window.closes)}"


def spans(
    windows: Iterable[WeeklyWindow], zone: str, start: datetime, end: datetime, holidays: frozenset[date] = frozenset()
) -> list[Span]:
    """Every window that opens on a local date touching ``[start, end)`` or the two days before it, unclipped, sorted by opening.

    A date in ``holidays`` opens no window. Raises ``CalendarError`` past ``MAX_SPAN`` or ``MAX_WINDOWS``.
    """
    chosen = tuple(windows)
    if len(chosen) > MAX_WINDOWS:
        raise CalendarError("windows", f"{len(chosen)} windows; at most {MAX_WINDOWS} fit")
    if end - start > MAX_SPAN + timedelta(days=40):
        raise CalendarError("span", f"at most {MAX_SPAN.days} days at a time")
    day = local_of(start, zone).date() - timedelta(days=2)
    last = local_of(end, zone).date()
    found: list[Span] = []
    while day <= last:
        if day not in holidays:
            found.extend(span for window in chosen if (span := window.on(day, zone)))
        day += timedelta(days=1)
    return sorted(found, key=lambda each: (each.start, each.end))
