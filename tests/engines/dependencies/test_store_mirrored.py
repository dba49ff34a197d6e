"""One ecosystem's archive as a mirror serves it: taken whole with the mark of its version, or refused whole."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import pytest

from tests.engines.dependencies.osv_samples import as_bytes, osv, package, zip_of
from watchbill.engines.dependencies.archives import LoadRefused, check_archive
from watchbill.engines.dependencies.results import LoadReport, MirrorMark
from watchbill.engines.dependencies.store import AdvisoryStore


@pytest.fixture
def store(tmp_path: Path) -> AdvisoryStore:
    return AdvisoryStore.open(tmp_path / "advisories.db", clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))


def archive(path: Path, *numbers: int, ecosystem: str = "PyPI", broken: int = 0) -> Path:
    members = {f"SALT-{number}.json": as_bytes(osv(f"SALT-{number}", ecosystem=ecosystem)) for number in numbers}
    return zip_of(path / "all.zip", members | {f"BAD-{number}.json": b"{" for number in range(broken)})


def take(store: AdvisoryStore, path: Path, size: int = 1000, etag: str = '"1"', name: str = "PyPI", force: bool = False) -> LoadReport:
    return store.load_mirrored(path, MirrorMark(name, f"https://mirror.example/{name}/all.zip", etag, bytes=size), force=force)


def test_the_mark_and_the_advisories_come_together(store: AdvisoryStore, tmp_path: Path) -> None:
    assert take(store, archive(tmp_path, 1, 2)).added == 2
    (mark,) = store.status().mirrored
    assert (mark.name, mark.etag, mark.members, mark.bytes, mark.at) == ("PyPI", '"1"', 2, 1000, "2026-11-23T00:00:00Z")


def test_a_second_load_of_another_version_replaces_the_mark(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, archive(tmp_path, 1, 2))
    report = take(store, archive(tmp_path, 1, 2, 3), etag='"2"')
    assert (report.added, report.unchanged) == (1, 2)
    assert [mark.etag for mark in store.status().mirrored] == ['"2"']


@pytest.mark.parametrize("at", [40, 200, 300])
def test_a_damaged_byte_refuses_all_of_it(store: AdvisoryStore, tmp_path: Path, at: int) -> None:
    path = archive(tmp_path, *range(9))
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(LoadRefused):
        take(store, path)
    assert (store.status().advisories, store.status().mirrored) == (0, ())


def test_an_archive_cut_anywhere_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    whole = archive(tmp_path, 1, 2).read_bytes()
    cut = tmp_path / "cut.zip"
    for at in range(0, len(whole), 37):
        cut.write_bytes(whole[:at])
        with pytest.raises(LoadRefused):
            take(store, cut)
    assert store.is_empty()


def test_every_member_is_checked_also_those_that_are_not_read(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "all.zip", {"README.txt": b"words " * 100, "SALT-1.json": as_bytes(osv())})
    assert check_archive(path) == 2
    data = bytearray(path.read_bytes())
    data[data.index(b"README.txt") + 12] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(LoadRefused, match="damaged"):
        check_archive(path)


def test_a_page_of_words_is_no_archive(store: AdvisoryStore, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    path.write_bytes(b"<html>Service for maintenance</html>")
    with pytest.raises(LoadRefused):
        take(store, path)


def test_fewer_than_half_the_files_are_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, archive(tmp_path, *range(10)))
    with pytest.raises(LoadRefused, match="holds 4 files, where the last one held 10"):
        take(store, archive(tmp_path, *range(4)), etag='"2"')
    assert store.status().mirrored[0].etag == '"1"'
    assert take(store, archive(tmp_path, *range(5)), etag='"2"').unchanged == 5


def test_fewer_than_half_the_bytes_are_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, archive(tmp_path, *range(10)), size=1000)
    with pytest.raises(LoadRefused, match="holds 499 bytes"):
        take(store, archive(tmp_path, *range(10)), size=499)


def test_forced_a_shrunk_one_is_taken(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, archive(tmp_path, *range(10)))
    assert take(store, archive(tmp_path, 1), size=10, force=True).unchanged == 1


def test_what_the_shrunk_one_left_out_stays_held(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, archive(tmp_path, *range(10)))
    take(store, archive(tmp_path, 1), size=10, force=True)
    assert store.status().advisories == 10


def test_one_of_another_ecosystem_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    with pytest.raises(LoadRefused, match="names no package of npm"):
        take(store, archive(tmp_path, 1, 2), name="npm")
    assert store.is_empty()


def test_an_ecosystem_with_releases_is_known_by_its_family(store: AdvisoryStore, tmp_path: Path) -> None:
    assert take(store, archive(tmp_path, 1, ecosystem="Debian:12"), name="Debian").added == 1


def test_one_that_is_mostly_unreadable_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    assert take(store, archive(tmp_path, 1, 2, broken=2)).refused_count == 2
    with pytest.raises(LoadRefused, match="3 of 5 advisories"):
        take(store, archive(tmp_path, 3, 4, broken=3))


def test_readers_see_the_old_state_until_the_whole_is_in(store: AdvisoryStore, tmp_path: Path) -> None:
    take(store, archive(tmp_path, 1))
    with pytest.raises(LoadRefused):
        take(store, archive(tmp_path, *range(2, 9), broken=9))
    assert [hit.advisory_id for hit in store.match([package()]).hits] == ["SALT-1"]


@pytest.mark.parametrize("pages", [30, 60])
def test_a_full_disk_is_said_plainly_and_changes_nothing(store: AdvisoryStore, tmp_path: Path, pages: int) -> None:
    take(store, archive(tmp_path, 1))
    store._connection().execute(f"PRAGMA max_page_count = {pages}")
    big = zip_of(
        tmp_path / "big.zip",
        {f"{number}.json": as_bytes(osv(f"SALT-{number}", details=token_hex(3000))) for number in range(100)},
    )
    with pytest.raises(LoadRefused, match="disk is full"):
        take(store, big)
    assert store.status().advisories == 1


def test_other_faults_of_the_database_are_not_called_a_full_disk(store: AdvisoryStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such"), store._transaction() as db:
        db.execute("SELECT * FROM nowhere")


def test_a_note_is_kept_and_asked_for(store: AdvisoryStore) -> None:
    assert store.noted("update") == ""
    store.note("update", "well")
    assert store.noted("update") == "well"
