"""Who is on watch around now, looked up once a request: for the shell, for Now, and for On-call.

It reads the roster and draws; it decides nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.safestring import SafeString

from watchbill.base import clock
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo, ScheduleInfo, Shift
from watchbill.web import formats, pictures

BEHIND, AHEAD, STRIP = timedelta(hours=4), timedelta(days=7), timedelta(hours=24)
NIGHTLY = 3  # stretches without anybody in a week, from which on they are meant
_KEPT = "_watchbill_watch"


@dataclass(frozen=True)
class WatchLine:
    """One schedule: who stands it now, and who comes next and when. Nobody now is (); an empty next name with a time is a gap.

    `hours_only`: it is stood in certain hours by design, so nobody outside them is no gap. `manned`: anybody stands it at all.
    """

    slug: str
    name: str
    security: bool
    now: tuple[PersonInfo, ...]
    next_name: str
    next_at: datetime | None
    hours_only: bool
    manned: bool


class WatchBook:
    """The watches from four hours ago to seven days on; all schedules are asked at once, and once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.security = roster.security_schedule()

    @cached_property
    def schedules(self) -> dict[str, ScheduleInfo]:
        """Every schedule by its slug."""
        return {one.slug: one for one in roster.schedules()}

    @cached_property
    def _shifts(self) -> dict[str, tuple[Shift, ...]]:
        return roster.shifts_of(tuple(self.schedules.values()), self.now - BEHIND, self.now + AHEAD)

    def shifts(self, slug: str) -> tuple[Shift, ...]:
        """A schedule's shifts; () for a schedule that isn't there."""
        return self._shifts.get(slug, ())

    def known(self) -> bool:
        """Whether anybody ever stands the security watch. One that nobody was put on is not set up rather than broken."""
        return any(shift.person for shift in self.shifts(self.security))

    def on_watch(self, slug: str) -> tuple[PersonInfo, ...]:
        """Who stands it now."""
        return tuple(shift.person for shift in self.shifts(slug) if shift.person and shift.start <= self.now < shift.end)

    def gaps(self) -> tuple[Shift, ...]:
        """Stretches of the coming week without a security watch."""
        if not self.known():
            return ()
        return tuple(shift for shift in self.shifts(self.security) if shift.person is None and shift.end > self.now)

    def change(self, slug: str) -> Shift | None:
        """The next shift of somebody else, or the next gap."""
        current = self.on_watch(slug)
        for shift in self.shifts(slug):
            if shift.start > self.now and (shift.person,) != (current or (None,)):
                return shift
        return None

    def lines(self) -> tuple[WatchLine, ...]:
        """One line for each schedule, the security watch first."""
        found = [self._line(schedule) for schedule in self.schedules.values()]
        return tuple(sorted(found, key=lambda line: (not line.security, line.name)))

    def _line(self, schedule: ScheduleInfo) -> WatchLine:
        upcoming = self.change(schedule.slug)
        return WatchLine(
            schedule.slug,
            schedule.name,
            schedule.slug == self.security,
            self.on_watch(schedule.slug),
            upcoming.person.name if upcoming and upcoming.person else "",
            upcoming.start if upcoming else None,
            self._in_hours_only(schedule),
            any(shift.person for shift in self.shifts(schedule.slug)),
        )

    def _in_hours_only(self, schedule: ScheduleInfo) -> bool:
        """Every layer has its hours, and they leave the nights open again and again: no gap, but how it is meant."""
        gaps = [shift for shift in self.shifts(schedule.slug) if shift.person is None]
        return bool(schedule.layers) and all(layer.only for layer in schedule.layers) and len(gaps) >= NIGHTLY

    def woken(self, person: PersonInfo) -> str:
        """Whom the cord wakes, by name, said before it is pulled."""
        names = [f"{one.name} (you)" if one.id == person.id else one.name for one in self.on_watch(self.security)]
        return formats.listed(names) if names else "the whole Security team, because nobody is on watch"


def watch_book(request: HttpRequest) -> WatchBook:
    """The book of this request."""
    if not hasattr(request, _KEPT):
        setattr(request, _KEPT, WatchBook(clock.now()))
    book: WatchBook = getattr(request, _KEPT)
    return book


def bar(shift: Shift, person: PersonInfo) -> pictures.Bar:
    """One shift as a bar: its person's first name, or a gap."""
    if shift.person is None:
        return pictures.Bar(shift.start, shift.end, "nobody", "gap")
    mine = shift.person.id == person.id
    return pictures.Bar(shift.start, shift.end, (shift.person.name.split() or ["?"])[0], "me" if mine else "")


def strip(book: WatchBook, person: PersonInfo, zone: ZoneInfo) -> SafeString | None:
    """The security watch from four hours ago to twenty hours on; None while nobody ever stands it."""
    if not book.known():
        return None
    start = (book.now - BEHIND).replace(minute=0, second=0, microsecond=0)
    end = start + STRIP
    drawn = [bar(shift, person) for shift in book.shifts(book.security) if shift.start < end]
    who = ", ".join(f"{one.text} until {formats.clock(min(one.end, end), zone)}" for one in drawn)
    stretch = f"{formats.when(start, zone, book.now)} to {formats.when(end, zone, book.now)}"
    sentence = f"The security watch from {stretch}: {who}. It is {formats.clock(book.now, zone)}."
    return pictures.strip(drawn, start, end, book.now, zone, sentence)
