"""Questions that no index answers are looked through in bounded steps, and go on from where they stopped."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import SettableClock
from watchbill.base import limits, trail, trail_search
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.trail_search import Found, Question, search
from watchbill.base.writer import audit, write

ALICE = Actor("person", "alice@saltmarsh.example", "web")
pytestmark = pytest.mark.django_db


def did(action: str, target: str, **how: object) -> None:
    write(lambda: audit(SYSTEM, action, target, **how))  # type: ignore[arg-type]  # whatever audit takes


@pytest.fixture
def ten_events(clock: SettableClock) -> None:
    """Every third a page, a minute apart."""
    for number in range(1, 11):
        did("page.sent" if number % 3 == 0 else "finding.opened", f"finding:{number}", body={"package": f"lodash-{number}"})
        clock.forward(minutes=1)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at two events at first, at four a question."""
    monkeypatch.setattr(trail_search, "_FIRST_LOOK", 2)
    monkeypatch.setattr(limits, "TRAIL_LOOK", 3)
    monkeypatch.setattr(limits, "TRAIL_LOOKED", 4)


def numbers(found: Found) -> list[int]:
    return [event.seq for event in found.events]


@pytest.mark.usefixtures("ten_events")
def test_a_page_says_where_to_go_on_only_when_there_is_more() -> None:
    first = search(Question(), 6)
    assert (numbers(first), first.go_on) == ([10, 9, 8, 7, 6, 5], 5)
    second = search(Question(before_seq=first.go_on), 6)
    assert (numbers(second), second.go_on) == ([4, 3, 2, 1], None)
    assert search(Question(), 10).go_on is None


@pytest.mark.usefixtures("ten_events", "small_steps")
def test_a_look_stops_after_so_many_events_and_says_how_far_it_went() -> None:
    found = search(Question(words=("lodash-3",)))
    assert (found.events, found.looked, found.go_on) == ([], 4, 7)
    assert found.back_to == datetime(2026, 6, 1, 9, 6, tzinfo=UTC)


@pytest.mark.usefixtures("ten_events", "small_steps")
def test_going_on_finds_everything_once() -> None:
    seen: list[int] = []
    asked: Question | None = Question(action="page.")
    while asked is not None:
        found = search(asked)
        seen += numbers(found)
        asked = Question(action="page.", before_seq=found.go_on) if found.go_on else None
    assert seen == [9, 6, 3]


@pytest.mark.usefixtures("ten_events", "small_steps")
def test_a_look_ends_as_soon_as_there_are_enough() -> None:
    found = search(Question(action="finding.opened"), 1)
    assert (numbers(found), found.looked, found.go_on) == ([10], 1, 10)


@pytest.mark.usefixtures("ten_events")
def test_a_look_through_everything_says_that_it_is_all() -> None:
    found = search(Question(words=("nothing like it",)))
    assert (found.events, found.looked, found.go_on) == ([], 10, None)


def test_an_empty_trail_answers_too() -> None:
    assert search(Question()) == Found([], 0, None, None)
    assert search(Question(words=("a",))) == Found([], 0, None, None)


@pytest.mark.usefixtures("ten_events")
def test_words_are_looked_for_within_the_time_that_is_asked_for(clock: SettableClock) -> None:
    nine = clock.now() - timedelta(minutes=10)
    asked = Question(start=nine + timedelta(minutes=2), end=nine + timedelta(minutes=5), words=("lodash",))
    assert numbers(search(asked)) == [5, 4, 3]


@pytest.mark.usefixtures("ten_events")
def test_all_words_must_fit_and_one_of_the_things_it_is_about() -> None:
    assert numbers(search(Question(words=("lodash", "page.sent")))) == [9, 6, 3]
    assert numbers(search(Question(words=("lodash",), about=("finding:2", "finding:4")))) == [4, 2]
    assert numbers(search(Question(action="page.sent", about=("finding:2", "finding:3")))) == [3]


def test_words_are_found_in_what_a_reader_sees() -> None:
    write(lambda: audit(ALICE, "person.changed", "person:alice@saltmarsh.example", private={"reason": "Moved to the Night Watch"}))
    assert numbers(search(Question(words=("night watch",)))) == [1]
    assert numbers(search(Question(words=("alice@saltmarsh",)))) == [1]


def test_what_was_erased_is_found_no_more() -> None:
    write(lambda: audit(ALICE, "person.changed", "host:db3", private={"reason": "alice@saltmarsh.example asked"}))
    trail.erase_person("alice@saltmarsh.example", SYSTEM)
    assert numbers(search(Question(words=("alice@",)))) == []


def test_a_sealed_form_is_not_what_a_reader_looks_for() -> None:
    write(lambda: audit(ALICE, "person.changed", "host:db3", private={"reason": "gone"}))
    assert numbers(search(Question(words=("~",)))) == []


@pytest.mark.usefixtures("ten_events")
def test_an_event_is_found_by_its_number() -> None:
    found = trail.event(4)
    assert found is not None
    assert (found.seq, found.target) == (4, "finding:4")
    assert trail.event(11) is None


@pytest.fixture
def clocks_set_back(clock: SettableClock) -> None:
    for minutes in (0, 10, 5, 15, 5, 5, 20, 0):
        clock.set(datetime(2026, 6, 1, 9, minutes, tzinfo=UTC))
        did("host.seen", "host:db3")


@pytest.mark.usefixtures("clocks_set_back")
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(size=st.integers(1, 9), words=st.booleans())
def test_paging_loses_and_repeats_nothing_even_with_a_clock_set_back(size: int, words: bool) -> None:
    asked = ("db3",) if words else ()
    whole = numbers(search(Question(words=asked)))
    paged: list[int] = []
    go_on: int | None = None
    while True:
        found = search(Question(words=asked, before_seq=go_on), size)
        paged += numbers(found)
        go_on = found.go_on
        if go_on is None:
            break
    assert paged == whole
    assert sorted(whole) == list(range(1, 9))
