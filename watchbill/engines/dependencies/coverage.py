"""Says in words which versions of a package an advisory covers: "versions before 1.2.0". It judges no version (that is `matching`)."""

from functools import cmp_to_key

from watchbill.engines.dependencies.advisory import Affected, Event, Range
from watchbill.engines.dependencies.versions import compare

RANGES_SAID = 4
LISTED_SAID = 4
_ORDER = {"fixed": 0, "introduced": 1, "last_affected": 2, "limit": 3}


def versions_covered(affected: Affected) -> str:
    """The versions as a phrase without a full stop: "versions before 1.2.0, and from 2.0.0 before 2.0.4". Commits are not told."""
    spans = [words for span in affected.ranges if span.kind != "GIT" for words in _spans(affected.ecosystem, span)]
    said = list(dict.fromkeys(spans))
    if "every version" in said:
        return "every version"
    if said:
        more = f", and {len(said) - RANGES_SAID} more ranges" if len(said) > RANGES_SAID else ""
        return f"versions {', and '.join(said[:RANGES_SAID])}{more}"
    return _listed(affected.versions)


def _listed(versions: tuple[str, ...]) -> str:
    if not versions:
        return "no version by its number"
    if len(versions) > LISTED_SAID:
        return f"the versions {', '.join(versions[:LISTED_SAID])} and {len(versions) - LISTED_SAID:,} more"
    return f"the version{'s' if len(versions) > 1 else ''} {', '.join(versions)}"


def _spans(ecosystem: str, span: Range) -> list[str]:
    """Each stretch of a range: from an `introduced` to what ends it."""
    found: list[str] = []
    since: str | None = None
    for event in _sorted(ecosystem, span):
        if event.kind == "introduced":
            since = event.version if since is None else since
        elif since is not None:
            found.append(_stretch(since, event))
            since = None
    if since is not None:
        found.append("every version" if since == "0" else f"from {since} on")
    return found


def _stretch(since: str, end: Event) -> str:
    until = f"up to and including {end.version}" if end.kind == "last_affected" else f"before {end.version}"
    return until if since == "0" else f"from {since} {until}"


def _sorted(ecosystem: str, span: Range) -> list[Event]:
    """The events by version; as the source wrote them where they can't be ordered."""
    unordered = False

    def order(one: Event, other: Event) -> int:
        nonlocal unordered
        if one.version == other.version:
            return _ORDER[one.kind] - _ORDER[other.kind]
        if one.version == "0" or other.version == "0":
            return -1 if one.version == "0" else 1
        found = compare(ecosystem, one.version, other.version)
        unordered = unordered or found is None
        return found or 0

    events = [event for event in span.events if event.version != "*"]
    ordered = sorted(events, key=cmp_to_key(order))
    return events if unordered else ordered
