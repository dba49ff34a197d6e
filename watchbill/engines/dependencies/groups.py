"""Joins advisories that call themselves by a common name into groups, for display and for offers; it decides nothing, and the advisory
stays the unit of matching, fixing and closing.

A group is the union over aliases of aliases. Such a chain may join two CVEs that are not the same problem, so a group that holds more
than one CVE says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CVE = re.compile(r"CVE-(\d{4})-(\d{4,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class AliasGroup:
    """All names of one group: CVEs first, oldest first; then the rest by name. `advisories` are those of them that are held."""

    names: tuple[str, ...]
    advisories: tuple[str, ...]

    @property
    def cves(self) -> tuple[str, ...]:
        """The CVEs among the names."""
        return tuple(name for name in self.names if _CVE.fullmatch(name))

    @property
    def spans_cves(self) -> bool:
        """Whether it may be more than one problem."""
        return len(self.cves) > 1


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """How many groups there are, how many hold more than one advisory, and how many hold more than one CVE."""

    groups: int
    joined: int
    span_cves: int


def by_name(names: Iterable[str]) -> tuple[str, ...]:
    """Names in the order in which they are shown: CVEs by year and number, then the rest."""
    return tuple(sorted(set(names), key=_order))


def _order(name: str) -> tuple[int, int, int, str]:
    found = _CVE.fullmatch(name)
    return (0, int(found[1]), int(found[2]), name) if found else (1, 0, 0, name)


def count_groups(ids: Iterable[str], pairs: Iterable[tuple[str, str]]) -> GroupCounts:
    """Counts over all advisories: their `ids`, and (id, alias) `pairs`. Linear but for the joining (union by path halving)."""
    above: dict[str, str] = {}
    held = list(ids)
    for one in held:
        above.setdefault(one, one)
    for one, other in pairs:
        first, second = _top(above, one), _top(above, other)
        if first != second:
            above[second] = first
    advisories: dict[str, int] = {}
    for one in held:
        top = _top(above, one)
        advisories[top] = advisories.get(top, 0) + 1
    cves: dict[str, int] = {}
    for name in above:
        if _CVE.fullmatch(name):
            top = _top(above, name)
            cves[top] = cves.get(top, 0) + 1
    several = sum(count > 1 for count in advisories.values())
    return GroupCounts(len(advisories), several, sum(count > 1 for count in cves.values()))


def _top(above: dict[str, str], name: str) -> str:
    above.setdefault(name, name)
    while above[name] != name:
        above[name] = above[above[name]]
        name = above[name]
    return name
