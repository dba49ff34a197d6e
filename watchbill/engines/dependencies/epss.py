"""Reads EPSS scores (FIRST's daily CSV, plain or gzipped) from bytes; it opens no file, fetches nothing and decides nothing.

EPSS estimates how likely a CVE is to be exploited within 30 days. It is a forecast over all installations of the world, never evidence
about one, so it may sort and it may lift something out of silence, and it is never "exploited". A file is a whole: a row that can't be
read, or a file that was cut, refuses all of it, because half a list would sort by chance.
"""

import re
import zlib
from dataclasses import dataclass
from datetime import date

from watchbill.engines.dependencies.packages import Unreadable
from watchbill.engines.dependencies.store_limits import MAX_EPSS_BYTES, MAX_EPSS_SCORES

_HEAD = re.compile(r"#model_version:([A-Za-z0-9._-]{1,60}),score_date:(\d{4}-\d\d-\d\d)(T[0-9:.]+(Z|[+-]\d\d:?\d\d))?", re.ASCII)
_ROW = re.compile(r"(CVE-\d{4}-\d{4,19}),([01](?:\.\d{1,12})?|\d(?:\.\d{1,12})?[eE]-\d{1,2}),([01](?:\.\d{1,12})?)", re.ASCII)
_COLUMNS = "cve,epss,percentile"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class EpssScore:
    """One CVE's forecast: `score` is the chance of exploitation within 30 days, `percentile` the share of CVEs that score no higher, both
    0 to 1; `date` (YYYY-MM-DD) and `model` say of when and by which model."""

    cve: str
    score: float
    percentile: float
    date: str
    model: str


@dataclass(frozen=True, slots=True)
class EpssFile:
    """A day's scores: rows of (cve, score, percentile) in the file's order."""

    model: str
    date: str
    rows: tuple[tuple[str, float, float], ...]


class _Malformed(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def parse_epss(data: bytes, where: str) -> EpssFile | Unreadable:
    """Read a day's scores as FIRST publishes them: `#model_version:...,score_date:...`, `cve,epss,percentile`, rows. Raises nothing.

    Codes: too_large, bad_gzip, not_text, not_epss, bad_row, duplicate, cut_short, empty. Source: FIRST, EPSS data and statistics.
    """
    try:
        return _file(_unpacked(data))
    except _Malformed as fault:
        return Unreadable(reason=fault.reason, where=where, code=fault.code)


def _unpacked(data: bytes) -> bytes:
    if len(data) > MAX_EPSS_BYTES:
        raise _Malformed("too_large", f"{len(data):,} bytes; a file of scores may have {MAX_EPSS_BYTES:,}")
    if not data.startswith(_GZIP):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(data, MAX_EPSS_BYTES + 1)
    except zlib.error as error:
        raise _Malformed("bad_gzip", f"the gzip is damaged ({error})") from None
    if len(plain) > MAX_EPSS_BYTES:
        raise _Malformed("too_large", f"unpacks to more than {MAX_EPSS_BYTES:,} bytes")
    if not unpacker.eof:
        raise _Malformed("cut_short", "the gzip was cut short")
    if unpacker.unused_data:
        raise _Malformed("bad_gzip", "something follows the gzip")
    return plain


def _file(data: bytes) -> EpssFile:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Malformed("not_text", f"not UTF-8 at byte {error.start}") from None
    lines = text.replace("\r\n", "\n").split("\n")
    head = _HEAD.fullmatch(lines[0].strip())
    if head is None or len(lines) < 2 or lines[1].strip() != _COLUMNS:
        raise _Malformed("not_epss", f"not FIRST's form: a line #model_version:...,score_date:..., then {_COLUMNS}")
    if lines[-1] != "":
        raise _Malformed("cut_short", f"line {len(lines)} has no end; the file may have been cut short")
    _check_day(head[2])
    return EpssFile(head[1], head[2], _rows(lines[2:-1]))


def _check_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise _Malformed("not_epss", f"score_date {text!r} is no day") from None


def _rows(lines: list[str]) -> tuple[tuple[str, float, float], ...]:
    if not lines:
        raise _Malformed("empty", "the file holds no score; nothing was changed")
    if len(lines) > MAX_EPSS_SCORES:
        raise _Malformed("too_large", f"{len(lines):,} rows; a file of scores may have {MAX_EPSS_SCORES:,}")
    found: dict[str, tuple[str, float, float]] = {}
    for number, line in enumerate(lines, start=3):
        row = _ROW.fullmatch(line)
        if row is None:
            raise _Malformed("bad_row", f"line {number} {line[:60]!r} is no CVE, score and percentile")
        cve, score, percentile = row[1], float(row[2]), float(row[3])
        if score > 1 or percentile > 1:
            raise _Malformed("bad_row", f"line {number}: a score and a percentile lie between 0 and 1")
        if cve in found:
            raise _Malformed("duplicate", f"line {number}: {cve} stands twice")
        found[cve] = (cve, score, percentile)
    return tuple(found.values())
