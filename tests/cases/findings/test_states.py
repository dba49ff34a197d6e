"""The life of a finding as a table: which steps there are, and that no other is possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.cases.findings.states import CLOSED_STATES, OPEN_STATES, STATES, STEPS, allowed, is_reopening, step

EVENTS = sorted({event for _, event in STEPS})


@given(st.sampled_from(STATES), st.sampled_from(EVENTS))
def test_a_step_is_in_the_table_or_a_problem(state, event):
    if allowed(state, event):
        assert step(state, event) in STATES
    else:
        with pytest.raises(Problem) as caught:
            step(state, event)
        assert caught.value.status == 409


@given(
    st.lists(
        st.sampled_from([event for event in EVENTS if event not in ("prove", "retire", "withdraw", "dismiss", "duplicate")]), max_size=30
    )
)
def test_no_path_without_proof_or_a_person_leaves_the_open_states_for_good(events):
    state = "new"
    for event in events:
        if allowed(state, event):
            state = step(state, event)
    assert state in OPEN_STATES or state == "accepted"


@given(st.sampled_from(STATES))
def test_being_seen_is_possible_in_every_state(state):
    assert step(state, "see") in STATES


@given(st.sampled_from(sorted(OPEN_STATES)))
def test_every_open_state_can_be_proven_fixed(state):
    assert step(state, "prove") == "fixed"


@pytest.mark.parametrize("state", ["fixed", "retired", "withdrawn"])
def test_what_was_closed_and_is_seen_again_is_open(state):
    assert step(state, "see") == "open"
    assert is_reopening(state, "open")


@pytest.mark.parametrize("state", ["accepted", "not_affected", "duplicate"])
def test_what_people_settled_stays_settled_when_seen_again(state):
    assert step(state, "see") == state


def test_only_a_claimed_fix_is_verified_or_refuted():
    assert [state for state in STATES if allowed(state, "verify")] == ["fix_claimed"]
    assert [state for state in STATES if allowed(state, "refute")] == ["fix_claimed", "verifying"]


def test_the_three_kinds_of_states_are_all_there_are():
    assert set(STATES) == OPEN_STATES | CLOSED_STATES | {"accepted"}


def test_a_forbidden_step_says_what_is_possible():
    with pytest.raises(Problem) as caught:
        step("fixed", "claim_fix")

    assert caught.value.detail == "A finding that is fixed can't be claimed as fixed."
    assert caught.value.remedy == "It can be reopened."
