"""Layers and overrides made into one answer: who has the watch from when to when, gaps included. It never reads the clock.

The last layer that has somebody at an instant wins that instant; an override wins over all layers, a later override over an earlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchbill.engines.calendar.intervals import OVERRIDE, Interval, Span, cover, merged, with_gaps
from watchbill.engines.calendar.limits import MAX_LAYERS, MAX_OVERRIDES, MAX_SPAN
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.rotation import Rotation
from watchbill.engines.calendar.windows import WeeklyWindow, spans
from watchbill.engines.calendar.zones import check_utc

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Layer:
    """A rotation, on watch only inside ``only`` (weekly windows in the rotation's zone); no windows means at all hours."""

    name: str
    rotation: Rotation
    only: tuple[WeeklyWindow, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or self.name == OVERRIDE:
            raise CalendarError("layer.name", f"a layer needs a name, and it can't be {OVERRIDE!r}")


@dataclass(frozen=True, slots=True)
class Override:
    """``who`` has the watch in ``[start, end)``, whatever the layers say. Aware instants."""

    start: datetime
    end: datetime
    who: str

    def __post_init__(self) -> None:
        check_utc(self.start, "override.start")
        check_utc(self.end, "override.end")
        if self.end <= self.start:
            raise CalendarError("override.end", "an override ends after it starts")


def final_shifts(layers: Sequence[Layer], overrides: Sequence[Override], start: datetime, end: datetime) -> tuple[Interval, ...]:
    """Who has the watch in ``[start, end)``: sorted, without overlap, without holes (``who`` None is a gap), equal neighbours joined.

    All instants aware; the answer's are UTC. Raises ``CalendarError`` past the limits or for a naive or empty range.
    """
    _check_range(layers, overrides, start, end)
    canvas: list[Interval] = []
    for layer in layers:
        canvas = cover(canvas, _layer_shifts(layer, start, end))
    for override in overrides:
        if override.start < end and override.end > start:
            placed = Interval(max(start, override.start).astimezone(UTC), min(end, override.end).astimezone(UTC), override.who, OVERRIDE)
            canvas = cover(canvas, [placed])
    return with_gaps(canvas, start.astimezone(UTC), end.astimezone(UTC))


def who_at(layers: Sequence[Layer], overrides: Sequence[Override], at: datetime) -> Interval:
    """The moment at ``at``: its ``who`` and ``layer`` count (``who`` None in a gap); its ends are only that moment's."""
    return final_shifts(layers, overrides, at, at + _MOMENT)[0]


def _check_range(layers: Sequence[Layer], overrides: Sequence[Override], start: datetime, end: datetime) -> None:
    check_utc(start, "start")
    check_utc(end, "end")
    if end <= start:
        raise CalendarError("end", "the end of a range comes after its start")
    if end - start > MAX_SPAN:
        raise CalendarError("end", f"at most {MAX_SPAN.days} days at a time")
    if len(layers) > MAX_LAYERS:
        raise CalendarError("layers", f"at most {MAX_LAYERS} layers fit in a schedule")
    if len(overrides) > MAX_OVERRIDES:
        raise CalendarError("overrides", f"at most {MAX_OVERRIDES} overrides fit in a schedule")


def _layer_shifts(layer: Layer, start: datetime, end: datetime) -> list[Interval]:
    """The layer's own stretches inside ``[start, end)``, clipped to it and to its windows."""
    turns = layer.rotation.turns(start, end, layer.name)
    if not layer.only:
        return [_clipped(turn, start, end) for turn in turns]
    open_spans = merged(spans(layer.only, layer.rotation.zone, start, end))
    found: list[Interval] = []
    first = 0
    for turn in turns:
        first, inside = _inside(turn, open_spans, first)
        found.extend(_clipped(piece, start, end) for piece in inside if piece.start < end and piece.end > start)
    return found


def _inside(turn: Interval, open_spans: Sequence[Span], first: int) -> tuple[int, list[Interval]]:
    """The parts of ``turn`` inside the open spans, and the first span that the next turn can touch."""
    while first < len(open_spans) and open_spans[first].end <= turn.start:
        first += 1
    pieces: list[Interval] = []
    look = first
    while look < len(open_spans) and open_spans[look].start < turn.end:
        pieces.append(_clipped(turn, open_spans[look].start, open_spans[look].end))
        look += 1
    return first, pieces


def _clipped(stretch: Interval, start: datetime, end: datetime) -> Interval:
    return Interval(max(stretch.start, start).astimezone(UTC), min(stretch.end, end).astimezone(UTC), stretch.who, stretch.layer)
