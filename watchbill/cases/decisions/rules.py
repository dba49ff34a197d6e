"""How urgent a vulnerability is: the SSVC deployer table over four inputs, each with its source and date. Pure; it pages nobody.

An input nobody knows is assumed at its middle value, shown as assumed, and sends the finding to security triage:

- exposure unknown: `controlled`; human impact unknown (no tier set): `medium`;
- automatable unknown has no middle. It is assumed `no`: fewer than one advisory in ten carries a vector, so `yes` would raise nearly
  everything on no evidence. A person settles it in triage.

An assumption never makes a `now`: where another answer to an assumed question would give less, `now` is held at `hours`. (Where every
answer gives `now`, the assumption decides nothing, and holding back would leave somebody asleep without a reason.)"""

from datetime import datetime
from itertools import product
from typing import Literal, cast

import msgspec

from watchbill.cases.decisions.forecast import Forecast, forecast_words, lifts
from watchbill.cases.decisions.table import DEPLOYER, Automatable, Exploitation, Exposure, HumanImpact, Outcome
from watchbill.engines.dependencies.exploitation import automatable_from_cvss, automatable_reason

Decision = Literal["now", "hours", "digest", "silent"]

DECISION: dict[str, Decision] = {"immediate": "now", "out_of_cycle": "hours", "scheduled": "digest", "defer": "silent"}
RANK: dict[str, int] = {"now": 0, "hours": 1, "digest": 2, "silent": 3}
SCALES: dict[str, tuple[str, ...]] = {
    "exploitation": ("none", "public_poc", "active"),
    "exposure": ("small", "controlled", "open"),
    "automatable": ("no", "yes"),
    "human_impact": ("low", "medium", "high", "very_high"),
}
ASSUMED = {"exposure": "controlled", "automatable": "no", "human_impact": "medium"}
FORECAST = "forecast"
IMPACT_OF_TIER = {1: "very_high", 2: "high", 3: "medium", 4: "low"}
LABELS = {"public_poc": "exploit code is public", "very_high": "very high"}


class DecisionInput(msgspec.Struct, frozen=True):
    """One answer, with its words (`label`): who says so, as of when, and whether nobody knew. `as_of` is aware UTC, None where no date
    is known.
    """

    name: str
    value: str
    label: str
    source: str
    as_of: datetime | None = None
    assumed: bool = False


class ThreatFacts(msgspec.Struct, frozen=True):
    """What is known of the threat: when it was listed as exploited and by whom, whether exploits are public, the CVSS vector, the age of
    the facts, and what EPSS forecasts.
    """

    kev_listed: datetime | None = None
    kev_source: str = ""
    exploit_refs: bool = False
    vector: str = ""
    facts_as_of: datetime | None = None
    forecast: Forecast | None = None


class ServiceContext(msgspec.Struct, frozen=True):
    """What is known of the asset: empty exposure and tier 0 mean that nobody has said."""

    service: str = ""
    exposure: str = ""
    exposure_by: str = ""
    exposure_at: datetime | None = None
    tier: int = 0
    tier_by: str = ""
    tier_at: datetime | None = None


class Decided(msgspec.Struct, frozen=True):
    """A decision with all it rests on. `capped`: it would be `now`, were it not for an assumption. `triage`: security has to settle an
    assumption.
    """

    decision: Decision
    outcome: Outcome
    inputs: tuple[DecisionInput, ...]
    capped: bool = False
    triage: bool = False


def decide_ssvc(exploitation: str, exposure: str, automatable: str, human_impact: str) -> Outcome:
    """One row of the deployer table (CERT/CC SSVC, deployer patch application priority 1.0.0). Raises ValueError for a value it doesn't
    know.
    """
    found = DEPLOYER.get((exploitation, exposure, automatable, human_impact))
    if found is None:
        raise ValueError(f"no row of the deployer table for {exploitation}, {exposure}, {automatable}, {human_impact}")
    return cast("Outcome", found)


def gather_inputs(threat: ThreatFacts, context: ServiceContext) -> tuple[DecisionInput, ...]:
    """The four answers of the table, in the order in which they are asked; then the forecast, where there is one."""
    forecast = (_forecast(threat.forecast),) if threat.forecast is not None else ()
    return (_exploitation(threat), _exposure(context), _automatable(threat), _human_impact(context), *forecast)


