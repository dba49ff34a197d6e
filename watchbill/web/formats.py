"""How times, lengths, counts and other people's text are written on our pages, once for every page and the API's sentences.

Pure: the moment and the reader's zone are arguments, so a page can be tested at any hour. It never asks a clock and never marks text as
safe HTML (the template tags do that, after escaping).
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NBSP = "\u00a0"
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_BUT_BREAKS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+")
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WORDS = {
    "now": "now",
    "hours": "hours",
    "digest": "digest",
    "silent": "silent",
    "fix_claimed": "fix claimed",
    "not_seen": "not seen",
    "not_affected": "not affected",
    "not_applicable": "n/a",
    "very_high": "very high",
    "public_poc": "exploit code is public",
    "out_of_cycle": "out of cycle",
}


def line(text: object) -> str:
    """One inert line of somebody else's text: no ANSI escapes, no control or line-break characters, nothing that turns text around."""
    return _CONTROL.sub(" ", _BIDI.sub("", _ANSI.sub("", str(text)))).strip()


def lines(text: object) -> str:
    """Several inert lines: as `line`, but line feeds and tabs stay."""
    plain = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL_BUT_BREAKS.sub(" ", _BIDI.sub("", _ANSI.sub("", plain))).strip("\n")


def word(value: object) -> str:
    """A stored value as a word to read: `fix_claimed` is 'fix claimed'."""
    text = str(value)
    return _WORDS.get(text, text.replace("_", " "))


def number(value: int) -> str:
    """1482871 is 1,482,871."""
    return f"{value:,}"


def count(value: int, one: str, many: str = "") -> str:
    """1 is '1 finding', 3 is '3 findings'; a plural that is not an s is given."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def zone_name(moment: datetime) -> str:
    """The short name of a moment's own zone; zones without letters say their distance from UTC."""
    name = moment.tzname() or "UTC"
    return f"UTC{name}" if name[:1] in "+-" else name


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """'20:00 CET' on the reader's clock."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M}{NBSP}{zone_name(local)}"


def exact(moment: datetime, zone: ZoneInfo) -> str:
    """'23 Nov 2026 20:00:07 CET', for the record of one moment."""
    local = moment.astimezone(zone)
    return f"{local.day}{NBSP}{local:%b}{NBSP}{local.year} {local:%H:%M:%S}{NBSP}{zone_name(local)}"


def day(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """'23 Nov', with the year when it isn't this one."""
    local = moment.astimezone(zone)
    text = f"{local.day}{NBSP}{local:%b}"
    return text if local.year == now.astimezone(zone).year else f"{text}{NBSP}{local.year}"


def weekday(moment: datetime, zone: ZoneInfo) -> str:
    """'Thu 26 Nov'."""
    local = moment.astimezone(zone)
    return f"{local:%a}{NBSP}{local.day}{NBSP}{local:%b}"


def when(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Clock time with its zone, and the day when it isn't the reader's today: '20:00 CET', 'tomorrow 12:00 CET', 'Thu 26 Nov 02:00 CET'."""
    apart = (moment.astimezone(zone).date() - now.astimezone(zone).date()).days
    at = clock(moment, zone)
    if apart == 0:
        return at
    if apart == 1:
        return f"tomorrow {at}"
    if apart == -1:
        return f"yesterday {at}"
    if -7 < apart < 7:
        return f"{weekday(moment, zone)} {at}"
    return f"{day(moment, zone, now)} {at}"


def brief(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """As `when`, in the fewest letters, for narrow tables: '20:00 CET', 'Tue 09:00 CET', '3 Dec 09:00 CET'."""
    local, here = moment.astimezone(zone), now.astimezone(zone)
    apart = (local.date() - here.date()).days
    at = clock(moment, zone)
    if apart == 0:
        return at
    return f"{local:%a}{NBSP}{at}" if 0 < apart < 7 else f"{day(moment, zone, now)}{NBSP}{at}"


def sentence(text: str) -> str:
    """With its full stop, unless it ends in a mark of its own; nothing stays nothing."""
    plain = text.rstrip()
    return plain if not plain or plain[-1] in ".!?…" else f"{plain}."


def lowered(text: str) -> str:
    """The first letter small, as after a colon; a word in capitals keeps them."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def raised(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


def first_name(name: str) -> str:
    """'Noor Haddad' is 'Noor', for narrow places that say the whole name elsewhere."""
    return (name.split() or [""])[0]


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second, as `datetime` attributes and files want it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(span: timedelta) -> str:
    """A length in the two largest units that matter, held together: '3 h 40 min', '2 d', '48 s'. Its sign is dropped."""
    seconds = int(abs(span.total_seconds()))
    if seconds < 60:
        return f"{seconds}{NBSP}s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}{NBSP}min"
    hours, rest = divmod(minutes, 60)
    if hours < 12:
        return f"{hours}{NBSP}h" + (f"{NBSP}{rest}{NBSP}min" if rest else "")
    if hours < 48:
        return f"{hours}{NBSP}h"
    days, over = divmod(hours, 24)
    return f"{days}{NBSP}d" + (f"{NBSP}{over}{NBSP}h" if over and days < 4 else "")


def age(moment: datetime, now: datetime) -> str:
    """'26 h ago', 'just now', or 'in 6 min' for what is still to come."""
    span = now - moment
    if span < timedelta(0):
        return f"in {duration(span)}" if span <= timedelta(seconds=-1) else "just now"
    return f"{duration(span)} ago" if span >= timedelta(seconds=1) else "just now"


def due(moment: datetime, now: datetime) -> str:
    """'in 3 h 40 min' or 'overdue 2 d'."""
    return f"in {duration(moment - now)}" if moment >= now else f"overdue {duration(now - moment)}"


def due_mark(moment: datetime, now: datetime) -> str:
    """The class a due date wears: 'late' when past or within four hours, 'soon' within a day, else none."""
    left = moment - now
    if left <= timedelta(hours=4):
        return "late"
    return "soon" if left <= timedelta(hours=24) else ""


def size(octets: int) -> str:
    """Bytes as people say them: '812 B', '64 KiB', '3.2 MiB'."""
    if octets < 1024:
        return f"{octets}{NBSP}B"
    if octets < 1024 * 1024:
        return f"{octets / 1024:.0f}{NBSP}KiB"
    return f"{octets / 1024 / 1024:.1f}{NBSP}MiB"


def listed(names: tuple[str, ...] | list[str], last: str = "and") -> str:
    """('a', 'b', 'c') is 'a, b and c'."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
