"""Working time: is the team at work, when does it open, when are so many hours over."""

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.calendar.oracle import inside, local, utc, wall_clock
from watchbill.engines.calendar import limits
from watchbill.engines.calendar.problems import CalendarError, NeverOpen
from watchbill.engines.calendar.windows import WeeklyWindow, read_window
from watchbill.engines.calendar.working import (
    WorkingWeek,
    add_working_time,
    close_of_next_working_day,
    is_open,
    next_opening,
    next_working_day,
    working_time_between,
)
from watchbill.engines.calendar.zones import instant_of

AMSTERDAM, NEW_YORK, LONDON = "Europe/Amsterdam", "America/New_York", "Europe/London"
OFFICE = WorkingWeek(AMSTERDAM, (read_window("mon-fri 09:00-17:00"),))
NEVER = WorkingWeek(AMSTERDAM, ())


def test_the_opening_is_open_and_the_closing_is_closed() -> None:
    assert is_open(OFFICE, utc(2026, 1, 5, 8))
    assert not is_open(OFFICE, utc(2026, 1, 5, 16))
    assert is_open(OFFICE, utc(2026, 1, 5, 15, 59))


def test_a_weekend_and_a_holiday_are_closed() -> None:
    week = WorkingWeek(AMSTERDAM, OFFICE.windows, frozenset({date(2026, 1, 5)}))
    assert not is_open(OFFICE, utc(2026, 1, 10, 10))
    assert not is_open(week, utc(2026, 1, 5, 10))


def test_a_night_window_is_open_after_midnight() -> None:
    week = WorkingWeek("UTC", (read_window("fri 20:00-08:00"),))
    assert is_open(week, utc(2026, 1, 10, 7, 59))
    assert not is_open(week, utc(2026, 1, 10, 8))


def test_the_next_opening_after_friday_evening_is_monday_morning() -> None:
    assert next_opening(OFFICE, utc(2026, 1, 9, 20)) == utc(2026, 1, 12, 8)


def test_the_opening_itself_is_the_next_opening() -> None:
    assert next_opening(OFFICE, utc(2026, 1, 5, 8)) == utc(2026, 1, 5, 8)


def test_within_working_hours_the_next_opening_is_tomorrow() -> None:
    assert next_opening(OFFICE, utc(2026, 1, 5, 10)) == utc(2026, 1, 6, 8)


def test_windows_that_touch_open_once() -> None:
    week = WorkingWeek("UTC", (read_window("mon 09:00-12:00"), read_window("mon 12:00-17:00")))
    assert next_opening(week, utc(2026, 1, 5, 10)) == utc(2026, 1, 12, 9)


def test_an_opening_that_the_clocks_skip_is_the_jump() -> None:
    week = WorkingWeek(AMSTERDAM, (read_window("sun 02:30-05:00"),))
    assert next_opening(week, utc(2026, 3, 28)) == utc(2026, 3, 29, 1)


def test_a_team_that_never_opens_says_so() -> None:
    with pytest.raises(NeverOpen):
        next_opening(NEVER, utc(2026, 1, 1))
    with pytest.raises(NeverOpen):
        add_working_time(NEVER, utc(2026, 1, 1), timedelta(hours=1))
    with pytest.raises(NeverOpen):
        next_working_day(NEVER, utc(2026, 1, 1))


def test_a_team_that_never_closes_has_no_next_opening() -> None:
    with pytest.raises(NeverOpen):
        next_opening(WorkingWeek("UTC", (read_window("1-7 00:00-24:00"),)), utc(2026, 1, 1, 12))


THANKSGIVING, CHRISTMAS = date(2026, 11, 26), date(2026, 12, 25)


@pytest.mark.parametrize(
    ("zone", "holidays", "at", "opening"),
    [
        (NEW_YORK, {THANKSGIVING}, local(2026, 11, 25, 23), local(2026, 11, 27, 9)),
        (NEW_YORK, {CHRISTMAS}, local(2026, 12, 24, 12), local(2026, 12, 28, 9)),
        (LONDON, {CHRISTMAS, date(2026, 12, 28)}, local(2026, 12, 24, 12), local(2026, 12, 29, 9)),
        (AMSTERDAM, set(), local(2026, 1, 6, 2), local(2026, 1, 7, 9)),
        (AMSTERDAM, set(), local(2026, 1, 9, 8), local(2026, 1, 12, 9)),
    ],
)
def test_the_next_working_day_is_never_the_same_date(zone: str, holidays: set[date], at: datetime, opening: datetime) -> None:
    week = WorkingWeek(zone, OFFICE.windows, frozenset(holidays))
    assert next_working_day(week, instant_of(at, zone)).start == instant_of(opening, zone)


def test_the_end_of_the_next_working_day_is_its_last_closing() -> None:
    week = WorkingWeek("UTC", (read_window("mon-fri 09:00-12:00"), read_window("mon-fri 13:00-17:00")))
    assert close_of_next_working_day(week, utc(2026, 1, 9, 10)) == utc(2026, 1, 12, 17)


def test_eight_hours_from_the_opening_end_at_the_closing() -> None:
    assert add_working_time(OFFICE, utc(2026, 1, 5, 8), timedelta(hours=8)) == utc(2026, 1, 5, 16)


def test_working_time_goes_on_the_next_day_and_over_the_weekend() -> None:
    assert add_working_time(OFFICE, utc(2026, 1, 9, 15), timedelta(hours=2)) == utc(2026, 1, 12, 9)


