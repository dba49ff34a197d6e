"""What becomes of each try: receipts, further tries, other ways, and people who can't be reached at all."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.paging.bell import Bell
from tests.paging.company import ALICE, BOB, ROSTER
from tests.paging.fake_servers import FakeWeb
from watchbill.base.acting import SYSTEM
from watchbill.base.newsroom import NewsItem
from watchbill.base.problem import busy
from watchbill.base.writer import write
from watchbill.paging import delivery, limits, senders
from watchbill.paging.channels import email
from watchbill.paging.jobs import turn
from watchbill.paging.models import ContactMethod, Page
from watchbill.paging.rules.messages import Retry, Sent
from watchbill.paging.services import AlertRef, add_contact_method, resolve_alert, set_rules
from watchbill.roster.queries import person
from watchbill.roster.services import apply_roster


def by_webhook(web: FakeWeb, email: str = ALICE, *more: tuple[int, str]) -> int:
    """This person is paged by webhook at once; and by more ways later, if told."""
    owner = person(email).id
    method = add_contact_method(owner, "webhook", {"url": web.url + "/hook", "secret": "s" * 32}, by=SYSTEM, verified=True)
    rules = [(0, method)]
    for delay, address in more:
        rules.append((delay, add_contact_method(owner, "email", {"address": address}, by=SYSTEM, verified=True)))
    set_rules(owner, "now", rules)
    return method


def hook(bell: Bell, ref: AlertRef) -> Page:
    return Page.objects.get(alert_id=ref.id, channel="webhook")


def test_a_page_that_went_keeps_its_receipt_and_time(bell: Bell) -> None:
    (page,) = bell.pages(bell.ring(), channel="email")
    assert (page.state, page.attempts, page.sent_at) == ("sent", 1, bell.clock.now())
    assert page.receipt == bell.mail.taken[0]["Message-ID"].strip()


def test_a_broken_server_is_asked_again_until_it_works(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (503, {})
    ref = bell.ring()
    for _ in range(3):
        bell.wait(seconds=60)
    assert (hook(bell, ref).state, hook(bell, ref).attempts) == ("planned", 4)
    web.answer = (200, {})
    bell.wait(seconds=60)
    assert (hook(bell, ref).state, hook(bell, ref).attempts) == ("sent", 5)


def test_every_try_carries_the_same_key(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (500, {})
    bell.ring()
    bell.wait(seconds=30)
    assert len(web.taken) == 2
    assert len({taken.headers["idempotency-key"] for taken in web.taken}) == 1


def test_a_servers_wish_to_wait_is_honoured(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (429, {"Retry-After": "90"})
    ref = bell.ring()
    bell.wait(seconds=89)
    assert len(web.taken) == 1
    bell.wait(seconds=1)
    assert len(web.taken) == 2
    assert "answered 429" in bell.log(ref)


def test_a_try_that_did_not_work_is_told_with_the_time_of_the_next(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (503, {})
    ref = bell.ring()
    assert "The page to Alice Duarte by webhook did not go: answered 503. Tried again at 10:00 CET." in bell.log(ref)


def test_a_broken_channel_holds_up_no_other(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web, ALICE, (0, ALICE))
    web.answer = (500, {})
    assert bell.rung(bell.ring()) == [("Alice", "desk"), ("Alice", "email")]


def test_while_a_channel_is_broken_escalation_goes_on(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (500, {})
    ref = bell.ring()
    bell.wait(minutes=5)
    assert ("Bob", "email") in bell.rung(ref)


def test_acknowledging_ends_the_tries(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (500, {})
    ref = bell.ring()
    bell.acknowledge(ref, ALICE)
    bell.wait(hours=1)
    assert len(web.taken) == 1
    assert hook(bell, ref).state == "cancelled"


def test_a_way_that_failed_for_good_brings_the_next_one_forward(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web, ALICE, (240, ALICE))
    web.answer = (410, {})
    ref = bell.ring()
    assert bell.rung(ref) == [("Alice", "desk"), ("Alice", "email")]
    assert "Alice Duarte is paged by e-mail at once instead." in bell.log(ref)
    assert bell.alert(ref).step == 0


def test_a_way_that_failed_for_good_is_audited(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (410, {})
    bell.ring()
    assert "page.failed" in bell.actions()


def test_somebody_without_a_working_way_is_passed_over_at_once(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web)
    web.answer = (410, {})
    ref = bell.ring()
    assert ("Bob", "email") in bell.rung(ref)
    assert "Alice Duarte can't be reached" in bell.log(ref)


def test_somebody_without_a_working_way_is_news(bell: Bell, web: FakeWeb, heard: list[NewsItem]) -> None:
    by_webhook(web)
    web.answer = (410, {})
    ref = bell.ring()
    bell.everything()
    told = [item.body for item in heard if item.topic == "paging.unreachable"]
    assert told == [{"alert": ref.id, "person": ALICE, "person_id": person(ALICE).id}]


def test_a_step_with_somebody_else_to_hear_it_keeps_its_time(bell: Bell, web: FakeWeb) -> None:
    apply_roster(ROSTER.replace('notify = ["schedule:berths"]', 'notify = ["schedule:berths", "schedule:security"]'), by=SYSTEM)
    by_webhook(web)
    web.answer = (410, {})
    ref = bell.ring()
    assert bell.alert(ref).step == 0


def test_a_policy_of_people_who_cannot_be_reached_does_not_spin(bell: Bell) -> None:
    bell.mail.to = "550 5.1.1 no such mailbox"
    ref = bell.ring()
    alert = bell.alert(ref)
    assert alert.exhausted_at is not None
    assert alert.next_step_at == bell.clock.now() + timedelta(minutes=30)


def test_a_mailbox_that_is_gone_fails_for_good(bell: Bell) -> None:
    bell.mail.to = "550 5.1.1 no such mailbox"
    ref = bell.ring()
    assert {page.state for page in bell.pages(ref, ALICE, "email")} == {"failed"}


def test_a_method_remembers_when_it_last_worked_and_failed(bell: Bell, web: FakeWeb) -> None:
    method = by_webhook(web)
    web.answer = (500, {})
    bell.ring()
    failed_at = bell.clock.now()
    web.answer = (200, {})
    bell.wait(seconds=30)
    kept = ContactMethod.objects.get(pk=method)
    assert (kept.last_fail, kept.last_ok) == (failed_at, bell.clock.now())


def claim(bell: Bell) -> tuple[delivery.ClaimedPage, ...]:
    return write(lambda: delivery.claim(bell.clock.now(), 64))


def test_a_claimed_page_is_nobody_elses(bell: Bell) -> None:
    bell.open()
    assert [page.channel for page in claim(bell)] == ["email"]
    assert claim(bell) == ()


def test_a_lease_that_ran_out_is_claimed_again_under_the_same_key(bell: Bell) -> None:
    bell.open()
    (first,) = claim(bell)
    bell.clock.forward(seconds=61)
    (second,) = claim(bell)
    assert (second.id, second.outgoing.idem, second.attempt) == (first.id, first.outgoing.idem, 2)


def test_a_lease_that_ran_out_after_the_alert_was_acknowledged_is_not_sent_again(bell: Bell) -> None:
    ref = bell.open()
    claim(bell)
    bell.acknowledge(ref, ALICE)
    bell.clock.forward(seconds=61)
    assert claim(bell) == ()
    assert {page.state for page in bell.pages(ref, channel="email")} == {"cancelled"}


def test_a_try_that_was_overtaken_counts_if_it_succeeded(bell: Bell) -> None:
    ref = bell.open()
    (first,) = claim(bell)
    bell.clock.forward(seconds=61)
    claim(bell)
    write(lambda: delivery.record(first.id, 1, Sent("late"), bell.clock.now()))
    assert [page.receipt for page in bell.pages(ref, channel="email")] == ["late"]


def test_a_try_that_was_overtaken_and_failed_changes_nothing(bell: Bell) -> None:
    ref = bell.open()
    (first,) = claim(bell)
    bell.clock.forward(seconds=61)
    claim(bell)
    write(lambda: delivery.record(first.id, 1, Retry("late"), bell.clock.now()))
    assert [page.state for page in bell.pages(ref, channel="email")] == ["sending"]


def test_a_page_sent_twice_over_counts_once(bell: Bell) -> None:
    ref = bell.open()
    (first,) = claim(bell)
    write(lambda: delivery.record(first.id, 1, Sent("one"), bell.clock.now()))
    write(lambda: delivery.record(first.id, 1, Sent("two"), bell.clock.now()))
    assert [page.receipt for page in bell.pages(ref, channel="email")] == ["one"]
    assert bell.actions(f"page:{first.id}") == ["page.sent"]


def test_a_try_that_fails_after_the_alert_was_resolved_is_the_last(bell: Bell) -> None:
    ref = bell.open()
    (first,) = claim(bell)
    resolve_alert(ref.id, SYSTEM, "fixed")
    write(lambda: delivery.record(first.id, 1, Retry("answered 503"), bell.clock.now()))
    assert [page.state for page in bell.pages(ref, channel="email")] == ["cancelled"]


def test_a_channel_that_is_full_is_left_alone(bell: Bell) -> None:
    bell.open()
    assert write(lambda: delivery.claim(bell.clock.now(), 64, full=("email",))) == ()
    assert delivery.next_look(full=("email",)) is None


def test_a_page_that_is_under_way_here_is_left_alone(bell: Bell) -> None:
    bell.open()
    (first,) = claim(bell)
    bell.clock.forward(hours=1)
    assert write(lambda: delivery.claim(bell.clock.now(), 64, busy=(first.id,))) == ()


def test_a_channel_whose_code_fails_is_a_try_that_did_not_work(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(page: object) -> Sent:
        raise KeyError("address")

    monkeypatch.setattr(email, "send", broken)
    ref = bell.ring()
    (page,) = bell.pages(ref, channel="email")
    assert (page.state, page.error) == ("planned", "the channel itself failed (KeyError)")


def test_nothing_due_costs_two_reads_and_no_write(bell: Bell, django_assert_num_queries: object) -> None:
    bell.ring()
    bell.clock.forward(seconds=1)
    with django_assert_num_queries(2):  # type: ignore[operator] - pytest-django's own
        turn(bell.clock.now())


def test_bob_is_paged_by_his_own_rules_and_not_by_mail(bell: Bell, web: FakeWeb) -> None:
    by_webhook(web, BOB)
    ref = bell.ring(policy="security")
    assert bell.rung(ref) == [("Bob", "desk"), ("Bob", "webhook")]


def test_an_outcome_is_stored_though_the_writer_was_busy_at_first(bell: Bell, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = [busy(2.0), busy(2.0)]

    def now_and_then(fn: Callable[[], object], **named: object) -> object:
        if refusals:
            raise refusals.pop()
        return write(fn)

    monkeypatch.setattr(senders, "write", now_and_then)
    monkeypatch.setattr(limits, "RECORD_PAUSE_SECONDS", 0.0)
    assert bell.rung(bell.ring()) == [("Alice", "desk"), ("Alice", "email")]


def test_an_outcome_that_cannot_be_stored_goes_again_under_the_same_key_once_the_lease_is_over(
    bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(fn: Callable[[], object], **named: object) -> object:
        raise busy(2.0)

    with monkeypatch.context() as at_first:
        at_first.setattr(senders, "write", never)
        at_first.setattr(limits, "RECORD_PAUSE_SECONDS", 0.0)
        ref = bell.ring()
    bell.wait(seconds=61)
    assert bell.rung(ref)[:2] == [("Alice", "desk"), ("Alice", "email")]
    assert len({str(message["Message-ID"]) for message in bell.mail.taken}) == 1
    assert len(bell.mail.taken) == 2


def test_a_page_that_waited_in_the_queue_past_its_lease_is_left_to_the_next_claim(bell: Bell) -> None:
    bell.open()
    (claimed,) = claim(bell)
    bell.clock.forward(seconds=61)
    senders.send_and_record(claimed)
    assert bell.mail.taken == []
