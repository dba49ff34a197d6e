"""What a local time stands for when the clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.calendar.oracle import local, utc
from watchbill.engines.calendar.problems import CalendarError
from watchbill.engines.calendar.zones import check_utc, check_zone, instant_of, local_of, zone_exists

ZONES = ("Europe/Amsterdam", "America/New_York", "America/Halifax", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "UTC")
locals_ = st.datetimes(min_value=local(2024, 1, 1), max_value=local(2028, 12, 31))


def test_a_plain_local_time_is_one_instant() -> None:
    assert instant_of(local(2026, 1, 5, 9), "Europe/Amsterdam") == utc(2026, 1, 5, 8)


def test_a_time_that_the_clocks_skip_is_the_moment_of_the_jump() -> None:
    assert instant_of(local(2026, 3, 8, 2, 30), "America/New_York") == utc(2026, 3, 8, 7)


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    assert instant_of(local(2026, 11, 1, 1, 30), "America/New_York") == utc(2026, 11, 1, 5, 30)


def test_a_half_hour_jump_counts_too() -> None:
    assert instant_of(local(2026, 10, 4, 2, 15), "Australia/Lord_Howe") == utc(2026, 10, 3, 15, 30)


def test_a_whole_day_that_a_country_skipped_begins_with_the_next_one() -> None:
    assert instant_of(local(2011, 12, 30, 12), "Pacific/Apia") == utc(2011, 12, 30, 10)


@pytest.mark.parametrize("zone", ZONES)
@given(first=locals_, later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=5)))
def test_a_later_local_time_never_comes_earlier(zone: str, first: datetime, later: timedelta) -> None:
    assert instant_of(first, zone) <= instant_of(first + later, zone)


@pytest.mark.parametrize("zone", ZONES)
@given(shown_time=locals_)
def test_at_its_instant_the_clock_shows_the_local_time_or_one_just_past_it(zone: str, shown_time: datetime) -> None:
    shown = local_of(instant_of(shown_time, zone), zone)
    assert shown_time <= shown <= shown_time + timedelta(hours=1)


@pytest.mark.parametrize("zone", ZONES)
@given(shown_time=locals_)
def test_just_before_its_instant_the_clock_has_not_got_there(zone: str, shown_time: datetime) -> None:
    assert local_of(instant_of(shown_time, zone) - timedelta(microseconds=1), zone) < shown_time


def test_instants_come_back_aware_and_in_utc() -> None:
    assert instant_of(local(2026, 7, 1), "Asia/Tokyo").tzinfo is UTC


@pytest.mark.parametrize("name", ["", "Nope/Nowhere", "../../etc/passwd", "Europe/Amsterdam\n", "europe amsterdam", "A" * 5000])
def test_a_name_that_is_no_zone_is_told_so(name: str) -> None:
    assert not zone_exists(name)
    with pytest.raises(CalendarError) as told:
        check_zone(name, "team.zone")
    assert told.value.place == "team.zone"


def test_an_unknown_zone_is_refused_where_a_local_time_is_resolved() -> None:
    with pytest.raises(CalendarError, match="not a time zone"):
        instant_of(local(2026, 1, 1), "Nope/Nowhere")


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(CalendarError) as told:
        check_utc(local(2026, 1, 1), "at")
    assert (told.value.place, "zone" in told.value.reason) == ("at", True)
