"""Is this version affected? Each rule of the evaluation, one test a rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import affected
from watchbill.engines.dependencies.advisory import EventKind
from watchbill.engines.dependencies.matching import canonical_version, fixed_after, is_affected
from watchbill.engines.dependencies.versions import version_key

REACT = affected(
    [("introduced", "19.0.0"), ("fixed", "19.0.1")],
    [("introduced", "19.1.0"), ("fixed", "19.1.2")],
    [("introduced", "19.2.0"), ("fixed", "19.2.1")],
)


@pytest.mark.parametrize("version", ["19.0.0", "19.1.0", "19.1.1", "19.2.0"])
def test_a_version_inside_one_of_several_ranges_is_affected(version: str) -> None:
    assert is_affected(version, REACT).state == "affected"


@pytest.mark.parametrize("version", ["18.3.1", "19.0.1", "19.1.2", "19.2.1", "20.0.0"])
def test_a_version_between_ranges_is_not_affected(version: str) -> None:
    assert is_affected(version, REACT).state == "not_affected"


def test_the_fixes_offered_are_those_newer_than_the_installed_one() -> None:
    assert is_affected("19.1.1", REACT).fixed == ("19.1.2", "19.2.1")


def test_events_are_sorted_before_they_are_walked() -> None:
    scrambled = affected([("introduced", "2.0.0"), ("introduced", "0"), ("fixed", "2.0.3"), ("fixed", "1.0.5")])
    assert is_affected("1.0.0", scrambled).state == "affected"
    assert is_affected("1.5.0", scrambled).state == "not_affected"
    assert is_affected("2.0.1", scrambled).state == "affected"


def test_versions_are_ordered_as_numbers_not_as_text() -> None:
    span = affected([("introduced", "0"), ("fixed", "1.10.0")])
    assert is_affected("1.9.0", span).state == "affected"
    assert is_affected("1.10.0", span).state == "not_affected"


def test_last_affected_is_itself_affected() -> None:
    span = affected([("introduced", "1.0.0"), ("last_affected", "1.4.0")])
    assert is_affected("1.4.0", span).state == "affected"
    assert is_affected("1.4.1", span).state == "not_affected"


def test_a_range_of_one_version_holds_it() -> None:
    span = affected([("last_affected", "1.2.0"), ("introduced", "1.2.0")])
    assert is_affected("1.2.0", span).state == "affected"
    assert is_affected("1.2.1", span).state == "not_affected"


def test_fixed_and_introduced_again_at_one_version_is_affected() -> None:
    span = affected([("introduced", "0"), ("introduced", "2.0.0"), ("fixed", "2.0.0"), ("fixed", "3.0.0")])
    assert is_affected("2.0.0", span).state == "affected"


def test_beyond_the_limit_the_range_says_nothing() -> None:
    span = affected([("introduced", "1.0.0"), ("limit", "2.0.0")])
    assert is_affected("1.5.0", span).state == "affected"
    assert is_affected("2.0.0", span).state == "not_affected"


def test_an_open_limit_is_no_limit() -> None:
    span = affected([("introduced", "1.0.0"), ("limit", "*"), ("limit", "2.0.0")])
    assert is_affected("9.0.0", span).state == "affected"


def test_listed_versions_win_over_ranges() -> None:
    both = affected([("introduced", "0"), ("fixed", "1.0.0")], versions=["1.4.0"])
    verdict = is_affected("1.4.0", both)
    assert (verdict.state, verdict.reason) == ("affected", "listed")


def test_a_version_in_the_range_but_not_listed_is_affected_too() -> None:
    both = affected([("introduced", "0"), ("fixed", "2.0.0")], versions=["1.4.0"])
    assert is_affected("1.5.0", both).reason == "range"


def test_a_list_without_a_range_is_the_whole_truth() -> None:
    listed = affected(versions=["1.4.0", "1.4.1"])
    assert is_affected("1.4.1", listed).state == "affected"
    assert is_affected("1.4.2", listed).state == "not_affected"


@pytest.mark.parametrize(
    ("ecosystem", "listed", "installed"),
    [("PyPI", "1.0", "1.0.0"), ("PyPI", "1.0RC1", "1.0rc1"), ("npm", "v1.0.0", "1.0.0"), ("Go", "1.0.0", "v1.0.0+incompatible")],
)
def test_two_spellings_of_one_version_are_the_same_listed_version(ecosystem: str, listed: str, installed: str) -> None:
    assert is_affected(installed, affected(versions=[listed], ecosystem=ecosystem)).reason == "listed"


def test_pre_releases_come_before_their_release() -> None:
    span = affected([("introduced", "2.0.0"), ("fixed", "2.0.1")])
    assert is_affected("2.0.0-rc.1", span).state == "not_affected"
    assert is_affected("2.0.1-rc.1", span).state == "affected"


def test_a_version_nobody_can_order_is_unknown_and_never_clean() -> None:
    verdict = is_affected("main-with-my-fix", affected([("introduced", "0"), ("fixed", "2.0.0")]))
    assert verdict.state == "unknown"
    assert "main-with-my-fix" in verdict.reason


def test_a_version_nobody_can_order_is_affected_where_it_is_listed() -> None:
    assert is_affected("0.1-odd", affected(versions=["0.1-odd"], ecosystem="PyPI")).state == "affected"


def test_a_version_nobody_can_order_is_affected_where_every_version_is() -> None:
    assert is_affected("main", affected([("introduced", "0")])).state == "affected"


def test_a_package_without_a_pinned_version_is_unknown() -> None:
    assert is_affected("", affected([("introduced", "0"), ("fixed", "2.0.0")])).state == "unknown"


def test_a_package_without_a_pinned_version_is_affected_where_every_version_is() -> None:
    assert is_affected("", affected([("introduced", "0")])).state == "affected"


def test_an_edge_nobody_can_order_makes_the_range_unknown() -> None:
    span = affected([("introduced", "0"), ("fixed", "the one after lunch")])
    assert is_affected("1.0.0", span).state == "unknown"


def test_a_second_range_that_can_be_ordered_settles_it() -> None:
    spans = affected([("introduced", "0"), ("fixed", "??")], [("introduced", "1.0.0"), ("fixed", "1.2.0")])
    assert is_affected("1.1.0", spans).state == "affected"
    assert is_affected("1.3.0", spans).state == "unknown"


def test_ranges_of_commits_are_not_looked_at() -> None:
    commits = affected([("introduced", "0"), ("fixed", "c0ffee")], kind="GIT")
    assert is_affected("1.0.0", commits).state == "unknown"


def test_an_advisory_that_names_no_version_at_all_is_unknown() -> None:
    assert is_affected("1.0.0", affected()).state == "unknown"


def test_an_ecosystem_without_an_order_is_unknown() -> None:
    span = affected([("introduced", "0"), ("fixed", "2.0.0")], ecosystem="Tidepool")
    assert is_affected("1.0.0", span).state == "unknown"


def test_a_package_really_at_version_zero_lies_above_the_beginning() -> None:
    span = affected([("introduced", "0"), ("fixed", "1.0")], ecosystem="PyPI")
    assert is_affected("0", span).state == "affected"


def test_rustsec_begins_before_the_first_pre_release() -> None:
    span = affected([("introduced", "0.0.0-0"), ("fixed", "0.8.2-0")], ecosystem="crates.io")
    assert is_affected("0.8.1", span).state == "affected"
    assert is_affected("0.8.2-alpha.1", span).state == "not_affected"


def test_fixes_that_cannot_be_ordered_are_not_offered() -> None:
    span = affected([("introduced", "0"), ("fixed", "c0ffee"), ("fixed", "2.0.0")])
    assert fixed_after("npm", "1.0.0", span) == ("2.0.0",)
    assert fixed_after("npm", "main", span) == ()


_VERSIONS = st.tuples(*[st.integers(0, 12)] * 3).map(lambda parts: ".".join(map(str, parts)))
_KINDS: list[EventKind] = ["introduced", "fixed", "last_affected"]


@given(_VERSIONS, st.lists(st.tuples(st.sampled_from(_KINDS), _VERSIONS), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_events_in_the_file_never_matters(version: str, events: list[tuple[EventKind, str]], shuffler) -> None:
    shuffled = list(events)
    shuffler.shuffle(shuffled)
    start: tuple[EventKind, str] = ("introduced", "0")
    assert is_affected(version, affected([start, *events])) == is_affected(version, affected([*shuffled, start]))


@given(_VERSIONS, st.lists(_VERSIONS, min_size=1, max_size=6, unique=True))
def test_alternating_edges_agree_with_counting_them(version: str, points: list[str]) -> None:
    ordered = sorted(points, key=lambda text: version_key("npm", text))
    kinds: list[EventKind] = ["introduced", "fixed"]
    span = affected([(kinds[place % 2], point) for place, point in enumerate(ordered)])
    passed = sum(version_key("npm", point) <= version_key("npm", version) for point in ordered)
    assert (is_affected(version, span).state == "affected") == (passed % 2 == 1)


@given(st.sampled_from(["PyPI", "npm", "Go", "crates.io", "Elsewhere"]), st.text(max_size=20))
def test_the_canonical_spelling_of_a_canonical_spelling_is_itself(ecosystem: str, version: str) -> None:
    once = canonical_version(ecosystem, version)
    if version_key(ecosystem, version) is not None:
        assert canonical_version(ecosystem, once) == once


@given(st.text(max_size=30), st.lists(st.tuples(st.sampled_from(_KINDS), st.text(max_size=10)), max_size=4))
def test_no_text_makes_the_judge_fall_over(version: str, events: list[tuple[EventKind, str]]) -> None:
    for ecosystem in ("PyPI", "npm", "Go"):
        assert is_affected(version, affected(events, ecosystem=ecosystem)).state in ("affected", "not_affected", "unknown")
