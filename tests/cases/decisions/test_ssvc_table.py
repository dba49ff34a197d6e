"""The deployer table, row by row against the published one, and what unknown answers do to a decision."""

import csv
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import shared_data
from watchbill.cases.decisions.rules import (
    DECISION,
    RANK,
    SCALES,
    ServiceContext,
    ThreatFacts,
    decide,
    decide_ssvc,
    gather_inputs,
    is_worse,
    wakes,
)
from watchbill.cases.decisions.table import DEPLOYER, SOURCE

LISTED = datetime(2025, 12, 5, tzinfo=UTC)
SET = datetime(2026, 3, 11, tzinfo=UTC)
EASY = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
HARD = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:H/I:H/A:H"
BERTH_BOARD = ServiceContext("berth-board", "open", "Alice Duarte", SET, 1, "Alice Duarte", SET)


def word(text: str) -> str:
    return text.replace(" ", "_").replace("-", "_")


def test_all_72_published_rows_are_reproduced_exactly():
    path = shared_data("vulnerabilities", "ssvc", "deployer_patch_application_priority_1_0_0.csv")
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]

    answers = [decide_ssvc(*(word(cell) for cell in row[1:5])) for row in rows]

    assert len(rows) == 72
    assert answers == [word(row[5]) for row in rows]


def test_our_copy_of_the_table_is_the_published_file():
    published = shared_data("vulnerabilities", "ssvc", "deployer_patch_application_priority_1_0_0.csv")

    assert SOURCE.read_text(encoding="utf-8").split() == published.read_text(encoding="utf-8").split()


def test_the_table_answers_every_combination_once():
    assert len(DEPLOYER) == 3 * 3 * 2 * 4


def test_immediate_needs_exploitation_exposure_and_harm():
    immediate = [row for row, outcome in DEPLOYER.items() if outcome == "immediate"]

    assert sorted(immediate) == [
        ("active", "open", "no", "very_high"),
        ("active", "open", "yes", "high"),
        ("active", "open", "yes", "very_high"),
    ]


def test_a_value_that_the_table_does_not_know_is_refused():
    with pytest.raises(ValueError, match="no row"):
        decide_ssvc("active", "everywhere", "yes", "high")


def test_an_exploited_hole_on_an_open_tier_1_service_is_now():
    decided = decide(gather_inputs(ThreatFacts(LISTED, "CISA KEV", False, EASY, SET), BERTH_BOARD))

    assert (decided.outcome, decided.decision, decided.capped, decided.triage) == ("immediate", "now", False, False)


def test_every_input_says_who_and_as_of_when():
    inputs = {item.name: item for item in gather_inputs(ThreatFacts(LISTED, "CISA KEV", False, EASY, SET), BERTH_BOARD)}

    assert (inputs["exploitation"].value, inputs["exploitation"].source, inputs["exploitation"].as_of) == (
        "active",
        "CISA KEV, listed",
        LISTED,
    )
    assert inputs["exposure"].source == "Service berth-board, set by Alice Duarte"
    assert (
        inputs["automatable"].source == "CVSS vector: reached over the network, low complexity, needs no login, nobody has to do anything"
    )
    assert (inputs["human_impact"].value, inputs["human_impact"].as_of) == ("very_high", SET)
    assert not any(item.assumed for item in inputs.values())


def test_being_listed_outweighs_a_mere_exploit_reference():
    inputs = gather_inputs(ThreatFacts(LISTED, "CISA KEV", True, EASY), BERTH_BOARD)

    assert inputs[0].value == "active"


def test_an_exploit_reference_is_public_poc():
    assert gather_inputs(ThreatFacts(None, "", True, EASY), BERTH_BOARD)[0].value == "public_poc"


@pytest.mark.parametrize(("tier", "impact"), [(1, "very_high"), (2, "high"), (3, "medium"), (4, "low")])
def test_the_tier_says_the_harm(tier, impact):
    context = ServiceContext("berth-board", "open", "", None, tier)

    assert gather_inputs(ThreatFacts(), context)[3].value == impact


def test_unknown_exposure_is_assumed_controlled_and_asked_about():
    context = ServiceContext("berth-board", "", "", None, 1, "Alice Duarte", SET)

    decided = decide(gather_inputs(ThreatFacts(LISTED, "CISA KEV", False, EASY), context))

    exposure = decided.inputs[1]
    assert (exposure.value, exposure.assumed, decided.triage) == ("controlled", True, True)
    assert exposure.source == "Nobody has said for service berth-board"


def test_unknown_impact_is_assumed_medium():
    decided = decide(gather_inputs(ThreatFacts(), ServiceContext("berth-board", "open")))

    assert (decided.inputs[3].value, decided.inputs[3].assumed) == ("medium", True)


def test_no_vector_means_that_automation_is_assumed_away_and_asked_about():
    decided = decide(gather_inputs(ThreatFacts(LISTED), ServiceContext("berth-board", "open", "", None, 2)))

    assert (decided.inputs[2].value, decided.inputs[2].assumed, decided.decision) == ("no", True, "hours")


def test_an_assumption_that_decides_nothing_does_not_hold_back_a_now():
    decided = decide(gather_inputs(ThreatFacts(LISTED), BERTH_BOARD))

    assert decided.inputs[2].assumed
    assert (decided.decision, decided.capped, decided.triage) == ("now", False, True)


EXPOSURES = st.sampled_from(["", "small", "controlled", "open"])
TIERS = st.sampled_from([0, 1, 2, 3, 4])
VECTORS = st.sampled_from(["", EASY, HARD])
KEV = st.sampled_from([None, LISTED])


@given(KEV, st.booleans(), VECTORS, EXPOSURES, TIERS)
def test_no_assumption_ever_makes_a_now(kev, refs, vector, exposure, tier):
    decided = decide(gather_inputs(ThreatFacts(kev, "", refs, vector), ServiceContext("berth-board", exposure, "", None, tier)))

    known = {item.name: item.value for item in decided.inputs if not item.assumed}
    reachable = {
        outcome
        for row, outcome in DEPLOYER.items()
        if all(dict(zip(SCALES, row, strict=True))[name] == value for name, value in known.items())
    }
    if decided.decision == "now":
        assert reachable == {"immediate"}


@given(KEV, st.booleans(), VECTORS, EXPOSURES, TIERS)
def test_a_decision_is_the_tables_unless_it_was_held_at_hours(kev, refs, vector, exposure, tier):
    decided = decide(gather_inputs(ThreatFacts(kev, "", refs, vector), ServiceContext("berth-board", exposure, "", None, tier)))

    assert decided.decision == ("hours" if decided.capped else DECISION[decided.outcome])
    assert decided.triage == any(item.assumed for item in decided.inputs)


@given(st.sampled_from(sorted(DEPLOYER)), st.sampled_from(sorted(SCALES)))
def test_raising_one_answer_never_makes_it_less_urgent(row, name):
    values = dict(zip(SCALES, row, strict=True))
    scale = SCALES[name]
    higher = scale[min(scale.index(values[name]) + 1, len(scale) - 1)]

    before = DECISION[decide_ssvc(**values)]
    after = DECISION[decide_ssvc(**{**values, name: higher})]

    assert RANK[after] <= RANK[before]


def test_worse_means_more_urgent():
    assert is_worse("now", "hours")
    assert is_worse("silent", "")
    assert not is_worse("hours", "now")
    assert not is_worse("digest", "digest")


def test_only_now_and_hours_reach_people():
    assert [decision for decision in RANK if wakes(decision)] == ["now", "hours"]
