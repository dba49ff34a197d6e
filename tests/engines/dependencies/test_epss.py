"""EPSS scores as FIRST publishes them: read whole or refused whole, kept by day, and never more than a forecast."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import as_bytes, file_of, kev, kev_entry, osv
from tests.shared_data import shared_data
from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.epss import EpssFile, EpssScore, parse_epss
from watchbill.engines.dependencies.packages import Unreadable
from watchbill.engines.dependencies.store import AdvisoryStore

HEAD = "#model_version:v2026.11.01,score_date:2026-11-22T00:00:00+0000\ncve,epss,percentile\n"
ROWS = "CVE-2026-1001,0.43112,0.97301\nCVE-2026-1002,0.00010,0.01\n"


def scores(rows: str = ROWS, day: str = "2026-11-22") -> bytes:
    return (HEAD.replace("2026-11-22", day) + rows).encode()


def refused(data: bytes) -> str:
    found = parse_epss(data, "epss.csv")
    assert isinstance(found, Unreadable), found
    return found.code


def read(data: bytes) -> EpssFile:
    found = parse_epss(data, "epss.csv")
    assert isinstance(found, EpssFile), found
    return found


def test_a_day_of_scores_is_read() -> None:
    assert read(scores()) == EpssFile("v2026.11.01", "2026-11-22", (("CVE-2026-1001", 0.43112, 0.97301), ("CVE-2026-1002", 0.0001, 0.01)))


@pytest.mark.parametrize("row", ["CVE-2026-1001,1,1\n", "CVE-2026-1001,0,0\n", "CVE-2026-1001,1.00000,1.0\n", "CVE-2026-1001,9e-05,0.1\n"])
def test_numbers_are_written_in_several_ways(row: str) -> None:
    assert 0 <= read(scores(row)).rows[0][1] <= 1


def test_packed_it_reads_the_same() -> None:
    assert read(gzip.compress(scores())) == read(scores())


def test_line_ends_of_another_system_do_not_matter() -> None:
    assert read(scores().replace(b"\n", b"\r\n")) == read(scores())


@pytest.mark.parametrize("head", ["", "cve,epss,percentile\n", HEAD.replace("#model", "model"), HEAD.replace("epss,", "score,")])
def test_another_form_is_refused(head: str) -> None:
    assert refused((head + ROWS).encode()) == "not_epss"


@pytest.mark.parametrize("day", ["2026-13-01", "2026-02-30", "0000-00-00"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    assert refused(scores(day=day)) == "not_epss"


@pytest.mark.parametrize(
    "row",
    [
        "CVE-2026-1001,1.1,0.5",
        "CVE-2026-1001,0.1,1.00001",
        "CVE-2026-1001,-0.1,0.5",
        "CVE-2026-1001,nan,0.5",
        "CVE-2026-1001,inf,0.5",
        "CVE-2026-1001,0.5",
        "CVE-2026-1001,0.5,0.5,0.5",
        "CVE-26-1,0.5,0.5",
        "cve-2026-1001,0.5,0.5",
        "CVE-2026-1001, 0.5,0.5",
        "=cmd(),0.5,0.5",
        "",
    ],
)
def test_one_bad_row_refuses_the_whole_file(row: str) -> None:
    assert refused(scores(ROWS + row + "\n")) == "bad_row"


def test_a_cve_that_stands_twice_refuses_it() -> None:
    assert refused(scores(ROWS + ROWS)) == "duplicate"


def test_a_file_without_scores_is_refused() -> None:
    assert refused(scores("")) == "empty"


def test_a_file_cut_anywhere_is_refused_or_loses_whole_rows_only_with_their_line_ends() -> None:
    data = scores()
    taken = [at for at in range(len(data)) if isinstance(parse_epss(data[:at], ""), EpssFile)]
    assert taken == [data.rindex(b"CVE-2026-1002")]


def test_a_gzip_cut_anywhere_is_refused() -> None:
    data = gzip.compress(scores())
    assert not [at for at in range(len(data)) if isinstance(parse_epss(data[:at], ""), EpssFile)]


def test_a_gzip_with_something_behind_it_is_refused() -> None:
    assert refused(gzip.compress(scores()) + b"more") == "bad_gzip"


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbill.engines.dependencies.epss.MAX_EPSS_BYTES", 1000)
    assert refused(gzip.compress(scores(ROWS + " " * 10_000))) == "too_large"
    assert refused(scores(ROWS + " " * 10_000)) == "too_large"


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchbill.engines.dependencies.epss.MAX_EPSS_SCORES", 2)
    assert len(read(scores()).rows) == 2
    assert refused(scores(ROWS + "CVE-2026-1003,0.1,0.1\n")) == "too_large"


@given(st.binary(max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(parse_epss(data, ""), Unreadable)
    parse_epss(scores() + data, "")


def test_the_shared_sample_is_read_and_kept(store: AdvisoryStore) -> None:
    path = shared_data("vulnerabilities", "epss-sample.csv")
    report = store.load_epss(path)
    assert (report.scores, report.date) == (len(path.read_text().splitlines()) - 2, "2026-08-21")
    found = store.epss(["CVE-2006-3695"])
    assert found == EpssScore("CVE-2006-3695", 0.51695, 0.92073, "2026-08-21", "v0.0.0-SYNTHETIC")


@pytest.fixture
def store(tmp_path: Path) -> AdvisoryStore:
    return AdvisoryStore.open(tmp_path / "advisories.db", clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))


def put(store: AdvisoryStore, tmp_path: Path, rows: str = ROWS, day: str = "2026-11-22", force: bool = False) -> int:
    path = tmp_path / "epss.csv"
    path.write_bytes(scores(rows, day))
    return store.load_epss(path, force=force).scores


def test_scores_are_found_by_an_alias(store: AdvisoryStore, tmp_path: Path) -> None:
    store.load_advisories([("a", as_bytes(osv("SALT-1", aliases=["CVE-2026-1001", "CVE-2026-1002"])))])
    put(store, tmp_path)
    found = store.epss(["SALT-1"])
    assert found is not None
    assert (found.cve, found.score) == ("CVE-2026-1001", 0.43112)


def test_aliases_of_aliases_do_not_count(store: AdvisoryStore, tmp_path: Path) -> None:
    documents = [osv("SALT-1", aliases=["GHSA-x"]), osv("SALT-2", aliases=["GHSA-x", "CVE-2026-1001"])]
    store.load_advisories([(str(one["id"]), as_bytes(one)) for one in documents])
    put(store, tmp_path)
    assert store.epss(["SALT-1"]) is None


def test_a_cve_nobody_scored_has_none(store: AdvisoryStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    assert store.epss(["CVE-1999-0001"]) is None


def test_a_later_day_replaces_all_of_it(store: AdvisoryStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    put(store, tmp_path, "CVE-2026-1003,0.5,0.9\n", "2026-11-23")
    assert store.epss(["CVE-2026-1001"]) is None
    status = store.status()
    assert (status.epss_scores, status.epss_date, status.epss_model) == (1, "2026-11-23", "v2026.11.01")


def test_an_earlier_day_is_refused_and_changes_nothing(store: AdvisoryStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    with pytest.raises(LoadRefused, match="before those held"):
        put(store, tmp_path, "CVE-2026-1003,0.5,0.9\n", "2026-11-21")
    assert store.status().epss_scores == 2


def test_half_a_list_is_refused_unless_forced(store: AdvisoryStore, tmp_path: Path) -> None:
    many = "".join(f"CVE-2026-{number},0.1,0.1\n" for number in range(1000, 1010))
    put(store, tmp_path, many)
    few = "".join(many.splitlines(keepends=True)[:4])
    with pytest.raises(LoadRefused, match="less than half"):
        put(store, tmp_path, few)
    assert put(store, tmp_path, few, force=True) == 4


def test_a_score_is_never_exploitation(store: AdvisoryStore, tmp_path: Path) -> None:
    put(store, tmp_path, "CVE-2026-1001,1,1\n")
    store.load_kev(file_of(tmp_path / "kev.json", kev(kev_entry("CVE-2026-1002"))))
    assert store.kev(["CVE-2026-1001"]) is None


def test_a_store_from_before_there_were_scores_takes_them(tmp_path: Path) -> None:
    with AdvisoryStore.open(tmp_path / "advisories.db") as store:
        store.load_advisories([("a", as_bytes(osv("SALT-1")))])
        db = store._connection()
        db.execute("DROP TABLE epss")
        db.execute("PRAGMA user_version = 1")
    with AdvisoryStore.open(tmp_path / "advisories.db") as store:
        assert put(store, tmp_path) == 2
        assert store.get("SALT-1") is not None


def test_the_limit_on_bytes_is_the_stores(store: AdvisoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_EPSS_BYTES", 10)
    with pytest.raises(LoadRefused, match="more than 10 bytes"):
        put(store, tmp_path)
