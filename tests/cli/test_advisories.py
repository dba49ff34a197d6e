"""The commands about advisories: what is held and how old it is, one advisory with its names, and bringing new ones from a mirror."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import osv
from tests.mirror import Mirror
from watchbill.base import clock
from watchbill.engines.dependencies.store import AdvisoryStore

KEV = {"catalogVersion": "1", "dateReleased": "2026-11-20T00:00:00Z", "count": 1}
ENTRY = {"cveID": "CVE-2026-1111", "dateAdded": "2026-11-19", "vulnerabilityName": "Left-pad pads", "knownRansomwareCampaignUse": "Known"}
SCORES = "#model_version:v1,score_date:2026-11-22T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1111,0.43,0.973\n"


@pytest.fixture
def held(home: Path, tmp_path: Path) -> Path:
    """A store with two advisories of one problem, another that joins two CVEs, a catalogue and scores."""
    documents = [
        osv(aliases=["CVE-2026-1111"]),
        osv("TEST-2", aliases=["CVE-2026-1111"]),
        osv("TEST-3", "right-pad", aliases=["CVE-2026-2221", "CVE-2026-2222"], withdrawn="2026-11-01T00:00:00Z"),
    ]
    (tmp_path / "kev.json").write_text(json.dumps(KEV | {"vulnerabilities": [ENTRY]}))
    (tmp_path / "epss.csv").write_text(SCORES)
    with AdvisoryStore.open(home / "advisories.db", clock=clock.now) as store:
        store.load_advisories([(str(one["id"]), json.dumps(one).encode()) for one in documents])
        store.load_kev(tmp_path / "kev.json")
        store.load_epss(tmp_path / "epss.csv")
    return home


class TestShow:
    def test_an_advisory_is_shown_with_its_names_versions_exploitation_and_forecast(self, here: Any, held: Path) -> None:
        ran = here("advisories", "show", "TEST-1")
        assert ran.code == 0
        for words in (
            "TEST-1: pads too far",
            "left-pad",
            "versions before 1.3.0",
            "fixed in 1.3.0",
            "Also known as CVE-2026-1111, TEST-2.",
            "Known to be exploited since 2026-11-19 (CVE-2026-1111, Left-pad pads); used by ransomware.",
            "EPSS 0.43: likelier to be exploited in 30 days than 97 % of CVEs (CVE-2026-1111); as of 2026-11-22.",
        ):
            assert words in ran.out

    def test_a_cve_shows_all_its_advisories(self, here: Any, held: Path) -> None:
        out = here("advisories", "show", "CVE-2026-1111").out
        assert "TEST-1: " in out
        assert "TEST-2: " in out

    def test_names_that_join_several_cves_are_marked(self, here: Any, held: Path) -> None:
        out = here("advisories", "show", "TEST-3").out
        assert "These names join 2 CVEs, which may be different problems" in out
        assert "Withdrawn 2026-11-01" in out
        assert "Not listed as known to be exploited." in out
        assert "No EPSS score." in out

    def test_as_json(self, here: Any, held: Path) -> None:
        shown = here("advisories", "show", "CVE-2026-1111", "--json").json()
        assert [one["id"] for one in shown["advisories"]] == ["TEST-1", "TEST-2"]
        assert (shown["group"]["spans_cves"], shown["epss"]["score"], shown["known_exploited"]["ransomware"]) == (False, 0.43, True)

    def test_a_name_nobody_bears_is_a_problem(self, here: Any, held: Path) -> None:
        ran = here("advisories", "show", "CVE-1999-1")
        assert (ran.code, "CVE-1999-1" in ran.err) == (2, True)

    def test_without_a_store_it_says_how_to_load(self, here: Any, home: Path) -> None:
        assert "advisories load" in here("advisories", "show", "TEST-1").err

    def test_what_publishers_wrote_can_not_write_to_the_terminal(self, here: Any, held: Path) -> None:
        with AdvisoryStore.open(held / "advisories.db") as store:
            store.load_advisories([("x", json.dumps(osv("TEST-9", summary="\x1b[2Jgone")).encode())])
        assert "\x1b" not in here("advisories", "show", "TEST-9").out


class TestStatus:
    def test_problems_are_counted_by_the_names_they_share(self, here: Any, held: Path) -> None:
        out = here("advisories", "status").out
        assert "3 advisories (1 withdrawn)" in out
        assert "about 2 problems, by the names they share (1 of them join more than one CVE)" in out
        assert "Advisories are less than an hour old." in out
        assert "1 EPSS score (model v1). EPSS scores are of 2026-11-22" in out

    def test_as_json(self, here: Any, held: Path) -> None:
        shown = here("advisories", "status", "--json").json()
        assert shown["groups"] == {"groups": 2, "joined": 1, "span_cves": 1}
        assert (shown["epss_scores"], shown["stale"], shown["update"]["failures"]) == (1, False, [])

    def test_what_the_last_update_could_not_bring_is_told(self, here: Any, held: Path) -> None:
        with AdvisoryStore.open(held / "advisories.db") as store:
            store.note("update", json.dumps({"at": "2026-11-23T09:00:00Z", "failures": ["npm: the mirror is away"]}))
        out = here("advisories", "status").out
        assert "The last update, 2026-11-23 09:00 UTC, did not bring:" in out
        assert "npm: the mirror is away" in out


class TestScan:
    def test_old_advisories_are_said_to_be_old(self, here: Any, home: Path, project: Path) -> None:
        with AdvisoryStore.open(home / "advisories.db", clock=lambda: datetime.now(UTC) - timedelta(days=30)) as store:
            store.load_advisories([("a", json.dumps(osv()).encode())])
        ran = here("scan", project)
        assert "Advisories are 30 days old, more than the 7 days that are well." in ran.out
        assert here("scan", project, "--json").json()["advisories_old"] is True

    def test_new_ones_are_not(self, here: Any, held: Path, project: Path) -> None:
        assert "days that are well" not in here("scan", project).out


class TestUpdate:
    @pytest.fixture
    def mirror(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
        there = Mirror()
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("TEST-7.json", json.dumps(osv("TEST-7")))
        there.put("/npm/all.zip", out.getvalue())
        monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_HOSTS", "127.0.0.1")
        yield there
        there.close()

    def test_from_a_mirror_it_tells_what_came_of_each_document(self, process: Any, home: Path, mirror: Mirror) -> None:
        ran = process("advisories", "update", "--from", mirror.url, "--ecosystem", "npm")
        assert (ran.code, "1 added, 0 changed" in ran.out) == (0, True)
        again = process("advisories", "update", "--from", mirror.url, "--ecosystem", "npm")
        assert (again.code, "unchanged" in again.out) == (0, True)

    def test_what_failed_ends_with_two_and_says_why(self, process: Any, home: Path, mirror: Mirror) -> None:
        variables = {"WATCHBILL_ADVISORIES_URL": mirror.url, "WATCHBILL_ADVISORIES_ECOSYSTEMS": "npm,Go"}
        ran = process("advisories", "update", "--json", **variables)
        assert ran.code == 2
        assert [one["outcome"] for one in ran.json()["brought"]] == ["loaded", "failed"]

    def test_an_ecosystem_without_a_mirror_is_a_problem(self, here: Any, home: Path) -> None:
        ran = here("advisories", "update", "--ecosystem", "npm")
        assert (ran.code, "advisories.url" in ran.err) == (2, True)
