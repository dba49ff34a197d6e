"""Gemfile.lock and gems.locked: the gems that Bundler locks, from registries (GEM) and from repositories (GIT).

Gems of a folder (PATH) are left out: they are the project's own code, and what they need counts as asked for directly. A gem locked for
several platforms is one gem. The Ruby and the Bundler that the file names are no dependencies of it.
Format: Bundler's `lockfile_parser.rb`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.formats.plain import lines_of, text_of
from watchbill.engines.dependencies.packages import Beside, Collector, Inventory, ReaderInfo, RefusedError
from watchbill.engines.dependencies.reachable import shortest_paths

INFO = ReaderInfo(
    name="gemfile",
    title="Gemfile.lock",
    files=("Gemfile.lock", "gems.locked"),
    patterns=("*.gemfile.lock", "*gemfile*.lock"),
    ecosystems=("RubyGems",),
)

_SOURCES = frozenset(("GEM", "GIT", "PATH", "PLUGIN SOURCE"))
_SECTIONS = _SOURCES | {"PLATFORMS", "DEPENDENCIES", "CHECKSUMS", "RUBY VERSION", "BUNDLED WITH"}
_FIRST_LINES = re.compile(rb"^(?:GEM|GIT|PATH|PLUGIN SOURCE)\r?\n  (?:remote|revision|specs):", re.MULTILINE)
_SHORT = (re.compile(rb"^PLATFORMS\r?$", re.MULTILINE), re.compile(rb"^DEPENDENCIES\r?$", re.MULTILINE))
_ENTRY = re.compile(r"( {2}| {4}| {6})(?! )([^\s(!]+)(?: \(([^-()]*)(?:-([^()]*))?\))?(!)?")
_NEEDED = re.compile(r" {6}(?! )([^\s(!]+)(?: \([^()]*\))?!?")
_CHECKSUM = re.compile(r" {2}([^\s(]+) \(([^-()]*)(?:-[^()]*)?\)(?: ([a-z0-9]+)=([0-9a-fA-F]+))?.*")


@dataclass(slots=True)
class _Gem:
    """One gem: where it is from, its version, the line of its first platform, and the names of what it needs."""

    section: str
    version: str
    line: int
    needs: list[str] = field(default_factory=list)


@dataclass
class _Lock:
    """What the lines of one file say."""

    gems: dict[str, dict[tuple[str, str], _Gem]] = field(default_factory=dict)
    asked: dict[str, None] = field(default_factory=dict)
    checksums: dict[tuple[str, str], str] = field(default_factory=dict)
    told: bool = False
    specs: int = 0


def sniff(head: bytes) -> bool:
    """A source of gems, or both of the sections that every such file has."""
    return _FIRST_LINES.search(head) is not None or all(pattern.search(head) for pattern in _SHORT)


def read(filename: str, data: bytes, beside: Beside) -> Inventory:
    """The gems that the file locks. Raises RefusedError."""
    del filename, beside
    gathered = Collector("gemfile", "RubyGems")
    lock = _parsed(text_of(data), gathered)
    own = {name for name, gems in lock.gems.items() if all(gem.section == "PATH" for gem in gems.values())}
    direct = {name for name in lock.asked if name not in own}
    direct.update(needed for name in own for needed in _needs(lock, name) if needed not in own)
    paths = shortest_paths(sorted(direct), lambda name: _needs(lock, name), lambda name: _label(lock, name))
    for name, gems in lock.gems.items():
        for gem in gems.values():
            if gem.section != "PATH":
                gathered.add(
                    name,
                    gem.version,
                    place=f"line {gem.line}",
                    direct=name in direct if lock.told else None,
                    integrity=lock.checksums.get((name, gem.version), ""),
                    path=paths.get(name, ()) if lock.told else (),
                )
    return gathered.inventory()


def _needs(lock: _Lock, name: str) -> Iterator[str]:
    return (needed for gem in lock.gems.get(name, {}).values() for needed in gem.needs)


def _label(lock: _Lock, name: str) -> str:
    first = next(iter(lock.gems.get(name, {}).values()), None)
    return f"{name}@{first.version}" if first else name


def _parsed(text: str, gathered: Collector) -> _Lock:
    lock = _Lock()
    section, specs, last = "", False, None
    for number, line in lines_of(text):
        if not line.strip():
            continue
        if line in _SECTIONS or not line.startswith(" "):
            section, specs, last = _section(line, number, gathered), False, None
            lock.told = lock.told or section == "DEPENDENCIES"
        elif section in _SOURCES and line == "  specs:":
            specs = True
        elif section in _SOURCES and specs:
            last = _take_spec(lock, section, line, number, last, gathered)
        elif section == "DEPENDENCIES" and (found := _ENTRY.fullmatch(line)) and len(found[1]) == 2:
            lock.asked[found[2]] = None
        elif section == "CHECKSUMS" and (found := _CHECKSUM.fullmatch(line)) and found[3]:
            lock.checksums.setdefault((found[1], found[2]), f"{found[3]}:{found[4]}")
    return lock


def _section(line: str, number: int, gathered: Collector) -> str:
    """A line that isn't indented opens a section; one that Bundler doesn't know is skipped with all under it, as Bundler does."""
    if line in _SECTIONS:
        return line
    if not re.fullmatch(r"[A-Z][A-Z ]*", line):
        raise RefusedError("syntax", "a line is neither a section of a Gemfile.lock nor inside one", f"line {number}")
    gathered.note("unsupported", "a section that is not known here was left out", f"line {number}")
    return line


def _take_spec(lock: _Lock, section: str, line: str, number: int, last: _Gem | None, gathered: Collector) -> _Gem | None:
    """Take in a gem, or what the last one needs; the gem that following lines belong to."""
    if needed := _NEEDED.fullmatch(line):
        if last is not None:
            last.needs.append(needed[1])
        return last
    found = _ENTRY.fullmatch(line)
    if not found or len(found[1]) != 4 or not found[3]:
        gathered.note("shape", "a line does not name a gem and its version", f"line {number}")
        return None
    lock.specs += 1
    if lock.specs > limits.MAX_GEM_SPECS:
        raise RefusedError("too_large", f"the file names more than {limits.MAX_GEM_SPECS:,} gems", f"line {number}")
    return lock.gems.setdefault(found[2], {}).setdefault((section, found[3]), _Gem(section, found[3], number))
