"""One-time links: what they open, for how long, and only once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.roster.conftest import BY_TEST
from watchbill.base import models as floor
from watchbill.base import trail
from watchbill.base.problem import Problem
from watchbill.roster import sign_in_links

pytestmark = pytest.mark.django_db
ALICE = "alice@saltmarsh.example"


def token_of(path: str) -> str:
    return path.removeprefix("/welcome/")


def refused(token: str) -> Problem:
    with pytest.raises(Problem) as told:
        sign_in_links.look(token)
    return told.value


def test_a_link_says_what_it_is_good_for_and_looking_spends_nothing(clock: Any) -> None:
    token = token_of(sign_in_links.issue("sign_in", by=BY_TEST, email=ALICE))
    for _ in range(3):
        found = sign_in_links.look(token)
    assert (found.kind, found.email, found.expires) == ("sign_in", ALICE, datetime(2026, 6, 2, 9, tzinfo=UTC))


def test_a_link_opens_once(clock: Any) -> None:
    token = token_of(sign_in_links.issue("sign_in", by=BY_TEST, email=ALICE))
    assert sign_in_links.redeem(token, by=BY_TEST).email == ALICE
    with pytest.raises(Problem) as told:
        sign_in_links.redeem(token, by=BY_TEST)
    assert (told.value.code, told.value.status) == ("link_spent", 410)


def test_a_link_is_spent_after_a_day(clock: Any) -> None:
    token = token_of(sign_in_links.issue("set_up", by=BY_TEST))
    clock.forward(hours=24, seconds=-1)
    assert sign_in_links.look(token).kind == "set_up"
    clock.forward(seconds=1)
    assert refused(token).code == "link_spent"


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "a" * 10_000])
def test_no_other_letters_open_anything(clock: Any, token: str) -> None:
    sign_in_links.issue("sign_in", by=BY_TEST, email=ALICE)
    assert refused(token).status == 410


def test_a_link_that_was_promised_is_the_one_that_works(clock: Any) -> None:
    assert (
        sign_in_links.issue("set_up", by=BY_TEST, token="a-promised-token-of-enough-letters")
        == "/welcome/a-promised-token-of-enough-letters"
    )
    assert sign_in_links.look("a-promised-token-of-enough-letters").kind == "set_up"


def test_neither_the_facts_nor_the_trail_hold_the_link_itself(clock: Any) -> None:
    token = token_of(sign_in_links.issue("sign_in", by=BY_TEST, email=ALICE))
    sign_in_links.redeem(token, by=BY_TEST)
    facts = str(list(floor.Fact.objects.values_list("key", "value")))
    told = str(trail.events()) + str(list(floor.AuditEvent.objects.values_list("target", "body", "ref")))
    assert token not in facts + told


def test_making_and_using_a_link_stand_in_the_trail(clock: Any) -> None:
    token = token_of(sign_in_links.issue("sign_in", by=BY_TEST, email=ALICE))
    sign_in_links.redeem(token, by=BY_TEST)
    found = [(event.action, event.target) for event in reversed(trail.events())]
    assert found == [("sign_in_link.issued", f"person:{ALICE}"), ("sign_in_link.redeemed", f"person:{ALICE}")]


def test_two_links_are_never_the_same(clock: Any) -> None:
    made = {sign_in_links.issue("sign_in", by=BY_TEST, email=ALICE) for _ in range(20)}
    assert len(made) == 20


def test_a_link_lives_for_a_day() -> None:
    assert timedelta(hours=24) == sign_in_links.LIFE
