"""Version orders: the published fixtures, the laws any order keeps, and the honest "can't be said"."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared_data
from watchbill.engines.dependencies import limits
from watchbill.engines.dependencies.versions import compare, normalise_name, version_key

SIGNS = {"<": -1, "=": 0, ">": 1}

numbers = st.integers(min_value=0, max_value=30)
words = st.from_regex(r"[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,4}", fullmatch=True)
identifiers = st.one_of(numbers.map(str), words)
semver = st.builds(
    lambda core, pre, build: ".".join(map(str, core)) + ("-" + ".".join(pre) if pre else "") + ("+" + build if build else ""),
    st.tuples(numbers, numbers, numbers),
    st.lists(identifiers, max_size=3),
    st.sampled_from(["", "build", "incompatible", "5.sha"]),
)
pep440 = st.builds(
    lambda epoch, release, pre, post, dev: f"{epoch}{release}{pre}{post}{dev}",
    st.sampled_from(["", "1!"]),
    st.lists(numbers, min_size=1, max_size=4).map(lambda n: ".".join(map(str, n))),
    st.sampled_from(["", "a1", "b2", "rc1"]),
    st.sampled_from(["", ".post1"]),
    st.sampled_from(["", ".dev3"]),
)
legacy = st.builds(
    lambda v, word: f"{v}-{word}", pep440.filter(lambda v: v[-1].isdigit() and "!" not in v), st.sampled_from(["final", "p1", "eevee"])
)


def fixtures(name: str) -> list[tuple[str, str, str]]:
    path: Path = shared_data("vulnerabilities", "versions", f"{name}-versions.txt")
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [tuple(line.split(" ")) for line in lines if line and not line.startswith(("# ", "// "))]  # type: ignore[misc]


@pytest.mark.parametrize(("ecosystem", "name"), [("PyPI", "pypi"), ("npm", "semver"), ("Go", "semver"), ("crates.io", "semver")])
def test_the_published_fixtures_come_out_right(ecosystem: str, name: str) -> None:
    wrong = [(a, sign, b) for a, sign, b in fixtures(name) if compare(ecosystem, a, b) != SIGNS[sign]]
    assert wrong == []


@pytest.mark.parametrize(("ecosystem", "name"), [("PyPI", "pypi"), ("npm", "semver"), ("Go", "semver"), ("crates.io", "semver")])
def test_the_published_fixtures_come_out_right_backwards(ecosystem: str, name: str) -> None:
    wrong = [(b, sign, a) for a, sign, b in fixtures(name) if compare(ecosystem, b, a) != -SIGNS[sign]]
    assert wrong == []


def test_the_example_chain_of_the_semver_standard_is_in_order() -> None:
    chain = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
    for older, newer in itertools.pairwise(chain):
        assert compare("npm", older, newer) == -1


def test_build_metadata_is_no_difference() -> None:
    assert compare("crates.io", "0.10.2+wasi-snapshot-preview1", "0.10.2") == 0


def test_a_v_in_front_is_no_difference() -> None:
    assert compare("Go", "v1.2.3", "1.2.3") == 0


def test_incompatible_go_modules_compare_by_their_numbers() -> None:
    assert compare("Go", "v2.0.0+incompatible", "v2.0.1+incompatible") == -1


def test_a_go_pseudo_version_is_older_than_the_release_it_leads_up_to() -> None:
    assert compare("Go", "0.0.0-20210630005230-0f9fa26af87c", "0.0.0") == -1


def test_go_pseudo_versions_are_in_order_of_their_time() -> None:
    assert compare("Go", "v0.0.0-20191109021931-daa7c04131f5", "v0.0.0-20210630005230-0f9fa26af87c") == -1


@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.21rc2", "1.21.0"), ("1.21rc2", "1.21"), ("1.20.9", "go1.21rc1"), ("1.21rc2", "1.21rc10"), ("1.21.0-0", "1.21rc1")],
)
def test_release_names_of_go_itself_have_their_place(older: str, newer: str) -> None:
    assert compare("Go", older, newer) == -1


def test_go_names_its_releases_with_and_without_go_in_front() -> None:
    assert compare("Go", "go1.22.3", "1.22.3") == 0


@pytest.mark.parametrize("version", ["1.02.3", "1.2.3-01", "1.2.3.4", "latest", "", "1.2.3-", "1.2.3 beta", "^1.2.3", "1.2.x", "١.٢.٣"])
def test_what_is_no_semantic_version_has_no_place(version: str) -> None:
    assert version_key("npm", version) is None
    assert compare("npm", version, "1.0.0") is None


def test_four_part_versions_are_not_taken_for_equal() -> None:
    assert compare("npm", "1.1.3.4", "1.1.3.5") is None


def test_the_same_odd_version_is_the_same() -> None:
    assert compare("npm", "1.1.3.4", "1.1.3.4") == 0


@pytest.mark.parametrize("ecosystem", ["Android", "", "GIT", "Tidepool:3"])
def test_an_ecosystem_without_an_order_here_is_unknown(ecosystem: str) -> None:
    assert compare(ecosystem, "1.0", "1.0") is None


@pytest.mark.parametrize("ecosystem", ["go", "golang", "Go:anything"])
def test_an_ecosystem_is_known_by_its_other_spellings(ecosystem: str) -> None:
    assert compare(ecosystem, "1.0.0", "1.0.1") == -1


@pytest.mark.parametrize(
    ("a", "b"), [("trunk", "1.0"), ("not-a-version", "1.0"), ("", "1.0"), ("1.0", "???"), ("foo", "foo"), ("a3", "1.0")]
)
def test_a_pypi_version_without_any_number_is_unknown(a: str, b: str) -> None:
    assert compare("PyPI", a, b) is None


@pytest.mark.parametrize(
    ("a", "b"), [("2.0-final", "2.0"), ("0.8.4p2", "0.8.4"), ("2013-05-09T12:47:53+0200", "2013.1"), ("1.0-eevee", "1.0.post1")]
)
def test_a_pypi_version_from_before_the_standard_is_unknown_where_only_its_suffix_differs(a: str, b: str) -> None:
    assert compare("PyPI", a, b) is None
    assert compare("PyPI", b, a) is None


@pytest.mark.parametrize(("older", "newer"), [("0.8.4p2", "0.8.5"), ("4.10", "4.11-final"), ("1.0", "4.11-final"), ("5.0-final", "1!0.1")])
def test_a_pypi_version_from_before_the_standard_is_placed_by_its_numbers(older: str, newer: str) -> None:
    assert compare("PyPI", older, newer) == -1
    assert compare("PyPI", newer, older) == 1


def test_a_pypi_version_from_before_the_standard_has_no_key() -> None:
    assert version_key("PyPI", "0.1-bulbasaur") is None


def test_a_version_at_the_limit_is_read_and_one_past_it_is_unknown() -> None:
    most = "1." + "9" * (limits.MAX_VERSION_CHARS - 2)
    assert compare("npm", most, "1.0") == 1
    assert compare("npm", most + "9", "1.0") is None
    assert compare("PyPI", most + "9", "1.0") is None


@given(semver, semver)
def test_semver_compares_the_other_way_round_backwards(a: str, b: str) -> None:
    forward, backward = compare("npm", a, b), compare("npm", b, a)
    assert forward is not None
    assert backward == -forward


@given(st.lists(semver, min_size=3, max_size=3))
def test_semver_order_is_transitive(versions: list[str]) -> None:
    a, b, c = sorted(versions, key=lambda v: version_key("npm", v))
    assert compare("npm", a, b) in (-1, 0)
    assert compare("npm", b, c) in (-1, 0)
    assert compare("npm", a, c) in (-1, 0)


@given(semver)
def test_semver_equals_itself(version: str) -> None:
    assert compare("Go", version, version) == 0


@given(st.one_of(pep440, legacy), st.one_of(pep440, legacy))
def test_pypi_never_says_two_things_at_once(a: str, b: str) -> None:
    forward, backward = compare("PyPI", a, b), compare("PyPI", b, a)
    assert backward == (None if forward is None else -forward)


@given(legacy, pep440, pep440)
def test_pypi_versions_from_before_the_standard_break_no_order(old: str, first: str, second: str) -> None:
    if compare("PyPI", first, old) == -1 and compare("PyPI", old, second) == -1:
        assert compare("PyPI", first, second) == -1


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["PyPI", "npm", "Go", "crates.io", "Maven", ""]))
def test_any_text_gets_an_answer(a: str, b: str, ecosystem: str) -> None:
    assert compare(ecosystem, a, b) in (-1, 0, 1, None)


@pytest.mark.parametrize("written", ["Foo_Bar", "foo.bar", "FOO--bar", "foo-_.bar"])
def test_pypi_names_have_one_spelling(written: str) -> None:
    assert normalise_name("PyPI", written) == "foo-bar"


@pytest.mark.parametrize(("ecosystem", "name"), [("npm", "JSONStream"), ("Go", "github.com/BurntSushi/toml"), ("crates.io", "proc_macro2")])
def test_names_of_other_ecosystems_are_as_they_are(ecosystem: str, name: str) -> None:
    assert normalise_name(ecosystem, name) == name
