"""What may wait: held over nights, weekends, holidays and clock changes, due at the opening to the minute, and never lost."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, CHARLIE, MIRA, ROSTER
from watchbill.base.acting import SYSTEM
from watchbill.paging.models import Page
from watchbill.paging.rules.planning import any_time, step_start
from watchbill.paging.services import add_contact_method, resolve_alert, set_rules
from watchbill.paging.trace import trace
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster

ZONES = ["Europe/Amsterdam", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Auckland"]


def local(text: str, zone: str = "Europe/Amsterdam") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def held(bell: Bell, text: str, zone: str = "Europe/Amsterdam"):
    """An alert for working hours, opened at that local time."""
    bell.clock.set(local(text, zone))
    return bell.ring(decision="hours")


def dues(ref) -> set[datetime]:
    return set(Page.objects.filter(alert_id=ref.id).exclude(state="skipped").values_list("due", flat=True))


def moved(zone: str, more: str = "") -> None:
    """Berths works and watches in that zone."""
    text = ROSTER.replace('name = "Berths"\nzone = "Europe/Amsterdam"', f'name = "Berths"\nzone = "{zone}"{more}', 1)
    text = text.replace('team = "berths"\nzone = "Europe/Amsterdam"', f'team = "berths"\nzone = "{zone}"')
    text = text.replace('only = ["tue-fri 08:00-18:00"]', 'only = ["mon-fri 08:00-18:00"]')
    apply_roster(text, by=SYSTEM)


# Berths work 09:00 to 17:00, Monday to Friday; Alice watches Tuesday to Friday.
@pytest.mark.parametrize(
    ("opened", "due"),
    [
        ("2026-11-24T08:59", "2026-11-24T09:00"),
        ("2026-11-24T17:00", "2026-11-25T09:00"),
        ("2026-11-24T23:30", "2026-11-25T09:00"),
        ("2026-11-25T00:30", "2026-11-25T09:00"),
        ("2026-11-27T17:00", "2026-11-30T09:00"),  # Friday evening
        ("2026-11-28T12:00", "2026-11-30T09:00"),  # Saturday
        ("2026-11-29T23:59", "2026-11-30T09:00"),  # Sunday
        ("2026-03-28T12:00", "2026-03-30T09:00"),  # the clocks go forward that night
        ("2026-10-24T12:00", "2026-10-26T09:00"),  # and back
        ("2026-12-31T18:00", "2027-01-01T09:00"),
    ],
)
def test_it_is_held_until_the_opening_to_the_minute(bell: Bell, opened: str, due: str) -> None:
    ref = held(bell, opened)

    assert bell.rung(ref) == []
    assert dues(ref) == {local(due)}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("opened", "due"), [("2026-11-27T17:30", "2026-11-30T09:00"), ("2026-11-24T03:00", "2026-11-24T09:00")])
def test_the_opening_is_the_teams_own(bell: Bell, zone: str, opened: str, due: str) -> None:
    moved(zone)

    assert dues(held(bell, opened, zone)) == {local(due, zone)}


def test_a_holiday_moves_the_opening_on(bell: Bell) -> None:
    moved("Europe/Amsterdam", "\nholidays = [2026-11-30, 2026-12-01]")

    assert dues(held(bell, "2026-11-27T18:00")) == {local("2026-12-02T09:00")}


@pytest.mark.parametrize("opened", ["2026-03-28T12:00", "2026-10-24T12:00", "2026-11-28T12:00"])
def test_a_second_before_the_opening_it_is_held_and_at_the_opening_it_goes(bell: Bell, opened: str) -> None:
    ref = held(bell, opened)
    (due,) = dues(ref)

    bell.clock.set(due - timedelta(seconds=1))
    bell.settle()
    assert bell.rung(ref) == []

    bell.wait(seconds=1)
    assert bell.rung(ref)
    assert all(page.sent_at == due for page in bell.pages(ref) if page.sent_at)


def test_a_bell_that_was_off_over_the_opening_rings_as_soon_as_it_is_on(bell: Bell) -> None:
    ref = held(bell, "2026-11-28T12:00")
    bell.clock.set(local("2026-12-01T11:00"))

    bell.settle()

    assert bell.rung(ref)


def test_several_held_alerts_all_go_at_the_opening(bell: Bell) -> None:
    bell.clock.set(local("2026-11-28T12:00"))
    refs = [bell.ring(decision="hours", dedup_key=f"k{number}", subject=f"finding:{number}") for number in range(6)]

    bell.clock.set(local("2026-11-30T09:00"))
    for _ in range(4):
        bell.settle()

    assert all(bell.rung(ref) for ref in refs)


def test_resolved_over_the_weekend_nobody_hears_of_it_on_monday(bell: Bell) -> None:
    ref = held(bell, "2026-11-28T12:00")
    resolve_alert(ref.id, SCANNER, "Fixed.")

    bell.clock.set(local("2026-11-30T10:00"))
    bell.settle()

    assert bell.rung(ref) == []


def test_acknowledged_over_the_weekend_nobody_hears_of_it_on_monday(bell: Bell) -> None:
    ref = held(bell, "2026-11-28T12:00")
    bell.acknowledge(ref, BOB)

    bell.clock.set(local("2026-11-30T10:00"))
    bell.settle()

    assert bell.rung(ref) == []


@pytest.mark.parametrize("opened", ["2026-11-28T03:00", "2026-03-29T02:30", "2026-10-25T02:30", "2026-12-25T00:00", "2026-11-24T10:00"])
def test_now_never_waits(bell: Bell, opened: str) -> None:
    bell.clock.set(local(opened))

    ref = bell.ring(decision="now")

    assert bell.rung(ref)
    assert all(page.sent_at == bell.clock.now() for page in bell.pages(ref, channel="email") if page.state == "sent")


@pytest.mark.parametrize("hours_later", [0, 1, 30])
def test_getting_worse_over_the_weekend_rings_that_minute(bell: Bell, hours_later: int) -> None:
    ref = held(bell, "2026-11-28T12:00")
    bell.clock.forward(hours=hours_later)

    bell.ring(decision="now")

    assert bell.rung(ref)
    assert {page.sent_at for page in bell.pages(ref) if page.sent_at} == {bell.clock.now()}


def test_getting_worse_twice_rings_once(bell: Bell) -> None:
    ref = held(bell, "2026-11-28T12:00")
    bell.ring(decision="now")
    rung = bell.rung(ref)

    bell.ring(decision="now")

    assert bell.rung(ref) == rung


def test_what_rang_early_is_not_sent_again_at_the_opening(bell: Bell) -> None:
    ref = held(bell, "2026-11-29T12:00")
    bell.ring(decision="now")
    bell.acknowledge(ref, BOB)
    rung = bell.rung(ref)

    bell.clock.set(local("2026-11-30T09:00"))
    bell.settle()

    assert bell.rung(ref) == rung


def test_one_persons_delay_for_hours_is_not_used_for_now(bell: Bell) -> None:
    ident = person(ALICE).id
    method = add_contact_method(ident, "email", {"address": "alice@home.example"}, SYSTEM, verified=True)
    set_rules(ident, "hours", [(1800, method)])

    calm = bell.ring(decision="hours", dedup_key="calm")
    loud = bell.ring(decision="now", dedup_key="loud")

    assert ("Alice", "email") not in bell.rung(calm)
    assert ("Alice", "email") in bell.rung(loud)


@pytest.mark.parametrize("delay", [0, 60, 299])
def test_a_rule_rings_after_its_delay_to_the_second(bell: Bell, delay: int) -> None:
    ident = person(ALICE).id
    method = add_contact_method(ident, "email", {"address": "alice@home.example"}, SYSTEM, verified=True)
    set_rules(ident, "now", [(delay, method)])
    ref = bell.ring()
    if delay:
        bell.wait(seconds=delay - 1)
        assert ("Alice", "email") not in bell.rung(ref)
        bell.wait(seconds=1)

    assert ("Alice", "email") in bell.rung(ref)


@given(st.integers(0, 10**6))
def test_an_urgent_step_begins_at_once_at_any_moment(seconds: int) -> None:
    at = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(seconds=seconds)

    assert step_start(at, any_time) == at


# -- why was I (not) paged: a state, a word ------------------------------------------------------------------------------------------


def answer(ref, email: str) -> str:
    lines = trace(ref.id, person(email).id)
    assert lines[0].kind == "answer"
    assert lines[0].text.startswith(person(email).name)
    return lines[0].text


@pytest.mark.parametrize(
    ("email", "word"),
    [(ALICE, "was paged"), (BOB, "was not paged"), (MIRA, "was not paged"), (CHARLIE, "was not paged")],
)
def test_each_person_has_an_answer_at_the_first_step(bell: Bell, email: str, word: str) -> None:
    assert word in answer(bell.ring(), email)


def test_who_is_held_is_told_until_when(bell: Bell) -> None:
    bell.clock.set(local("2026-11-25T20:00"))
    ref = bell.ring(decision="hours")

    assert "not been paged yet" in answer(ref, ALICE)
    assert "09:00" in answer(ref, ALICE)


def test_who_would_have_been_next_is_told_who_had_it_or_that_it_was_over(bell: Bell) -> None:
    taken, over = bell.ring(dedup_key="taken"), bell.ring(dedup_key="over")
    bell.acknowledge(taken, ALICE)
    resolve_alert(over.id, SCANNER, "Fixed.")

    assert "Alice Duarte acknowledged" in answer(taken, MIRA)
    assert "resolved" in answer(over, MIRA)


@pytest.mark.parametrize("email", [ALICE, BOB, MIRA, CHARLIE])
@pytest.mark.parametrize("minutes", [0, 6, 11, 60])
def test_at_every_stage_everybody_has_an_answer_and_it_agrees_with_the_pages(bell: Bell, email: str, minutes: int) -> None:
    ref = bell.ring()
    for _ in range(minutes):
        bell.wait(minutes=1)

    was_paged = any(page.state == "sent" for page in bell.pages(ref, email))

    assert ("was paged" in answer(ref, email)) is was_paged
    assert ("was not paged" in answer(ref, email)) is not was_paged


def test_somebody_elses_lines_are_not_in_my_trace(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)

    mine = [line.text for line in trace(ref.id, person(ALICE).id)]
    assert not any("Bob Lindqvist by e-mail" in line for line in mine)
