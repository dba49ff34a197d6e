"""What the worst files cost: each is read in a child of its own, which must answer with at most 500 MB ever held, the file included."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.dependencies.hostile_files import FORMATS, JSON_MOST, TOML_MOST, XML_MOST, YAML_MOST, makers_of
from watchbill.engines.dependencies.reading import kinds

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[3]
MOST_BYTES = 500_000_000
HANG_SECONDS = 600  # a guard against hanging, not a measure of speed

NOTATIONS = {
    "package-lock.json": "json",
    "Pipfile.lock": "json",
    "bom.json": "json",
    "spdx.json": "json",
    "composer.lock": "json",
    "packages.lock.json": "json",
    "uv.lock": "toml",
    "pdm.lock": "toml",
    "pylock.toml": "toml",
    "poetry.lock": "toml",
    "Cargo.lock": "toml",
    "pnpm-lock.yaml": "yaml",
    "bom.xml": "xml",
    "pom.xml": "xml",
    "verification-metadata.xml": "xml",
}
SIZES = {"json": JSON_MOST, "toml": TOML_MOST, "yaml": YAML_MOST, "xml": XML_MOST, "any": JSON_MOST}
ONCE = ("package-lock.json", "uv.lock", "pnpm-lock.yaml", "bom.xml")
"""One reader of each notation gets all files of that notation: what refuses them is shared by the others."""

OTHERS = tuple(info.files[0] for info in kinds() if info.files[0] not in NOTATIONS)
"""Readers that go through lines themselves, or through a notation not named here."""

CASES = [
    *((name, "any", case) for name in (*ONCE, *OTHERS) for case in makers_of("any", "")),
    *((name, NOTATIONS[name], case) for name in ONCE for case in makers_of(NOTATIONS[name], "")),
    *((name, "", case) for name in FORMATS for case in FORMATS[name]),
]


@pytest.mark.parametrize(("name", "notation", "case"), CASES)
def test_reading_it_takes_at_most_half_a_gigabyte_and_ends(name: str, notation: str, case: str, tmp_path: Path) -> None:
    most = SIZES[notation or NOTATIONS.get(name, "any")]
    file = tmp_path / "hostile"
    file.write_bytes(makers_of(notation, name)[case](most))
    command = [sys.executable, "-m", "tests.engines.dependencies.hostile_files", name, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS, check=True)
    answer = json.loads(done.stdout)
    assert answer["code"] != "reader_failed"
    assert answer["peak"] <= MOST_BYTES, answer
