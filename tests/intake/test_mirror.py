"""Updates from a mirror, against a real HTTP server on loopback: each document whole or not at all, what was held stays, cuts are gone on
with, and a failure is told."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.intake.conftest import osv
from tests.mirror import Mirror
from watchbill.base import limits
from watchbill.base import settings as own
from watchbill.base.problem import Problem
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.mirror import EPSS, KEV, MirrorReport, Wanted, in_progress, last_update, update

NPM = "/npm/all.zip"


def archive(*numbers: int, fixed: str = "1.2.0", padding: int = 0) -> bytes:
    """A zip of npm advisories SALT-<number> about package-<number>."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for number in numbers:
            packed.writestr(f"SALT-{number}.json", osv(f"SALT-{number}", f"package-{number}", fixed) + b" " * padding)
    return out.getvalue()


def catalogue(*cves: str, released: str = "2026-11-20T00:00:00Z") -> bytes:
    entries = [{"cveID": cve, "dateAdded": "2026-11-19", "dueDate": "", "knownRansomwareCampaignUse": "Unknown"} for cve in cves]
    return json.dumps({"catalogVersion": "1", "dateReleased": released, "count": len(cves), "vulnerabilities": entries}).encode()


def scores(day: str = "2026-11-22") -> bytes:
    head = f"#model_version:v1,score_date:{day}T00:00:00+0000\ncve,epss,percentile\n"
    return (head + "CVE-2026-1001,0.43,0.973\nCVE-2026-1002,0.001,0.1\n").encode()


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "yes")
    own.forget()
    place = Mirror()
    place.put(NPM, archive(1, 2, 3, 4))
    place.put("/kev.json", catalogue("CVE-2026-1001"))
    place.put("/epss.csv", scores())
    yield place
    place.close()
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def held(tmp_path: Path) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(tmp_path / "advisories.db") as store:
        yield store


def bring(mirror: Mirror, held: AdvisoryStore, *ecosystems: str, lists: bool = False, **how: Any) -> MirrorReport:
    addresses = {"kev_url": mirror.url + "/kev.json", "epss_url": mirror.url + "/epss.csv"} if lists else {}
    wanted = Wanted(mirror.url, ecosystems or ("npm",), **(addresses | {"seconds": 20.0} | how))
    return update(held, held.path.parent / "incoming", wanted, pause=lambda _: None)


def outcomes(report: MirrorReport) -> dict[str, str]:
    return {one.name: one.outcome for one in report.brought}


def failed(report: MirrorReport) -> str:
    (one,) = report.brought
    assert one.outcome == "failed"
    return one.text


class TestBringing:
    def test_an_archive_is_loaded_and_the_part_thrown_away(self, mirror: Mirror, held: AdvisoryStore) -> None:
        report = bring(mirror, held)
        assert (report.added, report.changed_ids) == (4, ("SALT-1", "SALT-2", "SALT-3", "SALT-4"))
        assert [file.name for file in (held.path.parent / "incoming").iterdir()] == ["lock"]

    def test_the_lists_come_first_and_with_them(self, mirror: Mirror, held: AdvisoryStore) -> None:
        report = bring(mirror, held, lists=True)
        assert outcomes(report) == {KEV: "loaded", EPSS: "loaded", "npm": "loaded"}
        assert (report.changed_cves, report.scored) == (("CVE-2026-1001",), True)
        assert held.epss(["CVE-2026-1001"]) is not None

    def test_what_did_not_change_is_not_sent_again(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held, lists=True)
        mirror.asked.clear()
        report = bring(mirror, held, lists=True)
        assert set(outcomes(report).values()) == {"unchanged"}
        assert not [path for path in mirror.paths() if path.endswith(".sha256")]
        assert (report.changed_ids, report.scored) == ((), False)

    def test_a_changed_archive_brings_only_what_changed(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held)
        mirror.put(NPM, archive(1, 2, 3, 4, 5), '"2"')
        assert bring(mirror, held).changed_ids == ("SALT-5",)

    def test_another_mirror_is_asked_without_the_conditions_of_the_first(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held)
        other = Mirror()
        other.put(NPM, archive(1, 2, 3, 4, 5))
        assert outcomes(bring(other, held)) == {"npm": "loaded"}
        other.close()

    def test_an_ecosystem_with_a_space_in_its_name(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held, "Red Hat")
        assert mirror.paths() == ["/Red%20Hat/all.zip"]

    @pytest.mark.parametrize("name", ["../npm", "", "npm/..", "a\r\nb", "x" * 61])
    def test_what_is_no_name_of_an_ecosystem_is_refused(self, mirror: Mirror, held: AdvisoryStore, name: str) -> None:
        with pytest.raises(Problem, match="ecosystem"):
            bring(mirror, held, name)
        assert mirror.asked == []

    def test_nothing_wanted_asks_nobody(self, mirror: Mirror, held: AdvisoryStore, tmp_path: Path) -> None:
        assert update(held, tmp_path / "in", Wanted()).brought == ()


