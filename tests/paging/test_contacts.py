"""How people are reached: what a method must know, and the two lists of rules."""

import pytest

from tests.paging.bell import Bell
from tests.paging.company import ALICE, BOB
from watchbill.base.acting import SYSTEM
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.paging import contacts, limits
from watchbill.paging.models import ContactMethod, NotificationRule
from watchbill.roster.queries import person

HOOK = {"url": "https://hooks.saltmarsh.example/x", "secret": "whsec_c2VjcmV0c2VjcmV0c2VjcmV0"}
NTFY = {"server": "https://ntfy.saltmarsh.example", "topic": "alice-7c1f", "token": "tk_abc"}


def alice() -> int:
    return person(ALICE).id


def add(channel: str = "webhook", fields: dict[str, str] | None = None, verified: bool = True) -> int:
    return contacts.add_contact_method(alice(), channel, HOOK if fields is None else fields, SYSTEM, verified)


def test_a_method_is_kept_with_what_the_channel_asks_for(saltmarsh: Bell) -> None:
    assert ContactMethod.objects.get(pk=add()).fields == HOOK


def test_secrets_are_never_shown_again(saltmarsh: Bell) -> None:
    add("ntfy", NTFY)
    (shown,) = contacts.contact_methods(alice())
    assert shown.fields == {"server": "https://ntfy.saltmarsh.example", "topic": "set", "token": "set"}
    assert "tk_abc" not in repr(shown)


def test_an_optional_field_may_be_left_out(saltmarsh: Bell) -> None:
    add("ntfy", {name: value for name, value in NTFY.items() if name != "token"})
    (shown,) = contacts.contact_methods(alice())
    assert shown.fields["token"] == ""


@pytest.mark.parametrize(
    ("channel", "fields", "at"),
    [
        ("pigeon", {}, "channel"),
        ("desk", {}, "channel"),
        ("webhook", {"url": HOOK["url"]}, "fields.secret"),
        ("webhook", {**HOOK, "colour": "red"}, "fields.colour"),
        ("webhook", {**HOOK, "url": "ftp://x.example/"}, "fields.url"),
        ("webhook", {**HOOK, "url": "javascript:alert(1)"}, "fields.url"),
        ("webhook", {**HOOK, "url": "https://"}, "fields.url"),
        ("webhook", {**HOOK, "url": "https://[::1/"}, "fields.url"),
        ("webhook", {**HOOK, "url": "https://x.example/\r\nHost: y"}, "fields.url"),
        ("email", {"address": "no address"}, "fields.address"),
        ("email", {"address": "a@b.example, c@d.example"}, "fields.address"),
        ("email", {"address": "a@b.example\r\nBcc: e@f.example"}, "fields.address"),
        ("email", {"address": "a@" + "b" * 3000}, "fields.address"),
    ],
)
def test_what_cannot_work_is_refused_by_field(saltmarsh: Bell, channel: str, fields: dict[str, str], at: str) -> None:
    with pytest.raises(Problem) as caught:
        add(channel, fields)
    assert caught.value.field == at
    assert not ContactMethod.objects.exists()


def test_a_field_of_just_2000_letters_is_taken(saltmarsh: Bell) -> None:
    url = "https://x.example/" + "a" * (limits.FIELD_CHARS - len("https://x.example/"))
    assert add("webhook", {**HOOK, "url": url})


def test_a_person_has_at_most_twenty_methods(saltmarsh: Bell) -> None:
    for _ in range(limits.METHODS_PER_PERSON):
        add()
    with pytest.raises(Problem) as caught:
        add()
    assert caught.value.status == 409


def test_adding_a_method_is_audited_without_its_fields(saltmarsh: Bell) -> None:
    add()
    (event,) = events(action="contact_method.added")
    assert event.body == {"channel": "webhook", "verified": True}


def test_a_method_that_is_not_verified_is_never_used_and_says_so(bell: Bell) -> None:
    contacts.set_rules(alice(), "now", [(0, add(verified=False))])
    ref = bell.ring()
    (page,) = bell.pages(ref, channel="webhook")
    assert (page.state, page.attempts) == ("skipped", 0)
    assert "it is not verified yet" in page.why


