"""The table of allowed steps, written down a second time by hand: every state against every event, allowed or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.base.problem import Problem
from watchbill.cases.findings.states import CLOSED_STATES, OPEN_STATES, STATES, STEPS, allowed, is_reopening, state_words, step

# A line for each state: where it goes by each event, in the order of the first line; "-" where it can't.
GRID = """
             triage  decide claim_fix   verify    refute prove see   accept   expire outgrow dismiss      duplicate withdraw  retire  reopen
new          triaged open   fix_claimed -         -      fixed stays accepted -      -       not_affected duplicate withdrawn retired -
triaged      -       open   fix_claimed -         -      fixed stays accepted -      -       not_affected duplicate withdrawn retired -
open         -       stays  fix_claimed -         -      fixed stays accepted -      -       not_affected duplicate withdrawn retired -
fix_claimed  -       stays  -           verifying open   fixed stays accepted -      -       not_affected duplicate withdrawn retired -
verifying    -       stays  -           -         open   fixed stays accepted -      -       not_affected duplicate withdrawn retired -
fixed        -       -      -           -         -      -     open  -        -      -       -            -         -         -       open
not_affected -       -      -           -         -      -     stays -        -      -       -            -         -         -       open
accepted     -       stays  -           -         -      fixed stays -        open   open    -            -         withdrawn retired -
duplicate    -       -      -           -         -      -     stays -        -      -       -            -         -         -       open
withdrawn    -       -      -           -         -      -     open  -        -      -       -            -         -         -       open
retired      -       -      -           -         -      -     open  -        -      -       -            -         -         -       open
"""
EVENTS, *LINES = [line.split() for line in GRID.strip().splitlines()]
TABLE = {state: [state if to == "stays" else to for to in line] for state, *line in LINES}
ROWS = [(state, event, to) for state, line in TABLE.items() for event, to in zip(EVENTS, line, strict=True)]
POSSIBLE = [(state, event, to) for state, event, to in ROWS if to != "-"]
FORBIDDEN = [(state, event) for state, event, to in ROWS if to == "-"]


@pytest.mark.parametrize(("state", "event", "to"), POSSIBLE)
def test_this_step_leads_there(state: str, event: str, to: str):
    assert allowed(state, event)
    assert step(state, event) == to


@pytest.mark.parametrize(("state", "event"), FORBIDDEN)
def test_this_step_does_not_exist(state: str, event: str):
    assert not allowed(state, event)
    with pytest.raises(Problem) as caught:
        step(state, event)

    assert (caught.value.code, caught.value.status) == ("conflict", 409)
    assert state_words(state) in caught.value.detail


def test_the_table_here_and_the_table_there_have_the_same_steps():
    assert {(state, event): to for state, event, to in POSSIBLE} == STEPS
    assert set(TABLE) == set(STATES)


def test_a_state_nobody_knows_has_no_step_and_says_so_without_a_remedy():
    with pytest.raises(Problem) as caught:
        step("melted", "see")

    assert (caught.value.status, caught.value.remedy) == (409, "")


def test_an_event_nobody_knows_is_no_step():
    assert not allowed("open", "forget")
    with pytest.raises(Problem):
        step("open", "forget")


@pytest.mark.parametrize("silence", ["", "ignore", "close", "timeout", "not_seen"])
@pytest.mark.parametrize("state", STATES)
def test_silence_is_no_event_in_any_state(state: str, silence: str):
    assert not allowed(state, silence)


@pytest.mark.parametrize("state", sorted(CLOSED_STATES))
def test_every_closing_can_be_taken_back_and_counts_as_a_reopening(state: str):
    after = step(state, "reopen")

    assert after == "open"
    assert is_reopening(state, after)


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_what_is_open_is_not_reopened(state: str):
    assert not allowed(state, "reopen")
    assert not any(is_reopening(state, other) for other in STATES)


def test_coming_back_from_an_acceptance_is_no_reopening():
    assert not is_reopening("accepted", step("accepted", "expire"))
    assert not is_reopening("accepted", step("accepted", "outgrow"))


@pytest.mark.parametrize("event", ["expire", "outgrow"])
def test_only_an_acceptance_ends_or_is_outgrown(event: str):
    assert [state for state in STATES if allowed(state, event)] == ["accepted"]


def test_what_is_accepted_can_not_be_claimed_dismissed_or_accepted_again():
    assert not any(allowed("accepted", event) for event in ("claim_fix", "dismiss", "accept", "duplicate", "triage", "verify", "refute"))


def test_triage_is_for_what_is_new():
    assert [state for state in STATES if allowed(state, "triage")] == ["new"]


@pytest.mark.parametrize("state", STATES)
def test_the_remedy_names_only_steps_that_exist(state: str):
    forbidden = next(event for event in EVENTS if not allowed(state, event))
    with pytest.raises(Problem) as caught:
        step(state, forbidden)

    offers = {"be reopened": "reopen", "be proven fixed": "prove", "be triaged": "triage", "be verified": "verify", "be retired": "retire"}
    for words, event in offers.items():
        assert (words in caught.value.remedy) == allowed(state, event), (state, event, caught.value.remedy)


@given(st.lists(st.sampled_from(EVENTS), max_size=40))
def test_any_path_stays_among_the_known_states(events: list[str]):
    state = "new"
    for event in events:
        if allowed(state, event):
            state = step(state, event)
    assert state in STATES


@given(st.lists(st.sampled_from([event for event in EVENTS if event != "prove"]), max_size=40))
def test_no_path_without_proof_ends_in_fixed(events: list[str]):
    state = "new"
    for event in events:
        if allowed(state, event):
            state = step(state, event)
    assert state != "fixed"


@given(st.lists(st.sampled_from([event for event in EVENTS if event != "accept"]), max_size=40))
def test_no_path_without_a_signature_ends_in_accepted(events: list[str]):
    state = "new"
    for event in events:
        if allowed(state, event):
            state = step(state, event)
    assert state != "accepted"


@given(st.lists(st.sampled_from(EVENTS), max_size=40))
def test_from_anywhere_there_is_a_way_back_to_open(events: list[str]):
    state = "new"
    for event in events:
        if allowed(state, event):
            state = step(state, event)
    ways = [event for event in ("reopen", "refute", "decide", "expire") if allowed(state, event) and step(state, event) == "open"]
    assert ways or state == "open"


@pytest.mark.parametrize("state", STATES)
def test_no_state_is_said_with_an_underscore(state: str):
    assert "_" not in state_words(state)
