"""What every benchmark prints alike: the machine it ran on, and a table of figure, target and what stands beside it."""

import os
import platform
import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure: what, measured, the target in words, what the same machine or a peer does at best, and whether the target was met."""

    what: str
    measured: str
    target: str
    beside: str
    met: bool


def machine() -> str:
    """The processor, its cores, the versions that matter and how busy the machine is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "?")
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{model}, {os.cpu_count()} cores, {versions}, load {os.getloadavg()[0]:.1f}"


def print_table(rows: list[Row]) -> int:
    """Print machine and table; 1 when a target was missed, else 0."""
    head = ("figure", "measured", "target", "beside it", "")
    cells = [head, *((row.what, row.measured, row.target, row.beside, "" if row.met else "MISSED") for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    print(machine())
    for line in cells:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    return 0 if all(row.met for row in rows) else 1
