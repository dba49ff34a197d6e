"""Who is on watch, who is next, and when a team works, from the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.roster.conftest import BY_TEST
from watchbill.base.problem import Problem
from watchbill.roster import limits, models, queries
from watchbill.roster.services import add_override, apply_roster, set_active

pytestmark = pytest.mark.django_db
MONDAY_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NIGHT = datetime(2026, 6, 1, 22, tzinfo=UTC)


def names(slug: str, at: datetime) -> list[str]:
    return [person.name for person in queries.on_call(slug, at)]


def test_alice_is_on_watch_in_her_hours_and_nobody_at_night(company: None) -> None:
    assert names("berths", MONDAY_NOON) == ["Alice"]
    assert names("berths", NIGHT) == []


def test_hours_are_those_of_the_schedules_zone(company: None) -> None:
    assert names("berths", datetime(2026, 6, 1, 6, tzinfo=UTC)) == ["Alice"]
    assert names("berths", datetime(2026, 6, 1, 16, tzinfo=UTC)) == []


def test_the_watch_goes_round_by_the_week(company: None) -> None:
    assert names("security", datetime(2026, 1, 5, 9, tzinfo=UTC)) == ["Bob"]
    assert names("security", datetime(2026, 1, 12, 9, tzinfo=UTC)) == ["Dora"]


def test_before_a_schedule_starts_nobody_is_on_watch(company: None) -> None:
    assert names("security", datetime(2025, 1, 1, tzinfo=UTC)) == []


def test_who_stands_in_has_the_watch(company: None) -> None:
    add_override("berths", "bob@saltmarsh.example", NIGHT, NIGHT + timedelta(hours=2), by=BY_TEST)
    assert names("berths", NIGHT) == ["Bob"]
    assert names("berths", NIGHT + timedelta(hours=2)) == []


def test_shifts_cover_the_day_with_its_gaps(company: None) -> None:
    day = datetime(2026, 6, 1, tzinfo=UTC)
    found = [
        (shift.kind, shift.start.hour, shift.person.name if shift.person else "")
        for shift in queries.shifts("berths", day, day + timedelta(days=1))
    ]
    assert found == [("gap", 0, ""), ("layer", 6, "Alice"), ("gap", 16, "")]


def test_an_override_is_told_from_a_layer(company: None) -> None:
    add_override("berths", "bob@saltmarsh.example", NIGHT, NIGHT + timedelta(hours=1), by=BY_TEST)
    assert [shift.kind for shift in queries.shifts("berths", NIGHT, NIGHT + timedelta(hours=2))] == ["override", "gap"]


def test_somebody_deactivated_leaves_a_gap(company: None) -> None:
    set_active("alice@saltmarsh.example", False, by=BY_TEST)
    assert names("berths", MONDAY_NOON) == []
    assert queries.shifts("berths", MONDAY_NOON, MONDAY_NOON + timedelta(hours=1))[0].kind == "gap"


def test_the_next_on_watch_is_somebody_else(company: None) -> None:
    following = queries.next_on_call("security", datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert following is not None
    assert following.person is not None
    assert (following.person.name, following.start) == ("Dora", datetime(2026, 6, 8, 9, tzinfo=UTC)) or following.person.name == "Bob"
    assert following.person.name not in names("security", datetime(2026, 6, 1, 12, tzinfo=UTC))


def test_after_a_gap_the_same_person_is_next(company: None) -> None:
    following = queries.next_on_call("berths", MONDAY_NOON)
    assert following is not None
    assert following.person is not None
    assert (following.person.name, following.start) == ("Alice", datetime(2026, 6, 2, 6, tzinfo=UTC))


def test_in_a_gap_the_next_is_whoever_comes(company: None) -> None:
    following = queries.next_on_call("berths", NIGHT)
    assert following is not None
    assert following.start == datetime(2026, 6, 2, 6, tzinfo=UTC)


def test_a_watch_months_away_is_found_and_one_beyond_is_not(company: None) -> None:
    add_override("berths", "bob@saltmarsh.example", MONDAY_NOON + timedelta(days=80), MONDAY_NOON + timedelta(days=81), by=BY_TEST)
    apply_roster("[[schedule]]\nslug='berths'\nlayer=[]", by=BY_TEST)
    following = queries.next_on_call("berths", MONDAY_NOON)
    assert following is not None
    assert following.start == MONDAY_NOON + timedelta(days=80)
    assert queries.next_on_call("berths", MONDAY_NOON + timedelta(days=81)) is None


def test_one_person_around_the_clock_has_nobody_next(company: None) -> None:
    text = "[[schedule]]\nslug='security'\nlayer=[{name='A',people=['bob@saltmarsh.example'],every='daily',starts=2026-01-05T08:00:00}]"
    apply_roster(text, by=BY_TEST)
    assert queries.next_on_call("security", MONDAY_NOON) is None


def test_an_unknown_schedule_is_not_found(company: None) -> None:
    for ask in (lambda: queries.on_call("nope", NIGHT), lambda: queries.schedule("nope"), lambda: queries.next_on_call("nope", NIGHT)):
        with pytest.raises(Problem) as told:
            ask()
        assert told.value.status == 404


def test_the_longest_stretch_of_shifts_is_answered_and_a_longer_one_refused(company: None) -> None:
    assert queries.shifts("berths", NIGHT, NIGHT + timedelta(days=limits.SHIFTS_DAYS))
    with pytest.raises(Problem, match="too long a stretch"):
        queries.shifts("berths", NIGHT, NIGHT + timedelta(days=limits.SHIFTS_DAYS, seconds=1))
    with pytest.raises(Problem):
        queries.shifts("berths", NIGHT, NIGHT)


def test_a_schedule_says_how_it_is_configured(company: None) -> None:
    found = queries.schedule("berths")
    (layer,) = found.layers
    assert (found.team, found.zone, layer.people, layer.every, layer.unit) == (
        "berths",
        "Europe/Amsterdam",
        ("alice@saltmarsh.example",),
        1,
        "weeks",
    )
    assert (layer.only, layer.zone) == (("1-5 08:00-18:00",), "Europe/Amsterdam")


def test_a_layer_may_live_in_a_zone_of_its_own(company: None) -> None:
    text = (
        "[[schedule]]\nslug='berths'\n[[schedule.layer]]\nname='H'\nzone='America/Halifax'\n"
        "people=['alice@saltmarsh.example']\nevery='daily'\nstarts=2026-01-05T08:00:00\nonly=['1-7 08:00-09:00']"
    )
    apply_roster(text, by=BY_TEST)
    assert names("berths", datetime(2026, 6, 1, 11, 30, tzinfo=UTC)) == ["Alice"]
    assert names("berths", datetime(2026, 6, 1, 6, 30, tzinfo=UTC)) == []


def test_schedules_are_listed_by_name(company: None) -> None:
    assert [found.slug for found in queries.schedules()] == ["berths", "security"]


# ---- working time


def test_a_team_works_in_its_hours(company: None) -> None:
    assert queries.is_working_time("berths", datetime(2026, 6, 1, 7, tzinfo=UTC))
    assert not queries.is_working_time("berths", datetime(2026, 6, 1, 15, tzinfo=UTC))
    assert not queries.is_working_time("berths", datetime(2026, 6, 6, 8, tzinfo=UTC))


def test_the_next_opening_is_in_the_teams_zone(company: None) -> None:
    assert queries.next_opening("berths", NIGHT) == datetime(2026, 6, 2, 7, tzinfo=UTC)


def test_a_holiday_is_no_working_day(company: None) -> None:
    apply_roster("[[team]]\nslug='berths'\nholidays=[2026-06-02]", by=BY_TEST)
    assert queries.next_opening("berths", NIGHT) == datetime(2026, 6, 3, 7, tzinfo=UTC)


def test_working_hours_are_added_over_night(company: None) -> None:
    assert queries.add_working_hours("berths", datetime(2026, 6, 1, 14, tzinfo=UTC), 2) == datetime(2026, 6, 2, 8, tzinfo=UTC)


def test_a_team_round_the_clock_is_open_now(company: None) -> None:
    apply_roster("[[team]]\nslug='berths'\nworkdays='1-7'\nopens='00:00'\ncloses='24:00'", by=BY_TEST)
    assert queries.next_opening("berths", NIGHT) == NIGHT


def test_more_work_than_a_team_ever_does_is_refused(company: None) -> None:
    with pytest.raises(Problem, match="no working time"):
        queries.add_working_hours("berths", NIGHT, 24 * 900)


def test_an_unknown_team_is_not_found(company: None) -> None:
    with pytest.raises(Problem) as told:
        queries.is_working_time("nope", NIGHT)
    assert told.value.status == 404


def test_asking_who_is_on_watch_takes_few_queries(company: None, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(7):
        queries.on_call("security", MONDAY_NOON)
    assert models.Schedule.objects.count() == 2
