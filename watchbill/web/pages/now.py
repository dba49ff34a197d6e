"""Now: what needs this person, who is on watch, the cord, and whether the bell is sound.

Needs are put in order of how much they press; only the first that is ringing is loud. Reading it changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from watchbill.base import clock, storage, trail
from watchbill.base.loop import loop_health
from watchbill.cases.findings import queries as findings
from watchbill.intake.scans import queries as scans
from watchbill.paging import bell_health
from watchbill.paging import queries as paging
from watchbill.paging.queries import AlertInfo
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats
from watchbill.web.reader import names_of_people, signed_in, zone_of
from watchbill.web.telling import plainly
from watchbill.web.watch import WatchBook, strip, watch_book

MINE_SHOWN = 5


@dataclass(frozen=True)
class Need:
    """One thing that waits for this person: a badge, what it is, why, and the one step (a POST with `do`, or a link)."""

    decision: str
    title: str
    href: str
    subs: tuple[str, ...]
    action: str = ""
    do: str = ""
    button: str = ""
    alert: AlertInfo | None = None
    due: datetime | None = None
    paged_at: datetime | None = None
    why_you: str = ""


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /."""
    person = signed_in(request)
    now = clock.now()
    book = watch_book(request)
    needs = [*_ringing(person), *_taken(person), *_signatures(person, names_of_people(request)), *_gaps(person, book), *_mine(person)]
    bell = _bell(now)
    ringing = [need for need in needs if need.alert is not None and need.alert.state == "triggered"]
    context = {
        "title": "Now",
        "heading": _heading(len(needs), bell.sources),
        "today": _today(now, person),
        "moment": now,
        "needs": needs,
        "hot": ringing[0] if ringing else None,
        "held": findings.held_scans(),
        "watch_lines": book.lines(),
        "strip": strip(book, person, zone_of(person)),
        "bell": bell,
        "advisories": scans.advisories_age(),
        "cord_wakes": book.woken(person),
        "empty": _looked_at(bell, now),
    }
    return render(request, "now/now.html", context)


_SMALL = ("Nothing", "One thing", "Two things", "Three things", "Four things", "Five things", "Six things", "Seven things")


def _heading(needs: int, sources: int) -> str:
    if not needs and not sources:
        return "Nothing needs you yet"
    what = _SMALL[needs] if needs < len(_SMALL) else formats.count(needs, "thing")
    return f"{what} {'needs' if needs < 2 else 'need'} you"


def _today(now: datetime, person: PersonInfo) -> str:
    local = now.astimezone(zone_of(person))
    return f"{local:%A} {local.day} {local:%B} {local.year}"


def _ringing(person: PersonInfo) -> list[Need]:
    rung = sorted(paging.my_pages(person.id), key=lambda one: (one.alert.decision != "now", one.alert.opened_at))
    return [_rings(one, first=i == 0) for i, one in enumerate(rung)]


def _rings(one: paging.Ringing, *, first: bool) -> Need:
    """What rings for this person; the first, which is the loud one, also says why it came to them."""
    alert = one.alert
    return Need(
        alert.decision,
        alert.title,
        alert.link or reverse("alert", args=[alert.id]),
        tuple(plainly(reason) for reason in alert.why[:1]),
        reverse("alert-act", args=[alert.id]),
        "ack",
        "Acknowledge",
        alert,
        paged_at=one.page.sent_at or one.page.due,
        why_you=one.page.why_you if first else "",
    )


def _taken(person: PersonInfo) -> list[Need]:
    """What this person acknowledged and nobody has finished."""
    names = (person.name, person.email)
    mine = [alert for alert in paging.open_alerts(person.id) if alert.state == "acknowledged" and alert.acknowledged_by in names]
    return [
        Need("hours", one.title, one.link or reverse("alert", args=[one.id]), ("You acknowledged it; nobody else is paged.",), alert=one)
        for one in mine
    ]


def _signatures(person: PersonInfo, names: dict[str, str]) -> list[Need]:
    """Risks that wait for a second name, for those who may give it."""
    return [
        Need(
            "hours",
            f"Second name on a risk: {wait.title}",
            reverse("finding", args=[wait.finding_id]) + "#acceptance",
            (
                f"Asked by {names.get(wait.requested_by, wait.requested_by)}, {formats.age(wait.requested_at, clock.now())}.",
                "It stays open, and counted, until somebody else signs.",
            ),
            button="Review",
        )
        for wait in findings.waiting_acceptances()
        if findings.may_sign(wait.id, person)
    ]


def _gaps(person: PersonInfo, book: WatchBook) -> list[Need]:
    """The next stretch without a security watch in the coming week, for those who could fill it."""
    gap = next(iter(book.gaps()), None)
    if gap is None or not (roster.may(person, "configure") or roster.security_team() in roster.teams_of(person.id)):
        return []
    zone = zone_of(person)
    until = formats.when(gap.end, zone, gap.start)
    return [
        Need(
            "digest",
            f"Nobody is on watch {formats.weekday(gap.start, zone)}, {formats.clock(gap.start, zone)} to {until}",
            reverse("on-call-schedule", args=[book.security]),
            ("In a gap every page goes to the next step of its policy at once.",),
            button="Fill the gap",
        )
    ]


def _mine(person: PersonInfo) -> list[Need]:
    """Findings of mine that are due this week."""
    rows = findings.search("is:open mine:me due:week sort:due", size=MINE_SHOWN, person=person.email).rows
    return [Need(row.decision, row.title, reverse("finding", args=[row.id]), (row.why,), due=row.due) for row in rows]


@dataclass(frozen=True)
class Bell:
    """Whether pages would go out: the loop, what is late, the witness, the sources."""

    last_turn: datetime | None
    well: bool
    late: int
    oldest_late: float
    witness: trail.WitnessStatus
    sources: int
    stale: tuple[str, ...]
    newest: datetime | None
    trouble: storage.Trouble | None


def _bell(now: datetime) -> Bell:
    health = bell_health.health()
    listed = scans.sources()
    stale = tuple(_silence(source, now) for source in listed if source.stale)
    newest = max((source.last_scan_at for source in listed if source.last_scan_at), default=None)
    lagging = any(loop.lag_seconds > 10 for loop in loop_health())
    witness = trail.witness_status()
    return Bell(
        health.loop_last_turn, not lagging, health.late, health.oldest_late_seconds, witness, len(listed), stale, newest, storage.trouble()
    )


def _silence(source: scans.SourceInfo, now: datetime) -> str:
    at = source.last_scan_at
    return f"{source.title}, silent for {formats.duration(now - at)}" if at else f"{source.title}, never looked"


def _looked_at(bell: Bell, now: datetime) -> str:
    """The claim behind an empty list: what was looked at, and when."""
    if not bell.sources:
        return "No source has sent anything yet, so nothing here can be called clean."
    spoke = f"{bell.sources - len(bell.stale)} of {formats.count(bell.sources, 'source')} spoke when expected"
    return f"{spoke}; the newest scan is {formats.duration(now - bell.newest)} old." if bell.newest else f"{spoke}."
