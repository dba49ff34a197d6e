"""Weekly windows: their words, and where they lie on real dates."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.calendar.oracle import utc
from watchbill.engines.calendar import limits
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.windows import (
    WeeklyWindow,
    read_clock,
    read_days,
    read_window,
    spans,
    write_clock,
    write_days,
    write_window,
)

AMSTERDAM = "Europe/Amsterdam"
windows = st.builds(
    WeeklyWindow,
    st.frozensets(st.integers(1, 7), min_size=1),
    st.integers(0, 719),
    st.integers(720, 1440),
)


def test_a_window_reads_as_people_say_it() -> None:
    assert read_window("mon-fri 08:00-18:00") == WeeklyWindow(frozenset({1, 2, 3, 4, 5}), 480, 1080)


def test_days_may_be_numbers_names_lists_and_run_over_the_weekend() -> None:
    assert read_days("1-5") == frozenset({1, 2, 3, 4, 5})
    assert read_days("sat,sun") == frozenset({6, 7})
    assert read_days("Fri-Mon") == frozenset({5, 6, 7, 1})
    assert read_days("mon, wed-thu") == frozenset({1, 3, 4})


def test_a_single_day_is_not_the_whole_week() -> None:
    assert read_days("tue-tue") == frozenset({2})


def test_midnight_at_the_end_of_a_day_is_24_00() -> None:
    assert read_clock("24:00") == 1440
    assert write_clock(1440) == "24:00"


@given(window=windows)
def test_a_written_window_reads_back_as_itself(window: WeeklyWindow) -> None:
    assert read_window(write_window(window)) == window


@given(days=st.frozensets(st.integers(1, 7), min_size=1))
def test_written_days_read_back_as_themselves(days: frozenset[int]) -> None:
    assert read_days(write_days(days)) == days


@pytest.mark.parametrize("text", ["", "8", "8:5", "25:00", "24:01", "12:60", "noon", "-1:00", "٠٨:٠٠"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(CalendarError, match="time of day"):
        read_clock(text)


@pytest.mark.parametrize("text", ["", "0", "8", "monday", "mon-", "1-9", "mon--fri"])
def test_what_is_no_day_is_refused(text: str) -> None:
    if text == "mon-":
        assert read_days(text) == frozenset({1})
        return
    with pytest.raises(CalendarError, match="not a day"):
        read_days(text)


@pytest.mark.parametrize("text", ["mon-fri", "08:00-18:00", "mon-fri 08:00"])
def test_what_is_no_window_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(CalendarError) as told:
        read_window(text, "schedule[0].layer[1].only[0]")
    assert told.value.place == "schedule[0].layer[1].only[0]"


def test_a_window_that_closes_as_it_opens_is_refused() -> None:
    with pytest.raises(CalendarError, match="never open"):
        read_window("mon 08:00-08:00")


def test_a_window_without_days_or_past_midnight_is_refused() -> None:
    with pytest.raises(CalendarError, match="at least one day"):
        WeeklyWindow(frozenset(), 0, 60)
    with pytest.raises(CalendarError, match="opens at"):
        WeeklyWindow(frozenset({1}), 1440, 60)


def test_a_night_window_belongs_to_the_evening_it_opens_on() -> None:
    night = read_window("fri 20:00-08:00").on(date(2026, 1, 9), AMSTERDAM)
    assert night is not None
    assert (night.start, night.end) == (utc(2026, 1, 9, 19), utc(2026, 1, 10, 7))


def test_a_window_swallowed_by_the_change_of_clocks_does_not_open() -> None:
    assert read_window("sun 02:00-03:00").on(date(2026, 3, 29), AMSTERDAM) is None


def test_a_night_with_the_change_of_clocks_lasts_an_hour_less_or_more() -> None:
    night = read_window("sat 20:00-08:00")
    spring, autumn = night.on(date(2026, 3, 28), AMSTERDAM), night.on(date(2026, 10, 24), AMSTERDAM)
    assert spring is not None
    assert autumn is not None
    assert spring.end - spring.start == timedelta(hours=11)
    assert autumn.end - autumn.start == timedelta(hours=13)


def test_a_day_that_is_not_named_has_no_window() -> None:
    assert read_window("mon-fri 09:00-17:00").on(date(2026, 1, 10), AMSTERDAM) is None


def test_windows_are_laid_out_in_order_and_holidays_left_out() -> None:
    laid = spans(
        [read_window("mon-fri 13:00-17:00"), read_window("mon-fri 09:00-12:00")],
        "UTC",
        utc(2026, 1, 5),
        utc(2026, 1, 6, 23),
        frozenset({date(2026, 1, 6)}),
    )
    assert [(span.start, span.end) for span in laid] == [
        (utc(2026, 1, 5, 9), utc(2026, 1, 5, 12)),
        (utc(2026, 1, 5, 13), utc(2026, 1, 5, 17)),
    ]


def test_too_many_windows_are_refused() -> None:
    with pytest.raises(CalendarError, match="at most"):
        spans([read_window("mon 09:00-10:00")] * (limits.MAX_WINDOWS + 1), "UTC", utc(2026, 1, 5), utc(2026, 1, 6))


def test_as_many_windows_as_allowed_are_laid_out() -> None:
    assert len(spans([read_window("mon 09:00-10:00")] * limits.MAX_WINDOWS, "UTC", utc(2026, 1, 5), utc(2026, 1, 5))) == limits.MAX_WINDOWS


def test_a_stretch_of_centuries_is_refused() -> None:
    with pytest.raises(CalendarError, match="days at a time"):
        spans([read_window("mon 09:00-10:00")], "UTC", utc(2026, 1, 5), utc(2226, 1, 5))
