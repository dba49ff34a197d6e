"""Why was I (not) paged? Each decision has its sentence, for everybody and for one person."""

from datetime import UTC, datetime

import pytest

from tests.paging.bell import SCANNER, Bell
from tests.paging.company import ALICE, BOB, CHARLIE, MIRA
from tests.paging.fake_servers import FakeWeb
from watchbill.base.acting import SYSTEM
from watchbill.base.problem import Problem
from watchbill.paging.models import Alert
from watchbill.paging.services import add_contact_method, resolve_alert, set_rules
from watchbill.paging.trace import trace
from watchbill.roster.queries import person

MONDAY_AFTERNOON = datetime(2026, 11, 23, 15, 11, tzinfo=UTC)


def test_the_trace_tells_the_story_in_order(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    bell.acknowledge(ref, BOB)
    kinds = [line.kind for line in trace(ref.id)]
    marks = ["opened", "target", "escalated", "planned", "sent", "escalated", "target", "sent", "acknowledged"]
    rest = iter(kinds)
    assert all(mark in rest for mark in marks), kinds


def test_the_trace_says_why_it_was_opened(bell: Bell) -> None:
    assert "It is exploited in the wild." in bell.trace(bell.ring())


def test_somebody_who_was_paged_is_told_by_what_when_and_why(bell: Bell) -> None:
    assert bell.answer(bell.ring(), ALICE) == (
        "Alice Duarte was paged by e-mail at 10:00 CET. Alice Duarte is on watch in Berths at 10:00 CET."
    )


def test_somebody_paged_at_the_desk_only_is_told_so(saltmarsh: Bell) -> None:
    assert saltmarsh.answer(saltmarsh.ring(), ALICE).startswith("Alice Duarte was paged at the desk at 10:00 CET.")


def test_somebody_not_on_watch_is_told_of_the_gap_and_the_next_watch(bell: Bell) -> None:
    bell.clock.set(MONDAY_AFTERNOON)
    assert bell.answer(bell.ring(), ALICE).startswith(
        "Alice Duarte was not paged: nobody in Berths is on watch until Tue 08:00 CET, when Alice Duarte begins."
    )


def test_somebody_outside_is_told_who_was_on_watch(bell: Bell) -> None:
    assert bell.answer(bell.ring(), CHARLIE) == "Charlie Outside was not paged: Alice Duarte is on watch in Berths at 10:00 CET."


def test_somebody_of_a_later_step_is_told_when_it_comes(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    assert bell.answer(ref, MIRA) == (
        "Mira Solberg was not paged: step 3 of policy Berths, urgent, which names them, comes at 10:10 CET if nobody acknowledges."
    )


def test_somebody_of_a_step_two_away_is_told_that_it_has_not_come(bell: Bell) -> None:
    assert bell.answer(bell.ring(), MIRA).endswith("has not been reached yet.")


def test_somebody_of_a_step_that_was_never_reached_is_told_who_had_it(bell: Bell) -> None:
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    assert bell.answer(ref, MIRA).endswith("which names them, was not reached: Alice Duarte acknowledged at 10:00 CET.")


def test_somebody_of_a_step_that_was_never_reached_is_told_it_was_resolved(bell: Bell) -> None:
    ref = bell.ring()
    resolve_alert(ref.id, SCANNER, "fixed")
    assert bell.answer(ref, MIRA).endswith("was not reached: the alert was resolved before.")


def test_somebody_whose_page_is_held_is_told_until_when(bell: Bell) -> None:
    bell.clock.set(datetime(2026, 11, 24, 22, 30, tzinfo=UTC))
    told = bell.answer(bell.ring(decision="hours"), ALICE)
    assert told.startswith("Alice Duarte has not been paged yet. This can wait until Wed 09:00 CET, when Berths is at work.")


def test_somebody_whose_page_was_called_off_is_told_why(bell: Bell) -> None:
    ref = bell.open()
    bell.acknowledge(ref, BOB)
    assert bell.answer(ref, ALICE) == "Alice Duarte was not paged: Bob Lindqvist acknowledged at 10:00 CET."


def test_somebody_whose_page_does_not_get_through_is_told_the_fault(bell: Bell, web: FakeWeb) -> None:
    alice = person(ALICE).id
    set_rules(alice, "now", [(0, add_contact_method(alice, "webhook", {"url": web.url, "secret": "s" * 32}, SYSTEM, verified=True))])
    web.answer = (503, {})
    ref = bell.ring()
    assert "did not go: answered 503" in bell.trace(ref, ALICE)


def test_one_persons_trace_leaves_out_what_concerns_others_alone(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    assert "Paged Alice Duarte" not in bell.trace(ref, BOB)
    assert "Paged Bob Lindqvist" in bell.trace(ref, BOB)


def test_a_merged_alert_says_so_in_its_trace(bell: Bell) -> None:
    ref = bell.ring()
    bell.ring()
    assert "nobody is paged a second time" in bell.trace(ref, CHARLIE)


def test_there_is_no_trace_of_an_alert_that_never_was(bell: Bell) -> None:
    with pytest.raises(Problem):
        trace(77)


def test_every_page_row_says_why(bell: Bell) -> None:
    bell.clock.set(MONDAY_AFTERNOON)
    ref = bell.ring()
    bell.wait(minutes=5)
    bell.ring(decision="hours", dedup_key="other", subject="finding:413")
    assert all(page.why for page in bell.pages(ref))


def test_a_team_that_is_gone_since_does_no_harm_to_the_trace(bell: Bell) -> None:
    ref = bell.ring()
    alert = Alert.objects.get(pk=ref.id)
    alert.policy["steps"].append({"wait_seconds": 60, "targets": ["team:gone"]})
    alert.save()
    assert bell.answer(ref, CHARLIE).startswith("Charlie Outside was not paged")
