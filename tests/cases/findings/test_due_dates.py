"""When work is due: a day for now, three working days of the owning team for hours, across weekends, holidays, zones and clock changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.cases.company import ALICE, BOB, EASY, KEV, ROSTER, Company, person, quiet, seen
from watchbill.base.acting import SYSTEM
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.models import Finding
from watchbill.cases.findings.people import day
from watchbill.roster import queries as roster
from watchbill.roster.services import apply_roster, set_service_context


def at(saltmarsh: Company, text: str, zone: str = "UTC") -> datetime:
    """Put the clock at a local time."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    saltmarsh.clock.set(moment)
    return moment


def hours_one(saltmarsh: Company) -> datetime:
    """One finding for working hours, and its date."""
    saltmarsh.scan(seen(kev=None, exploit=True))
    finding = saltmarsh.only()
    assert finding.decision == "hours"
    assert finding.due is not None
    return finding.due


def move(saltmarsh: Company, zone: str, holidays: str = "[]") -> None:
    """The owning team works in that zone."""
    text = ROSTER.replace('name = "Berths"\nzone = "UTC"', f'name = "Berths"\nzone = "{zone}"\nholidays = {holidays}')
    assert text != ROSTER
    apply_roster(text, by=SYSTEM)


# Berths work 09:00 to 17:00, Monday to Friday: three days of eight hours.
@pytest.mark.parametrize(
    ("found", "due"),
    [
        ("2026-11-23T09:00", "2026-11-25T17:00"),  # Monday at opening: Wednesday at closing
        ("2026-11-23T10:00", "2026-11-26T10:00"),  # within the day: three days on
        ("2026-11-23T17:00", "2026-11-26T17:00"),  # at closing: counts from tomorrow
        ("2026-11-23T03:00", "2026-11-25T17:00"),  # before opening: counts from opening
        ("2026-11-26T12:00", "2026-12-01T12:00"),  # Thursday: over the weekend
        ("2026-11-27T16:00", "2026-12-02T16:00"),  # Friday: over the weekend
        ("2026-11-28T12:00", "2026-12-02T17:00"),  # Saturday: from Monday's opening
        ("2026-11-29T23:59", "2026-12-02T17:00"),  # Sunday night: the same
    ],
)
def test_three_working_days_from_any_day_of_the_week(saltmarsh: Company, found: str, due: str):
    at(saltmarsh, found)

    assert hours_one(saltmarsh) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "found", "due"),
    [
        ("America/New_York", "2026-11-23T09:00", "2026-11-25T17:00"),
        ("Asia/Tokyo", "2026-11-23T09:00", "2026-11-25T17:00"),
        ("Asia/Kolkata", "2026-11-23T12:30", "2026-11-26T12:30"),
        ("Pacific/Auckland", "2026-11-27T16:00", "2026-12-02T16:00"),
    ],
)
def test_the_days_are_the_teams_own(saltmarsh: Company, zone: str, found: str, due: str):
    move(saltmarsh, zone)
    at(saltmarsh, found, zone)

    assert hours_one(saltmarsh) == datetime.fromisoformat(due).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "found", "due", "elapsed_hours"),
    [
        ("Europe/Amsterdam", "2026-03-27T12:00", "2026-04-01T12:00", 119),  # clocks go forward on Sunday the 29th
        ("Europe/Amsterdam", "2026-10-23T12:00", "2026-10-28T12:00", 121),  # clocks go back on Sunday the 25th
        ("America/New_York", "2026-03-06T12:00", "2026-03-11T12:00", 119),
        ("America/New_York", "2026-10-30T12:00", "2026-11-04T12:00", 121),
        ("Asia/Tokyo", "2026-03-27T12:00", "2026-04-01T12:00", 120),
    ],
)
def test_a_clock_change_moves_no_working_day(saltmarsh: Company, zone: str, found: str, due: str, elapsed_hours: int):
    move(saltmarsh, zone)
    began = at(saltmarsh, found, zone)

    finding_due = hours_one(saltmarsh)

    assert finding_due == datetime.fromisoformat(due).replace(tzinfo=ZoneInfo(zone))
    assert finding_due - began == timedelta(hours=elapsed_hours)


