"""EPSS scores reach what is open: they sort it, lift it out of silent, and are dated; nobody is woken by them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from tests.intake.conftest import lockfile, osv
from tests.intake.test_scans import send, states
from watchbill.base import loop
from watchbill.base.acting import SYSTEM
from watchbill.base.trail import events
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings.rules import EpssFact
from watchbill.cases.findings.scoring import is_news
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans import advisories


def score(folder: Path, *rows: str, day: str = "2026-11-22") -> None:
    path = folder / "epss.csv"
    head = f"#model_version:v1,score_date:{day}T00:00:00+0000\ncve,epss,percentile\n"
    path.write_text(head + "".join(f"{row}\n" for row in rows))
    advisories.load([path], by=SYSTEM, force=True)
    loop.run_turns()


def forecast() -> str:
    row = findings.search("package:left-shelf").rows[0]
    return next((item.label for item in findings.finding(row.id).inputs if item.name == "forecast"), "")


def test_a_score_loaded_before_the_scan_stands_on_the_finding(saltmarsh: SettableClock, tmp_path: Path) -> None:
    score(tmp_path, "CVE-2026-1000,0.1,0.5")
    score(tmp_path, "CVE-2026-1001,0.43,0.973")
    advise(tmp_path, "left-shelf", "CVE-2026-1001")
    send(lockfile(left_shelf="1.0.0"))
    assert forecast() == "EPSS 0.43: likelier to be exploited in 30 days than 97 % of CVEs"


def advise(folder: Path, *pairs: str) -> None:
    for package, cve in zip(pairs[::2], pairs[1::2], strict=True):
        (folder / f"{package}.json").write_bytes(osv(f"GHSA-{package}", package, "9.0.0", cve))
        advisories.load([folder / f"{package}.json"], by=SYSTEM)
    loop.run_turns()


@pytest.fixture
def scanned(saltmarsh: SettableClock, store: AdvisoryStore, tmp_path: Path) -> SettableClock:
    """Three packages with CVEs of 2026, open and without scores."""
    advise(tmp_path, "a-shelf", "CVE-2026-1001", "b-shelf", "CVE-2026-1002", "c-shelf", "CVE-2026-1003")
    send(lockfile(a_shelf="1.0.0", b_shelf="1.0.0", c_shelf="1.0.0"))
    return saltmarsh


def order() -> list[str]:
    return [row.package for row in findings.search("is:open sort:decision,due").rows]


def test_scores_loaded_later_sort_what_is_equally_urgent(scanned: SettableClock, tmp_path: Path) -> None:
    assert order() == ["a-shelf", "b-shelf", "c-shelf"]
    score(tmp_path, "CVE-2026-1002,0.2,0.9", "CVE-2026-1003,0.7,0.99")
    assert order() == ["c-shelf", "b-shelf", "a-shelf"]


def test_the_list_pages_on_by_key_in_that_order(scanned: SettableClock, tmp_path: Path) -> None:
    score(tmp_path, "CVE-2026-1002,0.2,0.9", "CVE-2026-1003,0.7,0.99")
    first = findings.search("is:open sort:decision,due", size=2)
    rest = findings.search("is:open sort:decision,due", size=2, after=first.next)
    assert [row.package for row in (*first.rows, *rest.rows)] == ["c-shelf", "b-shelf", "a-shelf"]


def test_one_may_sort_by_score_alone(scanned: SettableClock, tmp_path: Path) -> None:
    score(tmp_path, "CVE-2026-1002,0.2,0.9")
    assert next(row.package for row in findings.search("is:open sort:epss").rows) == "b-shelf"


def test_a_score_changes_no_state_and_wakes_nobody(scanned: SettableClock, tmp_path: Path) -> None:
    before, alerts = states(), len(events(action="alert.opened", limit=99))
    score(tmp_path, "CVE-2026-1001,1,1", "CVE-2026-1002,1,1", "CVE-2026-1003,1,1")
    assert (states(), len(events(action="alert.opened", limit=99))) == (before, alerts)


def test_a_score_that_goes_away_is_taken_off(scanned: SettableClock, tmp_path: Path) -> None:
    score(tmp_path, "CVE-2026-1003,0.7,0.99")
    score(tmp_path, "CVE-2026-2000,0.7,0.99", day="2026-11-23")
    assert order() == ["a-shelf", "b-shelf", "c-shelf"]


def test_the_same_file_twice_rewrites_nothing(scanned: SettableClock, tmp_path: Path) -> None:
    score(tmp_path, "CVE-2026-1003,0.7,0.99")
    before = len(events(action="finding.", limit=500))
    score(tmp_path, "CVE-2026-1003,0.7,0.99")
    assert len(events(action="finding.", limit=500)) == before


def test_a_scan_after_the_scores_finds_nothing_new(scanned: SettableClock, tmp_path: Path) -> None:
    score(tmp_path, "CVE-2026-1003,0.7,0.99")
    before = len(events(action="finding.", limit=500))
    scanned.forward(minutes=1)
    send(lockfile(a_shelf="1.0.0", b_shelf="1.0.0", c_shelf="1.0.0"))
    assert len(events(action="finding.", limit=500)) == before
    assert order()[0] == "c-shelf"


BEFORE = EpssFact("CVE-2026-1", 0.431, 0.973, "2026-11-01", "v1")


@pytest.mark.parametrize(
    ("now", "news"),
    [
        (BEFORE, False),
        (EpssFact("CVE-2026-1", 0.434, 0.979, "2026-11-02", "v1"), False),
        (EpssFact("CVE-2026-1", 0.436, 0.973, "2026-11-02", "v1"), True),
        (EpssFact("CVE-2026-1", 0.431, 0.981, "2026-11-02", "v1"), True),
        (EpssFact("CVE-2026-2", 0.431, 0.973, "2026-11-02", "v1"), True),
        (EpssFact("CVE-2026-1", 0.431, 0.973, str(date(2026, 11, 1) + timedelta(days=6)), "v1"), False),
        (EpssFact("CVE-2026-1", 0.431, 0.973, str(date(2026, 11, 1) + timedelta(days=7)), "v1"), True),
        (None, True),
    ],
)
def test_a_score_is_news_when_it_reads_differently_or_is_a_week_newer(now: EpssFact | None, news: bool) -> None:
    assert is_news(BEFORE, now) is news


def test_crossing_the_line_that_lifts_is_news_however_little_it_moves() -> None:
    below = EpssFact("CVE-2026-1", 0.0999, 0.9, "2026-11-01")
    assert is_news(below, EpssFact("CVE-2026-1", 0.1, 0.9, "2026-11-01"))
    assert not is_news(None, None)
