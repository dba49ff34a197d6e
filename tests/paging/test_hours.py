"""What may wait for working hours waits, visibly; and rings at once when it gets worse."""

from datetime import UTC, datetime

import pytest

from tests.paging.bell import Bell
from tests.paging.company import ALICE, BOB, ROSTER
from watchbill.base.acting import SYSTEM
from watchbill.paging.services import add_contact_method, set_rules
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster

TUESDAY_NIGHT = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 11, 27, 22, 30, tzinfo=UTC)
WEDNESDAY_NINE = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def hours(bell: Bell, **other: object) -> object:
    return bell.ring(decision="hours", **other)


def test_in_working_time_an_hours_alert_rings_at_once(bell: Bell) -> None:
    assert bell.rung(hours(bell)) == [("Alice", "desk"), ("Alice", "email")]


def test_at_night_an_hours_alert_is_held_until_the_opening(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    assert bell.rung(ref) == []
    assert {(page.person, page.state, page.due) for page in bell.pages(ref)} == {("Alice Duarte", "held", WEDNESDAY_NINE)}


def test_a_held_page_says_why_and_until_when(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    assert bell.pages(ref)[0].why == ("This can wait until Wed 09:00 CET, when Berths is at work. Alice Duarte is on watch in Berths then.")


def test_held_pages_go_out_at_the_opening(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    bell.clock.set(WEDNESDAY_NINE)
    bell.settle()
    assert bell.rung(ref) == [("Alice", "desk"), ("Alice", "email")]
    assert "Working hours began" in bell.log(ref)


def test_a_held_step_has_its_time_from_the_opening_on(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    bell.clock.set(WEDNESDAY_NINE)
    bell.wait(minutes=4)
    assert bell.alert(ref).step == 0
    bell.wait(minutes=1)
    assert bell.alert(ref).step == 1


def test_who_is_paged_is_who_has_the_watch_at_the_opening(bell: Bell) -> None:
    """On Friday night nobody has the Berths watch before Tuesday; work begins on Monday, so security's watch of Monday is paged."""
    bell.clock.set(FRIDAY_NIGHT)
    ref = hours(bell)
    assert {page.person for page in bell.pages(ref)} == {"Bob Lindqvist"}
    assert {page.due for page in bell.pages(ref)} == {datetime(2026, 11, 30, 8, 0, tzinfo=UTC)}


def test_an_alert_that_may_wait_escalates_only_in_working_time(bell: Bell) -> None:
    bell.clock.set(datetime(2026, 11, 24, 15, 57, tzinfo=UTC))
    ref = hours(bell)
    bell.wait(minutes=5)
    assert bell.alert(ref).step == 1
    assert {page.due for page in bell.pages(ref, BOB)} == {WEDNESDAY_NINE}


def test_acknowledging_calls_off_what_is_held(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    bell.acknowledge(ref, ALICE)
    assert {page.state for page in bell.pages(ref)} == {"cancelled"}


def test_getting_worse_pages_whoever_has_the_watch_now(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    again = bell.ring(decision="now", why=("It is exploited in the wild since tonight.",))
    assert (again.id, again.created) == (ref.id, False)
    assert ("Alice", "email") not in bell.rung(ref), "nobody from Berths has the watch at night"
    bell.settle()
    assert ("Bob", "email") in bell.rung(ref)


def test_getting_worse_releases_held_pages_of_the_person_on_watch(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell, policy="security")
    held = {page.id for page in bell.pages(ref, BOB)}
    bell.ring(decision="now", policy="security")
    assert {page.id for page in bell.pages(ref, BOB) if page.state == "sent"} == held
    assert "goes out now: it has become urgent" in bell.log(ref)


def test_getting_worse_applies_the_rules_for_urgent_pages(bell: Bell) -> None:
    bob = person(BOB).id
    method = add_contact_method(bob, "webhook", {"url": "http://127.0.0.1:9/", "secret": "s" * 32}, by=SYSTEM, verified=True)
    set_rules(bob, "now", [(0, method)])
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell, policy="security")
    bell.ring(decision="now", policy="security")
    assert [page.state for page in bell.pages(ref, BOB, "email")] == ["cancelled"]
    assert bell.pages(ref, BOB, "webhook")[0].attempts == 1


def test_getting_worse_is_audited_and_told(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell)
    bell.ring(decision="now", title="lodash is exploited now")
    assert "alert.raised" in bell.actions(f"alert:{ref.id}")
    assert (bell.alert(ref).decision, bell.alert(ref).title) == ("now", "lodash is exploited now")


def test_getting_worse_rings_again_though_somebody_had_it_for_the_morning(bell: Bell) -> None:
    ref = hours(bell, policy="security")
    bell.acknowledge(ref, BOB)
    before = len(bell.rung(ref))
    bell.ring(decision="now", policy="security")
    assert bell.alert(ref).state == "triggered"
    assert bell.rung(ref)[before:] == [("Bob", "desk"), ("Bob", "email")]


def test_getting_milder_changes_nothing(bell: Bell) -> None:
    ref = bell.ring()
    bell.ring(decision="hours")
    assert bell.alert(ref).decision == "now"


def test_a_team_nobody_knows_has_securitys_hours(bell: Bell) -> None:
    bell.clock.set(TUESDAY_NIGHT)
    ref = hours(bell, team="gone")
    assert {page.state for page in bell.pages(ref)} == {"held"}


def test_a_holiday_of_the_team_is_no_working_day(bell: Bell) -> None:
    apply_roster(ROSTER.replace('closes = "17:00"', 'closes = "17:00"\nholidays = [2026-11-25]'), by=SYSTEM)
    bell.clock.set(TUESDAY_NIGHT)
    assert {page.due for page in bell.pages(hours(bell))} == {datetime(2026, 11, 26, 8, 0, tzinfo=UTC)}


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York", "Asia/Tokyo"])
def test_working_time_is_counted_where_the_team_is(bell: Bell, zone: str) -> None:
    apply_roster(
        ROSTER.replace('name = "Berths"\nzone = "Europe/Amsterdam"\nmembers', f'name = "Berths"\nzone = "{zone}"\nmembers'), by=SYSTEM
    )
    bell.clock.set(datetime(2026, 11, 24, 9, 0, tzinfo=UTC))
    pages = bell.pages(hours(bell, policy="security"))
    assert {page.state for page in pages} == {"held"}
