"""What an EPSS score may do to a decision: lift it out of silent, and nothing else. Pure.

EPSS says how likely a CVE is to be exploited somewhere in the world within 30 days. It is a forecast and never evidence, so it makes
nothing `active`, wakes nobody and reopens no accepted risk; from `LIFTS` on it keeps a finding from being forgotten.
"""

from datetime import datetime

import msgspec

LIFTS = 0.10
"""One in ten within 30 days: some three in a hundred CVEs are forecast that or more."""


class Forecast(msgspec.Struct, frozen=True):
    """A score with the share of CVEs that score no higher (both 0 to 1), who says so, and of which day."""

    score: float
    percentile: float
    source: str = "FIRST EPSS"
    as_of: datetime | None = None


def lifts(score: float) -> bool:
    """Whether a score this high keeps a finding out of silence."""
    return score >= LIFTS


def forecast_words(score: float, percentile: float) -> str:
    """The forecast as a phrase: "EPSS 0.43: likelier to be exploited in 30 days than 97 % of CVEs"."""
    share = int(percentile * 100)
    than = f"likelier to be exploited in 30 days than {share} % of CVEs" if share else "hardly any CVE is less likely to be exploited"
    return f"EPSS {short_score(score)}: {than}"


def short_score(score: float) -> str:
    """A score with two digits: 0.43, and "under 0.01" for one that would read as none."""
    return f"{score:.2f}" if score >= 0.01 else "under 0.01"
