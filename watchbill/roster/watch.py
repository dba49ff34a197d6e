"""Who is on watch, and when a team works: schedules and teams from the tables, laid out by the calendar engine. It writes nothing.

Somebody who was deactivated is never on watch: their shifts are gaps, so that a page goes on to whoever stands in for a gap.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise

from django.db.models import QuerySet

from watchbill.base.problem import Problem, invalid, not_found
from watchbill.engines.calendar.intervals import OVERRIDE, Interval
from watchbill.engines.calendar.problems import CalendarError, NeverOpen
from watchbill.engines.calendar.rotation import Rotation, Unit
from watchbill.engines.calendar.shifts import Layer, Override, final_shifts
from watchbill.engines.calendar.windows import WeeklyWindow, read_clock, read_days, read_window
from watchbill.engines.calendar.working import WorkingWeek, add_working_time, is_open
from watchbill.engines.calendar.working import next_opening as first_opening
from watchbill.roster import limits, models
from watchbill.roster.facts import LayerInfo, PersonInfo, ScheduleInfo, Shift, TeamInfo
from watchbill.roster.people import override_info, person_info

_MOMENT = timedelta(microseconds=1)
_UNITS: dict[str, Unit] = {"hours": "hours", "days": "days", "weeks": "weeks"}


def team(slug: str) -> TeamInfo:
    """One team with its active and deactivated members, in its own order. Raises ``Problem`` 404."""
    row = _team_rows().filter(slug=slug).first()
    if row is None:
        raise not_found("team", slug)
    return _team_info(row)


def teams() -> tuple[TeamInfo, ...]:
    """All teams, by name."""
    return tuple(map(_team_info, _team_rows().order_by("name")))


def _team_rows() -> QuerySet[models.Team]:
    return models.Team.objects.select_related("policy").prefetch_related("membership_set__person")


def _team_info(row: models.Team) -> TeamInfo:
    return TeamInfo(
        slug=row.slug,
        name=row.name,
        zone=row.zone,
        members=tuple(person_info(member.person) for member in row.membership_set.all()),
        policy=row.policy.slug if row.policy else "",
        opens=row.opens,
        closes=row.closes,
        workdays=row.workdays,
        holidays=tuple(date.fromisoformat(day) for day in row.holidays),
        handles=tuple(row.handles),
    )


def schedule(slug: str) -> ScheduleInfo:
    """One schedule as it is configured. Raises ``Problem`` 404."""
    row = _schedule_rows().filter(slug=slug).first()
    if row is None:
        raise not_found("schedule", slug)
    return _schedule_info(row)


def schedules() -> tuple[ScheduleInfo, ...]:
    """All schedules, by name."""
    return tuple(map(_schedule_info, _schedule_rows().order_by("name")))


def _schedule_rows() -> QuerySet[models.Schedule]:
    return models.Schedule.objects.select_related("team").prefetch_related("layers__turns__person", "overrides__person")


def _schedule_info(row: models.Schedule) -> ScheduleInfo:
    layers = tuple(_layer_info(layer, row.zone) for layer in row.layers.all())
    return ScheduleInfo(row.slug, row.name, row.team.slug, row.zone, layers, tuple(map(override_info, row.overrides.all())))


def _layer_info(row: models.Layer, zone: str) -> LayerInfo:
    people = tuple(turn.person.email for turn in row.turns.all())
    starts = datetime.fromisoformat(row.starts)
    return LayerInfo(row.name, people, row.every, _UNITS[row.unit], starts, row.zone or zone, tuple(row.only))


def on_call(schedule_slug: str, at: datetime) -> tuple[PersonInfo, ...]:
    """Who has the watch at ``at``: the top layer's person, or nobody in a gap. Raises ``Problem`` 404 for an unknown schedule."""
    now = shifts(schedule_slug, at, at + _MOMENT)[0]
    return (now.person,) if now.person else ()


