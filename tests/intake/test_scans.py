"""A file on its way in: taken durably, read by a job, matched, kept as inventory; and new advisories finding their owners."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import SettableClock
from tests.intake.conftest import lockfile, osv
from watchbill.base import inbox, limits, loop, state, writer
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.problem import Problem
from watchbill.base.trail import events
from watchbill.cases.findings import queries as findings
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans import advisories, queries, services, verbs
from watchbill.intake.scans.inverse import finish_broken_load, match_inventory
from watchbill.intake.scans.models import Source

BROKEN = [b"", b"{", lockfile(left_shelf="1.2.0")[:-9], b"\xff\xfe\x00"]
LONG = "n" * 200
ALICE = Actor("person", "alice@saltmarsh.example", "cli")


def send(data: bytes, filename: str = "package-lock.json", key: str = "") -> int:
    """Send a lockfile of berth-board and let the loops settle; its number in the inbox."""
    received = services.receive(data, filename=filename, service="berth-board", by=ALICE, key=key)
    loop.run_turns()
    return received.inbox_id


def states() -> dict[str, str]:
    """Every finding's package and state."""
    rows = [*findings.search("is:open").rows, *findings.search("is:closed").rows]
    return {row.package: row.state for row in rows}


class TestAPushedLockfile:
    def test_becomes_a_finding_of_the_service_and_its_owner(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0", harmless="1.0.0"))
        (row,) = findings.search("is:open").rows
        assert (row.package, row.service, row.team, row.advisory) == ("left-shelf", "berth-board", "berths", "CVE-2026-1")

    def test_is_marked_as_read_in_the_inbox(self, saltmarsh: SettableClock) -> None:
        assert inbox.load(send(lockfile(left_shelf="1.0.0"))).state == "read"

    def test_sent_twice_changes_no_state_and_pages_nobody_again(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        before = [event.seq for event in events(action="finding.", limit=500)]
        alerts = len(events(action="alert.opened", limit=500))
        saltmarsh.forward(minutes=1)
        send(lockfile(left_shelf="1.0.0"))
        assert [event.seq for event in events(action="finding.", limit=500)] == before
        assert len(events(action="alert.opened", limit=500)) == alerts

    def test_with_the_key_of_an_earlier_one_is_that_earlier_one(self, saltmarsh: SettableClock) -> None:
        assert send(lockfile(left_shelf="1.0.0"), key="build-1") == send(lockfile(left_shelf="1.0.0"), key="build-1")

    def test_with_the_key_of_an_earlier_one_and_other_bytes_is_refused_not_dropped(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"), key="build-1")
        with pytest.raises(Problem):
            send(lockfile(left_shelf="9.9.9"), key="build-1")

    def test_with_the_package_upgraded_proves_it_fixed(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        send(lockfile(left_shelf="1.2.0"))
        assert states() == {"left-shelf": "fixed"}

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"repo": "quay/board"}, {"repo": "quay/tools"}),
            ({"repo": "quay/board"}, {}),
            ({"repo": "quay/board", "branch": "main"}, {"repo": "quay/board", "branch": "next"}),
            ({"repo": "main"}, {"branch": "main"}),
            ({"branch": "x", "filename": "a/package-lock.json"}, {"filename": "x:a/package-lock.json"}),
            (
                {"branch": "b" * 200, "filename": "n" * 300 + "/a/package-lock.json"},
                {"branch": "b" * 200, "filename": "n" * 300 + "/b/package-lock.json"},
            ),
        ],
    )
    def test_of_another_place_proves_nothing_fixed(self, saltmarsh: SettableClock, one: dict[str, str], other: dict[str, str]) -> None:
        for place, version in ((one, "1.0.0"), (other, "1.2.0"), (other, "1.2.0")):
            where = {"filename": "package-lock.json", **place}
            services.receive(lockfile(left_shelf=version), service="berth-board", by=ALICE, **where)
            loop.run_turns()
            saltmarsh.forward(hours=1)
        assert states() == {"left-shelf": "open"}
        assert all(len(name) <= 300 for name in Source.objects.values_list("name", flat=True))

    def test_of_a_source_from_before_repositories_were_told_apart_goes_on_there(self, saltmarsh: SettableClock) -> None:
        how = {"filename": "package-lock.json", "service": "berth-board", "repo": "quay/board", "by": ALICE}
        services.receive(lockfile(left_shelf="1.0.0"), **how)
        loop.run_turns()
        Source.objects.update(name="pushed:berth-board:package-lock.json")
        services.receive(lockfile(left_shelf="1.0.0", harmless="1.0.0"), **how)
        loop.run_turns()
        assert Source.objects.count() == 1

    def test_proves_with_the_version_that_stands_there_now(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        send(lockfile(left_shelf="1.2.0"))
        (row,) = findings.search("is:closed").rows
        assert any("left-shelf is at 1.2.0 now" in line.text for line in findings.finding(row.id).proof)

    @pytest.mark.parametrize("broken", BROKEN, ids=["empty", "cut", "short", "odd"])
    def test_that_cannot_be_read_closes_nothing_and_says_so(self, saltmarsh: SettableClock, broken: bytes) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        item = inbox.load(send(broken))
        assert states() == {"left-shelf": "open"}
        assert (item.state, bool(item.problem)) == ("unreadable", True)

    def test_of_another_manifest_closes_nothing(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        send(lockfile(harmless="1.0.0"), filename="other/package-lock.json")
        assert states() == {"left-shelf": "open"}

    def test_with_no_packages_left_is_held_for_a_person(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        item = inbox.load(send(lockfile()))
        assert states() == {"left-shelf": "open"}
        assert item.state == "held"

    def test_that_was_held_leaves_the_inventory_as_it_was(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        send(lockfile())
        assert queries.inventory_size() == 1

    def test_replaces_what_the_same_manifest_pinned_before(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0", harmless="1.0.0"))
        saltmarsh.forward(hours=1)
        send(lockfile(left_shelf="1.0.0"))
        assert queries.inventory_size() == 1

    @pytest.mark.parametrize("odd", ["", "/", "../package-lock.json", "a/../../b", "a\x00b", "a\nb", "x" * 500])
    def test_under_a_name_that_is_no_place_is_refused_before_it_is_kept(self, saltmarsh: SettableClock, odd: str) -> None:
        with pytest.raises(Problem) as refused:
            services.receive(b"{}", filename=odd, service="berth-board", by=ALICE)
        assert refused.value.field == "filename"
        assert inbox.waiting() == []

    def test_for_a_service_nobody_knows_is_refused(self, saltmarsh: SettableClock) -> None:
        with pytest.raises(Problem):
            services.receive(b"{}", filename="package-lock.json", service="nobody", by=ALICE)

    def test_past_the_limit_is_refused(self, saltmarsh: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MANIFEST_BYTES", 3)
        with pytest.raises(Problem):
            services.receive(b"1234", filename="package-lock.json", service="berth-board", by=ALICE)

    def test_is_applied_once_even_when_its_job_runs_twice(self, saltmarsh: SettableClock) -> None:
        number = send(lockfile(left_shelf="1.0.0"))
        assert services.read_received(number, by=SYSTEM) is None

    def test_with_a_package_nobody_can_judge_never_looks_clean(self, saltmarsh: SettableClock) -> None:
        send(b"left-shelf>=1\n", filename="requirements.txt")
        send(lockfile(left_shelf="one point nought"))
        assert states().get("left-shelf") == "new"


class TestAWatchedPath:
    @pytest.fixture
    def source(self, saltmarsh: SettableClock, tmp_path: Path) -> int:
        folder = tmp_path / "repo"
        folder.mkdir()
        (folder / "package-lock.json").write_bytes(lockfile(left_shelf="1.0.0"))
        return services.watch_path(folder, service="berth-board", by=ALICE)

    def test_is_looked_at_when_asked(self, source: int) -> None:
        assert "1 new" in services.check_now(source, by=ALICE).sentence
        assert states() == {"left-shelf": "open"}

    def test_with_an_oddly_named_folder_is_looked_at_all_the_same(self, source: int, tmp_path: Path) -> None:
        odd = tmp_path / "repo" / "a\nb"
        odd.mkdir()
        (odd / "package-lock.json").write_bytes(lockfile(left_shelf="1.1.0"))
        assert "2 new" in services.check_now(source, by=ALICE).sentence

    def test_configured_twice_is_one_source(self, source: int, tmp_path: Path) -> None:
        assert services.watch_path(tmp_path / "repo", service="berth-board", by=ALICE) == source

    def test_with_the_manifest_gone_closes_nothing(self, source: int, tmp_path: Path, saltmarsh: SettableClock) -> None:
        services.check_now(source, by=ALICE)
        (tmp_path / "repo" / "package-lock.json").unlink()
        saltmarsh.forward(hours=1)
        services.check_now(source, by=ALICE)
        (row,) = findings.search("is:open").rows
        assert (row.state, "not_seen" in row.marks) == ("open", True)

    def test_with_the_package_upgraded_is_proven_fixed(self, source: int, tmp_path: Path, saltmarsh: SettableClock) -> None:
        services.check_now(source, by=ALICE)
        (tmp_path / "repo" / "package-lock.json").write_bytes(lockfile(left_shelf="1.2.0"))
        saltmarsh.forward(hours=1)
        assert "1 finding proven fixed" in services.check_now(source, by=ALICE).sentence

    def test_is_looked_at_again_by_itself_when_its_last_look_is_old(self, source: int, saltmarsh: SettableClock) -> None:
        services.check_now(source, by=ALICE)
        assert services.look_at_stale_paths(older_than=timedelta(hours=1), by=SYSTEM) == 0
        saltmarsh.forward(hours=2)
        assert services.look_at_stale_paths(older_than=timedelta(hours=1), by=SYSTEM) == 1

    def test_that_is_not_there_is_refused(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        with pytest.raises(Problem) as refused:
            services.watch_path(tmp_path / "nowhere", service="berth-board", by=ALICE)
        assert refused.value.field == "path"

    def test_pushed_sources_cannot_be_looked_at_by_us_and_say_what_to_run(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        (pushed,) = queries.sources()
        with pytest.raises(Problem) as refused:
            services.check_now(pushed.id, by=ALICE)
        assert "wb send" in refused.value.remedy

    def test_an_unknown_source_is_not_found(self, saltmarsh: SettableClock) -> None:
        with pytest.raises(Problem):
            services.check_now(999, by=ALICE)


class TestNewAdvisories:
    def test_find_their_owners_without_a_scan(self, saltmarsh: SettableClock, store: AdvisoryStore, tmp_path: Path) -> None:
        send(lockfile(left_shelf="1.2.0", right_shelf="3.0.0"))
        assert states() == {}
        (tmp_path / "new.json").write_bytes(osv("GHSA-right", "right-shelf", "3.1.0", "CVE-2026-2"))
        advisories.load([tmp_path / "new.json"], by=ALICE)
        loop.run_turns()
        assert states() == {"right-shelf": "open"}

    def test_loaded_again_change_nothing(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        (tmp_path / "new.json").write_bytes(osv("GHSA-right", "right-shelf", "3.1.0"))
        advisories.load([tmp_path / "new.json"], by=ALICE)
        report = advisories.load([tmp_path / "new.json"], by=ALICE).report
        assert (report.added, report.changed, report.unchanged) == (0, 0, 1)

    def test_withdrawn_close_their_findings_as_withdrawn(self, saltmarsh: SettableClock, store: AdvisoryStore) -> None:
        send(lockfile(left_shelf="1.0.0"))
        store.load_advisories([("l", osv("GHSA-left", "left-shelf", "1.2.0", "CVE-2026-1", withdrawn="2026-11-22T00:00:00Z"))])
        match_inventory(["GHSA-left"], by=SYSTEM)
        assert states() == {"left-shelf": "withdrawn"}

    def test_withdrawn_by_one_and_upheld_by_another_stay_open(self, saltmarsh: SettableClock, store: AdvisoryStore) -> None:
        store.load_advisories([("n", osv("NSWG-left", "left-shelf", "1.2.0", "CVE-2026-1"))])
        send(lockfile(left_shelf="1.0.0"))
        store.load_advisories([("l", osv("GHSA-left", "left-shelf", "1.2.0", "CVE-2026-1", withdrawn="2026-11-22T00:00:00Z"))])
        match_inventory(["GHSA-left"], by=SYSTEM)
        assert states() == {"left-shelf": "open"}

    def test_never_close_what_they_do_not_name(self, saltmarsh: SettableClock, store: AdvisoryStore) -> None:
        send(lockfile(left_shelf="1.0.0", right_shelf="3.0.0"))
        store.load_advisories([("r", osv("GHSA-right", "right-shelf", "3.1.0"))])
        match_inventory(["GHSA-right"], by=SYSTEM)
        assert states() == {"left-shelf": "open", "right-shelf": "open"}

    def test_from_a_path_that_is_not_there_are_a_problem(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        with pytest.raises(Problem) as refused:
            advisories.load([tmp_path / "nowhere.zip"], by=ALICE)
        assert refused.value.field == "paths"

    def test_of_which_a_later_file_is_refused_say_so_and_the_earlier_ones_count(
        self, saltmarsh: SettableClock, store: AdvisoryStore, tmp_path: Path
    ) -> None:
        (tmp_path / "kev.json").write_text("{", encoding="utf-8")
        with pytest.raises(Problem) as refused:
            advisories.load([tmp_path / "kev.json"], by=ALICE)
        assert (refused.value.code, refused.value.field) == ("refused", "paths")
        assert not advisories.broken_off(saltmarsh.now() + timedelta(days=1))

    def test_whose_load_was_broken_off_are_looked_through_later(self, saltmarsh: SettableClock, store: AdvisoryStore) -> None:
        send(lockfile(right_shelf="3.0.0"))
        writer.write(lambda: state.put(advisories.LOADING, saltmarsh.now().isoformat()))
        store.load_advisories([("r", osv("GHSA-right", "right-shelf", "3.1.0"))])
        assert not finish_broken_load(by=SYSTEM)
        saltmarsh.forward(minutes=11)
        assert finish_broken_load(by=SYSTEM)
        assert states() == {"right-shelf": "open"}
        assert not finish_broken_load(by=SYSTEM)

    def test_none_loaded_at_all_is_never_a_clean_bill(
        self, saltmarsh: SettableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(advisories, "store_path", lambda: tmp_path / "empty.db")
        received = services.receive(lockfile(left_shelf="1.0.0"), filename="package-lock.json", service="berth-board", by=ALICE)
        with pytest.raises(Problem) as refused:
            services.read_received(received.inbox_id, by=SYSTEM)
        assert refused.value.code == "no_advisories"
        assert inbox.load(received.inbox_id).state == "new"


class TestWhatPagesShow:
    def test_a_source_tells_when_and_what_it_last_saw(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0", harmless="1.0.0"))
        (source,) = queries.sources()
        assert (source.packages, source.stale, source.last_ok) == (2, False, True)
        assert source.title == "package-lock.json of berth-board"

    def test_a_source_nobody_looked_at_for_a_day_is_stale(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=27)
        assert queries.sources()[0].stale

    def test_its_looks_are_listed_newest_first(self, saltmarsh: SettableClock) -> None:
        send(lockfile(left_shelf="1.0.0"))
        saltmarsh.forward(hours=1)
        send(lockfile(left_shelf="1.2.0"))
        (source,) = queries.sources()
        assert [scan.packages for scan in queries.scans_of(source.id)] == [1, 1]
        assert queries.scans_of(source.id)[0].finished_at > queries.scans_of(source.id)[1].finished_at

    def test_the_watched_path_of_a_service_is_what_check_now_looks_at(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        assert queries.source_of_service("berth-board") is None
        number = services.watch_path(tmp_path, service="berth-board", by=ALICE)
        found = queries.source_of_service("berth-board")
        assert found is not None
        assert found.id == number


class TestVerbs:
    def test_loading_answers_with_counts(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        (tmp_path / "new.json").write_bytes(osv("GHSA-right", "right-shelf", "3.1.0"))
        assert verbs.load_advisories({"paths": [str(tmp_path / "new.json")]}, ALICE)["advisories"]["added"] == 1

    @pytest.mark.parametrize("payload", [{}, {"paths": []}, {"paths": "x"}, {"paths": [1]}])
    def test_loading_nothing_is_a_problem(self, saltmarsh: SettableClock, payload: dict[str, object]) -> None:
        with pytest.raises(Problem):
            verbs.load_advisories(payload, ALICE)

    def test_the_status_counts_what_is_known(self, saltmarsh: SettableClock) -> None:
        assert verbs.advisory_status({}, ALICE)["advisories"] == 1

    def test_watching_looks_at_once(self, saltmarsh: SettableClock, tmp_path: Path) -> None:
        (tmp_path / "package-lock.json").write_bytes(lockfile(left_shelf="1.0.0"))
        answer = verbs.watch({"path": str(tmp_path), "service": "berth-board"}, ALICE)
        assert "1 new" in answer["outcome"]
        assert "nothing changed" in verbs.check({"source": answer["source"]}, ALICE)["outcome"]
