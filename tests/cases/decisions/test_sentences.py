"""Decisions in words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cases.decisions.rules import (
    DECISION,
    SCALES,
    Decided,
    DecisionInput,
    ServiceContext,
    ThreatFacts,
    decide,
    decide_ssvc,
    gather_inputs,
)
from watchbill.cases.decisions.sentences import counterfactual, decision_why, if_not_done, short_why, weakness_allows
from watchbill.cases.decisions.table import DEPLOYER

LISTED = datetime(2025, 12, 5, tzinfo=UTC)
EASY = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def decided(exploitation="active", exposure="open", automatable="yes", human_impact="high", assumed=()):
    values = {"exploitation": exploitation, "exposure": exposure, "automatable": automatable, "human_impact": human_impact}
    return decide(tuple(DecisionInput(name, value, name, "Alice", None, name in assumed) for name, value in values.items()))


def test_a_decision_says_what_weighs_and_what_that_allows():
    assert decision_why(decided()) == "Exploited in the wild, open to the internet, high harm to people. It may wake people at any hour."


def test_a_now_held_back_says_what_nobody_has_said():
    text = decision_why(decided(assumed=("exposure",)))

    assert text.endswith("The table alone would say now; it is held at hours, because nobody has said who can reach it.")
    assert "pages in working hours" in text


def test_an_assumption_below_now_says_that_security_is_asked():
    text = decision_why(decided(exploitation="none", assumed=("exposure", "human_impact")))

    assert text.endswith("Nobody has said who can reach it or what harm it could do: that is assumed, and security is asked.")


def test_out_of_reach_it_would_be_hours():
    assert counterfactual(decided()) == "Were it out of reach from outside, it would be hours."


def test_the_counterfactual_comes_from_the_table_itself():
    assert counterfactual(decided(exposure="small", human_impact="very_high")) == "Were it not exploited, it would be digest."


def test_what_is_already_least_has_no_counterfactual():
    assert counterfactual(decided("none", "small", "no", "low")) == ""


@given(st.sampled_from(sorted(DEPLOYER)))
def test_a_counterfactual_is_always_true_by_the_table(row):
    one = decided(*row)
    text = counterfactual(one)
    values = dict(zip(SCALES, row, strict=True))
    lowered = {DECISION[decide_ssvc(**{**values, name: SCALES[name][0]})] for name in SCALES}

    if text:
        assert text.rstrip(".").rsplit(" ", 1)[1] in lowered - {one.decision}
    else:
        assert lowered == {one.decision}


def test_the_list_says_the_two_things_that_weigh_most():
    inputs = gather_inputs(ThreatFacts(LISTED, "", False, EASY), ServiceContext("berth-board", "open", "", None, 1))

    assert short_why(inputs) == "Exploited in the wild, open to the internet, very high harm to people"


def test_the_list_does_not_claim_what_nobody_said():
    inputs = gather_inputs(ThreatFacts(None, "", True, EASY), ServiceContext("berth-board"))

    assert short_why(inputs) == "Exploit code is public; nobody has said who can reach it or what harm it could do"


def test_doing_nothing_names_the_asset_and_the_threat():
    text = if_not_done(("CWE-502",), decided(), "berth-board")

    assert text == (
        "Somebody who reaches berth-board could run code of their own. "
        "Others are attacked this way today, so expect it to be tried here. Each hour it stays, the odds get worse."
    )


def test_a_silent_finding_does_not_cry_wolf():
    text = if_not_done(("CWE-1333",), decided("none", "small", "no", "low"), "tide-feed")

    assert "make it stop answering" in text
    assert text.endswith("Nothing much: it goes away with an ordinary update.")


def test_an_unknown_weakness_gets_general_words():
    assert weakness_allows(("CWE-9999",)) == "use the weakness against us"


def test_of_several_weaknesses_the_worst_is_told():
    assert weakness_allows(("CWE-400", "CWE-502")) == "run code of their own"


@pytest.mark.parametrize("decision", ["now", "hours", "digest", "silent"])
def test_every_decision_has_words_for_waiting(decision):
    one = decided()
    text = if_not_done((), Decided(decision, one.outcome, one.inputs), "")

    assert text.startswith("Somebody who reaches this place could ")
