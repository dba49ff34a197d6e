"""A trial of a contact method: it goes out at once by the channel itself, says that it is only a trial, and verifies nothing."""

from collections.abc import Callable

import pytest

from watchbill.base import trail
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem
from watchbill.paging import contacts, queries
from watchbill.paging.channels import webhook
from watchbill.paging.rules.messages import Outcome, OutgoingPage, Reject, Retry, Sent, Unknown
from watchbill.paging.trial import send_trial
from watchbill.roster import queries as roster
from watchbill.roster import services as people

FIELDS = {"url": "https://hook.example/x", "secret": "a signing secret of some length"}
BY = Actor("person", "alice@example.test", "web")

pytestmark = pytest.mark.django_db


@pytest.fixture
def method() -> int:
    """Alice's webhook, not verified."""
    alice = people.add_person("alice@example.test", "Alice", "engineer", "Europe/Amsterdam", None, by=BY)
    return contacts.add_contact_method(alice.id, "webhook", FIELDS, by=BY)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Outcome], list[OutgoingPage]]:
    """At the edge: what the provider says; the pages it was given."""

    def say(outcome: Outcome) -> list[OutgoingPage]:
        given: list[OutgoingPage] = []
        monkeypatch.setattr(webhook, "send", lambda page: given.append(page) or outcome)
        return given

    return say


def test_it_says_that_it_is_only_a_trial(method: int, answers: Callable[[Outcome], list[OutgoingPage]]) -> None:
    given = answers(Sent("r-1"))
    assert "took it" in send_trial(method, BY)
    assert given[0].title == "Only a trial: nothing is wrong"
    assert given[0].person_name == "Alice"
    assert given[0].fields == FIELDS


def test_it_verifies_nothing_and_opens_no_alert(method: int, answers: Callable[[Outcome], list[OutgoingPage]]) -> None:
    answers(Sent("r-1"))
    send_trial(method, BY)
    assert contacts.contact_methods(roster.person("alice@example.test").id)[0].verified_at is None
    assert queries.open_alerts() == ()


def test_two_trials_are_two_messages(method: int, answers: Callable[[Outcome], list[OutgoingPage]]) -> None:
    given = answers(Sent("r"))
    send_trial(method, BY)
    send_trial(method, BY)
    assert given[0].idem != given[1].idem


@pytest.mark.parametrize("outcome", [Reject("no such hook"), Retry("it is down", 30.0)])
def test_a_refusal_is_told_with_the_providers_reason(
    method: int, answers: Callable[[Outcome], list[OutgoingPage]], outcome: Reject | Retry
) -> None:
    answers(outcome)
    with pytest.raises(Problem) as told:
        send_trial(method, BY)
    assert told.value.code == "trial_failed"
    assert told.value.detail == outcome.reason


def test_no_clear_answer_is_told_as_such(method: int, answers: Callable[[Outcome], list[OutgoingPage]]) -> None:
    answers(Unknown("no answer in time"))
    assert "may still arrive" in send_trial(method, BY)


@pytest.mark.parametrize(("outcome", "kept"), [(Sent("r"), "done"), (Unknown("late"), "done")])
def test_the_trail_keeps_that_it_was_tried(
    method: int, answers: Callable[[Outcome], list[OutgoingPage]], outcome: Outcome, kept: str
) -> None:
    answers(outcome)
    send_trial(method, BY)
    event = trail.events(action="contact_method.tried")[0]
    assert (event.outcome, event.body["channel"]) == (kept, "webhook")


def test_a_failed_trial_stands_in_the_trail_too(method: int, answers: Callable[[Outcome], list[OutgoingPage]]) -> None:
    answers(Reject("no"))
    with pytest.raises(Problem):
        send_trial(method, BY)
    assert trail.events(action="contact_method.tried")[0].outcome == "failed"


def test_a_way_that_can_not_be_used_yet_says_what_is_missing(method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "unusable", lambda: "nothing may leave this machine")
    with pytest.raises(Problem) as told:
        send_trial(method, BY)
    assert told.value.detail == "Nothing may leave this machine."


def test_a_method_that_is_not_there_is_said_so() -> None:
    with pytest.raises(Problem) as told:
        send_trial(999_999, BY)
    assert told.value.status == 404
