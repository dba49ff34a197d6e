"""How many versions a second our orders compare, by ecosystem, beside univers: `make bench`, or `python benchmarks/versions.py`.

A comparison here is all of it: two texts read and compared, nothing kept from before. The pairs are the published fixtures of
../shared/data/vulnerabilities/versions. Exits 1 where a figure is missed.
"""

import importlib.util
import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import Row, print_table
from watchbill.engines.dependencies import versions

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vulnerabilities" / "versions"
SECONDS = 0.4
TARGET = 20_000
UNIVERS = {
    "PyPI": ("pypi", "PypiVersion"),
    "npm": ("semver", "SemverVersion"),
    "RubyGems": ("rubygems", "RubygemsVersion"),
    "Packagist": ("packagist", "ComposerVersion"),
    "Maven": ("maven", "MavenVersion"),
    "NuGet": ("nuget", "NugetVersion"),
    "Debian": ("debian", "DebianVersion"),
    "Alpine": ("alpine", "AlpineLinuxVersion"),
    "Red Hat": ("redhat", "RpmVersion"),
    "Pub": ("pub", ""),
    "CRAN": ("cran", ""),
    "Hackage": ("hackage", ""),
}
"""By ecosystem: the fixture's name, and the class of univers that is meant for it, if it has one."""

Pair = tuple[str, str]


def pairs_of(name: str) -> list[Pair]:
    """The fixture's pairs of which both have a place of their own, so that every order does its whole work."""
    lines = (DATA / f"{name}-versions.txt").read_text().splitlines()
    words = [line.split() for line in lines if line.strip() and not line.startswith(("# ", "// "))]
    return [(a, b) for a, _, b in words]


def per_second(compare: Callable[[str, str], object], pairs: list[Pair]) -> float:
    """Comparisons a second over the pairs, round and round."""
    done, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < SECONDS:
        for a, b in pairs:
            compare(a, b)
        done += len(pairs)
    return done / spent


def ours(ecosystem: str) -> Callable[[str, str], object]:
    fresh = versions.version_key.__wrapped__  # past the cache

    def compare(a: str, b: str) -> bool:
        return bool(fresh(ecosystem, a) < fresh(ecosystem, b))

    return compare


def theirs(kind: Any) -> Callable[[str, str], object]:
    def compare(a: str, b: str) -> bool:
        return bool(kind(a) < kind(b))

    return compare


def taken_by(compare: Callable[[str, str], object], pairs: list[Pair]) -> list[Pair]:
    """Those of the pairs that this order takes without an error."""
    taken = []
    for pair in pairs:
        try:
            compare(*pair)
        except Exception:  # noqa: BLE001 - a foreign program may fail in any way; such a pair is not measured
            continue
        taken.append(pair)
    return taken


def row_of(ecosystem: str, name: str, kind: Any) -> Row:
    mine = ours(ecosystem)
    pairs = [(a, b) for a, b in pairs_of(name) if None not in (versions.version_key(ecosystem, a), versions.version_key(ecosystem, b))]
    beside = "univers has no such order"
    if kind is not None:
        other = theirs(kind)
        pairs = taken_by(other, pairs)
        beside = f"univers {per_second(other, pairs):>9,.0f} /s on the same {len(pairs):,} pairs"
    speed = per_second(mine, pairs)
    return Row(f"{ecosystem} versions compared", f"{speed:,.0f} /s", f"{TARGET:,} /s", beside, speed >= TARGET)


def kept_row() -> Row:
    """What matching does most: versions seen before, whose keys are kept."""
    pairs = pairs_of("debian")

    def compare(a: str, b: str) -> int | None:
        return versions.compare("Debian:12", a, b)

    speed = per_second(compare, list(itertools.islice(pairs, 200)))
    return Row("Debian versions compared again", f"{speed:,.0f} /s", "200,000 /s", "keys kept from the first time", speed >= 200_000)


def main() -> int:
    if not DATA.exists():
        print("benchmarks/versions.py: ../shared/data/vulnerabilities is not on this machine; nothing was measured")
        return 0
    found = importlib.util.find_spec("univers") is not None
    classes = importlib.import_module("univers.versions") if found else None
    rows = [row_of(ecosystem, name, getattr(classes, kind, None) if kind else None) for ecosystem, (name, kind) in UNIVERS.items()]
    return print_table([*rows, kept_row()])


if __name__ == "__main__":
    sys.exit(main())
