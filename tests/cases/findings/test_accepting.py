"""A risk is accepted by a named second person, with a reason and an end, and comes back by itself."""

from datetime import timedelta

import pytest

from tests.cases.company import ALICE, BOB, CHARLIE, EASY, JUN, KEV, MIRA, Company, person, seen
from watchbill.base.acting import SYSTEM
from watchbill.base.loop import run_turns
from watchbill.base.problem import Problem
from watchbill.cases.findings import queries, services
from watchbill.roster.services import set_role

REASON = "Only the harbour office reaches it until the move in May."


def asked(saltmarsh: Company, by: str = ALICE, days: int = 30, **sighting: object) -> int:
    saltmarsh.scan(seen(**sighting))
    return services.accept_risk(saltmarsh.only().id, REASON, saltmarsh.clock.now() + timedelta(days=days), by=person(by))


def test_what_is_asked_stays_open_until_a_second_person_signs(saltmarsh: Company):
    asked(saltmarsh)

    assert saltmarsh.only().state == "open"
    (waiting,) = queries.waiting_acceptances()
    assert (waiting.requested_by, waiting.reason, waiting.state) == (ALICE, REASON, "requested")


def test_bob_signs_what_alice_asked_and_the_bell_is_quiet(saltmarsh: Company):
    request = asked(saltmarsh)

    services.sign_acceptance(request, by=person(BOB))

    finding = saltmarsh.only()
    assert (finding.state, finding.due, saltmarsh.rings()) == ("accepted", saltmarsh.clock.now() + timedelta(days=30), [])
    assert finding.acceptance is not None
    assert (finding.acceptance.signed_by, finding.acceptance.state) == (BOB, "signed")
    assert queries.search("is:accepted").total == 1


def test_nobody_signs_their_own_request(saltmarsh: Company):
    request = asked(saltmarsh, by=BOB)

    with pytest.raises(Problem, match="their own"):
        services.sign_acceptance(request, by=person(BOB))
    assert saltmarsh.only().state == "open"


@pytest.mark.parametrize("who", [JUN, CHARLIE])
def test_who_is_not_security_does_not_sign(saltmarsh: Company, who: str):
    request = asked(saltmarsh)

    with pytest.raises(Problem, match="Not allowed"):
        services.sign_acceptance(request, by=person(who))


def test_a_viewer_does_not_even_ask(saltmarsh: Company):
    saltmarsh.scan(seen())

    with pytest.raises(Problem, match="Not allowed"):
        services.accept_risk(saltmarsh.only().id, REASON, saltmarsh.clock.now() + timedelta(days=1), by=person(CHARLIE))


def test_watchbill_itself_accepts_nothing(saltmarsh: Company):
    saltmarsh.scan(seen())

    with pytest.raises(Problem):
        services.accept_risk(saltmarsh.only().id, REASON, saltmarsh.clock.now() + timedelta(days=1), by=SYSTEM)


def test_the_owner_does_not_sign_while_somebody_else_in_security_can(saltmarsh: Company):
    request = asked(saltmarsh, by=BOB)

    with pytest.raises(Problem, match="takes somebody from security"):
        services.sign_acceptance(request, by=person(ALICE))


def test_the_owner_signs_when_the_requester_is_all_of_security(saltmarsh: Company):
    request = asked(saltmarsh, by=MIRA)
    set_role(BOB, "engineer", by=SYSTEM)

    services.sign_acceptance(request, by=person(ALICE))

    assert saltmarsh.only().state == "accepted"


def test_a_request_is_signed_once(saltmarsh: Company):
    request = asked(saltmarsh)
    services.sign_acceptance(request, by=person(BOB))

    with pytest.raises(Problem, match="settled"):
        services.sign_acceptance(request, by=person(MIRA))


def test_one_request_at_a_time(saltmarsh: Company):
    asked(saltmarsh)

    with pytest.raises(Problem, match="asked about this finding already"):
        services.accept_risk(saltmarsh.only().id, REASON, saltmarsh.clock.now() + timedelta(days=1), by=person(JUN))


def test_longer_than_180_days_is_refused(saltmarsh: Company):
    with pytest.raises(Problem, match="at most 180 days"):
        asked(saltmarsh, days=181)


def test_a_request_that_is_turned_down_leaves_the_finding_open(saltmarsh: Company):
    request = asked(saltmarsh)

    services.reject_acceptance(request, by=person(BOB), reason="It is reachable from the internet.")

    assert (saltmarsh.only().state, queries.waiting_acceptances()) == ("open", ())
    assert saltmarsh.texts(saltmarsh.only().id)[-1] == "Bob Lindqvist turned the request down: It is reachable from the internet"


