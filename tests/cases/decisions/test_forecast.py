"""A forecast sorts and lifts out of silence; whatever it says, it never makes anything more urgent than a line in the digest."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchbill.cases.decisions.forecast import LIFTS, Forecast, forecast_words, lifts, short_score
from watchbill.cases.decisions.rules import ServiceContext, ThreatFacts, decide, gather_inputs, is_lifted
from watchbill.cases.decisions.sentences import counterfactual, decision_why, short_why
from watchbill.cases.findings.weighing import DueDates, Evidence, Standing, weigh

DAY = datetime(2026, 11, 22, tzinfo=UTC)
QUIET = ServiceContext("berth-board", "small", "", None, 4)
HARD = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
contexts = st.builds(
    ServiceContext, st.just("berth-board"), st.sampled_from(["", "small", "controlled", "open"]), st.just(""), st.none(), st.integers(0, 4)
)
threats = st.builds(ThreatFacts, st.sampled_from([None, DAY]), st.just(""), st.booleans(), st.sampled_from(["", HARD]))
chances = st.floats(0, 1)


def with_score(score: float, percentile: float = 0.97, threat: ThreatFacts | None = None) -> ThreatFacts:
    return msgspec.structs.replace(threat or ThreatFacts(vector=HARD), forecast=Forecast(score, percentile, "FIRST EPSS v1", DAY))


def test_a_likely_one_is_lifted_from_silent_into_the_digest() -> None:
    without = decide(gather_inputs(ThreatFacts(vector=HARD), QUIET))
    decided = decide(gather_inputs(with_score(0.43), QUIET))
    assert (without.decision, decided.decision, decided.outcome) == ("silent", "digest", "defer")


def test_an_unlikely_one_stays_silent() -> None:
    assert decide(gather_inputs(with_score(LIFTS - 0.001), QUIET)).decision == "silent"
    assert decide(gather_inputs(with_score(LIFTS), QUIET)).decision == "digest"


def test_the_input_keeps_its_source_and_date() -> None:
    item = gather_inputs(with_score(0.43), QUIET)[-1]
    assert (item.name, item.source, item.as_of, item.assumed) == ("forecast", "FIRST EPSS v1", DAY, False)
    assert item.label == "EPSS 0.43: likelier to be exploited in 30 days than 97 % of CVEs"


def test_the_why_says_that_it_was_lifted_and_that_a_forecast_is_no_evidence() -> None:
    why = decision_why(decide(gather_inputs(with_score(0.43), QUIET)))
    assert "The table alone would say silent; EPSS 0.43" in why
    assert "no sign that it is exploited" in why


def test_the_short_why_names_a_high_score_only() -> None:
    assert "EPSS 0.43" in short_why(gather_inputs(with_score(0.43), QUIET))
    assert "EPSS" not in short_why(gather_inputs(with_score(0.01), QUIET))


def test_what_would_make_it_less_is_the_forecast() -> None:
    assert counterfactual(decide(gather_inputs(with_score(0.43), QUIET))) == "Did EPSS forecast less, it would be silent."


@given(threats, contexts, chances, chances)
def test_it_changes_no_decision_but_silent_and_that_only_to_digest(
    threat: ThreatFacts, context: ServiceContext, score: float, percentile: float
) -> None:
    without = decide(gather_inputs(threat, context))
    decided = decide(gather_inputs(with_score(score, percentile, threat), context))
    expected = "digest" if without.decision == "silent" and lifts(score) else without.decision
    assert (decided.decision, decided.outcome, decided.capped, decided.triage) == (
        expected, without.outcome, without.capped, without.triage,
    )  # fmt: skip
    assert is_lifted(decided) == (without.decision == "silent" and lifts(score))


@given(threats, contexts, chances)
def test_it_is_never_exploitation(threat: ThreatFacts, context: ServiceContext, score: float) -> None:
    assert gather_inputs(with_score(score, 1, threat), context)[0] == gather_inputs(threat, context)[0]


def test_it_reopens_no_accepted_risk() -> None:
    decided = decide(gather_inputs(with_score(0.9), QUIET))
    dates = DueDates(DAY, DAY + timedelta(days=3))
    weighed = weigh(Standing("accepted", "silent", None, None, "silent"), Evidence(DAY), decided, dates)
    assert (weighed.state, weighed.outgrown, weighed.speaks) == ("accepted", False, False)


@pytest.mark.parametrize(
    ("score", "percentile", "words"),
    [
        (0.43112, 0.97999, "EPSS 0.43: likelier to be exploited in 30 days than 97 % of CVEs"),
        (0.0001, 0.21, "EPSS under 0.01: likelier to be exploited in 30 days than 21 % of CVEs"),
        (0.0, 0.0, "EPSS under 0.01: hardly any CVE is less likely to be exploited"),
        (1.0, 1.0, "EPSS 1.00: likelier to be exploited in 30 days than 100 % of CVEs"),
    ],
)
def test_it_reads_as_a_sentence(score: float, percentile: float, words: str) -> None:
    assert forecast_words(score, percentile) == words
    assert short_score(score) in words
