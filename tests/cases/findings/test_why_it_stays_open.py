"""The closing guard reason by reason: one scan that proves, and each single thing that, missing, leaves the finding open. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cases.findings.closing import (
    LastLook,
    OpenSighting,
    Verdict,
    adds_only,
    declared,
    ignored_reason,
    is_empty,
    judge_scan,
    stale_inputs,
)
from watchbill.cases.findings.rules import ScanSummary, Scope
from watchbill.cases.limits import HELD_AT_LEAST

T0 = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOOKS = {"a.lock": LastLook(T0 - HOUR, 40), "b.lock": LastLook(T0 - HOUR, 40)}


def scan(**changes: object) -> ScanSummary:
    """A scan that proves: complete, of now, a.lock and b.lock read with packages in both."""
    scope = Scope("watched path", "berth-board", "saltmarsh/berth-board", "main", ("a.lock", "b.lock"))
    whole = ScanSummary("k", scope, T0, T0, True, ("a.lock", "b.lock"), (), 80, "reader", {"a.lock": 40, "b.lock": 40})
    return msgspec.structs.replace(whole, **changes)


def sighting(number: int = 1, **changes: object) -> OpenSighting:
    """Seen an hour ago in a.lock by a scan that read both files."""
    return msgspec.structs.replace(OpenSighting(number, "a.lock", T0 - HOUR, ("a.lock", "b.lock")), **changes)


def judged(one: ScanSummary, *items: OpenSighting, looks: dict[str, LastLook] | None = None, covered: int = 5) -> Verdict:
    return judge_scan(one, LOOKS if looks is None else looks, items or (sighting(),), covered)


def test_with_nothing_missing_it_closes():
    assert judged(scan()) == Verdict(close=(1,), would_close=(1,))


MISSING: dict[str, Callable[[], Verdict]] = {
    "not complete": lambda: judged(scan(complete=False)),
    "could not be read": lambda: judged(scan(inputs_read=("b.lock",), inputs_unreadable=(("a.lock", "cut off"),))),
    "left out without a word": lambda: judged(scan(inputs_read=("b.lock",))),
    "held no packages": lambda: judged(scan(packages_by_input={"a.lock": 0, "b.lock": 40})),
    "not counted at all": lambda: judged(scan(packages_by_input={"b.lock": 40})),
    "looked at nothing": lambda: judged(scan(inputs_read=(), packages=0, packages_by_input={}), looks={}),
    "no newer than the look before": lambda: judged(scan(), looks={"a.lock": LastLook(T0, 40)}),
    "still installed": lambda: judged(scan(), sighting(unmoved=True)),
}


@pytest.mark.parametrize("what", MISSING)
def test_each_thing_that_is_missing_leaves_it_open_with_a_reason(what: str):
    verdict = MISSING[what]()

    assert verdict.close == ()
    assert [item.id for item in verdict.not_seen] == [1]
    assert verdict.not_seen[0].why


@pytest.mark.parametrize("what", MISSING)
def test_no_two_reasons_are_confused(what: str):
    whys = {name: make().not_seen[0].why for name, make in MISSING.items()}

    same = {name for name, why in whys.items() if why == whys[what]}
    assert same <= {what, "held no packages", "not counted at all", "looked at nothing"}


def test_the_readers_own_words_say_why_a_file_could_not_be_read():
    verdict = MISSING["could not be read"]()

    assert "a.lock" in verdict.not_seen[0].why
    assert "cut off" in verdict.not_seen[0].why


def test_what_was_seen_at_the_very_moment_of_the_scan_is_not_even_asked_about():
    assert judged(scan(), sighting(last_seen_at=T0)) == Verdict()


def test_what_a_newer_scan_has_looked_at_since_is_not_asked_about():
    assert judged(scan(), looks={"a.lock": LastLook(T0 + HOUR, 40)}) == Verdict()


def test_of_two_files_the_stale_one_is_left_and_the_other_closes():
    verdict = judged(scan(), sighting(1), sighting(2, manifest="b.lock"), looks={"a.lock": LastLook(T0 + HOUR, 40)})

    assert verdict.close == (2,)
    assert verdict.not_seen == ()


# -- held ---------------------------------------------------------------------------------------------------------------------------


def test_an_empty_scan_after_a_full_one_is_held_and_would_close_nothing_by_itself():
    verdict = judged(scan(inputs_read=(), packages=0, packages_by_input={}))

    assert (verdict.close, verdict.would_close) == ((), ())
    assert verdict.held_reason


def test_an_empty_scan_where_nothing_ever_was_is_not_held():
    assert judge_scan(scan(inputs_read=(), packages=0, packages_by_input={}), {}, (), 0).held_reason == ""


def test_an_empty_scan_after_an_empty_look_with_nothing_open_is_not_held():
    empty = scan(packages=0, packages_by_input={"a.lock": 0, "b.lock": 0})

    assert judge_scan(empty, {"a.lock": LastLook(T0 - HOUR, 0)}, (), 0).held_reason == ""


def test_fewer_files_than_the_scan_that_saw_it_is_held_and_names_them():
    verdict = judged(scan(), sighting(inputs_then=("a.lock", "b.lock", "c.lock", "d.lock")))

    assert verdict.would_close == (1,)
    assert verdict.close == ()
    assert "c.lock" in verdict.held_reason
    assert "d.lock" in verdict.held_reason


def test_of_many_missing_files_three_are_named_and_the_rest_counted():
    verdict = judged(scan(), sighting(inputs_then=("a.lock", *(f"{letter}.mod" for letter in "uvwxyz"))))

    assert sum(f"{letter}.mod" in verdict.held_reason for letter in "uvwxyz") == 3
    assert "3 more" in verdict.held_reason


def test_more_files_than_before_is_no_reason_to_hold():
    assert judged(scan(), sighting(inputs_then=("a.lock",))).held_reason == ""


@pytest.mark.parametrize(
    ("gone", "covered", "held"),
    [
        (HELD_AT_LEAST - 1, HELD_AT_LEAST - 1, False),
        (HELD_AT_LEAST, 2 * HELD_AT_LEAST, False),
        (HELD_AT_LEAST, 2 * HELD_AT_LEAST - 1, True),
        (HELD_AT_LEAST, HELD_AT_LEAST, True),
        (HELD_AT_LEAST + 1, 2 * HELD_AT_LEAST + 1, True),
        (1, 1, False),
        (500, 1000, False),
        (501, 1000, True),
    ],
)
def test_more_than_half_and_at_least_ten_as_a_table(gone: int, covered: int, held: bool):
    verdict = judged(scan(), *(sighting(number) for number in range(1, gone + 1)), covered=covered)

    assert bool(verdict.held_reason) is held
    assert len(verdict.would_close) == gone
    assert len(verdict.close) == (0 if held else gone)


def test_while_held_each_that_would_close_says_that_it_waits_for_a_person():
    verdict = judged(scan(), *(sighting(number) for number in range(1, 11)), covered=10)

    assert len(verdict.not_seen) == 10
    assert all("waits for a person" in item.why for item in verdict.not_seen)


# -- history ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "is_history"),
    [
        ({}, False),
        ({"a.lock": T0 - HOUR, "b.lock": T0 - HOUR}, False),
        ({"a.lock": T0, "b.lock": T0}, False),
        ({"a.lock": T0 + HOUR}, False),
        ({"a.lock": T0 + HOUR, "b.lock": T0 + HOUR}, True),
        ({"a.lock": T0 + HOUR, "b.lock": T0}, False),
        ({"c.lock": T0 + HOUR}, False),
    ],
)
def test_a_scan_is_history_when_all_it_speaks_for_was_looked_at_since(looks: dict[str, datetime], is_history: bool):
    known = {name: LastLook(at, 40) for name, at in looks.items()}

    assert bool(ignored_reason(scan(), known)) is is_history


@pytest.mark.parametrize(("at", "is_history"), [(T0 - HOUR, False), (T0, False), (T0 + timedelta(seconds=1), True)])
def test_a_scan_that_names_no_file_is_measured_against_the_newest_look(at: datetime, is_history: bool):
    nameless = scan(scope=Scope("s", "v"), inputs_read=(), complete=True)

    assert bool(ignored_reason(nameless, {"a.lock": LastLook(at, 1)})) is is_history


def test_it_speaks_for_what_it_declared_else_for_what_it_read():
    assert declared(scan()) == {"a.lock", "b.lock"}
    assert declared(scan(scope=Scope("s", "v"), inputs_read=("x",))) == {"x"}
    assert declared(scan(scope=Scope("s", "v", inputs=("y",)), inputs_read=("x",))) == {"y"}
    assert declared(scan(scope=Scope("s", "v"), inputs_read=())) == frozenset()


@pytest.mark.parametrize(
    ("changes", "adds"),
    [
        ({"complete": False, "inputs_read": (), "packages": 1}, True),
        ({"complete": True, "inputs_read": (), "packages": 1}, False),
        ({"complete": False, "inputs_read": ("a.lock",), "packages": 1}, False),
        ({"complete": False, "inputs_read": (), "packages": 0}, False),
        ({"complete": False, "inputs_read": (), "packages": 1, "inputs_unreadable": (("a.lock", "x"),)}, False),
    ],
)
def test_what_only_adds_as_a_table(changes: dict[str, object], adds: bool):
    assert adds_only(scan(**changes)) is adds
    if adds:
        assert judged(scan(**changes)) == Verdict()


@pytest.mark.parametrize(
    ("changes", "empty"),
    [
        ({}, False),
        ({"inputs_read": ()}, True),
        ({"packages": 0}, True),
        ({"packages": -1}, True),
        ({"packages": 1}, False),
    ],
)
def test_empty_means_that_nothing_was_looked_at(changes: dict[str, object], empty: bool):
    assert is_empty(scan(**changes)) is empty


# -- what always holds --------------------------------------------------------------------------------------------------------------

ages = st.integers(-120, 120).map(lambda minutes: T0 + timedelta(minutes=minutes))
items = st.lists(
    st.builds(OpenSighting, st.integers(1, 999), st.sampled_from(("a.lock", "b.lock")), ages, st.just(("a.lock",)), st.booleans()),
    max_size=25,
    unique_by=lambda one: one.id,
)


@given(items, st.booleans(), st.integers(0, 3))
def test_every_sighting_is_told_about_at_most_once(unseen: list[OpenSighting], complete: bool, packages: int):
    verdict = judged(scan(complete=complete, packages_by_input={"a.lock": packages, "b.lock": 1}), *unseen, looks={})

    told = [*verdict.close, *(item.id for item in verdict.not_seen)]
    assert len(told) == len(set(told))
    assert set(verdict.close) <= set(verdict.would_close)


@given(items)
def test_what_is_held_closes_nothing_whatever_it_would(unseen: list[OpenSighting]):
    verdict = judged(scan(), *unseen, looks={}, covered=len(unseen))

    assert not (verdict.held_reason and verdict.close)


@given(items, ages)
def test_a_scan_never_speaks_of_what_is_newer_than_itself(unseen: list[OpenSighting], at: datetime):
    verdict = judged(scan(finished_at=at), *unseen, looks={})

    newer = {item.id for item in unseen if item.last_seen_at >= at}
    assert not newer & {*verdict.close, *verdict.would_close, *(item.id for item in verdict.not_seen)}


@given(st.dictionaries(st.sampled_from(("a.lock", "b.lock", "c.lock")), st.builds(LastLook, ages, st.integers(0, 5))))
def test_only_files_it_speaks_for_can_be_stale(looks: dict[str, LastLook]):
    assert stale_inputs(scan(), looks) <= {"a.lock", "b.lock"}
