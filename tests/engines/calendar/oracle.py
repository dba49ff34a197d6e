"""The slow, obvious twin of the calendar engine: it walks minute after minute with the standard library's ``zoneinfo``.

It shares no code with the engine. Its one idea is *the furthest the wall clock has got*: a local time has come as soon as the clock
has shown it or a later one, so a repeated hour counts as the time before it, and a skipped one has come when the clocks jump.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Turns:
    """A rotation and its windows as plain numbers: windows are (weekdays, opening minute, closing minute)."""

    name: str
    people: tuple[str, ...]
    starts: datetime
    zone: str
    length: timedelta
    only: tuple[tuple[frozenset[int], int, int], ...] = ()


def wall_clock(zone: str, start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Every instant from ``start`` by ``step`` with the furthest local time shown so far; begun two days early to know that."""
    tz = ZoneInfo(zone)
    at = start - 2 * timedelta(days=1)
    furthest = at.astimezone(tz).replace(tzinfo=None)
    while at < end:
        furthest = max(furthest, at.astimezone(tz).replace(tzinfo=None))
        if at >= start:
            yield at, furthest
        at += step


def inside(windows: Sequence[tuple[frozenset[int], int, int]], local: datetime, holidays: frozenset[date] = frozenset()) -> bool:
    """Whether a window is open at the local time: it began today, or began yesterday and runs over midnight."""
    minute = local.hour * 60 + local.minute
    for days, opens, closes in windows:
        end = closes if closes > opens else closes + 1440
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            if day.isoweekday() in days and day not in holidays and opens <= minute + 1440 * back < end:
                return True
    return False


def on_watch(
    layers: Sequence[Turns], overrides: Sequence[tuple[datetime, datetime, str]], start: datetime, end: datetime, step: timedelta
) -> list[str | None]:
    """Who has the watch at each instant of the grid: the latest override, else the last layer with somebody, else nobody."""
    clocks = [dict(wall_clock(layer.zone, start, end, step)) for layer in layers]
    answer: list[str | None] = []
    at = start
    while at < end:
        who: str | None = None
        for layer, clock in zip(layers, clocks, strict=True):
            local = clock[at]
            if local >= layer.starts and (not layer.only or inside(layer.only, local)):
                who = layer.people[(local - layer.starts) // layer.length % len(layer.people)]
        for first, last, cover in overrides:
            if first <= at < last:
                who = cover
        answer.append(who)
        at += step
    return answer


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An aware instant, for short tests."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """What a clock on a wall shows: a naive time, on purpose."""
    return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - a wall clock has no zone
