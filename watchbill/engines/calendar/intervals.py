"""Half-open stretches of time with somebody on them, and laying one list of them over another. No calendar lives here, only order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

OVERRIDE = "override"
"""The layer name that a shift carries when an override put it there; no layer may be called so."""


@dataclass(frozen=True, slots=True)
class Interval:
    """``[start, end)`` in aware UTC. ``who`` is None in a gap; ``layer`` names the layer that decided, or ``OVERRIDE``; "" in a gap."""

    start: datetime
    end: datetime
    who: str | None
    layer: str


@dataclass(frozen=True, slots=True)
class Span:
    """``[start, end)`` in aware UTC, with nobody on it."""

    start: datetime
    end: datetime


def cover(lower: Sequence[Interval], upper: Sequence[Interval]) -> list[Interval]:
    """``upper`` laid over ``lower``: where both have a stretch, the upper counts. Both sorted and free of overlaps, as is the answer."""
    visible: list[Interval] = []
    first = 0
    for below in lower:
        at = below.start
        while first < len(upper) and upper[first].end <= at:
            first += 1
        look = first
        while look < len(upper) and upper[look].start < below.end:
            if upper[look].start > at:
                visible.append(replace(below, start=at, end=upper[look].start))
            at = max(at, upper[look].end)
            look += 1
        if at < below.end:
            visible.append(replace(below, start=at))
    return sorted([*visible, *upper], key=lambda stretch: stretch.start)


def with_gaps(stretches: Sequence[Interval], start: datetime, end: datetime) -> tuple[Interval, ...]:
    """The same stretches with every hole between ``start`` and ``end`` filled by a gap, and equal neighbours joined."""
    whole: list[Interval] = []
    at = start
    for stretch in stretches:
        if stretch.start > at:
            whole.append(Interval(at, stretch.start, None, ""))
        whole.append(stretch)
        at = stretch.end
    if at < end:
        whole.append(Interval(at, end, None, ""))
    return joined(whole)


def joined(stretches: Iterable[Interval]) -> tuple[Interval, ...]:
    """Neighbours that touch, with the same person and layer, made one: handing the watch to oneself is no hand-off."""
    whole: list[Interval] = []
    for stretch in stretches:
        last = whole[-1] if whole else None
        if last and last.end == stretch.start and (last.who, last.layer) == (stretch.who, stretch.layer):
            whole[-1] = replace(last, end=stretch.end)
        else:
            whole.append(stretch)
    return tuple(whole)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans sorted, with those that overlap or touch made one."""
    whole: list[Span] = []
    for span in sorted(spans, key=lambda each: each.start):
        if whole and span.start <= whole[-1].end:
            whole[-1] = Span(whole[-1].start, max(whole[-1].end, span.end))
        else:
            whole.append(span)
    return tuple(whole)
