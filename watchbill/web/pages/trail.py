"""The trail: what changed when, on what, by whom; one event with its leaf; and whether all this can be trusted.

A question is what the form asks; pages/trail_proof.py exports the answer with its proofs and checks everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from watchbill.base import changes, clock, trail, trail_runs, trail_search
from watchbill.base.problem import invalid, not_found
from watchbill.base.trail import TrailEvent
from watchbill.base.trail_search import Found, Question
from watchbill.roster import queries as roster
from watchbill.roster.queries import PersonInfo
from watchbill.web import formats, pictures
from watchbill.web.pages.findings import csv_answer
from watchbill.web.privacy import visible
from watchbill.web.reader import allowed, names_of_people, zone_of
from watchbill.web.telling import in_brief, told, who
from watchbill.web.things import Things

PAGE = 50
FILE_ROWS = 1000
LOOKS = 25  # pages of a long answer
SHORTEST_NAME = 4
SPANS = (
    ("15m", "15 minutes", timedelta(minutes=15)),
    ("1h", "1 hour", timedelta(hours=1)),
    ("6h", "6 hours", timedelta(hours=6)),
    ("2d", "2 days", timedelta(days=2)),
    ("7d", "7 days", timedelta(days=7)),
)
FIELDS = ("at", "span", "on", "who", "action", "q")
LANES = ("Deploys and changes", "Access", "Findings", "Pages", "Looks", "People and set-up")


@dataclass(frozen=True)
class Asked:
    """What the form asked for; `at` is None when the newest events are wanted."""

    at: datetime | None
    span: str
    on: str
    who: str
    action: str
    q: str
    before: int | None

    def reach(self) -> timedelta:
        """How far around the moment."""
        return next((reach for name, _, reach in SPANS if name == self.span), timedelta(hours=1))

    def reach_in_words(self) -> str:
        """How far around the moment, as the form says it."""
        return next((text for name, text, _ in SPANS if name == self.span), "1 hour")

    def in_words(self) -> str:
        """What is asked for, as the trail's own record of an export tells it."""
        named = {"around": formats.iso(self.at) if self.at else "", "on": self.on, "by": self.who, "action": self.action, "words": self.q}
        return ", ".join(f"{name} {value}" for name, value in named.items() if value) or "the newest events"

    def question(self) -> Question:
        """As the trail is asked. `on` is looked for in targets and in what the event says, so that a deploy of a service is found by it."""
        return Question(
            start=self.at - self.reach() if self.at else None,
            end=self.at + self.reach() if self.at else None,
            actor=self.who,
            action=self.action,
            words=(self.q,) if self.q else (),
            about=tuple(_spoken(one) for one in things_around(self.on)),
            before_seq=self.before,
        )


@dataclass(frozen=True)
class Line:
    """One event as the table shows it."""

    event: TrailEvent
    who: str
    kind: str
    text: str
    about: str
    href: str
    from_moment: str
    here: bool = False


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """GET /trail/?at=&span=&on=&who=&action=&q=&before=."""
    person = allowed(request, "read")
    if request.GET.get("format") in ("json", "csv"):
        return export(request, request.GET["format"])
    asked = asked_in(request.GET, person)
    found = trail_search.search(asked.question(), PAGE)
    events = visible(found.events, person)
    ordered = sorted(events, key=lambda one: (one.occurred_at, one.seq)) if asked.at else events
    zone = zone_of(person)
    names = names_of_people(request)
    told_of = changes_for(asked)
    context = {
        "title": "Trail",
        "asked": asked,
        "at_field": asked.at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if asked.at else "",
        "spans": [(name, text, name == asked.span) for name, text, _ in SPANS],
        "zone": formats.zone_name(clock.now().astimezone(zone)),
        "lines": _lines(ordered, asked.at, Things(names)),
        "picture": _picture(events, told_of, asked, person),
        "found": found,
        "changes": told_of,
        "reach": asked.reach_in_words(),
        "around": things_around(asked.on)[1:],
        "earlier": _step(asked, -1),
        "later": _step(asked, 1),
        "trust": _trust(names),
        "plain_query": request.GET.urlencode(),
        "asked_fields": [(name, value) for name, value in request.GET.items() if name in FIELDS and value],
        "may_export_all": roster.may(person, "triage"),
    }
    return render(request, "trail/trail.html", context)