def test_working_time_begun_while_closed_starts_at_the_opening() -> None:
    assert add_working_time(OFFICE, utc(2026, 1, 10, 3), timedelta(minutes=30)) == utc(2026, 1, 12, 8, 30)


def test_no_working_time_is_over_at_once() -> None:
    assert add_working_time(OFFICE, utc(2026, 1, 10, 3), timedelta()) == utc(2026, 1, 10, 3)


def test_a_quarter_of_a_year_of_work_is_counted_past_the_first_search() -> None:
    done = add_working_time(OFFICE, utc(2026, 1, 5, 8), timedelta(hours=8 * 65))
    assert working_time_between(OFFICE, utc(2026, 1, 5, 8), done) == timedelta(hours=520)
    assert done == utc(2026, 4, 3, 15)


def test_more_work_than_the_look_ahead_holds_is_refused() -> None:
    with pytest.raises(NeverOpen, match="working time"):
        add_working_time(OFFICE, utc(2026, 1, 5), limits.MAX_LOOK_AHEAD)


def test_round_the_clock_every_hour_is_working_time() -> None:
    week = WorkingWeek(AMSTERDAM, (read_window("1-7 00:00-24:00"),))
    at = utc(2026, 3, 20, 13, 7)
    assert add_working_time(week, at, timedelta(days=40)) == at + timedelta(days=40)


def test_an_unknown_zone_or_a_naive_instant_is_refused() -> None:
    with pytest.raises(CalendarError, match="time zone"):
        WorkingWeek("Nowhere", OFFICE.windows)
    with pytest.raises(CalendarError, match="at: "):
        is_open(OFFICE, local(2026, 1, 5))
    with pytest.raises(CalendarError, match=r"week\.windows"):
        WorkingWeek("UTC", OFFICE.windows * (limits.MAX_WINDOWS + 1))


def test_no_time_lies_between_an_end_and_a_start() -> None:
    assert working_time_between(OFFICE, utc(2026, 1, 6), utc(2026, 1, 5)) == timedelta()


# ---- the oracle

ZONES = [AMSTERDAM, NEW_YORK, "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
STARTS = [utc(2026, 3, 6), utc(2026, 3, 27), utc(2026, 10, 2), utc(2026, 10, 23), utc(2026, 10, 30), utc(2026, 2, 13)]
STEP, SPAN = timedelta(minutes=15), timedelta(days=10)


@st.composite
def weeks(draw: st.DrawFn) -> WorkingWeek:
    windows = []
    for _ in range(draw(st.integers(1, 3))):
        opens = draw(st.integers(0, 95)) * 15
        closes = draw(st.integers(0, 96).filter(lambda quarter, opens=opens: quarter * 15 != opens)) * 15
        windows.append(WeeklyWindow(draw(st.frozensets(st.integers(1, 7), min_size=1)), opens, closes))
    return WorkingWeek(
        draw(st.sampled_from(ZONES)), tuple(windows), draw(st.frozensets(st.dates(date(2026, 3, 1), date(2026, 11, 10)), max_size=3))
    )


def open_grid(week: WorkingWeek, start: datetime) -> list[tuple[datetime, bool]]:
    plain = tuple((window.days, window.opens, window.closes) for window in week.windows)
    return [(at, inside(plain, clock, week.holidays)) for at, clock in wall_clock(week.zone, start, start + SPAN, STEP)]


@settings(max_examples=100)
@given(week=weeks(), start=st.sampled_from(STARTS))
def test_open_hours_are_those_of_the_oracle(week: WorkingWeek, start: datetime) -> None:
    assert all(is_open(week, at) == expected for at, expected in open_grid(week, start))


@settings(max_examples=100)
@given(week=weeks(), start=st.sampled_from(STARTS))
def test_the_next_opening_is_the_first_that_the_oracle_meets(week: WorkingWeek, start: datetime) -> None:
    grid = open_grid(week, start - STEP)
    met = [at for (_, before), (at, now) in itertools.pairwise(grid) if now and not before and at >= start]
    if met:
        assert next_opening(week, start) == met[0]
    else:
        try:
            assert next_opening(week, start) >= start + SPAN - STEP
        except NeverOpen:
            pass


@settings(max_examples=100)
@given(week=weeks(), start=st.sampled_from(STARTS), quarters=st.integers(1, 300))
def test_added_working_time_is_the_oracles_count(week: WorkingWeek, start: datetime, quarters: int) -> None:
    worked = [at for at, now in open_grid(week, start) if now]
    if len(worked) >= quarters:
        assert add_working_time(week, start, quarters * STEP) == worked[quarters - 1] + STEP


@settings(max_examples=100)
@given(week=weeks(), start=st.sampled_from(STARTS))
def test_working_time_between_two_instants_is_the_oracles_count(week: WorkingWeek, start: datetime) -> None:
    grid = open_grid(week, start)
    assert working_time_between(week, start, start + SPAN) == sum(now for _, now in grid) * STEP


@settings(max_examples=60)
@given(week=weeks(), start=st.sampled_from(STARTS), amount=st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_was_added_is_what_lies_between(week: WorkingWeek, start: datetime, amount: timedelta) -> None:
    try:
        done = add_working_time(week, start, amount)
    except NeverOpen:
        return
    assert working_time_between(week, start, done) == amount