class TestCuts:
    def test_a_cut_in_one_run_is_gone_on_with_in_the_next(
        self, mirror: Mirror, held: AdvisoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as once:
            once.setattr(limits, "DOWNLOAD_TRIES", 1)
            mirror.cuts = [500]
            assert "stays" in failed(bring(mirror, held))
        report = bring(mirror, held)
        assert (report.brought[0].kept, report.added) == (500, 4)

    def test_a_new_version_between_the_runs_is_taken_whole(
        self, mirror: Mirror, held: AdvisoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as once:
            once.setattr(limits, "DOWNLOAD_TRIES", 1)
            mirror.cuts = [500]
            bring(mirror, held)
        mirror.put(NPM, archive(5, 6), '"2"')
        assert bring(mirror, held).changed_ids == ("SALT-5", "SALT-6")

    def test_a_drip_ends_and_what_came_is_kept(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.drip_seconds = 0.01
        assert "not answered in full" in failed(bring(mirror, held, seconds=0.4))
        mirror.drip_seconds = 0.0
        assert bring(mirror, held).brought[0].kept > 0


class TestDamage:
    def test_a_truncated_archive_changes_nothing(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held)
        mirror.put(NPM, archive(1, 2, 3, 4, 5)[:-40], '"2"')
        assert "archive" in failed(bring(mirror, held))
        assert held.status().advisories == 4

    def test_a_flipped_byte_changes_nothing_and_the_file_is_not_kept(self, mirror: Mirror, held: AdvisoryStore) -> None:
        data = bytearray(archive(5, 6))
        data[200] ^= 0xFF
        mirror.put(NPM, bytes(data))
        assert "damaged" in failed(bring(mirror, held))
        mirror.put(NPM, archive(5, 6))
        report = bring(mirror, held)
        assert (report.added, report.brought[0].kept) == (2, 0)

    def test_a_page_of_html_is_no_archive(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.put(NPM, b"<html>" * 50)
        failed(bring(mirror, held))
        assert held.is_empty()

    def test_one_that_shrank_by_more_than_half_is_refused_unless_forced(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held)
        mirror.put(NPM, archive(1), '"2"')
        assert "less than half" in failed(bring(mirror, held))
        assert outcomes(bring(mirror, held, force=True)) == {"npm": "loaded"}
        assert held.status().advisories == 4

    def test_a_digest_beside_it_is_compared(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.put(NPM + ".sha256", hashlib.sha256(b"another").hexdigest().encode())
        assert "sha256" in failed(bring(mirror, held))
        assert held.is_empty()
        mirror.put(NPM + ".sha256", hashlib.sha256(archive(1, 2, 3, 4)).hexdigest().upper().encode() + b"  all.zip\n")
        assert outcomes(bring(mirror, held)) == {"npm": "loaded"}

    def test_a_digest_that_is_none_refuses_it(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.put(NPM + ".sha256", b"<html>")
        assert "no digest" in failed(bring(mirror, held))

    def test_the_archive_of_another_ecosystem_is_refused(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.put("/PyPI/all.zip", archive(1))
        assert "names no package of PyPI" in failed(bring(mirror, held, "PyPI"))

    @pytest.mark.parametrize("path", ["/kev.json", "/epss.csv"])
    def test_a_cut_list_is_refused_and_the_rest_goes_on(self, mirror: Mirror, held: AdvisoryStore, path: str) -> None:
        bring(mirror, held, lists=True)
        mirror.put(path, mirror.documents[path].data[:-9], '"2"')
        report = bring(mirror, held, lists=True)
        assert sorted(outcomes(report).values()) == ["failed", "unchanged", "unchanged"]
        assert (held.status().kev_entries, held.status().epss_scores) == (1, 2)

    def test_an_earlier_list_is_refused(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held, lists=True)
        mirror.put("/epss.csv", scores("2026-11-21"), '"2"')
        assert "before those held" in bring(mirror, held, lists=True).failures[0]


class TestTrouble:
    def test_one_ecosystem_that_is_missing_stops_no_other(self, mirror: Mirror, held: AdvisoryStore) -> None:
        report = bring(mirror, held, "PyPI", "npm")
        assert outcomes(report) == {"PyPI": "failed", "npm": "loaded"}
        assert "404" in report.failures[0]

    def test_a_mirror_that_is_away_is_said_plainly(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held)
        mirror.close()
        assert "What was held before stays." in failed(bring(mirror, held))
        assert held.status().advisories == 4

    def test_a_redirect_to_elsewhere_is_refused(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.moved[NPM] = "http://localhost:9/all.zip"
        assert "another place" in failed(bring(mirror, held))

    def test_a_mirror_inside_the_network_has_to_be_allowed(
        self, mirror: Mirror, held: AdvisoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "no")
        own.forget()
        assert "outgoing.allow_hosts" in failed(bring(mirror, held))
        assert mirror.asked == []

    def test_a_full_disk_stops_at_once_and_is_said_plainly(
        self, mirror: Mirror, held: AdvisoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
        report = bring(mirror, held, "npm", "PyPI")
        assert outcomes(report) == {"npm": "failed"}
        assert "MiB left" in report.failures[0]

    def test_a_full_disk_while_loading_keeps_what_was_fetched(self, mirror: Mirror, held: AdvisoryStore) -> None:
        bring(mirror, held)
        mirror.put(NPM, archive(*range(400)), '"2"')
        pages = held._connection().execute("PRAGMA page_count").fetchone()[0]
        held._connection().execute(f"PRAGMA max_page_count = {pages + 4}")
        assert "disk is full" in failed(bring(mirror, held))
        assert held.status().advisories == 4
        held._connection().execute("PRAGMA max_page_count = 1000000")
        report = bring(mirror, held)
        assert report.brought[0].kept == report.brought[0].size

    def test_two_at_once_are_one(self, mirror: Mirror, held: AdvisoryStore) -> None:
        mirror.drip_seconds = 0.001
        first = threading.Thread(target=lambda: bring(mirror, held))
        first.start()
        folder = held.path.parent / "incoming"
        while not in_progress(folder):
            time.sleep(0.005)
        assert bring(mirror, held).busy
        first.join()
        assert not in_progress(folder)
        assert held.status().advisories == 4

    def test_how_it_went_is_kept_beside_the_advisories(self, mirror: Mirror, held: AdvisoryStore) -> None:
        assert last_update(held).at == ""
        bring(mirror, held)
        well = last_update(held)
        assert (well.failures, well.well_at == well.at) == ((), True)
        mirror.status[NPM] = 403
        bring(mirror, held)
        assert last_update(held).well_at == well.well_at
        assert last_update(held).failures[0].startswith("npm: ")

    def test_a_note_that_can_not_be_read_is_no_note(self, held: AdvisoryStore) -> None:
        held.note("update", "{nonsense")
        assert last_update(held).at == ""
