"""On-call: each schedule's week with its layers, overrides and gaps, who is on now and next, and a form to cover a stretch."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from watchbill.base import clock
from watchbill.base.problem import invalid
from watchbill.roster import queries as roster
from watchbill.roster import services as people
from watchbill.roster.queries import PersonInfo, ScheduleInfo, Shift
from watchbill.web import formats, pictures
from watchbill.web.reader import actor, allowed
from watchbill.web.watch import bar, watch_book

FURTHEST = timedelta(days=366)


@dataclass(frozen=True)
class Day:
    """One day of the week in words."""

    text: str
    today: bool
    shifts: tuple[Shift, ...]


@require_safe
def page(request: HttpRequest, slug: str = "") -> HttpResponse:
    """GET /on-call/ and /on-call/<schedule>/?week=2026-11-23."""
    person = allowed(request, "read")
    now = clock.now()
    book = watch_book(request)
    slug = slug or (book.security if book.known() else "")
    if not slug:
        return render(request, "oncall/none.html", {"title": "On-call"})
    schedule = roster.schedule(slug)
    zone = ZoneInfo(schedule.zone)
    days = _days(request, now, zone)
    shifts = roster.shifts(slug, days[0], days[-1])
    gaps = [shift for shift in shifts if shift.kind == "gap" and shift.end > now]
    context = {
        "title": f"On-call, {schedule.name}",
        "schedule": schedule,
        "days": f"{formats.weekday(days[0], zone)} to {formats.weekday(days[-1] - timedelta(hours=1), zone)} {days[0].year}",
        "week": int(f"{days[0]:%V}"),
        "zone": formats.zone_name(days[0]),
        "picture": _picture(schedule, shifts, days, now, zone, person),
        "words": _words(shifts, days, now, zone),
        "gaps": gaps,
        "first_gap": gaps[0] if gaps else None,
        "watch_lines": book.lines(),
        "before": (days[0] - timedelta(days=7)).date().isoformat(),
        "after": (days[0] + timedelta(days=7)).date().isoformat(),
        "may_cover": _may_cover(person, schedule),
        "upcoming": next((shift for shift in book.shifts(slug) if shift.start > now), None),
        "people": roster.team(schedule.team).members,
        "schedule_zone": zone,
    }
    return render(request, "oncall/oncall.html", context)


def _days(request: HttpRequest, now: datetime, zone: ZoneInfo) -> list[datetime]:
    """Eight local midnights: the Monday of the week asked for, and on."""
    today = now.astimezone(zone).date()
    try:
        asked = date.fromisoformat(request.GET.get("week", "")[:10])
    except ValueError:
        asked = today
    if abs(asked - today) > FURTHEST:
        asked = today
    monday = asked - timedelta(days=asked.weekday())
    return [datetime(day.year, day.month, day.day, tzinfo=zone) for day in (monday + timedelta(days=i) for i in range(8))]


def _picture(
    schedule: ScheduleInfo, shifts: tuple[Shift, ...], days: list[datetime], now: datetime, zone: ZoneInfo, person: PersonInfo
) -> SafeString:
    lanes = []
    for name in dict.fromkeys(shift.layer for shift in shifts if shift.kind == "layer"):
        own = [shift for shift in shifts if shift.kind == "layer" and shift.layer == name]
        lanes.append(pictures.Lane(name, tuple(bar(shift, person) for shift in own)))
    overrides = tuple(bar(shift, person) for shift in shifts if shift.kind == "override")
    if overrides:
        lanes.append(pictures.Lane("Overrides", overrides))
    lanes.append(pictures.Lane("Who is really on watch", tuple(bar(shift, person) for shift in shifts), strong=True))
    gaps = [shift for shift in shifts if shift.kind == "gap"]
    told = f"{formats.count(len(gaps), 'gap')} in it" if gaps else "no gap in it"
    title = f"{schedule.name}, week of {days[0]:%d %b %Y}"
    return pictures.calendar(lanes, days, now, zone, title, f"The week with {told}. The same is written out below.")


def _words(shifts: tuple[Shift, ...], days: list[datetime], now: datetime, zone: ZoneInfo) -> list[Day]:
    return [
        Day(
            formats.weekday(start, zone),
            start <= now < end,
            tuple(shift for shift in shifts if shift.start < end and shift.end > start),
        )
        for start, end in pairwise(days)
    ]


def _may_cover(person: PersonInfo, schedule: ScheduleInfo) -> bool:
    """Security and administrators may cover anything; a team covers its own watch."""
    return roster.may(person, "configure") or any(member.id == person.id for member in roster.team(schedule.team).members)


@require_POST
def cover(request: HttpRequest, slug: str) -> HttpResponse:
    """POST /on-call/<schedule>/cover: put a person on watch for a stretch. Times are the schedule's own clock."""
    person = allowed(request, "act")
    schedule = roster.schedule(slug)
    if not _may_cover(person, schedule):
        roster.require(person, "configure")
    zone = ZoneInfo(schedule.zone)
    start, end = (_moment(request.POST.get(name, ""), name, zone) for name in ("start", "end"))
    who = request.POST.get("who", "") or person.email
    people.add_override(slug, who, start, end, by=actor(person))
    messages.success(request, f"{roster.person(who).name} is on watch then.")
    return HttpResponseRedirect(f"{reverse('on-call-schedule', args=[slug])}?week={start.date().isoformat()}", status=303)


def _moment(text: str, field: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise invalid(field, "A moment looks like 2026-11-26T02:00.") from None
