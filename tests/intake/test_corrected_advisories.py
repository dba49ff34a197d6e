"""An advisory whose range was narrowed withdraws what it no longer covers: on newer evidence only, with the sentence why, and never most of
a company at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SettableClock
from tests.intake.conftest import lockfile, osv
from tests.intake.test_scans import send, states
from watchbill.base import loop, writer
from watchbill.base.acting import Actor
from watchbill.base.trail import events
from watchbill.cases.findings import closing
from watchbill.cases.findings import queries as findings
from watchbill.cases.findings.facts import Facts
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans import advisories
from watchbill.intake.scans.models import InventoryRow

BOB = Actor("person", "bob", "cli")


def advise(folder: Path, *documents: bytes, force: bool = False, **more: Any) -> None:
    """Load these advisories, with `more` put into each, and let what follows happen."""
    for document in documents:
        told = json.loads(document) | more
        (folder / f"{told['id']}.json").write_text(json.dumps(told))
    advisories.load([folder / f"{json.loads(document)['id']}.json" for document in documents], by=BOB, force=force)
    loop.run_turns()


NARROWED = osv("GHSA-left", "left-shelf", "1.0.0", "CVE-2026-1")
LATER = "2026-11-20T08:00:00Z"


def closed_why() -> str:
    (row,) = findings.search("is:closed").rows
    return findings.finding(row.id).closed_why


@pytest.fixture
def seen(saltmarsh: SettableClock) -> SettableClock:
    """left-shelf 1.1.0 was seen while the advisory covered all before 1.2.0."""
    send(lockfile(left_shelf="1.1.0", harmless="1.0.0"))
    assert states() == {"left-shelf": "open"}
    return saltmarsh


class TestACorrection:
    def test_that_no_longer_covers_the_version_withdraws_the_finding_and_says_why(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, NARROWED, modified=LATER)
        assert states() == {"left-shelf": "withdrawn"}
        assert closed_why() == (
            "The advisory GHSA-left was corrected on 20 November 2026: versions before 1.0.0 only, and 1.1.0 is installed."
        )

    def test_is_in_the_trail(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, NARROWED, modified=LATER)
        (event,) = events(action="finding.withdrawn", limit=5)
        assert "corrected on 20 November 2026" in str(event.body["text"])

    def test_quietens_the_page(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, NARROWED, modified=LATER)
        assert len(events(action="alert.opened", limit=9)) == len(events(action="alert.resolved", limit=9))

    def test_that_still_covers_the_version_changes_nothing(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, osv("GHSA-left", "left-shelf", "1.1.1", "CVE-2026-1"), modified=LATER)
        assert states() == {"left-shelf": "open"}

    def test_that_takes_the_package_out_withdraws_too(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, osv("GHSA-left", "another-shelf", "1.2.0", "CVE-2026-1"), modified=LATER)
        assert closed_why() == "The advisory GHSA-left was corrected on 20 November 2026: it no longer names left-shelf."

    def test_comes_back_when_it_is_taken_back(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, NARROWED, modified=LATER)
        advise(tmp_path, osv("GHSA-left", "left-shelf", "1.2.0", "CVE-2026-1"), modified="2026-11-21T08:00:00Z")
        assert states() == {"left-shelf": "open"}

    def test_twice_is_told_once(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, NARROWED, modified=LATER)
        advise(tmp_path, NARROWED, modified="2026-11-21T08:00:00Z")
        assert len(events(action="finding.withdrawn", limit=9)) == 1

    def test_closes_also_what_a_scan_marked_as_not_seen_meanwhile(self, seen: SettableClock, store: AdvisoryStore) -> None:
        store.load_advisories([("left", json.dumps(json.loads(NARROWED) | {"modified": LATER}).encode())])
        seen.forward(minutes=5)
        send(lockfile(left_shelf="1.1.0", harmless="1.0.0"))
        assert states() == {"left-shelf": "open"}
        advisories.hand_on(advisories.Changed(), by=BOB, force=True)
        loop.run_turns()
        assert states() == {"left-shelf": "withdrawn"}


class TestNothingIsCorrectedBy:
    @pytest.mark.parametrize("modified", ["2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z", "0001-01-01T00:00:00Z"])
    def test_an_advisory_that_is_no_newer(self, seen: SettableClock, tmp_path: Path, modified: str) -> None:
        advise(tmp_path, NARROWED, modified=modified)
        assert states() == {"left-shelf": "open"}

    def test_a_doubt(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, osv("GHSA-left", "left-shelf", "not a version", "CVE-2026-1"), modified=LATER)
        assert states() == {"left-shelf": "open"}

    def test_one_publisher_while_another_still_covers_it(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, osv("SNYK-left", "left-shelf", "1.2.0", "CVE-2026-1"))
        advise(tmp_path, NARROWED, modified=LATER)
        assert states() == {"left-shelf": "open"}

    def test_an_inventory_that_no_longer_has_the_version_seen(self, seen: SettableClock, tmp_path: Path) -> None:
        writer.write(lambda: InventoryRow.objects.filter(name="left-shelf").update(version="0.9.0"), name="test")
        advise(tmp_path, NARROWED, modified=LATER)
        assert states() == {"left-shelf": "open"}

    def test_an_inventory_that_has_an_affected_version_too(self, seen: SettableClock, tmp_path: Path) -> None:
        def add() -> None:
            row = InventoryRow.objects.get(name="left-shelf")
            row.pk, row.version = None, "0.9.0"
            row.save()

        writer.write(add, name="test")
        advise(tmp_path, NARROWED, modified=LATER)
        assert states() == {"left-shelf": "open"}

    def test_silence(self, seen: SettableClock, tmp_path: Path) -> None:
        advise(tmp_path, osv("GHSA-other", "other-shelf", "1.2.0"), modified=LATER, force=True)
        assert states() == {"left-shelf": "open"}


class TestManyCorrectionsAtOnce:
    @pytest.fixture
    def shelves(self, saltmarsh: SettableClock, tmp_path: Path) -> tuple[list[str], Path]:
        """Eleven open findings in one lockfile."""
        names = [f"shelf{number}" for number in range(11)]
        advise(tmp_path, *(osv(f"GHSA-{name}", name, "2.0.0") for name in names))
        send(lockfile(**dict.fromkeys(names, "1.5.0")))
        assert len(states()) == 11
        return names, tmp_path

    def test_wait_for_a_person_and_close_nothing(self, shelves: tuple[list[str], Path]) -> None:
        names, folder = shelves
        advise(folder, *(osv(f"GHSA-{name}", name, "1.0.0") for name in names), modified=LATER)
        assert set(states().values()) == {"open"}
        row = findings.search("is:not_seen").rows[0]
        assert "would close 11 of all 11 open sightings at once" in row.why

    def test_are_told_once_and_not_at_each_load(self, shelves: tuple[list[str], Path]) -> None:
        names, folder = shelves
        for day in (20, 21):
            advise(folder, *(osv(f"GHSA-{name}", name, "1.0.0") for name in names), modified=f"2026-11-{day}T08:00:00Z")
        assert len(events(action="advisories.corrections_held", limit=9)) == 1

    def test_count_when_a_person_says_so(self, shelves: tuple[list[str], Path]) -> None:
        names, folder = shelves
        advise(folder, *(osv(f"GHSA-{name}", name, "1.0.0") for name in names), modified=LATER)
        advise(folder, osv("GHSA-shelf0", "shelf0", "1.0.0"), modified=LATER, force=True)
        assert set(states().values()) == {"withdrawn"}
        assert events(action="finding.withdrawn", limit=1)[0].actor == "bob"

    def test_few_of_them_count_by_themselves(self, shelves: tuple[list[str], Path]) -> None:
        names, folder = shelves
        advise(folder, *(osv(f"GHSA-{name}", name, "1.0.0") for name in names[:9]), modified=LATER)
        assert sorted(states().values()) == ["open"] * 2 + ["withdrawn"] * 9


class TestTheRules:
    @pytest.mark.parametrize(
        ("would", "have", "everything", "held"),
        [
            ({1: 9}, {1: 9}, 9, set()),
            ({1: 10}, {1: 19}, 100, {1}),
            ({1: 10}, {1: 20}, 100, set()),
            ({1: 10, 2: 1}, {1: 10, 2: 50}, 60, {1}),
            ({1: 5, 2: 5}, {1: 9, 2: 9}, 18, {1, 2}),
            ({1: 5, 2: 5}, {1: 10, 2: 10}, 20, set()),
            ({}, {}, 0, set()),
        ],
    )
    def test_more_than_half_and_at_least_ten_wait(
        self, would: dict[int, int], have: dict[int, int], everything: int, held: set[int]
    ) -> None:
        assert set(closing.corrections_held(would, have, everything)) == held

    @pytest.mark.parametrize(
        ("pin", "installed", "modified", "newer"),
        [
            ("pinned", "1.0.0", "2026-11-02T00:00:00Z", True),
            ("pinned", "1.0.0", "2026-11-02", True),
            ("pinned", "1.0.0", "2026-11-01T00:00:00Z", False),
            ("pinned", "1.0.0", "", False),
            ("pinned", "1.0.0", "0001-01-01T00:00:00Z", False),
            ("pinned", "1.0.1", "2026-11-02T00:00:00Z", False),
            ("unknown", "1.0.0", "2026-11-02T00:00:00Z", False),
        ],
    )
    def test_newer_advice_is_about_the_version_seen_and_later(self, pin: str, installed: str, modified: str, newer: bool) -> None:
        known = Facts("CVE-2026-1", installed="1.0.0", pin=pin, modified="2026-11-01T00:00:00Z")
        assert closing.is_newer_advice(known, installed, modified) is newer
