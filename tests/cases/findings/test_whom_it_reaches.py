"""From a decision to people: what rings whom, how many times, as one or as many; what nobody owns; and what deciding again changes."""

from datetime import timedelta

import pytest

from tests.cases.company import ALICE, BOB, EASY, KEV, ROSTER, Company, person, quiet, seen
from watchbill.base.acting import SYSTEM
from watchbill.base.loop import run_turns
from watchbill.cases.findings import queries, services
from watchbill.cases.findings.models import Finding
from watchbill.cases.limits import NAMED_IN_ALERT
from watchbill.paging import queries as paging
from watchbill.roster.services import apply_roster, import_codeowners, set_service_context


def calm(number: int, **more: object):
    """One for working hours."""
    return seen(f"library-{number}", advisory=f"CVE-2025-1{number:04}", kev=None, exploit=True, **more)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_each_now_rings_by_itself(saltmarsh: Company, count: int):
    outcome = saltmarsh.scan(*[seen(f"library-{n}", advisory=f"CVE-2025-1{n:04}") for n in range(count)])

    assert len(outcome.paged) == len(saltmarsh.rings()) == count
    assert len({alert.subject for alert in saltmarsh.rings()}) == count


@pytest.mark.parametrize("count", [2, 5, NAMED_IN_ALERT, NAMED_IN_ALERT + 3])
def test_many_for_working_hours_ring_once_and_name_at_most_eight(saltmarsh: Company, count: int):
    saltmarsh.scan(*[calm(number) for number in range(count)])

    (alert,) = saltmarsh.rings()
    named = [line for line in alert.why if "(finding " in line]
    assert len(named) == min(count, NAMED_IN_ALERT)
    assert str(count) in alert.title
    assert len(queries.findings_for_alert(alert.id)) == count


def test_two_services_ring_apart(saltmarsh: Company):
    set_service_context("crane-gateway", "open", 1, by=person(BOB))
    saltmarsh.scan(calm(1), calm(2))
    saltmarsh.scan(calm(1), calm(2), service="crane-gateway", repo="")

    assert len(saltmarsh.rings()) == 2


def test_a_now_among_many_rings_beside_their_one_alert(saltmarsh: Company):
    saltmarsh.scan(seen(), calm(1), calm(2), calm(3))

    assert sorted(alert.decision for alert in saltmarsh.rings()) == ["hours", "now"]


def test_a_second_scan_with_one_more_rings_for_that_one_only(saltmarsh: Company):
    saltmarsh.scan(calm(1), calm(2))
    first = {alert.id for alert in saltmarsh.rings()}

    outcome = saltmarsh.later(minutes=5).scan(calm(1), calm(2), calm(3))

    assert len(outcome.paged) == 1
    assert len({alert.id for alert in saltmarsh.rings()} - first) == 1


def test_an_alert_for_three_ends_with_the_third(saltmarsh: Company):
    saltmarsh.scan(calm(1), calm(2), calm(3))

    left = []
    for shown in ((calm(1), calm(2)), (calm(1),), ()):
        saltmarsh.later(minutes=5).scan(*shown)
        left.append(len(saltmarsh.rings()))

    assert left == [1, 1, 0]


def test_of_three_that_end_in_different_ways_the_alert_ends_with_the_last(saltmarsh: Company):
    saltmarsh.scan(calm(1), calm(2), calm(3))
    numbers = [row.id for row in queries.search("is:open sort:id").rows]
    services.not_affected(numbers[0], "We never call the parser.", by=person(BOB))
    until = saltmarsh.clock.now() + timedelta(days=9)
    services.sign_acceptance(services.accept_risk(numbers[1], "Out of reach until the move.", until, by=person(ALICE)), by=person(BOB))
    assert len(saltmarsh.rings()) == 1

    services.retire(numbers[2], "The kiosk app was deleted.", by=person(BOB))

    assert saltmarsh.rings() == []


