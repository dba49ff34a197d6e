"""Who is on watch now and next, a line a team, and the coming day as a strip. Shared by Now and On-call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo, Shift
from watchbill.web import formats, pictures

BEHIND, AHEAD = timedelta(hours=4), timedelta(hours=20)


@dataclass(frozen=True)
class WatchLine:
    """One schedule: who stands it now, who is next and when. Nobody now is (); `gap` says that it is a gap rather than "hours only"."""

    slug: str
    team: str
    security: bool
    now: tuple[str, ...]
    next_name: str
    next_at: datetime | None
    gap: bool


def security_watch() -> str:
    """The slug of the security watch; "" while no such schedule is there yet."""
    slug = roster.security_schedule()
    return slug if any(schedule.slug == slug for schedule in roster.schedules()) else ""


def watch_lines(now: datetime) -> tuple[WatchLine, ...]:
    """One line for each schedule, the security watch first."""
    security = roster.security_schedule()
    found = []
    for schedule in roster.schedules():
        upcoming = roster.next_on_call(schedule.slug, now)
        names = tuple(person.name for person in roster.on_call(schedule.slug, now))
        found.append(
            WatchLine(
                schedule.slug,
                schedule.name,
                schedule.slug == security,
                names,
                upcoming.person.name if upcoming and upcoming.person else "",
                upcoming.start if upcoming else None,
                not names,
            )
        )
    return tuple(sorted(found, key=lambda line: (not line.security, line.team)))


def bars(slug: str, start: datetime, end: datetime, person: PersonInfo) -> list[pictures.Bar]:
    """The shifts of a schedule as bars: mine, others, nobody."""
    return [bar(shift, person) for shift in roster.shifts(slug, start, end)]


def bar(shift: Shift, person: PersonInfo) -> pictures.Bar:
    """One shift as a bar: its person's first name, or a gap."""
    if shift.person is None:
        return pictures.Bar(shift.start, shift.end, "nobody", "gap")
    mine = shift.person.id == person.id
    return pictures.Bar(shift.start, shift.end, (shift.person.name.split() or ["?"])[0], "me" if mine else "")


def watch_strip(now: datetime, person: PersonInfo, zone: ZoneInfo) -> SafeString | None:
    """The security watch from four hours ago to twenty hours on; None without a schedule."""
    slug = security_watch()
    if not slug:
        return None
    start = (now - BEHIND).replace(minute=0, second=0, microsecond=0)
    end = start + BEHIND + AHEAD
    drawn = bars(slug, start, end, person)
    who = ", ".join(f"{bar.text} until {formats.clock(bar.end, zone)}" for bar in drawn)
    stretch = f"{formats.when(start, zone, now)} to {formats.when(end, zone, now)}"
    sentence = f"The security watch from {stretch}: {who}. It is {formats.clock(now, zone)}."
    return pictures.strip(drawn, start, end, now, zone, sentence)
