"""Pictures made by the server: SVG as text, positions in per cent so that words keep their size, colours only by class.

Each picture carries a sentence for those who can't see it; the same facts always stand in a table or list beside it. Pure: it is told
the moment. Every word drawn is escaped here. It never writes a style attribute: the policy of our pages forbids them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from watchbill.web import formats

NOTHING = SafeString("")
STRIP_WIDE, CALENDAR_WIDE = 272, 736  # the least that the look gives them, in px


@dataclass(frozen=True)
class Bar:
    """One stretch of a watch, half-open [start, end): who stands it, and how it is drawn ("me", "", "alt", "over", or "gap" for nobody)."""

    start: datetime
    end: datetime
    text: str
    look: str = ""


@dataclass(frozen=True)
class Lane:
    """One row of bars under its own label."""

    label: str
    bars: tuple[Bar, ...]
    strong: bool = False


@dataclass(frozen=True)
class Dot:
    """One event on a lane: "change" (diamond), "bad" (cone), "ring" (a look that found nothing) or "" (a person, a fact)."""

    at: datetime
    look: str = ""


@dataclass(frozen=True)
class Span:
    """The stretch of time a picture shows; turns a moment into per cent of its width."""

    start: datetime
    end: datetime

    def at(self, moment: datetime) -> float:
        """Per cent from the left, 0 to 100, cut off at the edges."""
        whole = (self.end - self.start).total_seconds()
        return min(100.0, max(0.0, 100 * (moment - self.start).total_seconds() / whole)) if whole else 0.0

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies inside."""
        return self.start <= moment <= self.end


def _pc(value: float) -> str:
    return f"{value:.2f}%"


