"""Which of two versions is newer, by each ecosystem's own rule; what can't be ordered is unknown, never a guess.

PyPI by PEP 440 with a cautious fallback for the versions older than it, npm, Cargo and Go by Semantic Versioning 2.0.0.
Text only: nothing is looked up, and an ecosystem not named here has no order.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.versions_pypi import compare_legacy, pypi_key
from watchbill.engines.dependencies.versions_semver import go_key, semver_key

_KEYS: dict[str, Callable[[str], Any]] = {
    "pypi": pypi_key,
    "npm": semver_key,
    "crates.io": semver_key,
    "cargo": semver_key,
    "semver": semver_key,
    "go": go_key,
    "golang": go_key,
}
_RUNS = re.compile(r"[-_.]+")
_LOOKS_LIKE_A_VERSION = re.compile(r"v?[0-9]")


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def version_key(ecosystem: str, version: str) -> Any | None:  # noqa: ANN401 - keys of one ecosystem only compare with each other
    """A key that sorts as the ecosystem orders its versions; None if the version or the ecosystem is not understood.

    Keys of different ecosystems don't compare. Versions that only `compare` can place (PyPI's from before PEP 440) have none.
    """
    if not version or len(version) > limits.MAX_VERSION_CHARS:
        return None
    order = _KEYS.get(ecosystem.partition(":")[0].lower())
    return None if order is None else order(version.strip())


def compare(ecosystem: str, a: str, b: str) -> int | None:
    """-1 if `a` is older than `b`, 0 if they are the same, 1 if it is newer, None if that can't be said.

    Two versions written alike are the same even where neither can be ordered, as long as they look like versions.
    """
    first, second = version_key(ecosystem, a), version_key(ecosystem, b)
    if first is not None and second is not None:
        return int(first > second) - int(first < second)
    family = ecosystem.partition(":")[0].lower()
    if family not in _KEYS or max(len(a), len(b)) > limits.MAX_VERSION_CHARS:
        return None
    if a == b and _LOOKS_LIKE_A_VERSION.match(a):
        return 0
    return compare_legacy(a.strip(), b.strip()) if family == "pypi" else None


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def normalise_name(ecosystem: str, name: str) -> str:
    """The one spelling of a package's name: PEP 503 for PyPI, lower case for Packagist and NuGet, whose names ignore case; others' as is."""
    if ecosystem == "PyPI":
        return _RUNS.sub("-", name).lower()
    if ecosystem in ("Packagist", "NuGet"):
        return name.lower()
    return name
