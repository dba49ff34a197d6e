"""Matching in every ecosystem that has an order: small advisories of our own, and distributions with and without their release."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.dependencies.osv_samples import affected, as_bytes, osv, package
from watchbill.engines.dependencies.matching import is_affected, speaks_of
from watchbill.engines.dependencies.results import MatchResult
from watchbill.engines.dependencies.store import AdvisoryStore

LEAP = "openSUSE:Leap 15.5"
RHEL = "Red Hat:enterprise_linux:9::baseos"

# ecosystem, fixed version, affected versions, versions that are not
CASES = [
    ("RubyGems", "3.0.9.1", ["2.2.8", "3.0.9", "3.0.9.1.rc1", "3.0.9.0"], ["3.0.9.1", "3.0.10", "3.1"]),
    ("Packagist", "6.3.0.1", ["v6.3.0", "6.3.0.0", "6.3.0.1-beta1", "5.4.31"], ["6.3.0.1", "v6.3.1", "6.3.0.1-p1"]),
    ("Maven", "2.15.0", ["2.14.1", "2.15.0-rc1", "2.15.0-SNAPSHOT", "2.0-beta9"], ["2.15.0", "2.15.0.Final", "2.15.0-1", "2.17.1"]),
    ("NuGet", "13.0.1", ["12.0.3", "13.0.1-BETA2", "13.0.0.9", "13"], ["13.0.1", "13.0.1.0", "13.0.1+build", "13.0.1.1"]),
    ("Debian:12", "3.0.11-1~deb12u2", ["3.0.9-1", "3.0.11-1~deb12u1", "3.0.11-1~"], ["3.0.11-1~deb12u2", "3.0.11-1", "1:0.1-1"]),
    ("Ubuntu:22.04:LTS", "1:8.9p1-3ubuntu0.10", ["1:8.9p1-3ubuntu0.4", "8.9p1-99"], ["1:8.9p1-3ubuntu0.10", "1:9.0p1-1"]),
    ("Alpine:v3.18", "3.1.4-r5", ["3.1.4-r4", "3.1.4", "3.1.4_rc1-r9", "1.1.1w-r1"], ["3.1.4-r5", "3.1.4-r10", "3.1.5-r0"]),
    (RHEL, "1:3.0.7-24.el9", ["1:3.0.7-18.el9_2", "3.0.9-1.el9", "1:3.0.7~rc1-30.el9"], ["1:3.0.7-24.el9", "1:3.0.7-25.el9"]),
    ("Rocky Linux:9", "0:1.2.3-4.el9", ["1.2.3-3.el9", "0:1.2-9.el9"], ["1.2.3-4.el9", "0:1.2.3-4.el9_1", "1.2.3^git1-1.el9"]),
    (LEAP, "2.38-150600.12.1", ["2.38-150600.10.1", "2.31-150300.63.1"], ["2.38-150600.12.1", "2.38-150600.14.11.2"]),
    ("Pub", "1.4.0+2", ["1.4.0", "1.4.0+1", "1.3.9"], ["1.4.0+2", "1.4.0+10", "1.4.1"]),
    ("CRAN", "0.75", ["0.9", "0.74-3", "0.9-99"], ["0.75", "0.075-1", "0.100"]),
    ("Hackage", "2.1.0", ["2.0.3.1", "2.1"], ["2.1.0", "2.1.0.0", "2.1.1", "2.10"]),
]
ALL_BEFORE = [(ecosystem, fixed, version) for ecosystem, fixed, before, _ in CASES for version in before]
ALL_SINCE = [(ecosystem, fixed, version) for ecosystem, fixed, _, since in CASES for version in since]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(tmp_path / "advisories.db") as opened:
        yield opened


def load(store: AdvisoryStore, *documents: dict[str, object]) -> None:
    report = store.load_advisories((str(place), as_bytes(document)) for place, document in enumerate(documents))
    assert not report.refused


def matched(store: AdvisoryStore, ecosystem: str, version: str, name: str = "hawser") -> MatchResult:
    return store.match([package(name, version, ecosystem)])


@pytest.mark.parametrize(("ecosystem", "fixed", "version"), ALL_BEFORE)
def test_a_version_before_the_fix_is_affected_and_told_the_fix(ecosystem: str, fixed: str, version: str) -> None:
    verdict = is_affected(version, affected([("introduced", "0"), ("fixed", fixed)], ecosystem=ecosystem, kind="ECOSYSTEM"))
    assert (verdict.state, verdict.fixed) == ("affected", (fixed,))


@pytest.mark.parametrize(("ecosystem", "fixed", "version"), ALL_SINCE)
def test_a_version_from_the_fix_on_is_not_affected(ecosystem: str, fixed: str, version: str) -> None:
    verdict = is_affected(version, affected([("introduced", "0"), ("fixed", fixed)], ecosystem=ecosystem, kind="ECOSYSTEM"))
    assert verdict.state == "not_affected"


@pytest.mark.parametrize(("ecosystem", "last", "version"), ALL_SINCE)
def test_the_last_affected_version_and_what_equals_it_is_affected(ecosystem: str, last: str, version: str) -> None:
    """The same edges the other way: a version that is the edge itself, however written, is in; a newer one is out."""
    span = affected([("introduced", "0"), ("last_affected", last)], ecosystem=ecosystem)
    until = affected([("introduced", "0"), ("fixed", version)], ecosystem=ecosystem)
    assert (is_affected(version, span).state == "affected") == (is_affected(last, until).state == "not_affected")


@pytest.mark.parametrize(("ecosystem", "limit", "version"), ALL_BEFORE)
def test_before_a_limit_the_range_holds_and_from_it_on_it_says_nothing(ecosystem: str, limit: str, version: str) -> None:
    span = affected([("introduced", "0"), ("limit", limit)], ecosystem=ecosystem)
    assert is_affected(version, span).state == "affected"
    assert is_affected(limit, span).state == "not_affected"


@pytest.mark.parametrize(("ecosystem", "fixed", "version"), [*ALL_BEFORE, *ALL_SINCE])
def test_every_version_is_introduced_at_zero(ecosystem: str, fixed: str, version: str) -> None:
    assert is_affected(version, affected([("introduced", "0")], ecosystem=ecosystem)).state == "affected"


@pytest.mark.parametrize(
    ("ecosystem", "listed", "installed"),
    [
        ("RubyGems", "1.0", "1.0.0"),
        ("Packagist", "v1.0.0", "1.0"),
        ("Packagist", "1.0-beta2", "v1.0.0-b2"),
        ("Maven", "1.0-RC1", "1.0.0.rc1"),
        ("NuGet", "1.0.0-BETA", "1.0-beta"),
        ("Debian:12", "0:1.0-1", "1.0-1"),
        (RHEL, "0:1.0-1.el9", "1.0-1.el9"),
        ("Pub", "v1.0.0", "1.0.0"),
        ("CRAN", "0.1-2", "0.1.2"),
    ],
)
def test_a_listed_version_is_found_under_its_other_spelling(ecosystem: str, listed: str, installed: str) -> None:
    assert is_affected(installed, affected(versions=[listed], ecosystem=ecosystem)).reason == "listed"


@pytest.mark.parametrize(
    ("ecosystem", "listed", "installed"),
    [
        ("Debian:12", "2.7.4+reloaded2-13", "2.7.4+reloaded3-1"),
        (RHEL, "1.0-1.module+el9.1", "1.0-1.module+el9.2"),
        ("Pub", "1.0.0+1", "1.0.0+2"),
        ("Packagist", "6.3.0.0", "6.3.0.1"),
        ("NuGet", "1.0.0.1", "1.0.0.2"),
        ("Hackage", "1.0", "1.0.0"),
    ],
)
def test_two_versions_that_look_alike_are_not_taken_for_one(ecosystem: str, listed: str, installed: str) -> None:
    assert is_affected(installed, affected(versions=[listed], ecosystem=ecosystem)).state == "not_affected"


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [
        ("Packagist", "dev-main"),
        ("Packagist", "2.x-dev"),
        ("Maven", "${revision}"),
        ("Maven", "v1.0"),
        ("NuGet", "1.*"),
        ("Debian:12", "<unfixed>"),
        ("Alpine:v3.18", "edge"),
        (RHEL, "(none)"),
        ("RubyGems", "main"),
        ("Hackage", "1.0-head"),
    ],
)
def test_what_moves_or_is_no_version_is_unknown_never_clean(ecosystem: str, version: str) -> None:
    span = affected([("introduced", "1.0"), ("fixed", "2.0")], ecosystem=ecosystem)
    assert is_affected(version, span).state == "unknown"


def test_names_that_differ_in_case_only_are_one_package_to_nuget(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", "Salt.Json", ecosystem="NuGet"))
    assert [hit.advisory_id for hit in matched(store, "NuGet", "1.0.0", "salt.JSON").hits] == ["SALT-1"]


def test_names_that_differ_in_case_only_are_two_packages_to_rubygems(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", "RedCloth", ecosystem="RubyGems"))
    assert matched(store, "RubyGems", "1.0.0", "redcloth") == MatchResult((), ())


def test_one_match_takes_packages_of_every_ecosystem(store: AdvisoryStore) -> None:
    documents = [
        osv(f"SALT-{place}", ecosystem=ecosystem, events=[{"introduced": "0"}, {"fixed": fixed}])
        for place, (ecosystem, fixed, _, _) in enumerate(CASES)
    ]
    load(store, *documents)
    result = store.match(
        package("hawser", version, ecosystem) for ecosystem, _, before, since in CASES for version in (before[0], since[0])
    )
    assert [hit.package.ecosystem for hit in result.hits] == [ecosystem for ecosystem, *_ in CASES]
    assert result.unknown == ()


# distributions and their releases


def test_an_advisory_of_another_release_does_not_speak_of_this_one(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian:11"))
    assert matched(store, "Debian:12", "1.0.0") == MatchResult((), ())


def test_an_advisory_of_the_whole_distribution_speaks_of_each_release(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian"))
    assert [hit.advisory_id for hit in matched(store, "Debian:12", "1.0.0").hits] == ["SALT-1"]
    assert matched(store, "Debian:12", "2.0.0").hits == ()


def test_a_package_whose_release_is_not_told_is_unknown_where_a_release_is_affected(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian:11"), osv("SALT-2", ecosystem="Debian:12"))
    result = matched(store, "Debian", "1.0.0")
    assert result.hits == ()
    assert [(match.advisory_id, match.candidates) for match in result.unknown] == [("", 2)]
    assert "which release this is" in result.unknown[0].reason


def test_a_package_whose_release_is_not_told_is_clean_where_no_release_is_affected(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian:11"), osv("SALT-2", ecosystem=RHEL))
    assert matched(store, "Debian", "2.0.0") == MatchResult((), ())
    assert matched(store, "Red Hat", "2.0.0-1") == MatchResult((), ())


def test_red_hats_streams_are_releases_too(store: AdvisoryStore) -> None:
    """A purl tells no stream, so this is what an SBOM of a Red Hat machine comes to: unknown, not clean."""
    load(store, osv("SALT-1", ecosystem=RHEL))
    assert [match.candidates for match in matched(store, "Red Hat", "1.0-1.el9").unknown] == [1]
    assert [hit.advisory_id for hit in matched(store, RHEL, "1.0-1.el9").hits] == ["SALT-1"]


def test_a_withdrawn_advisory_raises_no_doubt(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian:11", withdrawn="2026-11-02T08:00:00Z"))
    assert matched(store, "Debian", "1.0.0") == MatchResult((), ())


@pytest.mark.parametrize("installed", ["Debian", "Debian:12", "Debian:11"])
@pytest.mark.parametrize("told", ["Debian", "Debian:12"])
def test_the_inverse_match_says_the_same(store: AdvisoryStore, installed: str, told: str) -> None:
    load(store, osv("SALT-1", ecosystem=told))
    asked = [package("hawser", "1.0.0", installed)]
    assert store.match_advisory("SALT-1", asked) == store.match(asked)


def test_a_new_advisory_for_a_release_looks_at_packages_without_one_again(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian:12"))
    assert store.affected_packages("SALT-1") == (("Debian", "hawser"), ("Debian:12", "hawser"))


def test_who_names_a_package_is_found_by_release_by_distribution_and_without(store: AdvisoryStore) -> None:
    load(store, osv("SALT-1", ecosystem="Debian:11"), osv("SALT-2", ecosystem="Debian:12"), osv("SALT-3", ecosystem="Debian"))
    assert store.naming("Debian:12", "hawser") == ("SALT-2", "SALT-3")
    assert store.naming("Debian", "hawser") == ("SALT-1", "SALT-2", "SALT-3")
    assert store.naming("Deb", "hawser") == ()


@pytest.mark.parametrize(
    ("theirs", "ours", "answer"),
    [
        ("PyPI", "PyPI", True),
        ("PyPI", "npm", False),
        ("Debian:12", "Debian:12", True),
        ("Debian:12", "Debian:11", False),
        ("Debian", "Debian:12", True),
        ("Debian:12", "Debian", True),
        ("Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04:LTS", False),
        ("Debian", "Debianish", False),
        ("", "", True),
    ],
)
def test_whether_an_advisory_speaks_of_an_ecosystem(theirs: str, ours: str, answer: bool) -> None:
    assert speaks_of(theirs, ours) is answer
