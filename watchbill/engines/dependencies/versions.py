"""Which of two versions is newer, by each ecosystem's own rule; what can't be ordered is unknown, never a guess.

One module an order, named `versions_<ecosystem>`, each with the source of its rule: PyPI, npm, Cargo, Go and others of Semantic Versioning,
RubyGems, Packagist, Maven, NuGet, Pub, CRAN, Hackage, and the distributions that use dpkg, apk or rpm. Text only: nothing is looked up, and
an ecosystem not named here has no order. What follows a colon ("Debian:12", "Alpine:v3.18") says which release, not which order.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from packaging.utils import canonicalize_version

from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.versions_alpine import alpine_key, compare_malformed
from watchbill.engines.dependencies.versions_debian import debian_key, debian_spelling
from watchbill.engines.dependencies.versions_maven import maven_key, maven_spelling
from watchbill.engines.dependencies.versions_nuget import nuget_key, nuget_spelling
from watchbill.engines.dependencies.versions_numbers import cran_key, cran_spelling, hackage_key
from watchbill.engines.dependencies.versions_packagist import compare_as_written, compare_odd, packagist_key, packagist_spelling
from watchbill.engines.dependencies.versions_pub import pub_key, pub_spelling
from watchbill.engines.dependencies.versions_pypi import compare_legacy, pypi_key
from watchbill.engines.dependencies.versions_rpm import compare_rpm_words, rpm_key, rpm_spelling
from watchbill.engines.dependencies.versions_rubygems import rubygems_key, rubygems_spelling
from watchbill.engines.dependencies.versions_semver import go_key, semver_key

_DPKG = ("debian", "ubuntu")
_APK = ("alpine", "alpaquita", "bellsoft hardened containers", "chainguard", "cleanstart", "minimos", "wolfi")
_RPM = ("red hat", "rocky linux", "almalinux", "suse", "opensuse", "openeuler", "mageia", "azure linux", "photon os", "rpm")
_SEMVER = ("npm", "crates.io", "cargo", "semver", "hex", "julia", "swifturl")

_KEYS: dict[str, Callable[[str], Any]] = {
    "pypi": pypi_key,
    **dict.fromkeys(_SEMVER, semver_key),
    "go": go_key,
    "golang": go_key,
    "rubygems": rubygems_key,
    "packagist": packagist_key,
    "maven": maven_key,
    "nuget": nuget_key,
    "pub": pub_key,
    "cran": cran_key,
    "hackage": hackage_key,
    **dict.fromkeys(_DPKG, debian_key),
    **dict.fromkeys(_APK, alpine_key),
    **dict.fromkeys(_RPM, rpm_key),
}
"""By family: OSV's name of the ecosystem up to its colon, in lower case."""

_WITHOUT_KEY: dict[str, Callable[[str, str], int | None]] = {
    "pypi": compare_legacy,
    "packagist": compare_odd,
    **dict.fromkeys(_APK, compare_malformed),
    **dict.fromkeys(_RPM, compare_rpm_words),
}
"""What can be said of two versions of which at least one has no key. Never used to match: such a version is unknown there."""

_TIES: dict[str, Callable[[str, str], int]] = {"packagist": compare_as_written}


def _plain_semver(version: str) -> str:
    return (version[1:] if version[:1] in ("v", "V") else version).partition("+")[0]


def _as_it_is(version: str) -> str:
    return version


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "pypi": canonicalize_version,
    "rubygems": rubygems_spelling,
    "packagist": packagist_spelling,
    "maven": maven_spelling,
    "nuget": nuget_spelling,
    "pub": pub_spelling,
    "cran": cran_spelling,
    "hackage": _as_it_is,
    **dict.fromkeys(_DPKG, debian_spelling),
    **dict.fromkeys(_APK, _as_it_is),
    **dict.fromkeys(_RPM, rpm_spelling),
}
_RUNS = re.compile(r"[-_.]+")
_LOOKS_LIKE_A_VERSION = re.compile(r"v?[0-9]")
_NO_CASE = ("nuget", "packagist", "hex")


@lru_cache(maxsize=1024)
def family_of(ecosystem: str) -> str:
    """The part of an ecosystem's name that says which order it has: "debian" of "Debian:12"."""
    return ecosystem.partition(":")[0].strip().lower()


def ordered_families() -> tuple[str, ...]:
    """Every family that has an order, sorted."""
    return tuple(sorted(_KEYS))


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def version_key(ecosystem: str, version: str) -> Any | None:  # noqa: ANN401 - keys of one ecosystem only compare with each other
    """A key that sorts as the ecosystem orders its versions; None if the version or the ecosystem is not understood.

    Keys of different ecosystems don't compare. Versions that only `compare` can place (PyPI's from before PEP 440) have none.
    """
    if not version or len(version) > limits.MAX_VERSION_CHARS:
        return None
    order = _KEYS.get(family_of(ecosystem))
    return None if order is None else order(version.strip())


def compare(ecosystem: str, a: str, b: str) -> int | None:
    """-1 if `a` is older than `b`, 0 if they are the same, 1 if it is newer, None if that can't be said.

    Two versions written alike are the same even where neither can be ordered, as long as they look like versions.
    """
    family = family_of(ecosystem)
    first, second = version_key(ecosystem, a), version_key(ecosystem, b)
    if first is not None and second is not None:
        order = int(first > second) - int(first < second)
        tie = _TIES.get(family)
        return tie(a.strip(), b.strip()) if order == 0 and tie is not None else order
    if family not in _KEYS or not a or not b or max(len(a), len(b)) > limits.MAX_VERSION_CHARS:
        return None
    if a == b and _LOOKS_LIKE_A_VERSION.match(a):
        return 0
    without_key = _WITHOUT_KEY.get(family)
    return None if without_key is None else without_key(a.strip(), b.strip())


def spelling(ecosystem: str, version: str) -> str:
    """One spelling for versions that are equal, as far as the order has one; it is a version again, and its own spelling.

    PyPI: trailing zeros go. npm, Go, Cargo: a leading v and the build. Debian, RPM: the epoch 0. Others: as the ecosystem normalises.
    """
    plain = version.strip()
    if len(plain) > limits.MAX_VERSION_CHARS:
        return plain
    return _SPELLINGS.get(family_of(ecosystem), _plain_semver)(plain)


@lru_cache(maxsize=limits.VERSION_KEYS_KEPT)
def normalise_name(ecosystem: str, name: str) -> str:
    """The one spelling of a package's name, where two spellings are one package: PEP 503 for PyPI; lower case for NuGet and Packagist,
    which don't tell cases apart, and Hex, which has no capitals. Others (RubyGems, npm, Go, Maven's group:artifact) are as they are."""
    family = family_of(ecosystem)
    if family == "pypi":
        return _RUNS.sub("-", name).lower()
    return name.lower() if family in _NO_CASE else name