@pytest.mark.parametrize(("service", "decision", "rings"), [("berth-board", "now", 1), ("tide-feed", "digest", 0)])
def test_the_same_hole_reaches_people_by_where_it_is(saltmarsh: Company, service: str, decision: str, rings: int):
    saltmarsh.scan(seen(vector=EASY, kev=KEV if decision == "now" else None, exploit=True), service=service, repo="")

    assert saltmarsh.only().decision in ({decision} if decision == "now" else {"digest", "silent"})
    assert len(saltmarsh.rings()) == rings


def test_the_owners_page_goes_to_the_owner_and_an_assumption_to_security(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.scan(seen(), service="crane-gateway", repo="")

    services = {f"finding:{row.id}": row.service for row in queries.search("is:open").rows}
    rung = {services[alert.subject]: alert.team for alert in saltmarsh.rings()}
    assert rung == {"berth-board": "berths", "crane-gateway": "security"}
    assert {row.service: row.team for row in queries.search("is:open").rows}["crane-gateway"] == "platform"


def test_the_page_names_alice(saltmarsh: Company):
    saltmarsh.scan(seen())
    (alert,) = saltmarsh.rings()

    assert {page.person for page in paging.pages(alert.id)} == {"Alice Duarte"}


# -- what nobody owns ---------------------------------------------------------------------------------------------------------------

ORPHAN = {"service": "", "repo": "saltmarsh/orphan"}


def test_what_nobody_owns_is_securitys_and_rings_in_working_hours(saltmarsh: Company):
    saltmarsh.scan(quiet(1), **ORPHAN)

    (alert,) = saltmarsh.rings()
    assert (alert.team, alert.decision) == ("security", "hours")
    assert (saltmarsh.only().team, saltmarsh.only().ownership_origin) == ("security", "fallback")


def test_many_in_one_place_ring_once_for_having_no_owner(saltmarsh: Company):
    saltmarsh.scan(*[quiet(number) for number in range(5)], **ORPHAN)

    assert len(saltmarsh.rings()) == 1
    assert queries.counts().unowned == 5


def test_two_places_without_owners_ring_apart(saltmarsh: Company):
    saltmarsh.scan(quiet(1), **ORPHAN)
    saltmarsh.scan(quiet(2, manifest="go.sum"), inputs=("go.sum",), **ORPHAN)

    assert len(saltmarsh.rings()) == 2


def test_an_owner_by_codeowners_takes_over_what_nobody_owned(saltmarsh: Company):
    saltmarsh.scan(quiet(1), **ORPHAN)

    import_codeowners("saltmarsh/orphan", "* @saltmarsh/platform", by=person(BOB))
    run_turns()

    assert (saltmarsh.only().team, saltmarsh.only().ownership_origin) == ("platform", "codeowners")
    assert "unowned" not in saltmarsh.only().marks


def test_an_owner_by_a_rule_takes_over_what_nobody_owned(saltmarsh: Company):
    saltmarsh.scan(quiet(1), **ORPHAN)

    apply_roster('[[rule]]\nrepo = "saltmarsh/orphan"\nteam = "platform"', by=SYSTEM)
    run_turns()

    assert (saltmarsh.only().team, saltmarsh.only().ownership_origin) == ("platform", "rule")


def test_a_hand_on_by_a_person_outlives_a_new_rule(saltmarsh: Company):
    saltmarsh.scan(quiet(1), **ORPHAN)
    services.assign(saltmarsh.only().id, "berths", by=person(BOB))

    apply_roster('[[rule]]\nrepo = "saltmarsh/orphan"\nteam = "platform"', by=SYSTEM)
    run_turns()

    assert (saltmarsh.only().team, saltmarsh.only().ownership_origin) == ("berths", "person")


# -- deciding again -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exposure", "tier", "decision"),
    [("open", 1, "now"), ("small", 4, "digest"), ("controlled", 4, "hours"), ("open", 4, "hours")],
)
def test_an_answer_about_the_service_decides_its_findings_again(saltmarsh: Company, exposure: str, tier: int, decision: str):
    saltmarsh.scan(seen())

    set_service_context("berth-board", exposure, tier, by=person(BOB))
    run_turns()

    finding = saltmarsh.only()
    assert Finding.objects.get().decision_rank == ["now", "hours", "digest", "silent"].index(finding.decision)
    assert finding.decision == decision


