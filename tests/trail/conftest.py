"""A hundred events, told over ten checkpoints, the one of event 80 kept outside; and exports of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from watchbill.base import settings as own
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.trail import checkpoint_now
from watchbill.base.trail_export import export_zip
from watchbill.base.writer import audit, write

ALICE = Actor("person", "alice@saltmarsh.example", "web")
EVENTS, KEPT, EVERY = 100, 80, 10


def add(count: int, first: int = 1) -> None:
    """Events by Alice and by the product itself."""
    for number in range(first, first + count):
        by = ALICE if number % 3 else SYSTEM
        write(lambda by=by, number=number: audit(by, "finding.opened", f"finding:{number}", body={"n": number, "why": f"é {number}"}))


@dataclass
class Kept:
    """An export, and the checkpoint that an auditor kept before."""

    export: Path
    checkpoint: Path
    folder: Path


@pytest.fixture
def clean_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keys of this test's own, to be changed."""
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path / "data"))
    own.forget()
    yield
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def kept(clock: SettableClock, tmp_path: Path) -> Kept:
    """A trail of a hundred events in the database; `export` isn't written yet."""
    told = Kept(tmp_path / "export.zip", tmp_path / "kept.txt", tmp_path)
    for first in range(1, EVENTS + 1, EVERY):
        add(EVERY, first)
        clock.forward(minutes=1)
        made = checkpoint_now()
        assert made is not None
        if made.size == KEPT:
            told.checkpoint.write_text(made.text)
    return told


@pytest.fixture
def whole(kept: Kept) -> Kept:
    """With the whole trail exported."""
    export_zip(kept.export)
    return kept


@pytest.fixture
def part(kept: Kept) -> Kept:
    """With every seventh event exported, for somebody who has the checkpoint of event 80."""
    export_zip(kept.export, seqs=range(3, EVENTS, 7), since=kept.checkpoint.read_text())
    return kept
