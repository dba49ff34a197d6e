"""Scans that wait for a person: what is shown of them, what a release closes, retires or leaves, what a rejection does, and never twice."""

from datetime import timedelta

import pytest

from tests.cases.company import ALICE, BOB, LOCK, MIRA, Company, person, quiet, seen
from watchbill.base.acting import SYSTEM
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.cases.findings import queries, services

SOME = [quiet(number) for number in range(12)]


def held(saltmarsh: Company, key: str = "held") -> Company:
    """Twelve open findings, and a complete scan ten minutes later that shows none of them."""
    saltmarsh.scan(*SOME)
    saltmarsh.later(minutes=10).scan(key=key)
    return saltmarsh


def test_it_says_what_waits_why_since_when_and_what_it_would_close(saltmarsh: Company):
    held(saltmarsh)

    (waiting,) = queries.held_scans()
    assert (waiting.key, waiting.source, waiting.service) == ("held", "watched path", "berth-board")
    assert (waiting.would_close, waiting.held_at, waiting.finished_at) == (12, saltmarsh.clock.now(), saltmarsh.clock.now())
    assert "12" in waiting.reason


def test_they_wait_oldest_first(saltmarsh: Company):
    held(saltmarsh, "first")
    saltmarsh.scan(*SOME, service="tide-feed", repo="")
    saltmarsh.later(minutes=5).scan(service="tide-feed", repo="", key="second")

    assert [one.key for one in queries.held_scans()] == ["first", "second"]


def test_while_it_waits_every_finding_says_so_on_its_own_page(saltmarsh: Company):
    held(saltmarsh)

    rows = queries.search("is:not_seen", size=100).rows
    assert len(rows) == 12
    assert all("waits for a person" in row.why for row in rows)


def test_told_again_it_still_waits_and_says_the_same(saltmarsh: Company):
    held(saltmarsh)

    again = saltmarsh.later(minutes=1).scan(key="held")

    assert (again.held, again.unchanged) == (True, True)
    assert again.held_reason == queries.held_scans()[0].reason


def test_released_it_closes_with_proof_of_the_scan_itself(saltmarsh: Company):
    held(saltmarsh)

    outcome = services.release_held_scan("held", by=person(BOB))

    assert len(outcome.fixed) == 12
    assert not outcome.unchanged
    one = queries.finding(outcome.fixed[0])
    assert [(line.state, line.scan) for line in one.proof] == [("pass", "held")]
    assert "not_seen" not in one.marks


def test_rejected_it_closes_nothing_and_the_findings_keep_their_mark(saltmarsh: Company):
    held(saltmarsh)

    services.reject_held_scan("held", by=person(BOB), reason="The reader was broken.")

    assert set(saltmarsh.states().values()) == {"open"}
    assert queries.search("is:not_seen").total == 12
    assert queries.held_scans() == ()


@pytest.mark.parametrize("first", [services.release_held_scan, services.reject_held_scan])
@pytest.mark.parametrize("second", [services.release_held_scan, services.reject_held_scan])
def test_what_is_settled_is_settled(saltmarsh: Company, first, second):
    held(saltmarsh)
    first("held", by=person(BOB))
    before, events = saltmarsh.states(), saltmarsh.trail()

    with pytest.raises(Problem) as caught:
        second("held", by=person(MIRA))

    assert (caught.value.code, caught.value.status) == ("not_found", 404)
    assert (saltmarsh.states(), saltmarsh.trail()) == (before, events)


@pytest.mark.parametrize("verb", [services.release_held_scan, services.reject_held_scan])
@pytest.mark.parametrize("key", ["", "no-such-scan", "scan-1", "' OR 1=1 --"])
def test_only_a_scan_that_waits_can_be_settled(saltmarsh: Company, verb, key: str):
    saltmarsh.scan(seen(), key="scan-1")  # it was applied, and waits for nobody

    with pytest.raises(Problem) as caught:
        verb(key, by=person(BOB))
    assert caught.value.status == 404


def test_what_was_seen_again_while_it_waited_stays_open(saltmarsh: Company):
    saltmarsh.scan(*SOME)
    saltmarsh.later(minutes=10).scan(key="held")
    saltmarsh.later(minutes=10).scan(SOME[0], inputs=(), read=(), complete=False, packages=1)

    outcome = services.release_held_scan("held", by=person(BOB))

    assert len(outcome.fixed) == 11
    assert saltmarsh.states()["package-0"] == "open"


def test_what_another_source_still_sees_stays_open_when_it_is_released(saltmarsh: Company):
    saltmarsh.scan(*SOME)
    saltmarsh.scan(SOME[0], source="another scanner")
    saltmarsh.later(minutes=10).scan(key="held")

    outcome = services.release_held_scan("held", by=person(BOB))

    assert len(outcome.fixed) == 11
    assert saltmarsh.states()["package-0"] == "open"


