"""Where reference data too large or too foreign for this repository is found; never copies any of it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """The path of one reference file or folder in ../shared/data; skips the calling test, saying so, where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference data ../shared/data/{'/'.join(parts)} is not on this machine")
    return path
