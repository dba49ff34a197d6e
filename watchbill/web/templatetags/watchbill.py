"""Tags and filters for our templates: moments in the reader's zone, badges with word and shape, other people's text made inert.

They decide nothing about the product; they only write down what a query said. Everything that isn't ours is escaped here or by autoescape.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from watchbill.base import clock as base_clock
from watchbill.web import assets, formats, telling

register = template.Library()

register.filter("word", formats.word)
register.filter("line", formats.line)
register.filter("lines", formats.lines)
register.filter("size", formats.size)
register.filter("sentence", formats.sentence)
register.filter("lowered", formats.lowered)
register.filter("raised", formats.raised)
register.filter("first_name", formats.first_name)


REACH = {"open": "the internet", "controlled": "some places only", "small": "nobody outside"}


def reader_zone() -> ZoneInfo:
    """The zone of whoever reads this page; UTC when nobody in particular does."""
    zone: tzinfo = timezone.get_current_timezone()
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


@register.filter
def said(text: object) -> SafeString:
    """Other people's words on one line, isolated, so that right-to-left text can't reorder what stands beside it."""
    return format_html("<bdi>{}</bdi>", formats.line(text))


_CODE = re.compile(r"`([^`]{1,200})`")


@register.filter
def told(text: object, people: tuple[str, ...] = ()) -> SafeString:
    """A sentence of our own rooms: as `said`, with what stands in backticks set as code, and the names of `people` made strong."""
    parts = _CODE.split(formats.line(text))
    pieces = (format_html("<code>{}</code>", part) if i % 2 else _strong(part, people) for i, part in enumerate(parts))
    return format_html("<bdi>{}</bdi>", _joined(pieces))


def _strong(text: str, people: tuple[str, ...]) -> SafeString:
    """The text escaped, each of the names in it strong; the longest name wins where one begins like another."""
    names = sorted((formats.line(name) for name in people if name), key=len, reverse=True)
    if not names:
        return escape(text)
    parts = re.split(f"({'|'.join(map(re.escape, names))})", text)
    return _joined(format_html("<b>{}</b>", part) if i % 2 else escape(part) for i, part in enumerate(parts))


def _joined(pieces: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in pieces))


_COMMAND = re.compile(r"(npm|npx|pnpm|yarn|python3?|pip3?|uv|poetry|go|cargo|git|wb|watchbill|make|docker|curl) [^\s].*")


@register.filter
def step(text: object) -> SafeString:
    """One of the first things to do: a bare command is set as one, with what its comment says beside it; a sentence is told."""
    plain = formats.line(text)
    if "`" in plain or not _COMMAND.fullmatch(plain):
        return told(plain)
    command, _, remark = plain.partition(" # ")
    return format_html("<code>{}</code>{}", command.strip(), format_html(" <small>{}</small>", remark.strip()) if remark else "")


@register.filter
def by_channel(name: str) -> str:
    """'by e-mail', 'at the desk'."""
    return telling.channel(name)


@register.filter
def subject(text: str) -> str:
    """'finding:12' as 'Finding 12'."""
    kind, _, ident = text.partition(":")
    return f"{formats.raised(formats.word(kind))} {ident}".strip()


@register.filter
def named(slug: str, names: dict[str, str]) -> str:
    """The name behind a slug, else the slug."""
    return names.get(slug, slug)


@register.filter
def named_people(text: str, names: dict[str, str]) -> str:
    """The text with the addresses of people we know read as their names."""
    return telling.named(text, names)


@register.filter
def way(title: str) -> str:
    """A channel's title as what is added: "E-mail" as 'an e-mail address', "Push to a phone (ntfy)" as 'push to a phone (ntfy)'."""
    return {"E-mail": "an e-mail address", "Webhook": "a webhook"}.get(title, formats.lowered(title))


@register.filter
def short_path(path: str) -> str:
    """The last two parts of a path, for a table; its page has all of it."""
    parts = formats.line(path).rstrip("/").split("/")
    return path if len(parts) < 4 else f"…/{'/'.join(parts[-2:])}"


@register.filter
def reach(exposure: str) -> str:
    """Who can reach a service, in the words that decisions use; 'unknown' where nobody has said."""
    return REACH.get(exposure, "unknown")


