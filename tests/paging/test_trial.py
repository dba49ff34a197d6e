"""A trial shows somebody that a way reaches them, before a page depends on it."""

from collections.abc import Callable

import pytest

from tests.paging.bell import Bell
from tests.paging.company import ALICE
from tests.paging.fake_servers import FakeWeb
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.paging import limits, queries
from watchbill.paging.services import add_contact_method
from watchbill.paging.trial import send_trial
from watchbill.roster.queries import person

BY_ALICE = Actor("person", ALICE, "web")


def by_mail() -> int:
    return add_contact_method(person(ALICE).id, "email", {"address": ALICE}, BY_ALICE)


def by_webhook(web: FakeWeb) -> int:
    return add_contact_method(person(ALICE).id, "webhook", {"url": web.url, "secret": "s" * 32}, BY_ALICE)


def test_a_trial_arrives_and_says_that_nothing_is_wrong(bell: Bell) -> None:
    assert "took it" in send_trial(by_mail(), BY_ALICE)
    assert "Only a trial: nothing is wrong" in str(bell.mail.taken[0]["Subject"])


def test_a_trial_opens_no_alert_and_verifies_nothing(bell: Bell) -> None:
    method = by_mail()
    send_trial(method, BY_ALICE)
    assert queries.open_alerts() == ()
    assert queries.contact_methods(person(ALICE).id)[0].verified_at is None


def test_a_trial_is_audited(bell: Bell) -> None:
    send_trial(by_mail(), BY_ALICE)
    (event,) = events(action="contact_method.tried")
    assert (event.actor, event.outcome) == (ALICE, "done")


def test_a_trial_that_fails_says_why(bell: Bell, web: FakeWeb) -> None:
    web.answer = (403, {})
    with pytest.raises(Problem) as caught:
        send_trial(by_webhook(web), BY_ALICE)
    assert (caught.value.code, caught.value.detail) == ("trial_failed", "answered 403")
    assert [event.outcome for event in events(action="contact_method.tried")] == ["failed"]


def test_a_trial_without_an_answer_says_that_it_may_still_arrive(bell: Bell, web: FakeWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SEND_SECONDS", 0.2)
    web.answer = lambda handler: handler.rfile.read(1) and None
    assert "may still arrive" in send_trial(by_webhook(web), BY_ALICE)


def test_a_trial_of_a_channel_that_is_not_set_up_says_what_is_missing(bell: Bell, set_to: Callable[..., None]) -> None:
    method = by_mail()
    set_to(MAIL_HOST="")
    with pytest.raises(Problem) as caught:
        send_trial(method, BY_ALICE)
    assert caught.value.code == "channel_unusable"
    assert "mail.host" in caught.value.detail


def test_a_trial_of_a_method_that_never_was_is_a_problem(bell: Bell) -> None:
    with pytest.raises(Problem) as caught:
        send_trial(999, BY_ALICE)
    assert caught.value.status == 404
