"""Exports as an auditor meets them: the standalone verifier run as a process of its own, and zips taken apart and put together again."""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERIFIER = Path(__file__).parents[2] / "watchbill" / "client" / "verify_trail.py"
PATIENT = 600.0


@dataclass(frozen=True)
class Verdict:
    """What the verifier said."""

    code: int
    told: dict[str, Any]
    errors: str

    @property
    def first(self) -> int | None:
        """The first event at fault."""
        seq: int | None = self.told["first_bad_seq"]
        return seq

    @property
    def reason(self) -> str:
        return str(self.told["reason"])


def ask(export: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the verifier as anybody would: an isolated Python, none of our modules to be found."""
    argv = [sys.executable, "-I", "-S", str(VERIFIER), str(export), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENT, check=False, cwd=export.parent)


def verdict(export: Path, checkpoint: Path | None = None, *words: str) -> Verdict:
    """What the verifier says of an export, given one checkpoint kept outside."""
    kept = ["--checkpoint", str(checkpoint)] if checkpoint else []
    done = ask(export, *kept, *words, "--json")
    assert done.stderr == "", done.stderr
    return Verdict(done.returncode, json.loads(done.stdout), done.stderr)


def honest(export: Path, checkpoint: Path) -> int:
    """Check that the verifier finds nothing wrong; how many events it looked at. For whoever makes trails the hard way."""
    found = verdict(export, checkpoint)
    assert found.code == 0, found.told
    return int(found.told["events"])


def members(export: Path) -> dict[str, bytes]:
    """The export's files."""
    with zipfile.ZipFile(export) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return path