def test_a_worsening_rings_once_and_a_relief_never(saltmarsh: Company):
    saltmarsh.scan(seen(kev=None, exploit=True))
    before = {alert.id for alert in saltmarsh.rings()}
    set_service_context("berth-board", "small", 4, by=person(BOB))
    run_turns()
    assert {alert.id for alert in saltmarsh.rings()} == before

    set_service_context("berth-board", "open", 1, by=person(BOB))
    run_turns()
    run_turns()

    assert len(saltmarsh.rings()) == 1


def test_another_services_answer_changes_nothing_here(saltmarsh: Company):
    saltmarsh.scan(seen())
    before = saltmarsh.only()

    set_service_context("tide-feed", "open", 1, by=person(BOB))
    run_turns()

    assert saltmarsh.only() == before


@pytest.mark.parametrize("which", ["berth-board", "no-such-service", []])
def test_deciding_again_what_has_not_changed_leaves_no_event(saltmarsh: Company, which: str | list[int]):
    saltmarsh.scan(seen(), calm(1))
    events = saltmarsh.trail()

    assert services.redecide(which, by=SYSTEM) == ()
    assert saltmarsh.trail() == events


def test_deciding_again_by_numbers_twice_the_same_is_once(saltmarsh: Company):
    saltmarsh.scan(seen())
    number = saltmarsh.only().id
    set_service_context("berth-board", "small", 4, by=person(BOB))

    assert services.redecide([number, number, 4711], by=SYSTEM) == (number,)
    assert services.redecide([number], by=SYSTEM) == ()


def test_what_is_closed_is_not_decided_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=5).scan()

    set_service_context("berth-board", "small", 4, by=person(BOB))
    run_turns()

    assert (saltmarsh.only().state, saltmarsh.only().decision) == ("fixed", "now")


def test_what_is_accepted_is_decided_again_and_comes_back_if_it_outgrew_the_signature(saltmarsh: Company):
    set_service_context("berth-board", "small", 4, by=person(BOB))
    saltmarsh.scan(seen())
    until = saltmarsh.clock.now() + timedelta(days=9)
    request = services.accept_risk(saltmarsh.only().id, "Out of reach until the move.", until, by=person(ALICE))
    services.sign_acceptance(request, by=person(BOB))

    set_service_context("berth-board", "open", 1, by=person(BOB))
    run_turns()

    assert (saltmarsh.only().state, saltmarsh.only().decision, len(saltmarsh.rings())) == ("open", "now", 1)


def test_the_roster_again_unchanged_decides_nothing_again(saltmarsh: Company):
    saltmarsh.scan(seen(), calm(1))
    run_turns()
    events = saltmarsh.trail()

    apply_roster(ROSTER, by=SYSTEM)
    run_turns()

    assert saltmarsh.trail() == events


@pytest.mark.parametrize("line", ["is:open", "is:unowned", "is:triage", "is:overdue", "is:accepted", "is:not_seen"])
def test_the_counts_of_saved_views_are_the_searches_totals(saltmarsh: Company, line: str):
    saltmarsh.scan(seen(), calm(1), quiet(2))
    saltmarsh.scan(quiet(3), **ORPHAN)
    saltmarsh.scan(seen(), service="crane-gateway", repo="")
    saltmarsh.later(days=9)

    assert getattr(queries.counts(), line.removeprefix("is:")) == queries.search(line).total
