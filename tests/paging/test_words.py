"""What the bell says while one alert goes its way: each fact once, whole sentences, names and no addresses."""

import re
from datetime import UTC, datetime

import pytest

from tests.paging.bell import Bell
from tests.paging.company import ALICE, BOB, MIRA
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.trail import events
from watchbill.paging import links, queries, services

EVENING = datetime(2026, 11, 23, 17, 33, tzinfo=UTC)
WHERE = "Service board, team Berths, open to the internet."


@pytest.fixture
def evening(bell: Bell) -> Bell:
    """Monday 18:33 in Amsterdam: nobody in Berths is on watch until Tuesday, Bob has the security watch."""
    bell.clock.set(EVENING)
    return bell


def test_a_page_says_who_was_off_before_and_so_why_it_came_to_bob(evening: Bell) -> None:
    page = evening.pages(evening.ring(), BOB)[0]
    assert page.why == "Nobody in Berths is on watch until Tue 08:00 CET, so it goes to the security watch: Bob Lindqvist."
    assert page.why_you == "Nobody in Berths is on watch until Tue 08:00 CET, so it goes to the security watch: you."


def test_a_page_of_the_first_step_says_that_she_is_on_watch(bell: Bell) -> None:
    page = bell.pages(bell.ring(), ALICE)[0]
    assert (page.why, page.why_you) == (
        "Alice Duarte is on watch in Berths at 10:00 CET.",
        "You are on watch in Berths at 10:00 CET.",
    )


def test_a_later_step_says_that_nobody_answered(bell: Bell) -> None:
    ref = bell.ring()
    bell.wait(minutes=5)
    assert bell.pages(ref, BOB)[0].why == "Nobody answered in time, so it goes to the security watch: Bob Lindqvist."
    bell.wait(minutes=5)
    assert bell.pages(ref, MIRA)[0].why == "Nobody answered in time, so it goes to whom the policy names next: Mira Solberg."


def test_somebody_who_asks_for_more_people_is_named(bell: Bell) -> None:
    ref = bell.ring()
    services.escalate_now(ref.id, Actor("person", ALICE, "web"))
    bell.settle()
    assert bell.pages(ref, BOB)[0].why == "Alice Duarte asked for it, so it goes to the security watch: Bob Lindqvist."


def test_without_a_policy_the_security_watch_is_told_no_roundabout_way(bell: Bell) -> None:
    assert bell.pages(bell.ring(policy="nothing"), BOB)[0].why == "Bob Lindqvist is on watch in Security at 10:00 CET."


def test_the_mail_speaks_to_its_reader_and_says_where(evening: Bell) -> None:
    evening.ring(where=WHERE)
    mail = evening.mail.taken[0].get_content().replace("\r\n", "\n")
    assert "Why you:\n  Nobody in Berths is on watch until Tue 08:00 CET, so it goes to the security watch: you.\n" in mail
    assert f"Where:\n  {WHERE}\n" in mail


def test_where_is_kept_with_the_alert_and_taken_anew_when_it_gets_worse(bell: Bell) -> None:
    ref = bell.ring(decision="hours", where="Service board.")
    bell.ring(where=WHERE)
    assert bell.alert(ref).where == WHERE


def test_an_alert_names_its_policy_and_the_step_that_rings(evening: Bell) -> None:
    alert = evening.alert(evening.ring())
    assert (alert.policy_name, alert.pages_step) == ("Berths, urgent", 2)


def test_an_answer_by_link_says_in_what_it_came(bell: Bell) -> None:
    ref = bell.ring()
    mail = bell.pages(ref, ALICE, "email")[0]
    services.ack_by_link(links.ack_link(mail.id).rstrip("/").rsplit("/", 1)[-1])
    assert queries.log(ref.id)[-1].text == "Alice Duarte acknowledged by the link in the mail."
    (event,) = events(action="alert.acknowledged")
    assert (event.actor, event.body["person"], event.body["way"]) == (ALICE, "Alice Duarte", "by the link in the mail")


def story(bell: Bell) -> list[str]:
    """Every line of an alert that nobody answers, is escalated by hand, answered and resolved."""
    ref = bell.ring(where=WHERE)
    bell.wait(minutes=5)
    services.escalate_now(ref.id, Actor("person", BOB, "web"))
    bell.settle()
    bell.acknowledge(ref, MIRA)
    services.resolve_alert(ref.id, SYSTEM, "Fixed, and proven by a newer scan.")
    return [line.text for line in queries.log(ref.id)] + [page.why for page in queries.pages(ref.id)]


def test_every_line_is_a_whole_sentence_without_an_address(evening: Bell) -> None:
    for line in story(evening):
        assert re.fullmatch(r"[A-Z].*\.", line), line
        assert "@" not in line


def test_no_sentence_begins_with_a_capital_after_a_colon_but_a_name(evening: Bell) -> None:
    names = {"Alice", "Bob", "Mira", "Noor", "Charlie"}
    for line in story(evening):
        for word in re.findall(r": ([A-Z]\w*)", line):
            assert word in names, line


def test_the_log_tells_each_thing_once(evening: Bell) -> None:
    ref = evening.ring()
    lines = [line.text for line in queries.log(ref.id)]
    assert len(lines) == len(set(lines))
    assert sum("is on watch in Security" in line for line in lines) == 1
    assert sum("Nobody in Berths" in line for line in lines) == 1
