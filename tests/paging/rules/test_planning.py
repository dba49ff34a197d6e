"""One person's rules become pages with their due times; hours pages wait for the opening; a raise releases them."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from watchbill.paging.rules.planning import (
    Method,
    PlannedPage,
    RuleLine,
    WaitingPage,
    any_time,
    effective_rules,
    plan_person,
    plan_raise,
    reaches_beyond_the_desk,
    sign_in_mail,
    step_start,
)
from watchbill.paging.rules.words import PageState

ALICE, BOB = 1, 2
NINE = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
NTFY = Method(7, "ntfy")
MAIL = sign_in_mail("")


def open_from_nine_to_five(at: datetime) -> datetime:
    """A team in UTC that never has a day off."""
    if time(9) <= at.time() < time(17):
        return at
    day = at if at.time() < time(9) else at + timedelta(days=1)
    return day.replace(hour=9, minute=0, second=0, microsecond=0)


def ways(pages: tuple[PlannedPage, ...]) -> list[tuple[str, int]]:
    return [(page.channel, int((page.due - NINE).total_seconds())) for page in pages]


def test_somebody_without_rules_is_paged_at_the_desk_and_by_mail_at_once() -> None:
    assert ways(plan_person(BOB, effective_rules((), MAIL), NINE, any_time)) == [("desk", 0), ("email", 0)]


def test_own_rules_replace_the_mail_but_never_the_desk() -> None:
    assert ways(plan_person(BOB, effective_rules((RuleLine(60, NTFY),), MAIL), NINE, any_time)) == [("desk", 0), ("ntfy", 60)]


def test_rules_are_planned_in_the_order_of_their_delays() -> None:
    own = (RuleLine(120, Method(9, "webhook")), RuleLine(0, NTFY))
    assert ways(plan_person(BOB, effective_rules(own, MAIL), NINE, any_time)) == [("desk", 0), ("ntfy", 0), ("webhook", 120)]


def test_a_rule_for_the_desk_alone_leaves_the_desk_alone() -> None:
    assert effective_rules((RuleLine(300, Method(3, "desk")),), MAIL) == (RuleLine(0, Method(None, "desk")),)


def test_a_method_that_cannot_be_used_is_a_skipped_page_with_its_reason() -> None:
    pages = plan_person(BOB, effective_rules((), sign_in_mail("no mail server is set up")), NINE, any_time)
    assert (pages[1].state, pages[1].why_not) == (PageState.SKIPPED, "no mail server is set up")


def test_an_hours_page_in_working_time_rings_at_once() -> None:
    pages = plan_person(BOB, effective_rules((), MAIL), NINE, open_from_nine_to_five)
    assert {page.state for page in pages} == {PageState.PLANNED}


def test_an_hours_page_at_night_is_held_until_the_opening() -> None:
    night = NINE - timedelta(hours=6)
    pages = plan_person(BOB, effective_rules((), MAIL), night, open_from_nine_to_five)
    assert {(page.state, page.due) for page in pages} == {(PageState.HELD, NINE)}


def test_a_delay_that_runs_past_closing_is_held_until_the_morning() -> None:
    closing = NINE + timedelta(hours=7, minutes=59)
    pages = plan_person(
        BOB, effective_rules((RuleLine(0, NTFY), RuleLine(300, Method(8, "webhook"))), MAIL), closing, open_from_nine_to_five
    )
    assert [page.state for page in pages] == [PageState.PLANNED, PageState.PLANNED, PageState.HELD]
    assert pages[-1].due == NINE + timedelta(days=1)


def test_a_held_step_begins_at_the_opening() -> None:
    assert step_start(NINE - timedelta(hours=2), open_from_nine_to_five) == NINE


def test_a_now_step_begins_at_once() -> None:
    assert step_start(NINE, any_time) == NINE


def test_the_desk_alone_does_not_reach_beyond_the_desk() -> None:
    assert not reaches_beyond_the_desk(plan_person(BOB, effective_rules((), sign_in_mail("no server")), NINE, any_time))


def test_mail_reaches_beyond_the_desk() -> None:
    assert reaches_beyond_the_desk(plan_person(BOB, effective_rules((), MAIL), NINE, any_time))


def waiting(number: int, person: int, channel: str = "email", method: int | None = None) -> WaitingPage:
    return WaitingPage(number, person, method, channel, NINE)


def wanted(person: int, channel: str = "email", method: int | None = None) -> PlannedPage:
    return PlannedPage(person, method, channel, 0, NINE, PageState.PLANNED)


def test_a_raise_releases_what_is_held_for_somebody_still_on_watch() -> None:
    plan = plan_raise([waiting(11, BOB)], [wanted(BOB)])
    assert (plan.release, plan.call_off, plan.add) == ((11,), (), ())


def test_a_raise_calls_off_what_was_held_for_somebody_no_longer_on_watch() -> None:
    plan = plan_raise([waiting(11, ALICE)], [wanted(BOB)])
    assert (plan.release, plan.call_off, plan.add) == ((), (11,), (wanted(BOB),))


def test_a_raise_adds_the_ways_that_only_the_urgent_rules_know() -> None:
    plan = plan_raise([waiting(11, BOB)], [wanted(BOB), wanted(BOB, "ntfy", 7)])
    assert (plan.release, plan.add) == ((11,), (wanted(BOB, "ntfy", 7),))


def test_a_raise_rings_one_way_once_even_if_it_waited_twice() -> None:
    plan = plan_raise([waiting(11, BOB), waiting(12, BOB)], [wanted(BOB)])
    assert (plan.release, plan.call_off) == ((11,), (12,))


people = st.integers(1, 4)
channels = st.sampled_from(["desk", "email", "ntfy"])
waiting_pages = st.lists(st.tuples(people, channels), max_size=8).map(
    lambda rows: [WaitingPage(number, person, None, channel, NINE) for number, (person, channel) in enumerate(rows)]
)
wanted_pages = st.sets(st.tuples(people, channels), max_size=8).map(
    lambda rows: [PlannedPage(person, None, channel, 0, NINE, PageState.PLANNED) for person, channel in sorted(rows)]
)


@given(waiting_pages, wanted_pages)
def test_after_a_raise_each_wanted_way_rings_exactly_once(before: list[WaitingPage], after: list[PlannedPage]) -> None:
    plan = plan_raise(before, after)
    by_id = {page.id: page for page in before}
    ringing = [(by_id[number].person_id, by_id[number].channel) for number in plan.release] + [
        (page.person_id, page.channel) for page in plan.add
    ]
    assert sorted(ringing) == sorted((page.person_id, page.channel) for page in after)


@given(waiting_pages, wanted_pages)
def test_a_raise_forgets_no_waiting_page(before: list[WaitingPage], after: list[PlannedPage]) -> None:
    plan = plan_raise(before, after)
    assert sorted((*plan.release, *plan.call_off)) == [page.id for page in before]


delays = st.lists(st.integers(0, 86_400), max_size=6)
instants = st.integers(0, 365 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@given(delays, instants)
def test_no_page_rings_before_its_delay_and_none_outside_working_time(seconds: list[int], start: datetime) -> None:
    rules = effective_rules([RuleLine(delay, Method(index, "ntfy")) for index, delay in enumerate(seconds)], MAIL)
    for page, rule in zip(plan_person(BOB, rules, start, open_from_nine_to_five), rules, strict=True):
        assert page.due >= start + timedelta(seconds=rule.delay_seconds)
        assert open_from_nine_to_five(page.due) == page.due
        assert (page.state is PageState.HELD) == (page.due > start + timedelta(seconds=rule.delay_seconds))


@given(delays)
def test_the_desk_is_always_first_and_at_once(seconds: list[int]) -> None:
    rules = effective_rules([RuleLine(delay, Method(index, "ntfy")) for index, delay in enumerate(seconds)], MAIL)
    assert (rules[0].method.channel, rules[0].delay_seconds) == ("desk", 0)
    assert [rule.delay_seconds for rule in rules] == sorted(rule.delay_seconds for rule in rules)
