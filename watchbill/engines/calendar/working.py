"""Working time: is a team at work, when does it open next, when are eight working hours over. It decides nothing about paging.

A team's working week is a zone, weekly windows and a set of local dates that are holidays (a holiday opens no window).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from watchbill.engines.calendar.intervals import Span, merged
from watchbill.engines.calendar.limits import MAX_LOOK_AHEAD, MAX_WINDOWS, SEARCH_STEP
from watchbill.engines.calendar.problems import CalendarError, NeverOpen
from watchbill.engines.calendar.windows import WeeklyWindow, spans
from watchbill.engines.calendar.zones import check_utc, check_zone, local_of


@dataclass(frozen=True, slots=True)
class WorkingWeek:
    """Opening hours in ``zone``. ``holidays`` are local dates. Raises ``CalendarError`` for an unknown zone or too many windows."""

    zone: str
    windows: tuple[WeeklyWindow, ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        check_zone(self.zone, "week.zone")
        if len(self.windows) > MAX_WINDOWS:
            raise CalendarError("week.windows", f"at most {MAX_WINDOWS} windows fit in a week")


def is_open(week: WorkingWeek, at: datetime) -> bool:
    """Whether ``at`` (aware) lies in a window: its opening counts as open, its closing as closed."""
    check_utc(at, "at")
    return any(span.start <= at < span.end for span in spans(week.windows, week.zone, at, at, week.holidays))


def next_opening(week: WorkingWeek, at: datetime) -> datetime:
    """The opening (UTC) of the first window that opens at or after ``at``, also when ``at`` lies in an open one.

    Windows that touch are one: noon is no opening between 09-12 and 12-17. Raises ``NeverOpen``.
    """
    for open_spans in _horizons(week, at):
        for span in open_spans:
            if span.start >= at:
                return span.start
    raise NeverOpen("week.windows", f"no window opens within {MAX_LOOK_AHEAD.days} days")


def next_working_day(week: WorkingWeek, at: datetime) -> Span:
    """The first window on the first local date *after* ``at``'s own on which one opens; its start is the opening, its end the close.

    What happens at 02:00 belongs to that date, so its next working day is not the same morning: who was up then sleeps first.
    Raises ``NeverOpen``.
    """
    check_utc(at, "at")
    day = local_of(at, week.zone).date()
    for _ in range(MAX_LOOK_AHEAD.days):
        day += timedelta(days=1)
        opening = [] if day in week.holidays else [span for window in week.windows if (span := window.on(day, week.zone))]
        if opening:
            return min(opening, key=lambda span: span.start)
    raise NeverOpen("week.windows", f"no working day within {MAX_LOOK_AHEAD.days} days")


def close_of_next_working_day(week: WorkingWeek, at: datetime) -> datetime:
    """The last closing (UTC) of the windows that open on the next working day: the due time of "by the end of the next working day"."""
    day = local_of(next_working_day(week, at).start, week.zone).date()
    return max(span.end for window in week.windows if (span := window.on(day, week.zone)))


def add_working_time(week: WorkingWeek, at: datetime, amount: timedelta) -> datetime:
    """The earliest instant (UTC) by which ``amount`` of open time has passed since ``at``; ``at`` itself for nothing or less.

    Eight hours from a 09:00 opening end at the 17:00 closing, not at the next opening. Raises ``NeverOpen`` when the amount isn't
    reached within the look-ahead.
    """
    check_utc(at, "at")
    if amount <= timedelta():
        return at.astimezone(UTC)
    for open_spans in _horizons(week, at):
        left = amount
        for span in (each for each in open_spans if each.end > at):
            opened = max(span.start, at)
            if left <= span.end - opened:
                return (opened + left).astimezone(UTC)
            left -= span.end - opened
    raise NeverOpen("week.windows", f"{amount} of working time doesn't fit in the next {MAX_LOOK_AHEAD.days} days")


def working_time_between(week: WorkingWeek, start: datetime, end: datetime) -> timedelta:
    """How much open time lies in ``[start, end)``; nothing when the end is not after the start."""
    open_time = timedelta()
    for span in merged(spans(week.windows, week.zone, start, end, week.holidays)) if end > start else ():
        open_time += max(timedelta(), min(span.end, end) - max(span.start, start))
    return open_time


def _horizons(week: WorkingWeek, at: datetime) -> Iterator[tuple[Span, ...]]:
    """Merged open spans from around ``at`` on: first those of the near weeks, then, for whoever found no answer there, all of them.

    Every opening in them is exact; the last closing may still be drawn out by a window further on, which the next answer knows.
    """
    check_utc(at, "at")
    for reach in (SEARCH_STEP, MAX_LOOK_AHEAD):
        yield merged(spans(week.windows, week.zone, at, at + reach, week.holidays))
