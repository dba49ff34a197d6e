"""Every published version-order fixture, both ways round: nearly all right, and never silently wrong."""

import pytest

from tests.shared_data import shared_data
from watchbill.engines.dependencies.versions import compare

SIGNS = {"<": -1, "=": 0, ">": 1}
ECOSYSTEMS = {
    "alpine": ("Alpine", "Alpine:v3.18", "Wolfi", "Chainguard"),
    "cran": ("CRAN",),
    "debian": ("Debian", "Debian:12", "Ubuntu:22.04:LTS"),
    "hackage": ("Hackage",),
    "maven": ("Maven",),
    "nuget": ("NuGet",),
    "packagist": ("Packagist",),
    "pub": ("Pub",),
    "pypi": ("PyPI",),
    "redhat": ("Red Hat", "Red Hat:enterprise_linux:8::baseos", "Rocky Linux:9", "AlmaLinux:8", "SUSE", "openSUSE:Leap 15.5"),
    "rubygems": ("RubyGems",),
    "semver": ("npm", "Go", "crates.io"),
}
PAIRS = [(name, ecosystem) for name, ecosystems in ECOSYSTEMS.items() for ecosystem in ecosystems]

ARGUED: dict[tuple[str, str, str, str], str] = {}
"""(fixture, older or left, sign, right) -> why we answer otherwise. Empty: there is no such line. A new one must be argued here."""


def fixtures(name: str) -> list[tuple[str, str, str]]:
    lines = shared_data("vulnerabilities", "versions", f"{name}-versions.txt").read_text().splitlines()
    triples = [line.strip().split(" ") for line in lines if line.strip() and not line.startswith(("# ", "// "))]
    return [(a, sign, b) for a, sign, b in triples]


def test_no_fixture_is_left_out() -> None:
    there = {path.name.removesuffix("-versions.txt") for path in shared_data("vulnerabilities", "versions").glob("*-versions.txt")}
    assert there == set(ECOSYSTEMS)


@pytest.mark.parametrize(("name", "ecosystem"), PAIRS)
def test_no_fixture_is_answered_wrongly(name: str, ecosystem: str) -> None:
    """Unknown is an honest answer; a wrong sign is a silent error."""
    wrong = [(name, a, sign, b) for a, sign, b in fixtures(name) if compare(ecosystem, a, b) not in (SIGNS[sign], None)]
    assert [miss for miss in wrong if miss not in ARGUED] == []


@pytest.mark.parametrize(("name", "ecosystem"), PAIRS)
def test_at_least_995_of_1000_fixtures_are_answered_rightly(name: str, ecosystem: str) -> None:
    told = fixtures(name)
    missed = [(a, sign, b) for a, sign, b in told if compare(ecosystem, a, b) != SIGNS[sign]]
    assert len(missed) <= 0.005 * len(told), missed


@pytest.mark.parametrize(("name", "ecosystem"), PAIRS)
def test_the_fixtures_come_out_the_same_backwards(name: str, ecosystem: str) -> None:
    wrong = [(b, a) for a, sign, b in fixtures(name) if compare(ecosystem, b, a) != -SIGNS[sign]]
    assert [(b, a) for b, a in wrong if (name, a, "<", b) not in ARGUED] == []


def test_all_argued_misses_are_still_misses() -> None:
    """So that the table can't keep what was mended."""
    for (name, a, sign, b), reason in ARGUED.items():
        assert reason
        assert compare(ECOSYSTEMS[name][0], a, b) != SIGNS[sign]
