"""Contact methods and rules at their edges: whose they are, what each verb leaves, and what a failing way does to the page."""

import pytest

from tests.paging.bell import Bell
from tests.paging.company import ALICE, BOB
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.paging import limits
from watchbill.paging.models import ContactMethod, NotificationRule
from watchbill.paging.services import add_contact_method, remove_contact_method, set_rules, verify_contact_method
from watchbill.roster.queries import person

BY_ALICE = Actor("person", ALICE, "web")


def way(email: str = ALICE, address: str = "alice@home.example", verified: bool = True) -> int:
    return add_contact_method(person(email).id, "email", {"address": address}, BY_ALICE, verified=verified)


@pytest.mark.parametrize("verified", [True, False])
def test_each_verb_is_one_event_in_the_name_of_who_did_it(saltmarsh: Bell, verified: bool) -> None:
    method = way(verified=verified)
    verify_contact_method(method, BY_ALICE)
    verify_contact_method(method, BY_ALICE)
    remove_contact_method(method, BY_ALICE)

    told = [(event.action, event.actor) for event in reversed(events(target=f"person:{person(ALICE).id}", action="contact_method."))]
    middle = [] if verified else [("contact_method.verified", ALICE)]
    assert told == [("contact_method.added", ALICE), *middle, ("contact_method.removed", ALICE)]


@pytest.mark.parametrize("verb", [verify_contact_method, remove_contact_method])
def test_what_is_removed_or_never_was_is_not_found(saltmarsh: Bell, verb) -> None:
    method = way()
    remove_contact_method(method, BY_ALICE)

    for number in (method, 4711):
        with pytest.raises(Problem) as caught:
            verb(number, BY_ALICE)
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("urgency", "rules", "field"),
    [
        ("soon", [], "list"),
        ("", [], "list"),
        ("NOW", [], "list"),
        ("now", [(0, 1)] * (limits.RULES_PER_LIST + 1), "rules"),
        ("now", [(-1, 1)], "rules[0].delay_seconds"),
        ("hours", [(0, 1), (limits.RULE_DELAY_SECONDS + 1, 1)], "rules[1].delay_seconds"),
        ("now", [(0, 4711)], "rules[0].contact_method"),
    ],
)
def test_rules_that_can_not_be_are_refused_at_their_place_and_the_old_ones_stand(
    saltmarsh: Bell, urgency: str, rules: list[tuple[int, int]], field: str
) -> None:
    ident, method = person(ALICE).id, way()
    set_rules(ident, "now", [(60, method)], BY_ALICE)

    with pytest.raises(Problem) as caught:
        set_rules(ident, urgency, [(delay, method if number == 1 else number) for delay, number in rules], BY_ALICE)

    assert (caught.value.code, caught.value.field) == ("invalid", field)
    assert [(rule.delay_seconds, rule.contact_method_id) for rule in NotificationRule.objects.all()] == [(60, method)]


def test_nobody_rings_by_somebody_elses_way(saltmarsh: Bell) -> None:
    method = way(BOB, "bob@home.example")

    with pytest.raises(Problem) as caught:
        set_rules(person(ALICE).id, "now", [(0, method)], BY_ALICE)
    assert caught.value.field == "rules[0].contact_method"


@pytest.mark.parametrize("channel", ["", "pigeon", "EMAIL", "../email", "desk\x00"])
def test_a_channel_nobody_knows_is_refused(saltmarsh: Bell, channel: str) -> None:
    with pytest.raises(Problem):
        add_contact_method(person(ALICE).id, channel, {"address": "alice@home.example"}, BY_ALICE)
    assert not ContactMethod.objects.exists()


@pytest.mark.parametrize("address", ["", "no address", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>", "a@b\x00"])
def test_an_address_that_could_carry_another_is_refused(saltmarsh: Bell, address: str) -> None:
    with pytest.raises(Problem):
        way(address=address)
    assert not ContactMethod.objects.exists()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_several_ways_ring_each_at_its_own_time(bell: Bell, number: int) -> None:
    ident = person(ALICE).id
    ways = [way(address=f"alice-{n}@home.example") for n in range(3)]
    set_rules(ident, "now", [(60 * n, method) for n, method in enumerate(ways)], BY_ALICE)
    ref = bell.ring()
    for _ in range(number):
        bell.wait(minutes=1)

    assert bell.rung(ref).count(("Alice", "email")) == number + 1


def test_a_way_removed_while_it_waits_never_rings(bell: Bell) -> None:
    method = way()
    set_rules(person(ALICE).id, "now", [(120, method)], BY_ALICE)
    ref = bell.ring()
    remove_contact_method(method, BY_ALICE)

    bell.wait(minutes=3)

    assert ("Alice", "email") not in bell.rung(ref)


def test_rules_set_while_it_rings_count_from_the_next_alert_on(bell: Bell) -> None:
    first = bell.ring()
    set_rules(person(ALICE).id, "now", [(240, way())], SYSTEM)
    second = bell.ring(dedup_key="another")

    assert ("Alice", "email") in bell.rung(first)
    assert ("Alice", "email") not in bell.rung(second)
