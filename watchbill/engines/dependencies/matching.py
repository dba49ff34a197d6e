"""Says whether one version is affected by one advisory; pure, and it reads no store and no clock.

The rules are those of the OSV schema's evaluation, with three of our own, each learnt from real data:

- events are sorted before they are walked (file order missed 776 listed-vulnerable PyPI versions in one snapshot);
- a listed version is affected whatever the ranges say;
- what can't be ordered is `unknown` with a reason, never "not affected".
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from watchbill.engines.dependencies.advisory import Affected, Event, Range
from watchbill.engines.dependencies.versions import spelling, version_key

State = Literal["affected", "not_affected", "unknown"]
_FIXED, _INTRODUCED, _LAST_AFFECTED, _LIMIT = range(4)
_ORDER = {"fixed": _FIXED, "introduced": _INTRODUCED, "last_affected": _LAST_AFFECTED, "limit": _LIMIT}
Place = tuple[int, Any]
"""Where a version stands in its ecosystem's order; places of one ecosystem compare."""

_LOWEST: Place = (0, 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is `listed` or `range` when affected, empty when not, and a sentence when unknown. `fixed` holds the
    fixed versions newer than the one asked about, smallest first; only filled when affected."""

    state: State
    reason: str = ""
    fixed: tuple[str, ...] = ()


_NOT_AFFECTED = Verdict("not_affected")


@lru_cache(maxsize=262_144)
def canonical_version(ecosystem: str, version: str) -> str:
    """One spelling for versions that are equal, as the advisory store keeps listed versions (see `versions.spelling`)."""
    return spelling(ecosystem, version)


@lru_cache(maxsize=262_144)
def place_of(ecosystem: str, version: str) -> Place | None:
    """A sortable place of an edge's version, above the place of "0", which OSV defines as before every version; None if it has none."""
    if version == "0":
        return _LOWEST
    key = version_key(ecosystem, version)
    return None if key is None else (1, key)


def place_of_installed(ecosystem: str, version: str) -> Place | None:
    """As `place_of`; but a package can really be installed at version "0": only in events does that mean before everything."""
    if version != "0":
        return place_of(ecosystem, version)
    key = version_key(ecosystem, "0")
    return None if key is None else (1, key)


def speaks_of(advisory_ecosystem: str, ecosystem: str) -> bool:
    """Whether what an advisory says of one ecosystem is about a package of another spelling of it.

    "Debian:12" speaks of itself, "Debian" of all its releases. A package whose release isn't told ("Debian") is spoken of by every
    release's advisories; then `judge_installed` says no more than that it can't be known.
    """
    if advisory_ecosystem == ecosystem:
        return True
    family, _, release = ecosystem.partition(":")
    theirs, _, their_release = advisory_ecosystem.partition(":")
    return theirs == family and not (release and their_release)


def is_affected(version: str, affected: Affected) -> Verdict:
    """Judge one installed version (empty = not pinned) against one package of an advisory.

    Source: OSV schema, "Evaluation"; ranges of commits (GIT) are not looked at.
    """
    listed = frozenset(canonical_version(affected.ecosystem, item) for item in affected.versions)
    return judge(version, listed, affected)


def judge(version: str, listed: Collection[str], affected: Affected) -> Verdict:
    """As `is_affected`, with the listed versions already in canonical form (the store keeps them so)."""
    ecosystem = affected.ecosystem
    if version and (version in listed or canonical_version(ecosystem, version) in listed):
        return Verdict("affected", "listed", fixed_after(ecosystem, version, affected))
    spans = spans_of(affected)
    if any(holds_every_version(span) for span in spans):
        return Verdict("affected", "range")
    if not version:
        return Verdict("unknown", "no version is pinned")
    here = place_of_installed(ecosystem, version)
    if here is None:
        return Verdict("unknown", f"version {version[:80]!r} can't be ordered")
    if not spans and not listed:
        return Verdict("unknown", "the advisory names only commits, or no version at all")
    doubt = _NOT_AFFECTED
    for span in spans:
        inside = is_inside(ecosystem, here, span)
        if inside:
            return Verdict("affected", "range", fixed_after(ecosystem, version, affected))
        if inside is None:
            doubt = Verdict("unknown", "the advisory's own range can't be ordered")
    return doubt


def judge_installed(ecosystem: str, version: str, listed: Collection[str], affected: Affected) -> Verdict:
    """As `judge`, for a package of `ecosystem`: where its release isn't told and the advisory speaks of one, what would be affected
    there is unknown here."""
    verdict = judge(version, listed, affected)
    if verdict.state == "not_affected" or not release_untold(ecosystem, affected.ecosystem):
        return verdict
    return Verdict("unknown", f"in question for {affected.ecosystem}, and which release of {ecosystem} this is isn't told")


def release_untold(ecosystem: str, advisory_ecosystem: str) -> bool:
    """Whether an advisory speaks of one release of a distribution, and a package only names the distribution."""
    return ":" in advisory_ecosystem and ":" not in ecosystem


def fixed_after(ecosystem: str, version: str, affected: Affected) -> tuple[str, ...]:
    """Fixed versions newer than `version`, smallest first. What can't be ordered is left out."""
    here = place_of(ecosystem, version)
    if here is None:
        return ()
    later = {fixed: place for fixed in affected.fixed if (place := place_of(ecosystem, fixed)) is not None and place > here}
    return tuple(sorted(later, key=lambda fixed: later[fixed]))


def spans_of(affected: Affected) -> list[Range]:
    """The ranges that are looked at: those of versions, not of commits."""
    return [span for span in affected.ranges if span.kind != "GIT"]


def holds_every_version(span: Range) -> bool:
    """Whether a range begins before every version and never ends, so that no version has to be ordered."""
    from_zero = False
    for event in span.events:
        if event.kind != "introduced":
            return False
        from_zero = from_zero or event.version == "0"
    return from_zero


def edges_of(ecosystem: str, span: Range) -> list[tuple[Place, int, Event]] | None:
    """(place, rank among edges at one place, event) of a range, sorted; the open limit left out. None when one can't be ordered."""
    edges: list[tuple[Place, int, Event]] = []
    for event in span.events:
        if event.kind == "limit" and event.version == "*":
            continue
        place = place_of(ecosystem, event.version)
        if place is None:
            return None
        edges.append((place, _ORDER[event.kind], event))
    edges.sort(key=lambda edge: edge[:2])
    return edges


def is_inside(ecosystem: str, here: Place, span: Range) -> bool | None:
    """Whether a place lies in a range; None when an edge of the range can't be ordered."""
    edges = edges_of(ecosystem, span)
    if edges is None:
        return None
    inside = False
    limit: Place | None = None
    for place, rank, _ in edges:
        if rank == _LIMIT:
            limit = place
        elif here >= place and rank != _LAST_AFFECTED:
            inside = rank == _INTRODUCED
        elif here > place:
            inside = False
    beyond = limit is not None and here >= limit and not any(event.version == "*" for event in span.events)
    return inside and not beyond