def asked_in(query: QueryDict, person: PersonInfo) -> Asked:
    """What a query string or a form asks for. Raises Problem(invalid) for what is no moment."""
    before = query.get("before", "")
    return Asked(
        at=_moment(query.get("at", ""), person),
        span=query.get("span", "1h"),
        on=formats.line(query.get("on", ""))[:200],
        who=formats.line(query.get("who", ""))[:200],
        action=formats.line(query.get("action", ""))[:100],
        q=formats.line(query.get("q", ""))[:200],
        before=int(before) if before.isdecimal() and len(before) < 19 else None,
    )


def _moment(text: str, person: PersonInfo) -> datetime | None:
    """A moment on the reader's clock, or with its own offset. Raises Problem(invalid) for what is neither."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid("at", f"{formats.line(text)!r} is no moment.", "Write it like 2026-11-23T15:49.") from None
    if not 1970 < moment.year < 9000:
        raise invalid("at", "That moment is too far away.")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone_of(person))).astimezone(UTC)


def things_around(on: str) -> list[str]:
    """A thing and what it depends on, as the trail names them: a service with its repositories and hosts, a repository or host with the
    services on it; anything else as it stands.
    """
    if not on:
        return []
    kind, _, name = on.partition(":")
    known = [one for one in roster.services() if name in ((one.slug,) if kind == "service" else one.repos if kind == "repo" else one.hosts)]
    if kind == "service":
        return [on, *(f"repo:{repo}" for one in known for repo in one.repos), *(f"host:{host}" for one in known for host in one.hosts)]
    if kind in ("repo", "host"):
        return [on, *(f"service:{one.slug}" for one in known)]
    return [on]


def _spoken(thing: str) -> str:
    """How events speak of a thing: by its bare name, unless that is too short to mean it."""
    name = thing.partition(":")[2]
    return name if len(name) >= SHORTEST_NAME else thing


def changes_for(asked: Asked) -> list[changes.Change]:
    """Changes that tools and people told of, by the time at which they happened; what was told later is here too. None where the form
    asks for one person, action or word: those are asked of the events.
    """
    if asked.at is None or asked.who or asked.action or asked.q:
        return []
    return changes.changes_around(asked.at, asked.reach(), things_around(asked.on))


def most_of(asked: Asked, person: PersonInfo, most: int) -> tuple[list[TrailEvent], Found]:
    """Up to `most` of the events that the form asks for."""
    return events_for(asked.question(), person, most)


def events_for(question: Question, person: PersonInfo, most: int) -> tuple[list[TrailEvent], Found]:
    """Up to `most` events that the person may read, and the last answer, which says whether that is all there is."""
    events: list[TrailEvent] = []
    found = Found([], 0, None, None)
    for _ in range(LOOKS):
        found = trail_search.search(question, FILE_ROWS)
        events += visible(found.events, person)
        if found.go_on is None or len(events) >= most:
            break
        question = replace(question, before_seq=found.go_on)
    return events[:most], found


def _step(asked: Asked, by: int) -> str:
    return formats.iso(asked.at + by * asked.reach()) if asked.at else ""


def lane_of(event: TrailEvent) -> tuple[int, str]:
    """Which lane an event stands in, and its mark."""
    room = event.action.split(".", 1)[0]
    if room in ("change", "deploy"):
        return (1, "") if event.body.get("kind") == "access" else (0, "change")
    look = (4, "ring")
    table = {"finding": (2, "bad"), "alert": (3, "bad"), "page": (3, "bad"), "scan": look, "inbox": look, "source": look}
    if event.action in ("person.signed_in", "person.signed_out", "person.sign_in_failed", "sign_in_link.redeemed"):
        return (1, "")
    return table.get(room, (5, ""))


def _lines(events: list[TrailEvent], at: datetime | None, things: Things) -> list[Line]:
    """The lines of the table; around a moment, the one nearest to it is marked."""
    lines = [_line(event, at, things) for event in events]
    if at is not None and lines:
        nearest = min(range(len(lines)), key=lambda i: abs(lines[i].event.occurred_at - at))
        lines[nearest] = replace(lines[nearest], here=True)
    return lines


def _line(event: TrailEvent, at: datetime | None, things: Things) -> Line:
    apart = event.occurred_at - at if at else timedelta(0)
    side = "after" if apart > timedelta(0) else "before"
    words = "" if at is None else "the moment" if abs(apart) < timedelta(seconds=30) else f"{formats.duration(apart)} {side}"
    kind = str(event.body.get("kind") or event.action.split(".", 1)[0])
    doer = who(event, things.people) or ("the sample" if event.actor == "sample company" else "Watchbill")
    return Line(event, doer, kind, in_brief(event, things.people), things.name(event), things.href(event), words)


def _picture(events: list[TrailEvent], told_of: list[changes.Change], asked: Asked, person: PersonInfo) -> SafeString | None:
    """The lanes: each event where it happened, and each change that is not among the events."""
    shown = {event.seq for event in events}
    further = [one for one in told_of if one.seq not in shown]
    if not events and not further:
        return None
    pin = asked.at or events[0].occurred_at
    start = asked.at - asked.reach() if asked.at else min(event.occurred_at for event in events)
    end = asked.at + asked.reach() if asked.at else max(event.occurred_at for event in events) + timedelta(seconds=1)
    rows: list[tuple[str, list[pictures.Dot]]] = [(name, []) for name in LANES]
    for event in events:
        lane, look = lane_of(event)
        rows[lane][1].append(pictures.Dot(event.occurred_at, look))
    rows[0][1].extend(pictures.Dot(one.occurred_at, "change") for one in further)
    zone = zone_of(person)
    stretch = f"{formats.when(start, zone, pin)} to {formats.when(end, zone, pin)}"
    marks = formats.count(len(events) + len(further), "event")
    told = f"{marks} in {len(LANES)} lanes, {stretch}. The same events are in the tables on this page."
    return pictures.trail_lanes(rows, start, end, pin, zone, told)


@dataclass(frozen=True)
class Trust:
    """What the trail can show for itself."""

    size: int
    checkpoint: trail.CheckpointInfo | None
    witness: trail.WitnessStatus
    checked: trail_runs.Run | None
    checked_by: str
    under_way: list[trail_runs.Run]


def _trust(names: Mapping[str, str]) -> Trust:
    checked = trail_runs.last_check()
    by = names.get(checked.asked_by, checked.asked_by) if checked else ""
    return Trust(trail.size(), trail.latest_checkpoint(), trail.witness_status(), checked, by, trail_runs.under_way())


@require_safe
def one(request: HttpRequest, seq: int) -> HttpResponse:
    """GET /trail/<seq>/."""
    person = allowed(request, "read")
    known = trail.event(seq)
    found = visible([known] if known else [], person)
    if not found:
        raise not_found("event", seq)
    event = found[0]
    body = [(name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in event.body.items()]
    context = {
        "title": f"Event {seq}",
        "event": event,
        "body": body,
        "text": told(event, names_of_people(request)),
        "who": who(event, names_of_people(request)) or "Watchbill",
        "on": Things(names_of_people(request)).name(event),
        "trust": _trust(names_of_people(request)),
        "about": Things(names_of_people(request)).href(event),
    }
    return render(request, "trail/event.html", context)


@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """GET /trail/events.csv and .json with the same questions as the page."""
    person = allowed(request, "read")
    rows = [event_facts(event) for event in most_of(asked_in(request.GET, person), person, FILE_ROWS)[0]]
    if kind == "json":
        return JsonResponse({"events": rows})
    if kind != "csv":
        raise Http404
    return csv_answer([{**row, "body": str(row["body"])} for row in rows], "events.csv")


def event_facts(event: TrailEvent) -> dict[str, object]:
    """An event as plain facts, the same in files and the API."""
    return {
        "seq": event.seq,
        "recorded_at": formats.iso(event.recorded_at),
        "occurred_at": formats.iso(event.occurred_at),
        "actor": event.actor,
        "actor_kind": event.actor_kind,
        "source": event.source,
        "action": event.action,
        "target": event.target,
        "outcome": event.outcome,
        "ref": event.ref,
        "body": event.body,
        "leaf": event.leaf,
    }
