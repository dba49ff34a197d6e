"""The advisory store: loading, asking, matching both ways round."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.engines.dependencies.osv_samples import as_bytes, file_of, kev, kev_entry, osv, package, zip_of
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.results import LoadReport
from watchbill.engines.dependencies.store import AdvisoryStore, StoreUnusable

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(tmp_path / "data" / "advisories.db", clock=lambda: NOON) as opened:
        yield opened


def take(store: AdvisoryStore, *documents: dict[str, object]) -> LoadReport:
    return store.load_advisories([(f"doc {place}", as_bytes(document)) for place, document in enumerate(documents)])


# loading


def test_a_first_load_adds_and_names_what_it_added(store: AdvisoryStore) -> None:
    report = take(store, osv("SALT-1"), osv("SALT-2"))
    assert (report.added, report.changed, report.unchanged, report.withdrawn) == (2, 0, 0, 0)
    assert report.changed_ids == ("SALT-1", "SALT-2")
    assert report.refused == ()


def test_loading_the_same_again_changes_nothing(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"), osv("SALT-2"))
    report = take(store, osv("SALT-1"), osv("SALT-2"))
    assert (report.added, report.changed, report.unchanged, report.changed_ids) == (0, 0, 2, ())


def test_a_changed_advisory_takes_the_place_of_the_old_one(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", aliases=["CVE-2026-1001"]))
    report = take(store, osv("SALT-1", "bollard", aliases=["CVE-2026-1002"]))
    assert (report.added, report.changed, report.changed_ids) == (0, 1, ("SALT-1",))
    assert store.affected_packages("SALT-1") == (("PyPI", "bollard"),)
    assert store.naming("PyPI", "bollard") == ("SALT-1",)
    assert store.naming("PyPI", "nobody") == ()
    assert store.by_alias("CVE-2026-1001") == ()
    assert not store.match([package("hawser")]).hits


def test_an_older_modified_time_still_takes_its_place_because_some_databases_write_the_year_one(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"))
    assert take(store, osv("SALT-1", "bollard", modified="0001-01-01T00:00:00Z")).changed == 1


def test_a_single_bad_advisory_is_listed_and_the_rest_is_kept(store: AdvisoryStore) -> None:
    report = take(store, osv("SALT-1"), {"id": "SALT-2"}, osv("SALT-3"))
    assert report.added == 2
    assert [(one.where, one.code) for one in report.refused] == [("doc 1", "not_osv")]
    assert store.get("SALT-2") is None


def test_refusals_are_listed_up_to_a_bound_and_counted_beyond(store: AdvisoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbill.engines.dependencies.store_limits.MAX_REFUSED_LISTED", 2)
    report = store.load_advisories([("bad", b"{")] * 5)
    assert (len(report.refused), report.refused_count) == (2, 5)


def test_a_zip_a_directory_and_a_file_are_read_alike(store: AdvisoryStore, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "all.zip", {"SALT-1.json": as_bytes(osv("SALT-1"))})
    file_of(tmp_path / "folder" / "deep" / "SALT-2.json", osv("SALT-2"))
    zip_of(tmp_path / "folder" / "more.zip", {"SALT-3.json": as_bytes(osv("SALT-3"))})
    single = file_of(tmp_path / "SALT-4.json", osv("SALT-4"))
    report = store.load([archive, tmp_path / "folder", single])
    assert sorted(report.changed_ids) == ["SALT-1", "SALT-2", "SALT-3", "SALT-4"]


def test_what_is_held_survives_closing_and_opening(tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    with AdvisoryStore.open(path) as first:
        take(first, osv("SALT-1"))
    with AdvisoryStore.open(path, create=False) as second:
        assert second.status().advisories == 1


# asking


def test_an_advisory_comes_back_as_it_was_sent(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", details="All of it.", versions=["1.0", "1.1"]))
    found = store.get("SALT-1")
    assert found is not None
    assert (found.details, found.affected[0].versions) == ("All of it.", ("1.0", "1.1"))


def test_an_unknown_id_is_none(store: AdvisoryStore) -> None:
    assert store.get("SALT-9") is None
    assert store.affected_packages("SALT-9") == ()
    assert store.by_alias("SALT-9") == ()


def test_an_alias_finds_the_advisories_that_bear_it(store: AdvisoryStore) -> None:
    take(store, osv("SALT-2", aliases=["CVE-2026-1001"]), osv("SALT-1", aliases=["CVE-2026-1001"]))
    assert [found.id for found in store.by_alias("CVE-2026-1001")] == ["SALT-1", "SALT-2"]


def test_an_advisory_that_bears_the_name_as_its_own_id_is_found_too(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", aliases=["CVE-2026-1001"]), osv("CVE-2026-1001"))
    assert [found.id for found in store.by_alias("CVE-2026-1001")] == ["CVE-2026-1001", "SALT-1"]


def test_loading_no_source_does_not_count_as_a_load(store: AdvisoryStore) -> None:
    assert store.load([]).changed_ids == ()
    assert store.status().loaded_at == ""


def test_aliases_of_aliases_are_joined_for_display(store: AdvisoryStore) -> None:
    take(
        store,
        osv("SALT-1", aliases=["CVE-2026-1001"]),
        osv("SALT-2", aliases=["CVE-2026-1001", "GHSA-x"]),
        osv("SALT-3", aliases=["GHSA-x"]),
    )
    assert store.aliases_of("SALT-1") == {"SALT-1", "SALT-2", "SALT-3", "CVE-2026-1001", "GHSA-x"}
    assert store.aliases_of("CVE-2026-1001") == store.aliases_of("SALT-3")


def test_a_name_nobody_knows_has_itself_as_alias(store: AdvisoryStore) -> None:
    assert store.aliases_of("CVE-2026-1009") == {"CVE-2026-1009"}


def test_a_chain_of_aliases_is_followed_up_to_a_bound(store: AdvisoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    take(store, *(osv(f"SALT-{n}", aliases=[f"SALT-{n + 1}"]) for n in range(30)))
    assert len(store.aliases_of("SALT-0")) == 31
    monkeypatch.setattr("watchbill.engines.dependencies.store_limits.MAX_ALIAS_GROUP", 10)
    assert 10 <= len(store.aliases_of("SALT-0")) <= 12


def test_status_says_how_much_and_how_old(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, osv("SALT-1", modified="2026-11-02T00:00:00Z"), osv("SALT-2", ecosystem="npm", withdrawn="2026-11-01T00:00:00Z"))
    take(store, osv("SALT-3", modified="0001-01-01T00:00:00Z"))
    found = store.status()
    assert (found.advisories, found.withdrawn) == (3, 1)
    assert found.by_ecosystem == {"PyPI": 2, "npm": 1}
    assert found.newest_modified == "2026-11-02T00:00:00Z"
    assert found.loaded_at == "2026-11-23T12:00:00Z"


def test_status_names_the_files(store: AdvisoryStore, tmp_path: Path) -> None:
    single = file_of(tmp_path / "SALT-4.json", osv("SALT-4"))
    store.load([single])
    store.load_kev(file_of(tmp_path / "kev.json", kev(kev_entry("CVE-2026-1001"))))
    found = store.status()
    assert [(Path(one.path).name, one.advisories) for one in found.files] == [("SALT-4.json", 1), ("kev.json", 1)]
    assert (found.kev_entries, found.kev_version, found.kev_date) == (1, "2026.11.03", "2026-11-03T00:00:00Z")


def test_an_empty_store_says_that_nothing_was_loaded(store: AdvisoryStore) -> None:
    found = store.status()
    assert (found.advisories, found.loaded_at, found.newest_modified, found.kev_date) == (0, "", "", "")


# matching


def test_a_vulnerable_package_is_a_hit_with_its_fixes(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"))
    (found,) = store.match([package("hawser", "1.0.0"), package("bollard")]).hits
    assert (found.advisory_id, found.package.name, found.fixed, found.reason) == ("SALT-1", "hawser", ("2.0.0",), "range")


def test_a_fixed_package_is_neither_hit_nor_doubt(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"))
    found = store.match([package("hawser", "2.0.0")])
    assert (found.hits, found.unknown) == ((), ())


def test_a_listed_version_is_a_hit_in_any_spelling(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", events=[], versions=["1.0"]))
    (found,) = store.match([package("hawser", "1.0.0")]).hits
    assert found.reason == "listed"


def test_names_meet_in_the_spelling_of_their_ecosystem(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", "Hawser_Rope"))
    assert store.match([package("hawser-rope")]).hits
    assert store.match([package("HAWSER.rope")]).hits


def test_the_same_name_elsewhere_is_another_package(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", ecosystem="npm"))
    assert not store.match([package("hawser", ecosystem="PyPI")]).hits


def test_hits_stand_in_the_order_of_the_packages_then_of_ids(store: AdvisoryStore) -> None:
    take(store, osv("SALT-2"), osv("SALT-1"), osv("SALT-3", "bollard"))
    found = store.match([package("hawser"), package("bollard")]).hits
    assert [one.advisory_id for one in found] == ["SALT-1", "SALT-2", "SALT-3"]


def test_a_package_named_twice_by_one_advisory_is_one_hit(store: AdvisoryStore) -> None:
    document = osv("SALT-1")
    document["affected"] = [*document["affected"], *osv("x", events=[{"introduced": "0.5"}, {"fixed": "3.0.0"}])["affected"]]
    take(store, document)
    (found,) = store.match([package("hawser", "1.0.0")]).hits
    assert len(found.affected.ranges) == 2


def test_each_place_of_a_package_is_a_hit_of_its_own(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"))
    assert len(store.match([package("hawser", "1.0.0"), package("hawser", "1.1.0")]).hits) == 2


def test_a_package_without_a_pinned_version_is_one_doubt_for_all_its_advisories(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"), osv("SALT-2"))
    found = store.match([package("hawser", "", bound=">=1.0")])
    assert found.hits == ()
    (doubt,) = found.unknown
    assert (doubt.advisory_id, doubt.candidates) == ("", 2)
    assert doubt.reason == "not pinned (asks for >=1.0): no installed version to judge"


def test_a_package_without_a_pinned_version_that_no_advisory_names_is_no_doubt(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"))
    assert store.match([package("bollard", "")]).unknown == ()


def test_a_version_nobody_can_order_is_a_doubt(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"), osv("SALT-2"))
    (doubt,) = store.match([package("hawser", "main branch")]).unknown
    assert doubt.reason == "version 'main branch' can't be ordered"
    assert doubt.candidates == 2


def test_an_advisory_nobody_can_order_is_a_doubt_under_its_own_id(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", events=[{"introduced": "0"}, {"fixed": "after lunch"}]), osv("SALT-2"))
    found = store.match([package("hawser", "1.0.0")])
    assert [one.advisory_id for one in found.hits] == ["SALT-2"]
    assert [one.advisory_id for one in found.unknown] == ["SALT-1"]


def test_a_withdrawn_advisory_matches_nothing_but_still_names_its_packages(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"))
    report = take(store, osv("SALT-1", withdrawn="2026-11-20T00:00:00Z"))
    assert (report.changed, report.withdrawn, report.changed_ids) == (1, 1, ("SALT-1",))
    assert store.match([package("hawser")]).hits == ()
    assert store.match_advisory("SALT-1", [package("hawser")]).hits == ()
    assert store.affected_packages("SALT-1") == (("PyPI", "hawser"),)


def test_an_advisory_that_stands_again_matches_again(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1", withdrawn="2026-11-20T00:00:00Z"))
    take(store, osv("SALT-1"))
    assert store.match([package("hawser")]).hits


def test_the_inverse_match_judges_by_one_advisory_alone(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"), osv("SALT-2"))
    found = store.match_advisory("SALT-2", [package("hawser"), package("hawser", "2.0.0"), package("bollard")])
    assert [(one.advisory_id, one.package.version) for one in found.hits] == [("SALT-2", "1.0.0")]


def test_both_directions_agree(store: AdvisoryStore) -> None:
    take(store, osv("SALT-1"), osv("SALT-2", events=[{"introduced": "1.5"}]), osv("SALT-3", "bollard"))
    packages = [package("hawser", "1.0"), package("hawser", "1.6"), package("bollard", "1.0"), package("hawser", "")]
    forwards = {(hit.package, hit.advisory_id) for hit in store.match(packages).hits}
    backwards = {(hit.package, hit.advisory_id) for n in (1, 2, 3) for hit in store.match_advisory(f"SALT-{n}", packages).hits}
    assert forwards == backwards != set()


def test_hostile_names_are_only_data(store: AdvisoryStore) -> None:
    name = "x'; DROP TABLE advisory; --"
    take(store, osv("SALT-1", name))
    assert store.match([package(name)]).hits
    assert store.status().advisories == 1


# known exploited


def test_an_exploited_alias_is_found_for_the_advisory(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, osv("SALT-1", aliases=["CVE-2026-1001"]))
    store.load_kev(file_of(tmp_path / "kev.json", kev(kev_entry("CVE-2026-1001"))))
    for ids in (["SALT-1"], ["CVE-2026-1001"], ["GHSA-none", "SALT-1"]):
        found = store.kev(ids)
        assert found is not None
        assert found.cve == "CVE-2026-1001"
    assert store.kev(["SALT-2"]) is None
    assert store.kev([]) is None


def test_the_earliest_listed_of_several_is_the_answer(store: AdvisoryStore, tmp_path: Path) -> None:
    store.load_kev(file_of(tmp_path / "kev.json", kev(kev_entry("CVE-2026-1002", "2026-11-01"), kev_entry("CVE-2026-1001", "2026-11-02"))))
    found = store.kev(["CVE-2026-1001", "CVE-2026-1002"])
    assert found is not None
    assert found.cve == "CVE-2026-1002"


def test_an_alias_of_an_alias_does_not_make_an_advisory_exploited(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, osv("SALT-1", aliases=["CVE-2026-1001"]), osv("SALT-2", aliases=["CVE-2026-1001", "CVE-2026-1002"]))
    store.load_kev(file_of(tmp_path / "kev.json", kev(kev_entry("CVE-2026-1002"))))
    assert store.kev(["SALT-2"]) is not None
    assert store.kev(["SALT-1"]) is None


def test_a_newer_catalogue_takes_the_place_of_the_old_one(store: AdvisoryStore, tmp_path: Path) -> None:
    first = file_of(tmp_path / "one.json", kev(kev_entry("CVE-2026-1001"), kev_entry("CVE-2026-1002")))
    second = file_of(tmp_path / "two.json", kev(kev_entry("CVE-2026-1002"), kev_entry("CVE-2026-1003"), released="2026-11-04T00:00:00Z"))
    assert store.load_kev(first).added == 2
    report = store.load_kev(second)
    assert (report.entries, report.added, report.removed) == (2, 1, 1)
    assert report.changed_cves == ("CVE-2026-1001", "CVE-2026-1003")
    assert store.kev(["CVE-2026-1001"]) is None


def test_the_same_catalogue_again_changes_nothing(store: AdvisoryStore, tmp_path: Path) -> None:
    path = file_of(tmp_path / "one.json", kev(kev_entry("CVE-2026-1001")))
    store.load_kev(path)
    assert store.load_kev(path).changed_cves == ()


def test_an_older_catalogue_is_refused_and_the_held_one_stays(store: AdvisoryStore, tmp_path: Path) -> None:
    store.load_kev(file_of(tmp_path / "new.json", kev(kev_entry("CVE-2026-1001"))))
    with pytest.raises(LoadRefused) as refused:
        store.load_kev(file_of(tmp_path / "old.json", kev(kev_entry("CVE-2026-1002"), released="2025-01-01T00:00:00Z")))
    assert refused.value.unreadable.code == "older"
    assert store.kev(["CVE-2026-1001"]) is not None


@pytest.mark.parametrize("data", [b"{}", b"{", as_bytes(kev(kev_entry("CVE-2026-1002"), count=9))])
def test_a_broken_catalogue_changes_nothing(store: AdvisoryStore, tmp_path: Path, data: bytes) -> None:
    store.load_kev(file_of(tmp_path / "new.json", kev(kev_entry("CVE-2026-1001"))))
    (tmp_path / "bad.json").write_bytes(data)
    with pytest.raises(LoadRefused):
        store.load_kev(tmp_path / "bad.json")
    assert store.kev(["CVE-2026-1001"]) is not None


# the file


def test_opening_without_making_says_that_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="load advisories first"):
        AdvisoryStore.open(tmp_path / "none.db", create=False)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    path.write_bytes(b"a log of tides, not a database at all, and long enough to be read" * 20)
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="move it away"):
        AdvisoryStore.open(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE tide (height)")
    other.close()
    with pytest.raises(StoreUnusable, match="another program's"):
        AdvisoryStore.open(path)


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "advisories.db"
    AdvisoryStore.open(path).close()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(StoreUnusable, match="of another version"):
        AdvisoryStore.open(path)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = AdvisoryStore.open(tmp_path / "advisories.db")
    store.close()
    with pytest.raises(StoreUnusable, match="was closed"):
        store.status()
