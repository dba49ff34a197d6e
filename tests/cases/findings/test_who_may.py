"""Who may do what with a finding: each verb against each role, and against doors that are no person."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.cases.company import ALICE, BOB, CHARLIE, JUN, MIRA, Company, person, quiet, seen
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.roster import queries as roster
from watchbill.roster import services as people

REASON = "Only the harbour office reaches it until May."
VIEWER, ENGINEER, SECURITY, ADMIN = CHARLIE, JUN, BOB, MIRA
ROLES = {"viewer": VIEWER, "engineer": ENGINEER, "security": SECURITY, "admin": ADMIN}

Verb = Callable[[Company, int, Actor], object]


def _until(harbour: Company):
    return harbour.clock.now() + timedelta(days=10)


def take(_harbour: Company, number: int, by: Actor) -> object:
    return services.take(number, by=by)


def assign(_harbour: Company, number: int, by: Actor) -> object:
    return services.assign(number, "platform", by=by)


def claim_fix(_harbour: Company, number: int, by: Actor) -> object:
    return services.claim_fix(number, by=by)


def accept_risk(harbour: Company, number: int, by: Actor) -> object:
    return services.accept_risk(number, REASON, _until(harbour), by=by)


def not_affected(_harbour: Company, number: int, by: Actor) -> object:
    return services.not_affected(number, REASON, by=by)


def retire(_harbour: Company, number: int, by: Actor) -> object:
    return services.retire(number, REASON, by=by)


def triage(harbour: Company, _number: int, by: Actor) -> object:
    harbour.scan(quiet(9), service="crane-gateway", repo="")
    (row,) = queries.search("is:triage").rows
    return services.triage(row.id, by=by)


def sign(harbour: Company, number: int, by: Actor) -> object:
    return services.sign_acceptance(services.accept_risk(number, REASON, _until(harbour), by=person(ALICE)), by=by)


def turn_down(harbour: Company, number: int, by: Actor) -> object:
    return services.reject_acceptance(services.accept_risk(number, REASON, _until(harbour), by=person(ALICE)), by=by)


def reopen(harbour: Company, number: int, by: Actor) -> object:
    harbour.later(minutes=5).scan()
    return services.reopen(number, "It still answers as before.", by=by)


def release(harbour: Company, _number: int, by: Actor) -> object:
    harbour.later(minutes=5).scan(packages=0, key="held")
    return services.release_held_scan("held", by=by)


def throw_away(harbour: Company, _number: int, by: Actor) -> object:
    harbour.later(minutes=5).scan(packages=0, key="held")
    return services.reject_held_scan("held", by=by)


# verb: viewer, engineer, security, admin
MATRIX: dict[Verb, tuple[bool, bool, bool, bool]] = {
    take: (False, True, True, True),
    assign: (False, True, True, True),
    claim_fix: (False, True, True, True),
    accept_risk: (False, True, True, True),
    not_affected: (False, True, True, True),
    reopen: (False, True, True, True),
    triage: (False, False, True, True),
    retire: (False, False, True, True),
    sign: (False, False, True, True),
    turn_down: (False, False, True, True),
    release: (False, False, True, True),
    throw_away: (False, False, True, True),
}
CELLS = [(verb, role, may) for verb, row in MATRIX.items() for role, may in zip(ROLES, row, strict=True)]
NO_ONES_VERBS = [take, assign, claim_fix, release, throw_away]  # those that Watchbill itself may also do


@pytest.mark.parametrize(("verb", "role", "may"), CELLS, ids=lambda item: getattr(item, "__name__", str(item)))
def test_this_role_and_this_verb(saltmarsh: Company, verb: Verb, role: str, may: bool):
    saltmarsh.scan(seen())
    number = saltmarsh.only().id

    if may:
        verb(saltmarsh, number, person(ROLES[role]))
        return
    with pytest.raises(Problem) as caught:
        verb(saltmarsh, number, person(ROLES[role]))
    assert (caught.value.code, caught.value.status) == ("forbidden", 403)
    assert caught.value.remedy


@pytest.mark.parametrize("verb", [take, assign, claim_fix, accept_risk, not_affected, retire], ids=lambda verb: verb.__name__)
def test_who_may_not_leaves_the_finding_and_the_trail_as_they_were(saltmarsh: Company, verb: Verb):
    saltmarsh.scan(seen())
    before, events = saltmarsh.only(), saltmarsh.trail()

    with pytest.raises(Problem):
        verb(saltmarsh, before.id, person(VIEWER))

    assert (saltmarsh.only(), saltmarsh.trail()) == (before, events)


@pytest.mark.parametrize("verb", MATRIX, ids=lambda verb: verb.__name__)
def test_a_stranger_with_an_address_nobody_knows_may_nothing(saltmarsh: Company, verb: Verb):
    saltmarsh.scan(seen())

    with pytest.raises(Problem) as caught:
        verb(saltmarsh, saltmarsh.only().id, person("stranger@elsewhere.example"))
    assert caught.value.status == 403


@pytest.mark.parametrize("verb", MATRIX, ids=lambda verb: verb.__name__)
def test_a_reporter_from_outside_may_nothing_even_under_a_known_address(saltmarsh: Company, verb: Verb):
    saltmarsh.scan(seen())

    with pytest.raises(Problem) as caught:
        verb(saltmarsh, saltmarsh.only().id, Actor("reporter", BOB, "web"))
    assert caught.value.status == 403


@pytest.mark.parametrize("verb", MATRIX, ids=lambda verb: verb.__name__)
def test_who_was_deactivated_may_nothing_any_more(saltmarsh: Company, verb: Verb):
    saltmarsh.scan(seen())
    people.set_active(BOB, active=False, by=person(MIRA))

    with pytest.raises(Problem) as caught:
        verb(saltmarsh, saltmarsh.only().id, person(BOB))
    assert caught.value.status == 403


@pytest.mark.parametrize("kind", ["token", "link"])
@pytest.mark.parametrize("verb", [take, assign, claim_fix, accept_risk, not_affected], ids=lambda verb: verb.__name__)
def test_a_token_or_a_link_may_what_its_person_may(saltmarsh: Company, verb: Verb, kind: str):
    saltmarsh.scan(seen())

    verb(saltmarsh, saltmarsh.only().id, Actor(kind, JUN, "api"))  # type: ignore[arg-type]

    assert saltmarsh.story(saltmarsh.only().id)[-1] != "finding.opened"


@pytest.mark.parametrize("kind", ["token", "link"])
@pytest.mark.parametrize("verb", [triage, retire, sign, release], ids=lambda verb: verb.__name__)
def test_a_token_or_a_link_may_no_more_than_its_person(saltmarsh: Company, verb: Verb, kind: str):
    saltmarsh.scan(seen())

    with pytest.raises(Problem) as caught:
        verb(saltmarsh, saltmarsh.only().id, Actor(kind, JUN, "api"))  # type: ignore[arg-type]
    assert caught.value.status == 403


@pytest.mark.parametrize("verb", [verb for verb in MATRIX if verb not in NO_ONES_VERBS], ids=lambda verb: verb.__name__)
def test_watchbill_itself_does_not_do_what_takes_a_person(saltmarsh: Company, verb: Verb):
    saltmarsh.scan(seen())

    with pytest.raises(Problem) as caught:
        verb(saltmarsh, saltmarsh.only().id, SYSTEM)
    assert caught.value.status == 403


@pytest.mark.parametrize("verb", [assign, claim_fix, release, throw_away], ids=lambda verb: verb.__name__)
def test_watchbill_itself_may_do_the_rest(saltmarsh: Company, verb: Verb):
    saltmarsh.scan(seen())

    verb(saltmarsh, saltmarsh.only().id, SYSTEM)


def test_watchbill_says_who_takes_it_and_never_takes_it_itself(saltmarsh: Company):
    saltmarsh.scan(seen())

    with pytest.raises(Problem) as caught:
        services.take(saltmarsh.only().id, by=SYSTEM)
    assert (caught.value.code, caught.value.field) == ("invalid", "person")

    services.take(saltmarsh.only().id, by=SYSTEM, person=ALICE)
    assert saltmarsh.only().taken_by == ALICE


@pytest.mark.parametrize("who", [ALICE, "ALICE@Saltmarsh.Example"])
def test_a_different_spelling_of_the_address_is_the_same_person(saltmarsh: Company, who: str):
    saltmarsh.scan(seen())

    services.take(saltmarsh.only().id, by=person(who))

    assert saltmarsh.only().taken_by == ALICE


@pytest.mark.parametrize("role", ROLES)
def test_what_may_sign_says_beforehand_is_what_signing_does(saltmarsh: Company, role: str):
    saltmarsh.scan(seen())
    request = services.accept_risk(saltmarsh.only().id, REASON, _until(saltmarsh), by=person(ALICE))
    foretold = queries.may_sign(request, roster.person(ROLES[role]))

    try:
        services.sign_acceptance(request, by=person(ROLES[role]))
        signed = True
    except Problem:
        signed = False

    assert foretold is signed


@pytest.mark.parametrize("requester", [JUN, BOB, MIRA])
@pytest.mark.parametrize("role", ROLES)
def test_the_same_holds_for_a_second_look_at_not_affected(saltmarsh: Company, role: str, requester: str):
    saltmarsh.scan(seen())
    request = services.not_affected(saltmarsh.only().id, REASON, by=person(requester))
    foretold = queries.may_sign(request, roster.person(ROLES[role]))

    try:
        services.sign_acceptance(request, by=person(ROLES[role]))
        signed = True
    except Problem:
        signed = False

    assert foretold is signed


def test_nobody_is_foretold_to_sign_what_does_not_wait(saltmarsh: Company):
    saltmarsh.scan(seen())
    request = services.accept_risk(saltmarsh.only().id, REASON, _until(saltmarsh), by=person(ALICE))
    services.sign_acceptance(request, by=person(BOB))

    assert not queries.may_sign(request, roster.person(MIRA))
    assert not queries.may_sign(4711, roster.person(MIRA))
