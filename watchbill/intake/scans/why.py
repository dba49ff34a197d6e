"""Why a package matches a problem, told from the node's own advisories; it reads the store and changes nothing.

What it tells is what a match would come to now, which is why it is asked anew each time and never kept.
"""

from __future__ import annotations

from watchbill.engines.dependencies.explaining import Explanation, explain
from watchbill.engines.dependencies.store import StoreUnusable
from watchbill.intake.scans import advisories

MOST_ADVISORIES = 3
_WORST_FIRST = {"affected": 0, "unknown": 1, "not_affected": 2}


def why(name: str, ecosystem: str, package: str, version: str) -> tuple[Explanation, ...]:
    """What each advisory called `name` says of this package at this version (empty: not pinned), the worst first.

    At most MOST_ADVISORIES; those that don't name the package are left out. Empty where none is known here, as for a scanner's own finding.
    """
    if not (name and ecosystem and package):
        return ()
    try:
        known = advisories.store().by_alias(name)
    except StoreUnusable:
        return ()
    told = [one for advisory in known if (one := explain(advisory, ecosystem, package, version)).named]
    return tuple(sorted(told, key=lambda one: _WORST_FIRST[one.state])[:MOST_ADVISORIES])
