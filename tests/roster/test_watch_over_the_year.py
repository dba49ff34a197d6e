"""Who is on watch, and when a team works, over clock changes, weekends, holidays, gaps and stand-ins; and what stays on record."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import SettableClock
from tests.roster.conftest import BY_TEST
from watchbill.base.models import News
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.roster import limits
from watchbill.roster.rules import check_span
from watchbill.roster.services import add_override, apply_roster, remove_override, set_active
from watchbill.roster.watch import add_working_hours, is_working_time, next_on_call, next_opening, on_call, schedule, shifts, team

ALICE, BOB, DORA, VERA = (f"{name}@saltmarsh.example" for name in ("alice", "bob", "dora", "vera"))
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


def who(slug: str, at: datetime) -> list[str]:
    return [person.email.partition("@")[0] for person in on_call(slug, at)]


# Berths: Alice, Monday to Friday, 08:00 to 18:00 in Amsterdam.
@pytest.mark.parametrize(
    ("at", "watch"),
    [
        ("2026-06-01T07:59:59", []),
        ("2026-06-01T08:00", ["alice"]),
        ("2026-06-01T17:59:59", ["alice"]),
        ("2026-06-01T18:00", []),
        ("2026-06-05T17:00", ["alice"]),  # Friday
        ("2026-06-06T12:00", []),  # Saturday
        ("2026-06-07T12:00", []),
        ("2026-03-27T08:00", ["alice"]),  # the Friday before the clocks go forward
        ("2026-03-30T07:59", []),
        ("2026-03-30T08:00", ["alice"]),  # the Monday after
        ("2026-10-23T08:00", ["alice"]),  # and back
        ("2026-10-26T07:59", []),
        ("2026-10-26T08:00", ["alice"]),
        ("2026-01-04T12:00", []),  # before the first turn
        ("2026-01-05T08:00", ["alice"]),
    ],
)
def test_the_daily_watch_keeps_local_time_all_year(company: None, at: str, watch: list[str]) -> None:
    assert who("berths", local(at)) == watch


@pytest.mark.parametrize(
    ("at", "watch"),
    [
        ("2026-01-05T08:59:59+00:00", []),
        ("2026-01-05T09:00+00:00", ["bob"]),
        ("2026-01-12T08:59+00:00", ["bob"]),
        ("2026-01-12T09:00+00:00", ["dora"]),
        ("2026-01-19T09:00+00:00", ["bob"]),
        ("2026-06-01T12:00+00:00", ["dora"]),
    ],
)
def test_the_weekly_watch_changes_hands_at_its_hour(company: None, at: str, watch: list[str]) -> None:
    assert who("security", datetime.fromisoformat(at)) == watch


@pytest.mark.parametrize("week", range(0, 53, 4))
def test_turns_alternate_week_by_week_and_each_lasts_to_its_last_second(company: None, week: int) -> None:
    start = datetime(2026, 1, 5, 9, 0, tzinfo=UTC) + timedelta(weeks=week)

    assert who("security", start) == who("security", start + timedelta(days=7, seconds=-1)) == ["bob"]
    assert who("security", start + timedelta(days=7)) == ["dora"]


@pytest.mark.parametrize("days", [1, 7, 31, 100])
def test_shifts_cover_a_range_without_a_hole_or_an_overlap(company: None, days: int) -> None:
    start = datetime(2026, 3, 20, 3, 30, tzinfo=UTC)
    laid = shifts("berths", start, start + timedelta(days=days))

    assert (laid[0].start, laid[-1].end) == (start, start + timedelta(days=days))
    assert all(before.end == after.start for before, after in pairwise(laid))
    assert all((shift.person is None) == (shift.kind == "gap") for shift in laid)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 7), 24)],
)
def test_a_gap_over_a_clock_change_is_as_long_as_that_day(company: None, day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC)
    (gap,) = shifts("berths", start, start + timedelta(hours=hours))

    assert gap.kind == "gap"
    assert gap.end.astimezone(AMSTERDAM).time().isoformat() == "00:00:00"


def test_a_stretch_at_the_limit_is_laid_out_and_a_longer_one_refused(company: None) -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)

    assert shifts("security", start, start + timedelta(days=limits.SHIFTS_DAYS))
    with pytest.raises(Problem) as caught:
        shifts("security", start, start + timedelta(days=limits.SHIFTS_DAYS, seconds=1))
    assert caught.value.field == "end"


@pytest.mark.parametrize("length", [timedelta(0), timedelta(hours=-1)])
def test_an_empty_stretch_is_a_problem(company: None, length: timedelta) -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)

    with pytest.raises(Problem):
        shifts("security", start, start + length)


@pytest.mark.parametrize("ask", [schedule, lambda slug: on_call(slug, datetime(2026, 6, 1, tzinfo=UTC)), team])
def test_what_is_not_there_is_not_found(company: None, ask) -> None:
    with pytest.raises(Problem) as caught:
        ask("no-such-thing")
    assert (caught.value.code, caught.value.status) == ("not_found", 404)


def test_who_was_deactivated_leaves_a_gap_and_comes_back_with_their_turns(company: None) -> None:
    at = local("2026-06-01T10:00")
    set_active(ALICE, active=False, by=BY_TEST)
    assert who("berths", at) == []

    set_active(ALICE, active=True, by=BY_TEST)

    assert who("berths", at) == ["alice"]


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        ("2026-06-05T19:00", "2026-06-08T08:00"),  # Friday evening: Monday
        ("2026-06-01T10:00", "2026-06-02T08:00"),  # on watch now: the next watch after this
        ("2026-03-28T12:00", "2026-03-30T08:00"),
    ],
)
def test_when_the_next_watch_begins(company: None, at: str, begins: str) -> None:
    shift = next_on_call("berths", local(at))

    assert shift is not None
    assert shift.start == local(begins)


def test_a_schedule_without_anybody_has_no_next_watch(company: None) -> None:
    apply_roster('[[schedule]]\nslug = "berths"\nlayer = []', by=BY_TEST)

    assert next_on_call("berths", local("2026-06-01T10:00")) is None


# -- standing in --------------------------------------------------------------------------------------------------------------------


def test_a_stand_in_has_the_watch_from_the_first_instant_to_before_the_last(company: None, clock: SettableClock) -> None:
    start, end = local("2026-06-01T10:00"), local("2026-06-01T12:00")

    add_override("berths", BOB, start, end, by=BY_TEST, reason="Dentist")

    moments = (start - timedelta(seconds=1), start, end - timedelta(seconds=1), end)
    assert [who("berths", at) for at in moments] == [["alice"], ["bob"], ["bob"], ["alice"]]


def test_of_two_stand_ins_one_has_the_watch_at_any_instant(company: None) -> None:
    add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T14:00"), by=BY_TEST)
    add_override("berths", DORA, local("2026-06-01T12:00"), local("2026-06-01T16:00"), by=BY_TEST)

    laid = shifts("berths", local("2026-06-01T10:00"), local("2026-06-01T16:00"))

    assert all(shift.kind == "override" for shift in laid)
    assert {shift.person.email for shift in laid if shift.person} == {BOB, DORA}


def test_a_stand_in_fills_a_gap_at_night(company: None) -> None:
    add_override("berths", BOB, local("2026-06-06T22:00"), local("2026-06-07T06:00"), by=BY_TEST)

    assert who("berths", local("2026-06-07T03:00")) == ["bob"]


def test_a_stand_in_who_leaves_the_company_leaves_a_gap(company: None) -> None:
    add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST)
    set_active(BOB, active=False, by=BY_TEST)

    assert who("berths", local("2026-06-01T11:00")) == []


@pytest.mark.parametrize(
    ("start", "end", "fine"),
    [
        (timedelta(0), timedelta(seconds=1), True),
        (timedelta(0), timedelta(days=limits.OVERRIDE_DAYS), True),
        (timedelta(0), timedelta(days=limits.OVERRIDE_DAYS, seconds=1), False),
        (timedelta(0), timedelta(0), False),
        (timedelta(hours=1), timedelta(0), False),
    ],
)
def test_how_long_somebody_may_stand_in(start: timedelta, end: timedelta, fine: bool) -> None:
    noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)

    if fine:
        check_span(noon + start, noon + end)
        return
    with pytest.raises(Problem) as caught:
        check_span(noon + start, noon + end)
    assert (caught.value.field, caught.value.status) == ("end", 422)


def test_standing_in_and_taking_it_away_is_one_event_and_one_piece_of_news_each(company: None) -> None:
    news = News.objects.filter(topic="schedule.changed").count()

    made = add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST)
    remove_override(made.id, by=BY_TEST)

    told = [event.action for event in reversed(events(target="schedule:berths", action="override."))]
    assert told == ["override.added", "override.removed"]
    assert News.objects.filter(topic="schedule.changed").count() == news + 2


def test_the_same_stand_in_again_leaves_no_trace(company: None) -> None:
    first = add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST)

    again = add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST)

    assert again == first
    assert len(events(target="schedule:berths", action="override.added")) == 1


def test_taking_a_stand_in_away_twice_is_not_found(company: None) -> None:
    made = add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST)
    remove_override(made.id, by=BY_TEST)

    with pytest.raises(Problem) as caught:
        remove_override(made.id, by=BY_TEST)
    assert caught.value.status == 404


def test_a_stand_in_that_has_begun_may_still_be_taken_away_and_one_that_is_over_not(company: None, clock: SettableClock) -> None:
    made = add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST)
    clock.set(local("2026-06-01T12:00"))
    with pytest.raises(Problem) as caught:
        remove_override(made.id, by=BY_TEST)
    assert caught.value.status == 409

    clock.set(local("2026-06-01T11:59"))
    remove_override(made.id, by=BY_TEST)

    assert who("berths", local("2026-06-01T11:59")) == ["alice"]


@pytest.mark.parametrize("reason", ["a\x00b", "x" * (limits.TEXT_CHARS + 1), "\u202e"])
def test_a_reason_is_printable_and_short(company: None, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        add_override("berths", BOB, local("2026-06-01T10:00"), local("2026-06-01T12:00"), by=BY_TEST, reason=reason)
    assert caught.value.field == "reason"


# -- working time -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "works"),
    [
        ("2026-06-01T08:59:59", False),
        ("2026-06-01T09:00", True),
        ("2026-06-01T16:59:59", True),
        ("2026-06-01T17:00", False),
        ("2026-06-06T12:00", False),
        ("2026-03-30T09:00", True),
        ("2026-10-26T09:00", True),
    ],
)
def test_working_time_is_local_and_half_open(company: None, at: str, works: bool) -> None:
    assert is_working_time("berths", local(at)) is works


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-06-01T08:00", "2026-06-01T09:00"),
        ("2026-06-01T09:00", "2026-06-01T09:00"),
        ("2026-06-01T12:00", "2026-06-02T09:00"),
        ("2026-06-05T18:00", "2026-06-08T09:00"),
        ("2026-03-28T12:00", "2026-03-30T09:00"),
        ("2026-10-24T12:00", "2026-10-26T09:00"),
    ],
)
def test_when_a_team_next_begins_work(company: None, at: str, opens: str) -> None:
    assert next_opening("berths", local(at)) == local(opens)


def test_a_team_that_never_closes_begins_at_once(company: None) -> None:
    apply_roster('[[team]]\nslug = "berths"\nopens = "00:00"\ncloses = "24:00"\nworkdays = "1-7"', by=BY_TEST)
    at = local("2026-06-06T03:00")

    assert next_opening("berths", at) == at
    assert add_working_hours("berths", at, 30) == at + timedelta(hours=30)


def test_holidays_are_skipped(company: None) -> None:
    apply_roster('[[team]]\nslug = "berths"\nholidays = [2026-06-02]', by=BY_TEST)

    assert not is_working_time("berths", local("2026-06-02T12:00"))
    assert next_opening("berths", local("2026-06-01T18:00")) == local("2026-06-03T09:00")


@pytest.mark.parametrize("hours", [0.5, 1, 7.99, 8, 8.01, 40, 200])
@pytest.mark.parametrize("at", ["2026-03-27T10:00", "2026-10-23T16:59", "2026-06-06T12:00"])
def test_adding_in_two_steps_is_adding_at_once(company: None, at: str, hours: float) -> None:
    halfway = add_working_hours("berths", local(at), hours / 2)

    assert abs(add_working_hours("berths", halfway, hours / 2) - add_working_hours("berths", local(at), hours)) < timedelta(seconds=1)
