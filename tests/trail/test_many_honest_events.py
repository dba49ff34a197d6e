"""No false alarms: long honest trails are verified whole and in part, by the server and by the standalone verifier."""

import random
from pathlib import Path

import pytest

from tests.trail.exports import honest, verdict
from tests.trail.many import fill
from watchbill.base import trail
from watchbill.base.trail_export import export_zip


def check_whole_and_in_part(count: int, folder: Path) -> None:
    """Two thirds of the events, a checkpoint that is kept outside, the rest; everything exported and verified."""
    fill(count * 2 // 3)
    kept = trail.checkpoint_now()
    assert kept is not None
    (folder / "kept.txt").write_text(kept.text)
    fill(count - kept.size)
    report = trail.verify()
    assert (report.ok, report.events, report.reason) == (True, count, "")
    export_zip(folder / "whole.zip", since=kept.text)
    assert honest(folder / "whole.zip", folder / "kept.txt") == count
    dice = random.Random(6962)
    some = sorted(dice.sample(range(1, count + 1), min(count, 10_000)))
    export_zip(folder / "part.zip", seqs=some, since=kept.text)
    found = verdict(folder / "part.zip", folder / "kept.txt")
    assert (found.code, found.told["events"]) == (0, len(some)), found.told


@pytest.mark.django_db
def test_ten_thousand_honest_events_raise_no_alarm(tmp_path: Path) -> None:
    check_whole_and_in_part(10_000, tmp_path)


@pytest.mark.real
@pytest.mark.usefixtures("file_database")
def test_a_million_honest_events_raise_no_alarm(tmp_path: Path) -> None:
    check_whole_and_in_part(1_000_000, tmp_path)