def _join(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


LETTER, INSET = 7.0, 8.0  # about how wide a letter and a bar's own edges are, in px


def _fits(text: str, share: float, wide: int) -> bool:
    """Whether a word can stand in a bar of `share` per cent of a picture that is at least `wide` px: a name cut off tells nobody."""
    return len(text) * LETTER + INSET <= share * wide / 100


def _bar(bar: Bar, span: Span, y: int, height: int, wide: int) -> SafeString:
    """A bar and its word where it fits, cut off at the bar's own edge by a nested svg all the same."""
    left, right = span.at(bar.start), span.at(bar.end)
    if right <= left:
        return NOTHING
    x, width = _pc(left), _pc(right - left)
    baseline = height // 2 + 5
    word = formats.line(bar.text) if _fits(bar.text, right - left, wide) else ""
    if bar.look == "gap":
        return format_html(
            '<rect class="gapbox" x="{0}" width="{1}" y="{2}" height="{3}" rx="3"/>'
            '<rect x="{0}" width="{1}" y="{2}" height="{3}" fill="url(#hatch)"/>'
            '<svg x="{0}" width="{1}" y="{2}" height="{3}"><text class="t gap" x="6" y="{4}">{5}</text></svg>',
            x,
            width,
            y,
            height,
            baseline,
            word,
        )
    seg = f"seg {bar.look}".strip()
    text = "t me" if bar.look == "me" else "t"
    return format_html(
        '<rect class="{5}" x="{0}" width="{1}" y="{2}" height="{3}" rx="3"/><svg x="{0}" width="{1}" y="{2}" height="{3}">'
        '<text class="{6}" x="6" y="{4}">{7}</text></svg>',
        x,
        width,
        y,
        height,
        baseline,
        seg,
        text,
        word,
    )


def _needle(span: Span, now: datetime, zone: ZoneInfo, top: int, bottom: int, word_y: int) -> SafeString:
    """The line that says where now is; nothing when now is outside the picture."""
    if not span.holds(now):
        return NOTHING
    place = span.at(now)
    anchor = "start" if place < 8 else "end" if place > 92 else "middle"
    return format_html(
        '<line class="halo" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><line class="needle" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>'
        '<text class="pin" x="{0}" y="{3}" text-anchor="{4}">{5}</text>',
        _pc(place),
        top,
        bottom,
        word_y,
        anchor,
        formats.clock(now, zone),
    )


_HATCH = mark_safe(
    '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="8"/></pattern></defs>'
)


def strip(bars: Sequence[Bar], start: datetime, end: datetime, now: datetime, zone: ZoneInfo, sentence: str) -> SafeString:
    """The next day or so of one watch as one strip, with the hours below it and a needle at now."""
    span = Span(start, end)
    marks = _join(
        format_html('<text x="{}" y="56" text-anchor="{}">{}</text>', _pc(span.at(at)), anchor, f"{at.astimezone(zone):%H}")
        for at, anchor in _ticks(start, end, 6)
    )
    return format_html(
        '<svg class="chart" height="58" role="img" aria-label="{}">{}{}{}{}</svg>',
        formats.line(sentence),
        _HATCH,
        _join(_bar(bar, span, 18, 24, STRIP_WIDE) for bar in bars),
        marks,
        _needle(span, now, zone, 13, 45, 9),
    )


def _ticks(start: datetime, end: datetime, parts: int) -> list[tuple[datetime, str]]:
    """Evenly spread moments with how their words are anchored, both edges included."""
    step = (end - start) / parts
    anchors = ["start", *["middle"] * (parts - 1), "end"]
    return [(start + step * i, anchors[i]) for i in range(parts + 1)]


def calendar(lanes: Sequence[Lane], days: Sequence[datetime], now: datetime, zone: ZoneInfo, title: str, sentence: str) -> SafeString:
    """A week of one schedule: day columns, a lane per layer, the last lane ("strong") what really counts. `days` are the local midnights,
    one more than the days shown, so that a day with 23 or 25 hours keeps its true width."""
    span = Span(days[0], days[-1])
    tops, y = [], 30
    for lane in lanes:
        tops.append(y)
        y += 70 if lane.strong else 48
    bottom = y + 4
    columns = _join(_day_column(days, i, span, now, bottom) for i in range(len(days) - 1))
    body = _join(_lane(lane, top, span) for lane, top in zip(lanes, tops, strict=True))
    return format_html(
        '<svg class="chart" height="{0}" role="img" aria-labelledby="cal-t cal-d">'
        '<title id="cal-t">{1}</title><desc id="cal-d">{2}</desc>{3}{4}{5}{6}</svg>',
        bottom + 20,
        formats.line(title),
        formats.line(sentence),
        _HATCH,
        columns,
        body,
        _needle(span, now, zone, tops[-1] + 6, bottom, bottom + 15),
    )


def _day_column(days: Sequence[datetime], i: int, span: Span, now: datetime, bottom: int) -> SafeString:
    start, end = days[i], days[i + 1]
    x, width = _pc(span.at(start)), _pc(span.at(end) - span.at(start))
    weekend = format_html('<rect class="band" x="{}" width="{}" y="0" height="{}"/>', x, width, bottom) if start.weekday() >= 5 else NOTHING
    today = "label b" if start <= now < end else "label"
    return format_html(
        '{0}<line class="grid" x1="{1}" x2="{1}" y1="0" y2="{2}"/>'
        '<svg x="{1}" width="{3}" height="20"><text class="{4}" x="6" y="13">{5}</text></svg>',
        weekend,
        x,
        bottom,
        width,
        today,
        f"{start:%a} {start.day}",
    )


def _lane(lane: Lane, top: int, span: Span) -> SafeString:
    height = 40 if lane.strong else 22
    label = format_html('<text class="{}" x="6" y="{}">{}</text>', "label b" if lane.strong else "label", top + 6, formats.line(lane.label))
    return format_html("{}{}", label, _join(_bar(bar, span, top + 12, height, CALENDAR_WIDE) for bar in lane.bars))


def trail_lanes(
    rows: Sequence[tuple[str, Sequence[Dot]]], start: datetime, end: datetime, at: datetime, zone: ZoneInfo, sentence: str
) -> SafeString:
    """What happened around one moment: a lane for each kind, a mark for each event, a needle at the moment asked about."""
    span = Span(start, end)
    height = 34 * len(rows)
    bands = _join(format_html('<rect class="band" width="100%" y="{}" height="34"/>', 34 * i) for i in range(0, len(rows), 2))
    days_apart = (end - start) > timedelta(hours=20)
    clock = "%H:%M:%S" if (end - start) < timedelta(minutes=10) else "%H:%M"
    grid = _join(
        format_html(
            '<line class="grid" x1="{0}" x2="{0}" y1="0" y2="{1}"/><text x="{0}" y="{2}" text-anchor="{3}">{4}</text>',
            _pc(span.at(tick)),
            height,
            height + 18,
            anchor,
            formats.weekday(tick, zone) if days_apart else tick.astimezone(zone).strftime(clock),
        )
        for tick, anchor in _ticks(start, end, 5)
    )
    marks = _join(
        format_html('{}<text class="label" x="6" y="{}">{}</text>', _join(_dot(dot, span, 34 * i + 22) for dot in dots), 34 * i + 13, label)
        for i, (label, dots) in enumerate(rows)
    )
    needle = format_html('<line class="needle" x1="{0}" x2="{0}" y1="0" y2="{1}"/>', _pc(span.at(at)), height + 4)
    return format_html(
        '<svg class="chart" height="{}" role="img" aria-label="{}">{}{}{}{}</svg>',
        height + 30,
        formats.line(sentence),
        bands,
        grid,
        needle,
        marks,
    )


_DOTS = {"change": "M0-6 6 0 0 6-6 0Z", "bad": "M0-6 6 5H-6Z"}


def _dot(dot: Dot, span: Span, y: int) -> SafeString:
    x = _pc(span.at(dot.at))
    if dot.look in _DOTS:
        return format_html('<svg x="{}" y="{}" overflow="visible"><path class="dot {}" d="{}"/></svg>', x, y, dot.look, _DOTS[dot.look])
    return format_html('<circle class="{}" cx="{}" cy="{}" r="4"/>', f"dot {dot.look}".strip(), x, y)


def spark(values: Sequence[int], sentence: str, hot: bool = False) -> SafeString:
    """Fourteen little bars, the last one red when `hot`; a day with nothing is a line on the ground, never an absence."""
    top = max([*values, 1])
    bars = []
    for i, value in enumerate(values[-14:]):
        look = "base" if value == 0 else "hot" if hot and i == len(values[-14:]) - 1 else ""
        tall = 1.5 if value == 0 else 2 + 16 * value / top
        bars.append(
            format_html(
                '<rect{} x="{}" y="{}" width="4.5" height="{}"/>',
                format_html(' class="{}"', look) if look else NOTHING,
                f"{i * 6:.1f}",
                f"{20 - tall:.1f}",
                f"{tall:.1f}",
            )
        )
    return format_html('<svg class="spark" viewBox="0 0 84 20" role="img" aria-label="{}">{}</svg>', formats.line(sentence), _join(bars))


def meter(share: float, limit: float, sentence: str) -> SafeString:
    """A bar from 0 to twice the limit with a tick at the limit; `share` and `limit` in the same unit."""
    width = min(100.0, 50 * share / limit) if limit else 0.0
    return format_html(
        '<svg class="{}" role="img" aria-label="{}"><rect class="track" y="3" width="100%" height="6" rx="3"/>'
        '<rect class="fill" y="3" width="{}" height="6" rx="3"/><line class="limit" x1="50%" x2="50%" y1="0" y2="12"/></svg>',
        "meter over" if share > limit else "meter",
        formats.line(sentence),
        _pc(width),
    )