@register.filter
def as_of(moment: datetime | None) -> SafeString | str:
    """As `when`, but only the day for what is known to the day (midnight, UTC)."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    return _time(moment, formats.day(utc, ZoneInfo("UTC"), base_clock.now())) if utc.hour == utc.minute == utc.second == 0 else when(moment)


@register.filter
def num(value: int | None) -> str:
    """1482871 as 1,482,871; nothing for None."""
    return "" if value is None else formats.number(value)


@register.simple_tag
def plural(value: int, one: str, many: str = "") -> str:
    """'3 findings', '1 finding'."""
    return formats.count(value, one, many)


def _time(moment: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', formats.iso(moment), text)


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A <time> with the clock time, its zone, and the day when it isn't today."""
    return _time(moment, formats.when(moment, reader_zone(), base_clock.now())) if moment else ""


@register.filter
def brief(moment: datetime | None) -> SafeString | str:
    """A <time> in the fewest letters, for narrow tables."""
    return _time(moment, formats.brief(moment, reader_zone(), base_clock.now())) if moment else ""


@register.filter
def exact(moment: datetime | None) -> SafeString | str:
    """A moment to the second with its date: '23 Nov 2026 20:00:07 CET'."""
    return _time(moment, formats.exact(moment, reader_zone())) if moment else ""


@register.filter
def clock(moment: datetime | None) -> SafeString | str:
    """A <time> with only the clock time and its zone."""
    return _time(moment, formats.clock(moment, reader_zone())) if moment else ""


@register.filter
def day(moment: datetime | None) -> SafeString | str:
    """A <time> with only the day."""
    return _time(moment, formats.day(moment, reader_zone(), base_clock.now())) if moment else ""


@register.filter
def age(moment: datetime | None) -> str:
    """'26 h ago', 'in 6 min'."""
    return formats.age(moment, base_clock.now()) if moment else ""


@register.filter
def old(moment: datetime | None) -> str:
    """'28 min', the time since."""
    return formats.duration(base_clock.now() - moment) if moment else ""


@register.filter
def due(moment: datetime | None) -> SafeString | str:
    """'in 3 h 40 min' or 'overdue 2 d', marked when it presses."""
    if not moment:
        return "no due date"
    now = base_clock.now()
    mark = formats.due_mark(moment, now)
    return format_html('<span class="{}">{}</span>', mark, formats.due(moment, now)) if mark else formats.due(moment, now)


@register.filter
def span(seconds: float | timedelta | None) -> str:
    """A number of seconds as '3 h 40 min'."""
    if seconds is None:
        return ""
    return formats.duration(seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds))


@register.filter
def listed(names: tuple[str, ...] | list[str]) -> str:
    """'a, b and c'."""
    return formats.listed(tuple(formats.line(name) for name in names))


@register.simple_tag
def decision(value: str, text: str = "", calm: bool = False) -> SafeString:
    """The badge of a decision: its day shape by data-v, its word, plain ("calm") where it could wake somebody but doesn't now."""
    return format_html(
        '<span class="{}" data-v="{}">{}</span>', "decision calm" if calm else "decision", value, text or formats.word(value)
    )


@register.simple_tag
def state(value: str, text: str = "") -> SafeString:
    """The badge of a state: the glass that fills by data-v, and its word."""
    return format_html('<span class="state" data-v="{}">{}</span>', value, text or formats.word(value))


@register.simple_tag
def result(value: str, text: str = "") -> SafeString:
    """The badge of a check's result."""
    return format_html('<span class="result" data-v="{}">{}</span>', value, text or formats.word(value))


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file."""
    return assets.address(name)


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: object) -> str:
    """This page's query string with some of its values changed; an empty value takes the name out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else "?"


_MARK = (
    '<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><g fill="none" stroke-width="5" transform="rotate(-90 12 12)">'
    '<circle cx="12" cy="12" r="8" stroke="currentColor" pathLength="60" stroke-dasharray="8.2 1.8 0 10 8.2 1.8 8.2 1.8 8.2 1.8 8.2 1.8"'
    ' stroke-dashoffset="-.9"/><circle class="lit" cx="12" cy="12" r="8.6" stroke="currentColor" stroke-width="6.2" pathLength="60"'
    ' stroke-dasharray="8.4 51.6" stroke-dashoffset="-10.8"/></g></svg>'
)


@register.simple_tag
def mark() -> SafeString:
    """The mark: six watches of four hours, the lit one being stood now."""
    return mark_safe(_MARK)  # noqa: S308 - a constant of ours
