"""Each ecosystem's rule by our own samples of its specification: chains, spellings of one version, and what has no order."""

import itertools

import pytest

from tests.engines.dependencies.version_samples import CHAINS, SAME, UNORDERED
from watchbill.engines.dependencies.versions import compare, normalise_name, spelling, version_key

STEPS = [(name, older, newer) for name, chain in CHAINS.items() for older, newer in itertools.combinations(chain, 2)]
ALIKE = [(name, one, other) for name, groups in SAME.items() for group in groups for one, other in itertools.pairwise(group)]
NO_ORDER = [(name, version) for name, versions in UNORDERED.items() for version in versions]


@pytest.mark.parametrize("ecosystem", sorted(CHAINS))
def test_every_version_of_the_chain_is_older_than_all_after_it(ecosystem: str) -> None:
    assert [(older, newer) for name, older, newer in STEPS if name == ecosystem and compare(name, older, newer) != -1] == []


@pytest.mark.parametrize(("ecosystem", "one", "other"), ALIKE)
def test_spellings_of_one_version_are_equal(ecosystem: str, one: str, other: str) -> None:
    assert version_key(ecosystem, one) == version_key(ecosystem, other)
    assert version_key(ecosystem, one) is not None


@pytest.mark.parametrize(("ecosystem", "version"), NO_ORDER)
def test_what_is_no_version_has_no_place(ecosystem: str, version: str) -> None:
    assert version_key(ecosystem, version) is None


@pytest.mark.parametrize(("ecosystem", "one", "other"), [one for one in ALIKE if one[0] in ("Maven", "NuGet", "RubyGems", "CRAN", "Pub")])
def test_spellings_of_one_version_have_one_form(ecosystem: str, one: str, other: str) -> None:
    assert spelling(ecosystem, one) == spelling(ecosystem, other)


@pytest.mark.parametrize(
    ("ecosystem", "written", "form"),
    [
        ("Packagist", "v1.0-b2", "1.0.0.0-beta2"),
        ("Packagist", "1.2.3.4", "1.2.3.4"),
        ("Packagist", "dev-main", "dev-main"),
        ("NuGet", "1.0.0.0-RC.1+meta", "1.0.0-rc.1"),
        ("NuGet", "1.2.3.4", "1.2.3.4"),
        ("Maven", "1.0.0.Final", "1"),
        ("Maven", "1.0.RC1", "1-rc-1"),
        ("RubyGems", "1.2.0", "1.2"),
        ("RubyGems", "0.0", "0"),
        ("RubyGems", "0.0.beta1", "0.beta.1"),
        ("Debian:12", "0:1.2-3", "1.2-3"),
        ("Debian:12", "2.7.4+reloaded2-13", "2.7.4+reloaded2-13"),
        ("Red Hat", "0:1.2-3.module+el8", "1.2-3.module+el8"),
        ("Alpine:v3.18", "1.2.3-r0", "1.2.3-r0"),
        ("Pub", "v1.0.0+1", "1.0.0+1"),
        ("CRAN", "0.1-02", "0.1.2"),
        ("Hackage", "1.0.0", "1.0.0"),
    ],
)
def test_a_version_is_kept_in_this_form(ecosystem: str, written: str, form: str) -> None:
    assert spelling(ecosystem, written) == form


@pytest.mark.parametrize(("ecosystem", "version"), [("Debian:12", "0:1:2-3"), ("Red Hat", ":0:"), ("Red Hat", "0:1:2-3")])
def test_an_epoch_is_not_taken_away_where_the_rest_would_read_as_one(ecosystem: str, version: str) -> None:
    assert spelling(ecosystem, version) == version


def test_composer_takes_missing_numbers_for_zeros_when_it_matches() -> None:
    assert version_key("Packagist", "1.0") == version_key("Packagist", "1.0.0.0")


def test_packagist_versions_that_differ_in_length_only_are_told_apart_when_asked() -> None:
    """PHP's version_compare, which composer/semver's Comparator hands the texts to as they are."""
    assert compare("Packagist", "1.0", "1.0.0") == -1


def test_the_fourth_number_counts_for_packagist() -> None:
    assert compare("Packagist", "6.3.0.0", "6.3.0.1") == -1


def test_a_composer_branch_is_older_than_every_version_and_has_no_place() -> None:
    assert compare("Packagist", "dev-main", "0.0.1-dev") == -1
    assert version_key("Packagist", "dev-main") is None


def test_two_composer_branches_are_not_told_apart() -> None:
    assert compare("Packagist", "dev-main", "dev-next") is None


def test_a_composer_branch_against_no_version_is_unknown() -> None:
    assert compare("Packagist", "dev-main", "1.0-what") is None


def test_a_moving_composer_branch_is_unknown() -> None:
    assert compare("Packagist", "1.x-dev", "1.2.0") is None


def test_an_rpm_version_without_a_digit_is_ordered_when_asked_and_unknown_when_matched() -> None:
    assert compare("Red Hat", "xyz", "8") == -1
    assert version_key("Red Hat", "xyz") is None


def test_an_rpm_with_a_release_is_newer_than_one_without() -> None:
    assert compare("Rocky Linux:9", "1.0", "1.0-0") == -1


def test_an_alpine_version_gone_wrong_is_ordered_when_asked_and_unknown_when_matched() -> None:
    assert compare("Alpine:v3.18", "1-r-0", "1-r0") == -1
    assert version_key("Alpine:v3.18", "1-r-0") is None


def test_maven_puts_a_qualifier_by_dot_and_by_dash_at_one_place() -> None:
    assert compare("Maven", "1.0.RC1", "1.0-RC1") == 0


def test_a_nuget_label_too_long_for_a_number_is_a_word() -> None:
    assert compare("NuGet", "1.0.0-99999999999", "1.0.0-2") == 1


def test_dpkg_puts_letters_before_other_signs() -> None:
    assert compare("Ubuntu:22.04", "1a", "1+") == -1


@pytest.mark.parametrize(
    ("ecosystem", "written", "plain"),
    [
        ("NuGet", "Newtonsoft.Json", "newtonsoft.json"),
        ("Packagist", "Symfony/HTTP-Kernel", "symfony/http-kernel"),
        ("Hex", "Phoenix", "phoenix"),
        ("RubyGems", "RedCloth", "RedCloth"),
        ("Maven", "org.Apache:Commons", "org.Apache:Commons"),
        ("Go", "github.com/BurntSushi/toml", "github.com/BurntSushi/toml"),
        ("Debian:12", "libstdc++6", "libstdc++6"),
        ("CRAN", "MASS", "MASS"),
        ("Hackage", "HTTP", "HTTP"),
    ],
)
def test_names_are_written_as_the_ecosystem_tells_them_apart(ecosystem: str, written: str, plain: str) -> None:
    assert normalise_name(ecosystem, written) == plain