def test_a_holiday_is_no_working_day(saltmarsh: Company):
    move(saltmarsh, "UTC", "[2026-11-24, 2026-11-26]")
    at(saltmarsh, "2026-11-23T10:00")

    assert hours_one(saltmarsh) == datetime(2026, 11, 30, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("found", ["2026-03-28T12:00", "2026-10-24T12:00", "2026-11-28T23:00", "2026-12-31T23:59"])
def test_now_is_due_in_24_hours_whatever_day_it_is(saltmarsh: Company, found: str):
    began = at(saltmarsh, found, "Europe/Amsterdam")
    saltmarsh.scan(seen())

    assert saltmarsh.only().due == began + timedelta(hours=24)


def test_a_date_does_not_move_by_being_seen_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    before = saltmarsh.only().due

    for _ in range(3):
        saltmarsh.later(hours=7).scan(seen())

    assert saltmarsh.only().due == before


def test_a_worsening_brings_the_date_forward(saltmarsh: Company):
    before = hours_one(saltmarsh)

    saltmarsh.later(hours=1).scan(seen(kev=KEV, vector=EASY))

    assert saltmarsh.only().due == saltmarsh.clock.now() + timedelta(hours=24)
    assert saltmarsh.only().due < before


def test_a_late_worsening_never_makes_it_later(saltmarsh: Company):
    before = hours_one(saltmarsh)
    saltmarsh.clock.set(before - timedelta(hours=2))

    saltmarsh.scan(seen(kev=KEV, vector=EASY))

    assert (saltmarsh.only().decision, saltmarsh.only().due) == ("now", before)


def test_a_relief_to_the_digest_takes_the_date_away(saltmarsh: Company):
    saltmarsh.scan(seen())
    set_service_context("berth-board", "small", 4, by=person(BOB))

    services.redecide("berth-board", by=SYSTEM)

    assert (saltmarsh.only().decision, saltmarsh.only().due) == ("digest", None)
    assert queries.search("due:none").total == 1


def test_what_comes_back_has_a_date_of_its_own(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(days=2).scan()
    assert saltmarsh.only().due is None

    saltmarsh.later(days=3).scan(seen())

    assert saltmarsh.only().due == saltmarsh.clock.now() + timedelta(hours=24)


def test_while_accepted_the_date_is_the_day_it_comes_back(saltmarsh: Company):
    saltmarsh.scan(seen())
    until = saltmarsh.clock.now() + timedelta(days=40)
    request = services.accept_risk(saltmarsh.only().id, "Out of reach until the move.", until, by=person(ALICE))

    services.sign_acceptance(request, by=person(BOB))

    assert saltmarsh.only().due == until
    assert queries.search("is:overdue").total == 0


def test_what_is_accepted_is_never_overdue_even_while_the_job_has_not_run(saltmarsh: Company):
    saltmarsh.scan(seen())
    until = saltmarsh.clock.now() + timedelta(days=1)
    request = services.accept_risk(saltmarsh.only().id, "Out of reach until the move.", until, by=person(ALICE))
    services.sign_acceptance(request, by=person(BOB))

    saltmarsh.later(days=2)

    assert queries.search("is:overdue").total == 0


@pytest.mark.parametrize("close", ["fixed", "retired", "not_affected", "withdrawn"])
def test_what_is_closed_is_due_never(saltmarsh: Company, close: str):
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    if close == "fixed":
        saltmarsh.later(minutes=5).scan()
    elif close == "retired":
        services.retire(number, "The kiosk app was deleted.", by=person(BOB))
    elif close == "not_affected":
        services.not_affected(number, "We never call the parser.", by=person(BOB))
    else:
        services.withdraw_advisories(["CVE-2025-55182"], by=SYSTEM)

    assert (saltmarsh.state(number), saltmarsh.only().due) == (close, None)
    assert saltmarsh.later(days=30).only().due is None
    assert queries.search("is:overdue").total == 0


def test_dates_sort_and_what_has_none_stands_last(saltmarsh: Company):
    saltmarsh.scan(quiet(1), service="tide-feed", repo="")
    saltmarsh.scan(seen("later", "1", advisory="CVE-2025-20001", kev=None, exploit=True))
    saltmarsh.scan(seen("sooner", "1", advisory="CVE-2025-20002"))

    assert [row.package for row in queries.search("is:open sort:due").rows] == ["sooner", "later", "package-1"]
    assert all((one.due is None) == (one.due_sort.year == 9999) for one in Finding.objects.all())


@pytest.mark.parametrize(
    ("zone", "moment", "said"),
    [
        ("UTC", "2026-12-03T23:30+00:00", "3 Dec 2026"),
        ("Europe/Amsterdam", "2026-12-03T23:30+00:00", "4 Dec 2026"),
        ("America/New_York", "2026-12-03T03:30+00:00", "2 Dec 2026"),
        ("Pacific/Auckland", "2026-12-03T12:00+00:00", "4 Dec 2026"),
    ],
)
def test_a_date_is_said_as_the_teams_calendar_has_it(saltmarsh: Company, zone: str, moment: str, said: str):
    move(saltmarsh, zone)

    assert day(datetime.fromisoformat(moment), "berths") == said


def test_a_team_that_nobody_knows_has_its_dates_in_utc(saltmarsh: Company):
    assert day(datetime(2026, 12, 3, 23, 30, tzinfo=UTC), "no-such-team") == "3 Dec 2026"


def test_the_due_date_is_inside_the_owning_teams_hours(saltmarsh: Company):
    for hour in range(0, 72, 7):
        at(saltmarsh, "2026-11-26T00:00")
        saltmarsh.later(hours=hour)
        saltmarsh.scan(
            seen(f"lib-{hour}", "1", advisory=f"CVE-2025-3{hour:04}", kev=None, exploit=True), key=f"k{hour}", inputs=(f"f{hour}",)
        )
    for row in queries.search("is:open decision:hours", size=100).rows:
        assert row.due is not None
        assert roster.is_working_time("berths", row.due - timedelta(seconds=1))
