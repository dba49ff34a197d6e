"""What an advisory says, as frozen values; it reads no file, orders no version and decides nothing.

The shape follows the Open Source Vulnerability format (OSV schema 1.x), cut down to what Watchbill uses. Texts are
kept as their authors wrote them, so whoever shows them escapes them. Times are the RFC 3339 strings of the source:
some databases write the placeholder year 0001, so nothing may be decided from them.
"""

from dataclasses import dataclass
from typing import Literal

EventKind = Literal["introduced", "fixed", "last_affected", "limit"]
RangeKind = Literal["SEMVER", "ECOSYSTEM", "GIT"]


@dataclass(frozen=True, slots=True)
class Event:
    """One edge of a range: from here affected (`introduced`), from here not (`fixed`), affected up to and including
    (`last_affected`), or the range says nothing from here on (`limit`). `version` "0" means before every version."""

    kind: EventKind
    version: str


@dataclass(frozen=True, slots=True)
class Range:
    """Edges in one order of versions. They stand as the source wrote them, which is often *not* sorted."""

    kind: RangeKind
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """One package an advisory names, with the versions listed one by one and the ranges. `ecosystem` and `package`
    are empty where an advisory only names commits of a repository."""

    ecosystem: str
    package: str
    versions: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()

    @property
    def fixed(self) -> tuple[str, ...]:
        """Versions the advisory says are fixed, in its own order, without commits."""
        return tuple(event.version for span in self.ranges if span.kind != "GIT" for event in span.events if event.kind == "fixed")


@dataclass(frozen=True, slots=True)
class Advisory:
    """One advisory. `withdrawn` is empty while it stands. `severity` holds (type, vector) pairs, `references` (type, URL)
    pairs whose URL begins with http:// or https://, `cwes` identifiers such as CWE-502."""

    id: str
    summary: str
    details: str
    aliases: tuple[str, ...]
    modified: str
    published: str
    withdrawn: str
    severity: tuple[tuple[str, str], ...]
    cwes: tuple[str, ...]
    references: tuple[tuple[str, str], ...]
    affected: tuple[Affected, ...]