def test_what_was_called_not_affected_meanwhile_stays_so_when_it_is_released(saltmarsh: Company):
    saltmarsh.scan(*SOME)
    one = queries.search("package:package-3").rows[0].id
    services.not_affected(one, "We never call the parser.", by=person(BOB))
    saltmarsh.later(minutes=10).scan(key="held")

    outcome = services.release_held_scan("held", by=person(BOB))

    assert one not in outcome.fixed
    assert saltmarsh.state(one) == "not_affected"


def test_what_was_accepted_is_fixed_when_it_is_released(saltmarsh: Company):
    saltmarsh.scan(*SOME)
    one = queries.search("package:package-3").rows[0].id
    until = saltmarsh.clock.now() + timedelta(days=5)
    services.sign_acceptance(services.accept_risk(one, "Out of reach until the move.", until, by=person(ALICE)), by=person(BOB))
    saltmarsh.later(minutes=10).scan(key="held")

    assert one in services.release_held_scan("held", by=person(BOB)).fixed


def test_a_release_quietens_the_bell_for_what_it_closes(saltmarsh: Company):
    saltmarsh.scan(seen(), *SOME)
    assert saltmarsh.rings()
    saltmarsh.later(minutes=10).scan(key="held")
    assert saltmarsh.rings()

    services.release_held_scan("held", by=person(BOB))

    assert saltmarsh.rings() == []


def test_a_rejection_leaves_the_bell_ringing(saltmarsh: Company):
    saltmarsh.scan(seen(), *SOME)
    saltmarsh.later(minutes=10).scan(key="held")

    services.reject_held_scan("held", by=person(BOB))

    assert saltmarsh.rings()


def test_after_a_release_an_equally_empty_scan_is_no_longer_held(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(packages=0, key="empty")
    services.release_held_scan("empty", by=person(BOB))

    outcome = saltmarsh.later(minutes=10).scan(packages=0)

    assert (outcome.held, outcome.held_reason) == (False, "")


def test_after_a_rejection_an_equally_empty_scan_waits_again(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(packages=0, key="empty")
    services.reject_held_scan("empty", by=person(BOB))

    assert saltmarsh.later(minutes=10).scan(packages=0).held


def test_what_a_release_retired_and_is_seen_again_comes_back_and_rings(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(packages=0, key="empty")
    services.release_held_scan("empty", by=person(BOB))
    number = saltmarsh.only().id
    assert saltmarsh.state(number) == "retired"

    outcome = saltmarsh.later(minutes=10).scan(seen())

    assert (outcome.reopened, outcome.paged) == ((number,), (number,))


def test_an_empty_release_leaves_nothing_that_a_proof_line_could_call_fixed(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.later(minutes=10).scan(packages=0, key="empty")

    outcome = services.release_held_scan("empty", by=person(BOB))

    assert outcome.fixed == ()
    assert saltmarsh.only().proof_sentence == ""
    assert not any(line.state == "pass" for line in saltmarsh.only().proof)


def test_two_sources_and_an_empty_one_retire_nothing_that_the_other_still_sees(saltmarsh: Company):
    saltmarsh.scan(seen())
    saltmarsh.scan(seen(), source="another scanner")
    saltmarsh.later(minutes=10).scan(packages=0, key="empty")

    services.release_held_scan("empty", by=person(BOB))

    assert saltmarsh.only().state == "open"


def test_a_scan_of_another_branch_overtakes_nothing(saltmarsh: Company):
    held(saltmarsh)

    saltmarsh.later(minutes=5).scan(*SOME, branch="release")

    assert [one.key for one in queries.held_scans()] == ["held"]


def test_a_newer_scan_that_speaks_for_less_overtakes_nothing(saltmarsh: Company):
    saltmarsh.scan(*SOME, quiet(50, manifest="go.sum"), inputs=(LOCK, "go.sum"))
    saltmarsh.later(minutes=10).scan(inputs=(LOCK, "go.sum"), key="held")

    saltmarsh.later(minutes=5).scan(*SOME, inputs=(LOCK,))

    assert [one.key for one in queries.held_scans()] == ["held"]


def test_a_newer_scan_that_speaks_for_as_much_overtakes_it_and_it_can_not_be_released(saltmarsh: Company):
    held(saltmarsh)
    saltmarsh.later(minutes=5).scan(*SOME)

    with pytest.raises(Problem):
        services.release_held_scan("held", by=person(BOB))
    assert set(saltmarsh.states().values()) == {"open"}


def test_watchbill_may_release_for_the_command_line(saltmarsh: Company):
    held(saltmarsh)

    assert len(services.release_held_scan("held", by=SYSTEM).fixed) == 12


def test_a_long_reason_is_cut_and_a_hostile_one_is_kept_as_words(saltmarsh: Company):
    held(saltmarsh)

    services.reject_held_scan("held", by=person(BOB), reason="<script>" + "x" * 5_000)

    (event,) = events(action="scan.rejected")
    assert event.body["reason"] == "<script>" + "x" * 492
