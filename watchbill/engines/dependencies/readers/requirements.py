"""requirements.txt: one requirement a line, as pip reads them. A bound is no installed version: only `==` and `===` pin.

Requirements by address or path (`git+https://...`, `./wheel.whl`, `-e .`) name no version of a registry and become notes.
Format: pip's "Requirements File Format"; PEP 508; PEP 440.
"""

import codecs
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.requirements import InvalidRequirement, Requirement

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import check_size, lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError, shortened
from watchbill.engines.dependencies.versions import normalise_name

INFO = ReaderInfo(
    name="requirements",
    title="requirements.txt",
    files=("requirements.txt",),
    patterns=("*requirements*.txt", "requirements/*.txt", "*constraints*.txt"),
    ecosystems=("PyPI",),
)

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PINNED = re.compile(rf"({_NAME})\s*(?:\[[^\]]*\]\s*)?===?\s*([A-Za-z0-9._+!-]+)\s*(?:;.*)?")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OPTION = re.compile(r"\s--[a-z]")
_HASH = re.compile(r"--hash[= ](\w+:[0-9A-Za-z+/=]+)")
_DRAWS_IN = re.compile(r"(?:(?:-r|--requirement)|(?P<only>-c|--constraint))(?:\s*=\s*|\s+|(?<=-[rc]))(?P<path>\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]")
_BY_ADDRESS = re.compile(
    r"(?:\.{0,2}/|~/|[A-Za-z]:\\|file:)|[a-z][a-z0-9+.-]*://|[^\s;]+\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)\s*(?:;|$)", re.IGNORECASE
)
_SNIFFED = re.compile(rf"(?:{_NAME}\s*(?:\[[^\]]*\])?\s*(?:$|;|[=<>!~]=|[<>@])|-[rce] |--[a-z-]+|[a-z+]+://|\.{{1,2}}/)")
_SNIFFED_PIN = re.compile(rf"^{_NAME}\s*(?:\[[^\]]*\])?\s*==\s*[0-9]", re.MULTILINE)


@dataclass
class _Found:
    """One requirement: `version` empty where `bound` holds what stands instead."""

    name: str
    version: str
    bound: str
    integrity: str
    place: str


@dataclass
class _Reading:
    """What one requirements file and all that it draws in come to."""

    beside: Beside
    gathered: Collector
    found: list[_Found] = field(default_factory=list)
    pins: dict[str, str] = field(default_factory=dict)
    seen: set[tuple[str, bool]] = field(default_factory=set)
    waiting: list[tuple[str, str, bool]] = field(default_factory=list)


def sniff(head: bytes) -> bool:
    """Next to nothing but requirements, options and comments, one of them pinned or drawn in."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return False
    lines = [line.strip() for line in text.splitlines()[:50]]
    kept = [line for line in lines if line and not line.startswith("#")]
    pinned = _SNIFFED_PIN.search(text) or any(line.startswith(("-r ", "-c ")) for line in kept)
    known = sum(1 for line in kept if _SNIFFED.match(line))
    return bool(kept and pinned) and known * 10 >= len(kept) * 9


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The distributions that the file and those it draws in ask for. Raises RefusedError for the file itself, never for a drawn-in one."""
    reading = _Reading(beside, Collector("requirements", "PyPI"))
    reading.seen.add((posixpath.basename(filename), False))
    _read_one(reading, "", _decoded(data), constraints=False)
    while reading.waiting:
        _draw_in(reading, *reading.waiting.pop(0))
    for found in reading.found:
        version = found.version or reading.pins.get(normalise_name("PyPI", found.name), "")
        bound = "" if version else found.bound
        reading.gathered.add(found.name, version, bound=bound, integrity=found.integrity, place=found.place)
    return reading.gathered.inventory()


def _decoded(data: bytes) -> str:
    """As pip: UTF-8, or UTF-16 if its mark says so (the default of a redirect in an older PowerShell)."""
    check_size(data, limits.MAX_LOCKFILE_BYTES)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not data.startswith(codecs.BOM_UTF32_LE):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeError:
            raise RefusedError("encoding", "the file begins as UTF-16 but does not go on so") from None
    return text_of(data)


