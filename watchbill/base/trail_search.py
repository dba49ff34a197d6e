"""Questions to the audit trail: indexed where there is an index (time, actor, target, number), looked through in bounded steps where there
is none (actions, words), and then it is said how far the looking went.

A question never costs more than `limits.TRAIL_LOOKED` events; whoever wants more goes on from where it stopped. Words are looked for in
what a reader sees: names and private values opened, erased ones not.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from watchbill.base import limits, readable
from watchbill.base.canonical import instant, moment
from watchbill.base.commitments import Sealed, commitments_within, with_names_opened
from watchbill.base.models import AuditEvent
from watchbill.base.problem import Problem

_FIRST_LOOK = 250
_LOOKS = 500


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One audit event. `leaf` in hex. `actor` of somebody erased is the commitment that stands in the trail."""

    seq: int
    recorded_at: datetime
    occurred_at: datetime
    actor: str
    actor_kind: str
    source: str
    action: str
    target: str
    outcome: str
    ref: str
    body: dict[str, Any]
    leaf: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `start` <= recorded < `end`; `action` exact, or a room with its dot ("finding."); `words`: all of them, each anywhere
    in action, target, reference or body, in any case; `about`: one of them so. Page on with `before_seq`.
    """

    start: datetime | None = None
    end: datetime | None = None
    actor: str = ""
    target: str = ""
    action: str = ""
    words: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    before_seq: int | None = None

    @property
    def looks_through(self) -> bool:
        """Whether no index answers it alone."""
        return bool(self.action or self.words or self.about)


@dataclass(frozen=True, slots=True)
class Found:
    """Events, latest recorded first. `looked`: how many were looked at. `go_on`: the number to give as `before_seq` for more, None when
    that is all; `back_to`: when the last one looked at was recorded.
    """

    events: list[TrailEvent]
    looked: int
    go_on: int | None
    back_to: datetime | None


def search(asked: Question, limit: int = 100) -> Found:
    """At most `limit` events (and never more than 1,000), after looking at `limits.TRAIL_LOOKED` at most."""
    most = max(1, min(limit, limits.TRAIL_PAGE))
    rows = _rows(asked)
    return _look_through(rows, asked, most) if asked.looks_through else _page(rows, most)


def numbers(asked: Question, most: int) -> list[int]:
    """The numbers of all events that fit, in order. Raises Problem("too_many") when there are more than `most`, or when looking through
    500 questions' worth of events did not come to an end.
    """
    found: list[int] = []
    for _ in range(_LOOKS):
        page = search(asked, limits.TRAIL_PAGE)
        found += [one.seq for one in page.events]
        if len(found) > most:
            break
        if page.go_on is None:
            return sorted(found)
        asked = replace(asked, before_seq=page.go_on)
    detail = f"More than {most:,} events fit what you asked for, or it takes too long to tell."
    raise Problem("too_many", "Too many for a part", detail, remedy="Ask for a shorter time, or export the whole trail.", status=409)


def event(seq: int) -> TrailEvent | None:
    """The event with this number, None when there is none."""
    found = opened(AuditEvent.objects.filter(seq=seq))
    return found[0] if found else None


def _rows(asked: Question) -> QuerySet[AuditEvent]:
    """What an index can answer, latest recorded first."""
    rows = AuditEvent.objects.order_by("-recorded_at", "-seq")
    if asked.start is not None:
        rows = rows.filter(recorded_at__gte=moment(asked.start))
    if asked.end is not None:
        rows = rows.filter(recorded_at__lt=moment(asked.end))
    if asked.actor:
        rows = rows.filter(readable.by_actor(asked.actor))
    if asked.target:
        rows = rows.filter(readable.by_target([asked.target]))
    return rows if asked.before_seq is None else _before(rows, asked.before_seq)


def _before(rows: QuerySet[AuditEvent], seq: int) -> QuerySet[AuditEvent]:
    """What stands after event `seq` in the order of recording: not simply a smaller number, since a machine's clock may have been set
    back.
    """
    at = AuditEvent.objects.filter(seq=seq).values_list("recorded_at", flat=True).first()
    if at is None:
        return rows.filter(seq__lt=seq)
    return rows.filter(Q(recorded_at__lt=at) | Q(recorded_at=at, seq__lt=seq), recorded_at__lte=at)


def _page(rows: QuerySet[AuditEvent], most: int) -> Found:
    found = opened(rows[: most + 1])
    page = found[:most]
    go_on = page[-1].seq if len(found) > most else None
    return Found(page, len(page), go_on, page[-1].recorded_at if page else None)


def _look_through(rows: QuerySet[AuditEvent], asked: Question, most: int) -> Found:
    """Step by step, the steps growing, until there are enough, nothing is left, or it was enough of a look."""
    fitting: list[int] = []
    looked, step, last, ended = 0, _FIRST_LOOK, None, False
    while looked < limits.TRAIL_LOOKED and len(fitting) < most and not ended:
        size = min(step, limits.TRAIL_LOOKED - looked)
        chunk = [_Looked(*row) for row in (rows if last is None else _after(rows, last)).values_list(*_Looked._fields)[:size]]
        fits = _fitting(chunk, asked)
        for row in chunk:
            looked, last = looked + 1, row
            if row.seq in fits:
                fitting.append(row.seq)
            if len(fitting) == most:
                break
        else:
            ended = len(chunk) < size
        step = min(step * 4, limits.TRAIL_LOOK)
    events = {event.seq: event for event in opened(AuditEvent.objects.filter(seq__in=fitting))}
    go_on = None if ended or last is None else last.seq
    return Found([events[seq] for seq in fitting if seq in events], looked, go_on, instant(last.recorded_at) if last else None)


class _Looked(NamedTuple):
    """What of an event is looked at: whole rows would take three times as long."""

    seq: int
    recorded_at: str
    action: str
    target: str
    ref: str
    body: str


def _after(rows: QuerySet[AuditEvent], last: _Looked) -> QuerySet[AuditEvent]:
    same = Q(recorded_at=last.recorded_at, seq__lt=last.seq)
    return rows.filter(Q(recorded_at__lt=last.recorded_at) | same, recorded_at__lte=last.recorded_at)


def _fitting(rows: Sequence[_Looked], asked: Question) -> set[int]:
    """The numbers of those that fit."""
    chosen = [row for row in rows if _action_fits(row.action, asked.action)]
    if not (asked.words or asked.about):
        return {row.seq for row in chosen}
    texts = {row.seq: f"{row.action}\n{row.target}\n{row.ref}\n{row.body}" for row in chosen}
    sealed = {seq: found for seq, text in texts.items() if (found := commitments_within(text))}
    known = readable.openings({one for found in sealed.values() for one in found}) if sealed else {}
    texts |= {seq: with_names_opened(texts[seq], known) for seq in sealed}
    words, about = [word.lower() for word in asked.words], [word.lower() for word in asked.about]
    return {seq for seq, text in texts.items() if _says(text.lower(), words, about)}


def _says(text: str, words: Sequence[str], about: Sequence[str]) -> bool:
    return all(word in text for word in words) and (not about or any(word in text for word in about))


def _action_fits(action: str, asked: str) -> bool:
    return not asked or action == asked or (asked.endswith(".") and action.startswith(asked))


def opened(rows: Iterable[AuditEvent]) -> list[TrailEvent]:
    """Rows as events, names and private values readable as far as they were not erased."""
    read = [(row, json.loads(row.body)) for row in rows]
    known = readable.openings(one for row, body in read for one in readable.commitments_in(row, body))
    return [_event(row, readable.opened(body, known), known) for row, body in read]


def _event(row: AuditEvent, body: dict[str, Any], known: Mapping[str, Sealed]) -> TrailEvent:
    return TrailEvent(
        seq=row.seq,
        recorded_at=instant(row.recorded_at),
        occurred_at=instant(row.occurred_at),
        actor=with_names_opened(row.actor, known),
        actor_kind=row.actor_kind,
        source=row.source,
        action=row.action,
        target=with_names_opened(row.target, known),
        outcome=row.outcome,
        ref=with_names_opened(row.ref, known),
        body=body,
        leaf=bytes(row.leaf).hex(),
    )