def _exploitation(threat: ThreatFacts) -> DecisionInput:
    if threat.kev_listed is not None:
        return _answer("exploitation", "active", f"{threat.kev_source or 'CISA KEV'}, listed", threat.kev_listed)
    if threat.exploit_refs:
        return _answer("exploitation", "public_poc", "The advisory refers to a public exploit", threat.facts_as_of)
    return _answer("exploitation", "none", "Not listed as exploited; no public exploit known", threat.facts_as_of)


def _exposure(context: ServiceContext) -> DecisionInput:
    if context.exposure not in SCALES["exposure"]:
        return _assumption("exposure", _nobody_said(context.service))
    return _answer("exposure", context.exposure, _said(context.service, "", context.exposure_by), context.exposure_at)


def _automatable(threat: ThreatFacts) -> DecisionInput:
    answer = automatable_from_cvss(threat.vector)
    if answer is None:
        return _assumption("automatable", "Nobody has said: " + automatable_reason(threat.vector))
    return _answer("automatable", answer, f"CVSS vector: {automatable_reason(threat.vector)}", threat.facts_as_of)


def _forecast(forecast: Forecast) -> DecisionInput:
    words = forecast_words(forecast.score, forecast.percentile)
    return DecisionInput(FORECAST, f"{forecast.score:.5f}", words, forecast.source, forecast.as_of)


def _human_impact(context: ServiceContext) -> DecisionInput:
    impact = IMPACT_OF_TIER.get(context.tier)
    if impact is None:
        return _assumption("human_impact", _nobody_said(context.service))
    return _answer("human_impact", impact, _said(context.service, f", tier {context.tier}", context.tier_by), context.tier_at)


def _answer(name: str, value: str, source: str, as_of: datetime | None) -> DecisionInput:
    return DecisionInput(name, value, LABELS.get(value, value), source, as_of)


def _assumption(name: str, source: str) -> DecisionInput:
    value = ASSUMED[name]
    return DecisionInput(name, value, LABELS.get(value, value), source, None, assumed=True)


def _said(service: str, what: str, who: str) -> str:
    return f"Service {service}{what}" + (f", set by {who}" if who else "")


def _nobody_said(service: str) -> str:
    return f"Nobody has said for service {service}" if service else "No service is known for this place"


def decide(inputs: tuple[DecisionInput, ...]) -> Decided:
    """Look the answers up, hold a `now` that rests on an assumption at `hours`, and lift what is silent by a high forecast. Takes the
    inputs of `gather_inputs`.
    """
    values = answers_of(inputs)
    outcome = decide_ssvc(**values)
    decision = DECISION[outcome]
    assumed = [item.name for item in inputs if item.assumed]
    capped = decision == "now" and any(DECISION[other] != "now" for other in _other_outcomes(values, assumed))
    if decision == "silent" and any(item.name == FORECAST and lifts(float(item.value)) for item in inputs):
        decision = "digest"
    return Decided("hours" if capped else decision, outcome, inputs, capped, bool(assumed))


def answers_of(inputs: tuple[DecisionInput, ...]) -> dict[str, str]:
    """The values that the table is looked up with, by name: without the forecast, which is no part of it."""
    return {item.name: item.value for item in inputs if item.name in SCALES}


def is_lifted(decided: Decided) -> bool:
    """Whether only the forecast keeps it out of silent."""
    return decided.decision == "digest" and DECISION[decided.outcome] == "silent"


def _other_outcomes(values: dict[str, str], open_questions: list[str]) -> list[Outcome]:
    """The outcomes under every possible answer to the open questions."""
    answers = product(*(SCALES[name] for name in open_questions))
    return [decide_ssvc(**{**values, **dict(zip(open_questions, answer, strict=True))}) for answer in answers]


def is_worse(decision: str, before: str) -> bool:
    """Whether a decision is more urgent than the one before. An empty `before` is the least urgent."""
    return RANK[decision] < RANK.get(before, len(RANK))


def wakes(decision: str) -> bool:
    """Whether a decision reaches people by itself: now and hours do, digest and silent don't."""
    return decision in ("now", "hours")


__all__ = [
    "DECISION",
    "RANK",
    "Automatable",
    "Decided",
    "Decision",
    "DecisionInput",
    "Exploitation",
    "Exposure",
    "HumanImpact",
    "Outcome",
    "ServiceContext",
    "ThreatFacts",
    "answers_of",
    "decide",
    "decide_ssvc",
    "gather_inputs",
    "is_lifted",
    "is_worse",
    "wakes",
]
