"""Nobody answers: the next step, the step after a gap, the end of the policy, and what comes after the end."""

from datetime import UTC, datetime

import pytest

from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, MIRA, ROSTER
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.newsroom import NewsItem
from watchbill.base.problem import Problem
from watchbill.paging.models import Alert
from watchbill.paging.queries import next_for
from watchbill.paging.services import escalate_now, resolve_alert
from watchbill.roster import queries as roster
from watchbill.roster.services import add_override, apply_roster

MONDAY_AFTERNOON = datetime(2026, 11, 23, 15, 11, tzinfo=UTC)


def test_when_nobody_answers_the_next_person_is_paged(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    assert bell.rung(ref) == [("Alice", "desk"), ("Alice", "email"), ("Bob", "desk"), ("Bob", "email")]


def test_nobody_is_paged_before_the_step_has_had_its_time(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=4, seconds=59)
    assert len(bell.rung(ref)) == 2


def test_a_clock_moved_past_two_steps_takes_them_in_order(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    bell.wait(minutes=5)
    assert [name for name, channel in bell.rung(ref) if channel == "email"] == ["Alice", "Bob", "Mira"]


def test_an_empty_schedule_goes_on_to_the_next_step_at_once(bell: Bell) -> None:
    bell.clock.set(MONDAY_AFTERNOON)
    ref = bell.ring()
    assert bell.rung(ref) == [("Bob", "desk"), ("Bob", "email")]
    assert bell.alert(ref).step == 1


def test_an_empty_schedule_says_who_is_next(bell: Bell) -> None:
    bell.clock.set(MONDAY_AFTERNOON)
    ref = bell.ring()
    assert "Nobody in Berths is on watch until Tue 08:00 CET, when Alice Duarte begins." in bell.log(ref)


def test_a_gap_is_news(bell: Bell, heard: list[NewsItem]) -> None:
    bell.clock.set(MONDAY_AFTERNOON)
    bell.ring()
    bell.everything()
    assert ("paging.gap", "schedule:berths") in [(item.topic, item.subject) for item in heard]


def test_escalating_is_audited_with_its_cause(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    assert bell.actions(f"alert:{ref.id}") == ["alert.opened", "alert.escalated"]
    assert "It goes on: nobody answered in time." in bell.log(ref)


def exhaust(bell: Bell) -> object:
    ref = bell.ring()
    bell.wait(minutes=5)
    bell.wait(minutes=5)
    bell.wait(minutes=10)
    return ref


def test_past_the_last_step_the_security_watch_is_paged(bell: Bell) -> None:
    ref = exhaust(bell)
    assert bell.rung(ref)[-2:] == [("Bob", "desk"), ("Bob", "email")]
    assert "Nobody answered any step of policy Berths, urgent" in bell.log(ref)


def test_past_the_last_step_the_alert_still_rings(bell: Bell) -> None:
    alert = bell.alert(exhaust(bell))
    assert alert.state == "triggered"
    assert alert.exhausted_at is not None
    assert alert.next_targets == ("Bob Lindqvist",)


def test_the_end_of_the_policy_is_news_once(bell: Bell, heard: list[NewsItem]) -> None:
    exhaust(bell)
    bell.wait(minutes=30)
    bell.everything()
    assert [item.subject for item in heard if item.topic == "paging.exhausted"] == ["finding:412"]


def test_past_the_end_security_is_paged_every_half_hour(bell: Bell) -> None:
    ref = exhaust(bell)
    before = len(bell.rung(ref))
    bell.wait(minutes=29)
    assert len(bell.rung(ref)) == before
    bell.wait(minutes=1)
    bell.wait(minutes=30)
    assert bell.rung(ref)[before:] == [("Bob", "desk"), ("Bob", "email")] * 2


def test_a_policy_that_repeats_begins_again(bell: Bell) -> None:
    apply_roster(ROSTER.replace('name = "Berths, urgent"', 'name = "Berths, urgent"\nrepeat = 1'), by=SYSTEM)
    ref = exhaust(bell)
    assert bell.rung(ref)[-2:] == [("Alice", "desk"), ("Alice", "email")]
    assert (bell.alert(ref).loop, bell.alert(ref).step) == (1, 0)


def test_a_policy_that_reaches_nobody_leads_to_the_security_watch_at_once(bell: Bell) -> None:
    bell.clock.set(MONDAY_AFTERNOON)
    only_berths = ROSTER.split('[[policy.step]]\nnotify = ["schedule:security"]')[0]
    rest = ROSTER[ROSTER.index('[[policy]]\nslug = "security"') :]
    apply_roster(only_berths + rest, by=SYSTEM)
    ref = bell.ring()
    assert bell.rung(ref) == [("Bob", "desk"), ("Bob", "email")]
    assert bell.alert(ref).exhausted_at is not None


def test_with_nobody_on_the_security_watch_the_whole_team_is_paged(bell: Bell) -> None:
    apply_roster(
        ROSTER.replace(
            "starts = 2026-01-05T08:00:00\n\n[[policy]]", 'starts = 2026-01-05T08:00:00\nonly = ["sun 03:00-04:00"]\n\n[[policy]]'
        ),
        by=SYSTEM,
    )
    ref = bell.ring(policy="gone")
    assert {name for name, _ in bell.rung(ref)} == {"Bob", "Mira"}


def test_somebody_whose_account_is_closed_is_not_paged_and_the_log_says_so(bell: Bell) -> None:
    apply_roster(ROSTER.replace('name = "Mira Solberg"', 'name = "Mira Solberg"\nactive = false'), by=SYSTEM)
    ref = bell.ring()
    bell.wait(minutes=5)
    bell.wait(minutes=5)
    assert "Mira Solberg has no active account" in bell.log(ref)
    assert "Mira" not in {name for name, _ in bell.rung(ref)}


def test_a_team_is_paged_whole_and_each_person_once(bell: Bell) -> None:
    ref = bell.ring(policy="security", team="security")
    bell.wait(minutes=5)
    assert sorted(bell.rung(ref)[2:]) == [("Bob", "desk"), ("Bob", "email"), ("Mira", "desk"), ("Mira", "email")]


def test_escalate_now_pages_the_next_person_at_once(bell: Bell) -> None:
    ref = bell.ring()
    escalate_now(ref.id, Actor("person", ALICE, "web"))
    bell.settle()
    assert bell.rung(ref)[2:] == [("Bob", "desk"), ("Bob", "email")]
    assert "Alice Duarte asked for it" in bell.log(ref)


def test_escalating_an_acknowledged_alert_rings_again(bell: Bell) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    escalate_now(ref.id, Actor("person", ALICE, "web"))
    bell.settle()
    assert bell.alert(ref).state == "triggered"
    assert ("Bob", "email") in bell.rung(ref)


def test_a_resolved_alert_cannot_be_escalated(bell: Bell) -> None:
    ref = bell.ring()
    resolve_alert(ref.id, SCANNER, "fixed")
    with pytest.raises(Problem) as caught:
        escalate_now(ref.id, Actor("person", ALICE, "web"))
    assert caught.value.status == 409


def test_escalating_an_alert_that_never_was_is_a_problem(bell: Bell) -> None:
    with pytest.raises(Problem) as caught:
        escalate_now(999, Actor("person", ALICE, "web"))
    assert caught.value.status == 404


def test_the_person_on_watch_when_the_step_comes_is_paged_not_the_one_from_before(bell: Bell) -> None:
    """Bob is ill: between the first step and the second, Mira takes his watch."""
    ref = bell.ring()
    now = bell.clock.now()
    add_override("security", MIRA, now, now.replace(hour=23), by=Actor("person", BOB, "web"))
    bell.wait(minutes=5)
    assert bell.rung(ref)[2:] == [("Mira", "desk"), ("Mira", "email")]


def test_who_is_next_is_told_as_the_roster_stands_now(bell: Bell) -> None:
    ref = bell.ring()
    now = bell.clock.now()
    add_override("security", MIRA, now, now.replace(hour=23), by=Actor("person", BOB, "web"))
    told = next_for(ref.id, now)
    assert told is not None
    assert told[0] == ("Mira Solberg",)


def test_nobody_is_next_once_it_is_acknowledged(bell: Bell) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    assert next_for(ref.id, bell.clock.now()) is None
    assert bell.alert(ref).next_targets == ()


def test_a_hundred_alerts_that_are_due_at_once_all_go_on(bell: Bell) -> None:
    refs = [bell.open(dedup_key=f"finding:{number}", subject=f"finding:{number}") for number in range(100)]
    bell.settle()
    bell.wait(minutes=5)
    assert all(bell.alert(ref).step == 1 for ref in refs)
    assert roster.person(BOB).name in {page.person for page in bell.pages(refs[-1])}


def test_an_alert_that_cannot_go_on_keeps_no_other_from_it(bell: Bell, heard: list[NewsItem]) -> None:
    broken, sound = bell.ring(dedup_key="broken", subject="finding:1"), bell.ring()
    Alert.objects.filter(pk=broken.id).update(policy={"slug": "berths", "name": "Berths", "repeat": 0, "steps": "what?"})
    bell.wait(minutes=5)
    assert ("Bob", "email") in bell.rung(sound)
    assert "tried again in a minute" in bell.log(broken)
    bell.everything()
    assert ("paging.stuck", "finding:1") in [(item.topic, item.subject) for item in heard]


def test_an_alert_that_could_not_go_on_does_so_once_it_can(bell: Bell) -> None:
    ref = bell.ring()
    kept = Alert.objects.get(pk=ref.id).policy
    Alert.objects.filter(pk=ref.id).update(policy={**kept, "steps": "what?"})
    bell.wait(minutes=5)
    Alert.objects.filter(pk=ref.id).update(policy=kept)
    bell.wait(minutes=1)
    assert ("Bob", "email") in bell.rung(ref)
