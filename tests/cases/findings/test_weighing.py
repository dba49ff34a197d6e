"""What newer evidence means for one finding."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cases.decisions.rules import RANK, Decided
from watchbill.cases.findings.states import STATES
from watchbill.cases.findings.weighing import DueDates, Evidence, Standing, weigh

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DATES = DueDates(NOW + timedelta(hours=24), NOW + timedelta(days=3))
SEEN = Evidence(NOW)


def decided(decision: str, triage: bool = False) -> Decided:
    return Decided(decision, "scheduled", (), False, triage)


def test_what_is_new_is_opened_and_speaks():
    weighed = weigh(Standing(), SEEN, decided("now"), DATES)

    assert (weighed.state, weighed.opened, weighed.speaks, weighed.due) == ("open", True, True, DATES.now)


def test_what_is_new_and_rests_on_an_assumption_waits_for_triage():
    assert weigh(Standing(), SEEN, decided("hours", triage=True), DATES).state == "new"


def test_what_is_seen_again_with_the_same_decision_says_nothing():
    weighed = weigh(Standing("open", "now", NOW), SEEN, decided("now"), DATES)

    assert (weighed.state, weighed.speaks, weighed.redecided, weighed.due) == ("open", False, False, NOW)


def test_a_worsening_speaks_and_is_never_due_later():
    soon = NOW + timedelta(hours=2)

    weighed = weigh(Standing("open", "hours", soon), SEEN, decided("now"), DATES)

    assert (weighed.worsened, weighed.speaks, weighed.due) == (True, True, soon)


def test_a_relief_is_decided_anew_and_says_nothing():
    weighed = weigh(Standing("open", "now", NOW), SEEN, decided("digest"), DATES)

    assert (weighed.redecided, weighed.speaks, weighed.due) == (True, False, None)


def test_what_was_fixed_and_is_seen_again_speaks_with_a_date_of_its_own():
    weighed = weigh(Standing("fixed", "now", None), SEEN, decided("now"), DATES)

    assert (weighed.state, weighed.reopened, weighed.speaks, weighed.due) == ("open", True, True, DATES.now)


def test_a_scan_that_began_after_the_claim_refutes_it():
    weighed = weigh(Standing("fix_claimed", "now", NOW, claimed_at=NOW - timedelta(minutes=1)), SEEN, decided("now"), DATES)

    assert (weighed.state, weighed.refuted, weighed.speaks) == ("open", True, False)


def test_a_scan_that_began_before_the_claim_refutes_nothing():
    weighed = weigh(Standing("fix_claimed", "now", NOW, claimed_at=NOW + timedelta(minutes=1)), SEEN, decided("now"), DATES)

    assert (weighed.state, weighed.refuted) == ("fix_claimed", False)


def test_an_accepted_risk_that_is_seen_again_stays_accepted_and_silent():
    weighed = weigh(Standing("accepted", "hours", None, signed="hours"), SEEN, decided("hours"), DATES)

    assert (weighed.state, weighed.speaks) == ("accepted", False)


def test_an_accepted_risk_that_got_worse_than_what_was_signed_comes_back():
    weighed = weigh(Standing("accepted", "hours", None, signed="hours"), SEEN, decided("now"), DATES)

    assert (weighed.state, weighed.outgrown, weighed.speaks) == ("open", True, True)


@pytest.mark.parametrize("state", ["not_affected", "duplicate"])
def test_what_people_settled_never_speaks(state):
    assert not weigh(Standing(state, "digest", None), SEEN, decided("now"), DATES).speaks


STANDINGS = st.builds(
    Standing,
    state=st.sampled_from(["", *STATES]),
    decision=st.sampled_from(sorted(RANK)),
    due=st.sampled_from([None, NOW - timedelta(days=1), NOW + timedelta(days=9)]),
    claimed_at=st.sampled_from([None, NOW - timedelta(hours=1), NOW + timedelta(hours=1)]),
)


@given(STANDINGS, st.sampled_from(sorted(RANK)), st.booleans())
def test_a_version_that_can_not_be_judged_never_reaches_anybody(before, decision, triage):
    weighed = weigh(before, Evidence(NOW, judged=False), decided(decision, triage), DATES)

    assert weighed.decision in ("digest", "silent")


@given(STANDINGS, st.sampled_from(sorted(RANK)), st.booleans())
def test_seeing_something_never_closes_it(before, decision, triage):
    weighed = weigh(before, SEEN, decided(decision, triage), DATES)

    assert weighed.state not in ("fixed", "withdrawn", "retired")


@given(STANDINGS, st.sampled_from(sorted(RANK)), st.booleans())
def test_only_now_and_hours_have_a_due_date(before, decision, triage):
    weighed = weigh(before, SEEN, decided(decision, triage), DATES)

    assert (weighed.due is not None) == (weighed.decision in ("now", "hours"))


@given(STANDINGS, st.sampled_from(sorted(RANK)), st.booleans())
def test_weighing_the_same_again_changes_nothing(before, decision, triage):
    first = weigh(before, SEEN, decided(decision, triage), DATES)
    again = weigh(Standing(first.state, first.decision, first.due, before.claimed_at), SEEN, decided(decision, triage), DATES)

    if before.state not in ("fix_claimed", "verifying"):
        assert (again.state, again.decision, again.due, again.speaks) == (first.state, first.decision, first.due, False)
