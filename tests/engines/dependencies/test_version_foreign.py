"""Foreign programs as a second opinion on the orders; where one of them is wrong, the test says in what."""

import random
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from univers import versions as univers

from tests.engines.dependencies.test_version_fixtures import SIGNS, fixtures
from tests.engines.dependencies.version_samples import CHAINS, GRAMMARS
from watchbill.engines.dependencies.versions import compare, version_key

Foreign = Callable[[str], Any]
FOREIGN: dict[str, tuple[str, Foreign]] = {
    "RubyGems": ("rubygems", univers.RubygemsVersion),
    "Packagist": ("packagist", univers.ComposerVersion),
    "Maven": ("maven", univers.MavenVersion),
    "NuGet": ("nuget", univers.NugetVersion),
    "Debian": ("debian", univers.DebianVersion),
    "Alpine": ("alpine", univers.AlpineLinuxVersion),
    "Red Hat": ("redhat", univers.RpmVersion),
}
SAMPLES = 400


def told_by(foreign: Foreign, a: str, b: str) -> int | None:
    """-1, 0, 1, or None where the foreign program refuses one of the two."""
    try:
        first, second = foreign(a), foreign(b)
        return int(bool(first > second)) - int(bool(first < second))
    except (univers.InvalidVersion, ValueError, TypeError, AttributeError, IndexError):
        return None


def test_univers_disagrees_with_the_fixtures_of_packagist_where_we_agree() -> None:
    """Why ours are our own: it takes four-part versions for equal."""
    assert told_by(univers.ComposerVersion, "6.3.0.0", "6.3.0.1") == 0
    assert compare("Packagist", "6.3.0.0", "6.3.0.1") == -1


@pytest.mark.parametrize("ecosystem", sorted(FOREIGN))
def test_where_univers_says_otherwise_the_fixture_is_with_us(ecosystem: str) -> None:
    name, foreign = FOREIGN[ecosystem]
    for a, sign, b in fixtures(name):
        foreign_answer = told_by(foreign, a, b)
        if foreign_answer is not None and foreign_answer != compare(ecosystem, a, b):
            assert compare(ecosystem, a, b) == SIGNS[sign]


@pytest.mark.parametrize(
    ("ecosystem", "grammar"),
    [("RubyGems", "RubyGems"), ("NuGet", "NuGet"), ("Debian", "Debian:12"), ("Red Hat", "Red Hat:enterprise_linux:9::baseos")],
)
def test_univers_orders_what_it_takes_as_we_do(ecosystem: str, grammar: str) -> None:
    """Not Packagist (four parts, stabilities), Alpine (1 = 1-r0 to it, as in Gentoo) and Maven (a qualifier after a dot: older rule)."""

    @given(GRAMMARS[grammar], GRAMMARS[grammar])
    def alike(a: str, b: str) -> None:
        assert told_by(FOREIGN[ecosystem][1], a, b) in (compare(ecosystem, a, b), None)

    alike()


def test_packaging_orders_pypi_as_we_do() -> None:
    @given(GRAMMARS["PyPI"], GRAMMARS["PyPI"])
    def alike(a: str, b: str) -> None:
        first, second = Version(a), Version(b)
        assert compare("PyPI", a, b) == int(first > second) - int(first < second)

    alike()


# dpkg itself


def dpkg_says(pairs: list[tuple[str, str]]) -> list[int]:
    """dpkg's answer to each pair, in one shell: a process a question would take minutes."""
    is_older, is_same = (f'dpkg --compare-versions "$a" {word} "$b"' for word in ("lt", "eq"))
    script = f"while read -r a b; do if {is_older}; then echo -1; elif {is_same}; then echo 0; else echo 1; fi; done"
    asked = "".join(f"{a} {b}\n" for a, b in pairs)
    ran = subprocess.run(["/bin/sh", "-c", script], input=asked, capture_output=True, text=True, check=True, timeout=120)
    return [int(line) for line in ran.stdout.split()]


def debian_pairs(count: int) -> list[tuple[str, str]]:
    """Pairs near each other, so that they differ late: from a small alphabet, and the chain's."""
    chance = random.Random(20261123)
    pieces = [
        "0",
        "1",
        "1",
        "2",
        "10",
        "01",
        ".",
        ".",
        "~",
        "~~",
        "+",
        "a",
        "b",
        "Z",
        "rc",
        "~rc1",
        "+b1",
        "-1",
        "-0",
        "-1ubuntu2",
        "-1~bpo12+1",
    ]
    chain: list[str] = list(CHAINS["Debian"])

    def made() -> str:
        if chance.random() < 0.1:
            return chance.choice(chain)
        epoch = chance.choice(["", "", "", "0:", "1:"])
        upstream = "".join(chance.choice(pieces) for _ in range(chance.randint(0, 4)))
        return f"{epoch}1{upstream}"

    pairs = [(made(), made()) for _ in range(count * 3)]
    return [pair for pair in pairs if all(version_key("Debian", one) is not None for one in pair)][:count]


@pytest.mark.real
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not on this machine")
def test_dpkg_orders_debians_versions_as_we_do() -> None:
    pairs = debian_pairs(SAMPLES)
    assert len(pairs) == SAMPLES
    told = dpkg_says(pairs)
    assert [(pair, answer) for pair, answer in zip(pairs, told, strict=True) if compare("Debian", *pair) != answer] == []


@pytest.mark.real
@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not on this machine")
def test_dpkg_takes_every_version_that_we_take() -> None:
    """It says with an error what is none; what it refuses must have no place here."""

    @given(st.text(alphabet="01a.~+-:Z_!", min_size=1, max_size=6))
    def refused_there_is_refused_here(version: str) -> None:
        ran = subprocess.run(["dpkg", "--validate-version", version], capture_output=True, check=False)
        if ran.returncode != 0:
            assert version_key("Debian", version) is None

    refused_there_is_refused_here()