def test_the_requester_may_take_it_back(saltmarsh: Company):
    request = asked(saltmarsh)

    services.reject_acceptance(request, by=person(ALICE))

    assert queries.waiting_acceptances() == ()


def test_while_accepted_being_seen_pages_nobody(saltmarsh: Company):
    services.sign_acceptance(asked(saltmarsh), by=person(BOB))

    outcome = saltmarsh.later(days=1).scan(seen())

    assert (outcome.paged, saltmarsh.only().state, saltmarsh.rings()) == ((), "accepted", [])


def test_a_risk_that_outgrows_what_was_signed_comes_back_and_rings(saltmarsh: Company):
    services.sign_acceptance(asked(saltmarsh, kev=None, exploit=True), by=person(BOB))

    outcome = saltmarsh.later(days=1).scan(seen(kev=KEV, vector=EASY))

    finding = saltmarsh.only()
    assert (finding.state, finding.decision, outcome.paged) == ("open", "now", (finding.id,))
    assert finding.acceptance is not None
    assert finding.acceptance.state == "outgrown"


def test_an_acceptance_ends_by_itself_is_decided_anew_and_rings(saltmarsh: Company):
    services.sign_acceptance(asked(saltmarsh), by=person(BOB))

    saltmarsh.later(days=29)
    run_turns()
    assert saltmarsh.only().state == "accepted"
    saltmarsh.later(days=1, minutes=2)
    run_turns()

    finding = saltmarsh.only()
    assert (finding.state, finding.decision, len(saltmarsh.rings())) == ("open", "now", 1)
    assert finding.due == saltmarsh.clock.now() + timedelta(hours=24)
    assert finding.acceptance is not None
    assert finding.acceptance.state == "expired"


def test_an_ended_acceptance_comes_back_once(saltmarsh: Company):
    services.sign_acceptance(asked(saltmarsh), by=person(BOB))
    saltmarsh.later(days=31)

    assert services.expire_due(saltmarsh.clock.now()) == 1
    assert services.expire_due(saltmarsh.clock.now()) == 0
    assert saltmarsh.story(saltmarsh.only().id).count("finding.acceptance_expired") == 1


def test_it_can_be_accepted_again_after_it_came_back(saltmarsh: Company):
    services.sign_acceptance(asked(saltmarsh), by=person(BOB))
    saltmarsh.later(days=31)
    services.expire_due(saltmarsh.clock.now())

    again = services.accept_risk(saltmarsh.only().id, REASON, saltmarsh.clock.now() + timedelta(days=10), by=person(ALICE))
    services.sign_acceptance(again, by=person(MIRA))

    assert saltmarsh.only().state == "accepted"
    assert [one.state for one in queries.acceptances(saltmarsh.only().id)] == ["signed", "expired"]


def test_what_is_accepted_and_proven_gone_is_fixed(saltmarsh: Company):
    services.sign_acceptance(asked(saltmarsh), by=person(BOB))

    assert len(saltmarsh.later(days=1).scan().fixed) == 1


def test_fixed_things_are_not_accepted(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan()

    with pytest.raises(Problem, match="fixed"):
        services.accept_risk(saltmarsh.only().id, REASON, saltmarsh.clock.now() + timedelta(days=1), by=person(ALICE))


def test_security_says_not_affected_and_it_is_closed_and_quiet(saltmarsh: Company):
    saltmarsh.scan(seen())

    services.not_affected(saltmarsh.only().id, "We never call the parser.", by=person(BOB))

    finding = saltmarsh.only()
    assert (finding.state, saltmarsh.rings()) == ("not_affected", [])
    assert "We never call the parser." in finding.closed_why


def test_an_engineers_word_waits_for_securitys_second_look(saltmarsh: Company):
    saltmarsh.scan(seen())
    request = services.not_affected(saltmarsh.only().id, "We never call the parser.", by=person(ALICE))
    assert saltmarsh.only().state == "open"

    services.sign_acceptance(request, by=person(BOB))

    assert saltmarsh.only().state == "not_affected"


def test_an_engineer_does_not_confirm_another_engineer(saltmarsh: Company):
    saltmarsh.scan(seen())
    request = services.not_affected(saltmarsh.only().id, "We never call the parser.", by=person(ALICE))

    with pytest.raises(Problem, match="Not allowed"):
        services.sign_acceptance(request, by=person(JUN))


def test_what_is_not_affected_stays_so_when_it_is_seen_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    services.not_affected(saltmarsh.only().id, "We never call the parser.", by=person(BOB))

    outcome = saltmarsh.later(days=1).scan(seen())

    assert (saltmarsh.only().state, outcome.paged) == ("not_affected", ())