def test_verifying_makes_a_method_usable_once(saltmarsh: Bell) -> None:
    method = add(verified=False)
    contacts.verify_contact_method(method, SYSTEM)
    first = ContactMethod.objects.get(pk=method).verified_at
    saltmarsh.clock.forward(hours=1)
    contacts.verify_contact_method(method, SYSTEM)
    assert ContactMethod.objects.get(pk=method).verified_at == first


def test_verifying_a_method_that_never_was_is_a_problem(saltmarsh: Bell) -> None:
    with pytest.raises(Problem):
        contacts.verify_contact_method(999, SYSTEM)


def test_removing_a_method_takes_its_rules_and_calls_off_its_pages(bell: Bell) -> None:
    method = add()
    contacts.set_rules(alice(), "now", [(60, method)])
    ref = bell.ring()
    contacts.remove_contact_method(method, SYSTEM)
    bell.wait(minutes=2)
    (page,) = bell.pages(ref, channel="webhook")
    assert (page.state, page.why) == ("cancelled", "Called off: the contact method was removed.")
    assert not NotificationRule.objects.exists()


def test_rules_replace_the_list_whole(saltmarsh: Bell) -> None:
    one, two = add(), add()
    contacts.set_rules(alice(), "now", [(0, one), (60, two)])
    contacts.set_rules(alice(), "now", [(30, two)])
    assert [(rule.delay_seconds, rule.contact_method_id) for rule in contacts.notification_rules(alice(), "now")] == [(30, two)]


def test_the_two_lists_are_apart(saltmarsh: Bell) -> None:
    contacts.set_rules(alice(), "hours", [(600, add())])
    assert contacts.notification_rules(alice(), "now") == ()
    assert [rule.delay_seconds for rule in contacts.notification_rules(alice(), "hours")] == [600]


def test_an_empty_list_brings_back_the_default(bell: Bell) -> None:
    contacts.set_rules(alice(), "now", [(0, add())])
    contacts.set_rules(alice(), "now", [])
    assert bell.rung(bell.ring()) == [("Alice", "desk"), ("Alice", "email")]


@pytest.mark.parametrize("delay", [-1, 86_401])
def test_a_delay_out_of_bounds_is_refused(saltmarsh: Bell, delay: int) -> None:
    with pytest.raises(Problem) as caught:
        contacts.set_rules(alice(), "now", [(delay, add())])
    assert caught.value.field == "rules[0].delay_seconds"


def test_a_delay_of_a_whole_day_is_taken(saltmarsh: Bell) -> None:
    contacts.set_rules(alice(), "now", [(limits.RULE_DELAY_SECONDS, add())])


def test_a_list_nobody_knows_is_refused(saltmarsh: Bell) -> None:
    with pytest.raises(Problem):
        contacts.set_rules(alice(), "digest", [])


def test_a_list_has_at_most_twenty_rules(saltmarsh: Bell) -> None:
    method = add()
    contacts.set_rules(alice(), "now", [(0, method)] * limits.RULES_PER_LIST)
    with pytest.raises(Problem):
        contacts.set_rules(alice(), "now", [(0, method)] * (limits.RULES_PER_LIST + 1))


def test_somebody_elses_method_is_refused_and_the_old_rules_stand(saltmarsh: Bell) -> None:
    method = add()
    contacts.set_rules(alice(), "now", [(0, method)])
    with pytest.raises(Problem):
        contacts.set_rules(person(BOB).id, "now", [(0, method)])
    assert contacts.notification_rules(alice(), "now")


def test_a_channel_that_is_gone_is_skipped_and_says_so(bell: Bell) -> None:
    method = add()
    contacts.set_rules(alice(), "now", [(0, method)])
    ContactMethod.objects.filter(pk=method).update(channel="pigeon")
    ref = bell.ring()
    assert "its channel is not installed" in bell.pages(ref, channel="pigeon")[0].why
    assert contacts.contact_methods(alice())[0].fields == {"url": "set", "secret": "set"}
