"""How old the advisories are, in words, and whether that is too old. The command line, the doctor and the pages all say it from here; it
decides nothing.

A mirror that answered "unchanged" makes what is held current without loading it anew, so age counts from the later of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from watchbill.base import limits
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.mirror import UpdateNote, last_update


@dataclass(frozen=True, slots=True)
class Freshness:
    """`sentence` says how old the advisories are, `epss` the scores ("" without any), `failing` what the last update could not bring;
    `stale` when the advisories are past their days, or none are loaded.
    """

    sentence: str
    stale: bool
    age: timedelta | None = None
    epss: str = ""
    failing: tuple[str, ...] = ()
    failed_at: datetime | None = None


def freshness(loaded_at: str, epss_date: str, note: UpdateNote, now: datetime) -> Freshness:
    """From when advisories were last loaded (RFC 3339, "" for never), the day of the EPSS scores, and how the last update went."""
    epss = f"EPSS scores are of {epss_date}, {_age_of_day(epss_date, now)}." if epss_date else ""
    failed_at = datetime.fromisoformat(note.at) if note.failures else None
    if not loaded_at:
        return Freshness("No advisories are loaded: nothing can be called clean.", True, None, epss, note.failures, failed_at)
    current = max(datetime.fromisoformat(one) for one in (loaded_at, note.well_at) if one)
    age = max(now - current, timedelta(0))
    stale = age > timedelta(days=limits.ADVISORIES_OLD_DAYS)
    too_old = f", more than the {limits.ADVISORIES_OLD_DAYS} days that are well" if stale else ""
    return Freshness(f"Advisories are {age_words(age)} old{too_old}.", stale, age, epss, note.failures, failed_at)


def of_store(store: AdvisoryStore, now: datetime) -> Freshness:
    """The same of an open store, at the cost of a look-up."""
    return freshness(store.noted("loaded_at"), store.noted("epss_date"), last_update(store), now)


def age_words(age: timedelta) -> str:
    """An age in its largest unit: "9 days", "3 hours", "less than an hour"."""
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour"
    number, unit = (hours, "hour") if hours < 48 else (hours // 24, "day")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _age_of_day(text: str, now: datetime) -> str:
    days = (now.astimezone(UTC).date() - date.fromisoformat(text)).days
    return "today" if days <= 0 else "a day old" if days == 1 else f"{days:,} days old"
