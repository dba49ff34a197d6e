"""One value of a roster.toml at a time: each function takes a value and its path in the file, and gives it in the form that facts have.

What can't be used is a ``Problem`` at that path. Pure; it knows nothing of which thing a value belongs to.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from watchbill.base.problem import invalid
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.windows import read_window, write_window
from watchbill.engines.calendar.zones import check_zone, instant_of
from watchbill.roster import limits, rules
from watchbill.roster.catalog import reference

T = TypeVar("T")

_EVERY = re.compile(r"([0-9]{1,4}) ?(hour|day|week)s?\Z")
_NAMED = {"hourly": (1, "hours"), "daily": (1, "days"), "weekly": (1, "weeks")}
_WAIT = re.compile(r"([0-9]{1,6}) ?(s|m|min|h|d)\Z")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def told(make: Callable[[], T], place: str) -> T:
    try:
        return make()
    except CalendarError as error:
        raise invalid(place, f"{error.reason}.", "Mend that value and apply the file again.") from error


def text(value: str, place: str) -> str:
    return rules.check_text(value, place)


def name(value: str, place: str) -> str:
    """What a thing is called; never nothing."""
    plain = rules.check_text(value, place)
    if not plain:
        raise invalid(place, "A name is empty.", "Write one, or leave the key out.")
    return plain


def long_text(value: str, place: str) -> str:
    return rules.check_text(value, place, limits.TEXT_CHARS)


def zone(value: str, place: str) -> str:
    check_zone(value, place)
    return value


def listed(values: Sequence[T], place: str, check: Callable[[T, str], str]) -> tuple[str, ...]:
    if len(values) > limits.LIST_ITEMS:
        raise invalid(place, f"{len(values)} are too many.", f"At most {limits.LIST_ITEMS} fit.")
    return tuple(check(value, f"{place}[{number}]") for number, value in enumerate(values))


def once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def texts(values: Sequence[str], place: str) -> tuple[str, ...]:
    return once(listed(values, place, lambda value, at: rules.check_text(value, at, 300)))


def group_references(values: Sequence[str], place: str) -> tuple[str, ...]:
    """What a Backstage catalog calls a team: "payments" or "group:default/payments", kept in its one spelling."""
    return once(listed(values, place, reference))


def user_references(values: Sequence[str], place: str) -> tuple[str, ...]:
    """What a Backstage catalog calls a person: "alice" or "user:default/alice", kept in its one spelling."""
    return once(listed(values, place, lambda value, at: reference(value if ":" in value else f"user:{value}", at)))


def emails(values: Sequence[str], place: str) -> tuple[str, ...]:
    return listed(values, place, rules.check_email)


def repeats(value: int, place: str) -> int:
    if not 0 <= value <= limits.REPEATS:
        raise invalid(place, f"{value} is out of bounds.", f"Use 0 to {limits.REPEATS}.")
    return value


def targets(values: Sequence[str], place: str) -> tuple[str, ...]:
    if not 1 <= len(values) <= limits.TARGETS:
        raise invalid(place, f"A step pages 1 to {limits.TARGETS} targets.", 'Write notify = ["schedule:security"].')
    return once(listed(values, place, _target))


def _target(value: str, place: str) -> str:
    kind, colon, name = value.partition(":")
    if kind not in rules.TARGET_KINDS or not colon or not name:
        raise invalid(place, f"{value[:80]!r} is no target.", "Use schedule:<slug>, team:<slug> or person:<e-mail>.")
    return f"person:{rules.check_email(name, place)}" if kind == "person" else f"{kind}:{rules.check_slug(name, place)}"


def read_wait(value: str, place: str) -> int:
    """Seconds of "10m", "30 s", "2h". Raises ``Problem`` at ``place``."""
    found = _WAIT.match(value.strip())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else -1
    if not 0 <= seconds <= limits.STEP_DELAY_SECONDS:
        raise invalid(place, f"{value[:40]!r} is no time to wait.", "Write 30s, 10m or 2h, at most 7d.")
    return seconds


def read_every(value: str, place: str) -> tuple[int, str]:
    """The length and unit of "1 week", "12 hours" or "daily". Raises ``Problem`` at ``place``."""
    plain = value.strip().lower()
    if plain in _NAMED:
        return _NAMED[plain]
    found = _EVERY.match(plain)
    if not found:
        raise invalid(place, f"{value[:40]!r} is no length of a turn.", "Write 1 week, 2 days or 12 hours.")
    return int(found[1]), f"{found[2]}s"


def local_time(value: datetime, place: str) -> str:
    if value.tzinfo is not None or value.second or value.microsecond:
        raise invalid(place, "The start of a layer is a local time, to the minute.", "Write 2026-01-05T09:00:00, without an offset.")
    return value.isoformat(timespec="minutes")


def windows(values: Sequence[str], place: str) -> tuple[str, ...]:
    return listed(values, place, lambda value, at: told(lambda: write_window(read_window(value, at)), at))


def instant(value: datetime, zone: str, place: str) -> datetime:
    """The instant of a file's time: with its offset, or local in the schedule's zone."""
    return value.astimezone(UTC) if value.tzinfo else told(lambda: instant_of(value, zone), place)


def instant_text(at: datetime) -> str:
    """An instant as roster facts hold it: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def override_key(schedule: str, fields: Mapping[str, object]) -> str:
    """The name of an override among facts: its schedule, its ends and who stands in."""
    return f"{schedule}/{fields['start']}..{fields['end']} {fields['person']}"


def rule_key(fields: Mapping[str, object]) -> str:
    """The name of an ownership rule among facts: its patterns."""
    return " ".join(f"{name}={fields[name]}" for name in ("service", "repo", "path") if fields[name])
