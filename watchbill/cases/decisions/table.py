"""The SSVC deployer table as published (CERT/CC, 1.0.0), read once from the CSV beside this module. It holds data and decides nothing."""

import csv
from pathlib import Path
from typing import Literal

Exploitation = Literal["none", "public_poc", "active"]
Exposure = Literal["small", "controlled", "open"]
Automatable = Literal["no", "yes"]
HumanImpact = Literal["low", "medium", "high", "very_high"]
Outcome = Literal["defer", "scheduled", "out_of_cycle", "immediate"]

SOURCE = Path(__file__).with_name("deployer_1_0_0.csv")


def _word(text: str) -> str:
    return text.strip().replace(" ", "_").replace("-", "_")


def _read(text: str) -> dict[tuple[str, str, str, str], str]:
    rows = [[_word(cell) for cell in row[1:6]] for row in list(csv.reader(text.splitlines()))[1:]]
    return {(row[0], row[1], row[2], row[3]): row[4] for row in rows}


DEPLOYER: dict[tuple[str, str, str, str], str] = _read(SOURCE.read_text(encoding="utf-8"))