def _draw_in(reading: _Reading, path: str, asked_at: str, constraints: bool) -> None:
    if (path, constraints) in reading.seen:
        return
    reading.seen.add((path, constraints))
    if len(reading.seen) > limits.MAX_INCLUDED_FILES:
        reading.gathered.note("too_large", f"more than {limits.MAX_INCLUDED_FILES} files are drawn in", asked_at)
        return
    data = reading.beside(path)
    if data is None:
        reading.gathered.note("not_included", f"{shortened(path, 200)} was not there to be read", asked_at)
        return
    try:
        _read_one(reading, path, _decoded(data), constraints=constraints)
    except RefusedError as refusal:
        if refusal.unreadable.code == "too_large" and len(reading.found) > limits.MAX_PACKAGES:
            raise
        reading.gathered.note(refusal.unreadable.code, f"{shortened(path, 200)}: {refusal.unreadable.reason}", asked_at)


def _read_one(reading: _Reading, path: str, text: str, *, constraints: bool) -> None:
    for number, line in _logical_lines(text):
        place = f"{path}, line {number}" if path else f"line {number}"
        if found := _DRAWS_IN.fullmatch(line):
            named = found["path"].strip().strip("\"'")
            if "://" in named:
                reading.gathered.note("not_included", "requirements at an address were not fetched", place)
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), named.replace("\\", "/")))
            reading.waiting.append((target, place, constraints or bool(found["only"])))
        elif line.startswith("-"):
            _read_option(reading, line, place)
        else:
            _read_requirement(reading, line, place, constraints=constraints)


def _read_option(reading: _Reading, line: str, place: str) -> None:
    if _EDITABLE.match(line):
        reading.gathered.note("unsupported", "an editable requirement names no released version", place)
    elif not line.startswith(("--", "-i", "-f")):
        reading.gathered.note("syntax", "this is neither an option nor a requirement", place)


def _read_requirement(reading: _Reading, line: str, place: str, *, constraints: bool) -> None:
    options = _OPTION.search(line)
    plain = line[: options.start()].strip() if options else line
    checksum = _HASH.search(line) if options else None
    integrity = checksum[1] if checksum else ""
    if pinned := _PINNED.fullmatch(plain):
        _keep(reading, _Found(pinned[1], pinned[2], "", integrity, place), constraints=constraints)
        return
    if _BY_ADDRESS.match(plain):
        reading.gathered.note("unsupported", "a requirement by address or path names no released version", place)
        return
    try:
        asked = Requirement(plain)
        bound = str(asked.specifier)
    except (InvalidRequirement, ValueError):  # the latter for a number of thousands of digits
        reading.gathered.note("syntax", "this is no requirement", place)
        return
    if asked.url:
        reading.gathered.note("unsupported", f"{shortened(asked.name, 80)} comes from an address, not as a released version", place)
        return
    pins = {spec.version for spec in asked.specifier if spec.operator in ("==", "===") and not spec.version.endswith(".*")}
    version = pins.pop() if len(pins) == 1 else ""
    _keep(reading, _Found(asked.name, version, "" if version else bound, integrity, place), constraints=constraints)


def _keep(reading: _Reading, found: _Found, *, constraints: bool) -> None:
    """A constraint asks for nothing by itself; it pins what something else asks for."""
    if not constraints:
        reading.found.append(found)
        if len(reading.found) > limits.MAX_PACKAGES:
            raise RefusedError("too_large", f"the file names more than {limits.MAX_PACKAGES:,} packages", found.place)
    elif found.version:
        reading.pins.setdefault(normalise_name("PyPI", found.name), found.version)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, line) with continuations joined and comments gone; a comment ends a continuation, as in pip."""
    parts: list[str] = []
    first, length = 0, 0
    for number, line in lines_of(text):
        first = first if parts else number
        is_comment = line.lstrip().startswith("#")
        goes_on = line.endswith("\\") and not is_comment
        parts.append("" if is_comment else line.rstrip("\\") if goes_on else line)
        length += len(line)
        if length > limits.MAX_LINE_CHARS:
            raise RefusedError("too_large", f"a line is longer than {limits.MAX_LINE_CHARS:,} characters", f"line {first}")
        if not goes_on:
            yield from _cleaned(first, parts)
            parts, length = [], 0
    yield from _cleaned(first, parts)


def _cleaned(number: int, parts: list[str]) -> Iterator[tuple[int, str]]:
    line = _COMMENT.sub("", "".join(parts)).strip()
    if line:
        yield number, line