def shifts(slug: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Who has the watch when in ``[start, end)``: in order, without holes (a gap is a shift without a person), ends clipped to the range.

    Raises ``Problem`` for an unknown schedule, an empty range, or one longer than ``limits.SHIFTS_DAYS``.
    """
    found = schedule(slug)
    return shifts_of((found,), start, end)[found.slug]


def shifts_of(found: tuple[ScheduleInfo, ...], start: datetime, end: datetime) -> dict[str, tuple[Shift, ...]]:
    """As ``shifts``, for several schedules at once by their slugs: their people are looked up together."""
    if end - start > timedelta(days=limits.SHIFTS_DAYS):
        raise invalid("end", "This is too long a stretch.", f"Ask for at most {limits.SHIFTS_DAYS} days.")
    people = _people_of(found)
    return {one.slug: _laid(one, people, start, end) for one in found}


def _laid(found: ScheduleInfo, people: dict[str, PersonInfo], start: datetime, end: datetime) -> tuple[Shift, ...]:
    try:
        laid = final_shifts(*_laid_out(found, start, end), start, end)
    except CalendarError as error:
        raise invalid(error.place, f"{error.reason}.") from error
    return tuple(_shift(interval, people) for interval in laid)


def _people_of(found: tuple[ScheduleInfo, ...]) -> dict[str, PersonInfo]:
    emails = {email for one in found for layer in one.layers for email in layer.people}
    emails |= {override.person for one in found for override in one.overrides}
    return {row.email: person_info(row) for row in models.Person.objects.filter(email__in=emails, is_active=True)}


def _laid_out(found: ScheduleInfo, start: datetime, end: datetime) -> tuple[list[Layer], list[Override]]:
    """The schedule as the calendar engine takes it; only the overrides that touch the range."""
    layers = [
        Layer(
            layer.name,
            Rotation(layer.people, layer.starts, layer.zone, layer.every, layer.unit),
            tuple(read_window(window) for window in layer.only),
        )
        for layer in found.layers
        if layer.people
    ]
    near = (override for override in found.overrides if override.start < end and override.end > start)
    return layers, [Override(override.start, override.end, override.person) for override in near]


def _shift(interval: Interval, people: dict[str, PersonInfo]) -> Shift:
    person = people.get(interval.who or "")
    if person is None:
        return Shift(interval.start, interval.end, None, interval.layer, "gap")
    return Shift(interval.start, interval.end, person, interval.layer, "override" if interval.layer == OVERRIDE else "layer")


def next_on_call(slug: str, at: datetime) -> Shift | None:
    """The next shift that begins after ``at``: somebody else's, or the same person's again after a gap. None if none comes soon.

    Looked for a quarter of a year ahead; the shift's end is where that watch ends, unless that lies beyond what was looked at.
    """
    for days in limits.NEXT_WATCH_DAYS:
        ahead = shifts(slug, at, at + timedelta(days=days))
        for before, shift in pairwise(ahead):
            if shift.person and shift.person != before.person:
                return shift
    return None


def working_week(slug: str) -> WorkingWeek:
    """A team's working week as the calendar engine takes it. Raises ``Problem`` 404."""
    found = team(slug)
    window = WeeklyWindow(read_days(found.workdays), read_clock(found.opens), read_clock(found.closes))
    return WorkingWeek(found.zone, (window,), frozenset(found.holidays))


def is_working_time(team_slug: str, at: datetime) -> bool:
    """Whether the team is at work at ``at``."""
    return is_open(working_week(team_slug), at)


def next_opening(team_slug: str, at: datetime) -> datetime:
    """The first moment at or after ``at`` at which the team *begins* work (UTC), also when it is at work already.

    A team that works round the clock never begins; for it the answer is ``at``.
    """
    week = working_week(team_slug)
    try:
        return first_opening(week, at)
    except NeverOpen as error:
        if is_open(week, at):
            return at
        raise _never(team_slug, error) from error


def add_working_hours(team_slug: str, at: datetime, hours: float) -> datetime:
    """When so many hours of the team's working time have passed since ``at`` (UTC). Raises ``Problem`` if they never do."""
    try:
        return add_working_time(working_week(team_slug), at, timedelta(hours=hours))
    except NeverOpen as error:
        raise _never(team_slug, error) from error


def _never(team_slug: str, error: NeverOpen) -> Problem:
    return Problem(
        "never_open", f"Team {team_slug} has no working time", f"{error.reason}.", remedy="Set its working days and hours.", status=409
    )
