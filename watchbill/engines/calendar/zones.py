"""The one place where local and universal time meet; it wraps ``whenever``, and nothing outside this module imports it.

The rule for all hand-offs and openings: a local time stands for *the first instant at which the local clock shows it or has passed
it*. In a spring gap that is the moment the clock jumps; in an autumn fold it is the first of the two. So later local times never
come earlier, and two windows that touch on the wall clock touch in real time. This module never reads the clock.
"""

from datetime import UTC, datetime
from functools import lru_cache

from whenever import Instant, PlainDateTime, SkippedTime, TimeZoneNotFoundError, ZonedDateTime

from watchbill.engines.calendar.problems import CalendarError


@lru_cache(maxsize=1024)
def zone_exists(zone: str) -> bool:
    """Whether ``zone`` is a name of the IANA time zone database ("Europe/Amsterdam")."""
    try:
        ZonedDateTime(2026, 1, 1, tz=zone, disambiguation="compatible")
    except (TimeZoneNotFoundError, ValueError, OSError):
        return False
    return True


def check_zone(zone: str, place: str) -> None:
    """Raise ``CalendarError`` at ``place`` unless ``zone`` is a known IANA name."""
    if not zone or not zone_exists(zone):
        raise CalendarError(place, f"{zone!r} is not a time zone; use a name such as Europe/Amsterdam")


def check_utc(at: datetime, place: str) -> None:
    """Raise ``CalendarError`` at ``place`` unless ``at`` is aware; instants at this engine's doors always are."""
    if at.tzinfo is None:
        raise CalendarError(place, "an instant needs a zone; this one has none")


@lru_cache(maxsize=65_536)
def instant_of(local: datetime, zone: str) -> datetime:
    """The first instant (aware, UTC) at which clocks in ``zone`` show ``local`` (naive) or have passed it.

    Raises ``CalendarError`` for an unknown zone.
    """
    plain = PlainDateTime(local)
    try:
        resolved = plain.assume_tz(zone, disambiguation="raise")
    except SkippedTime:
        resolved = _end_of_gap(plain, zone)
    except TimeZoneNotFoundError as unknown:
        raise CalendarError("zone", f"{zone!r} is not a time zone") from unknown
    except ValueError:  # RepeatedTime: the clock shows this time twice, the first counts
        resolved = plain.assume_tz(zone, disambiguation="earlier")
    return resolved.to_instant().to_stdlib().astimezone(UTC)


def _end_of_gap(plain: PlainDateTime, zone: str) -> ZonedDateTime:
    """The moment the clock jumps over ``plain``: the first valid instant after it."""
    before = plain.assume_tz(zone, disambiguation="earlier")
    jump = before.next_transition()
    if jump is None:
        raise CalendarError("zone", f"{zone!r} skips {plain} but has no change of clocks after it")
    return jump


def local_of(at: datetime, zone: str) -> datetime:
    """What a clock in ``zone`` shows at the instant ``at``, as a naive datetime."""
    return Instant(at).to_tz(zone).to_plain().to_stdlib()
