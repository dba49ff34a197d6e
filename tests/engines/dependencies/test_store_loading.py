"""What is thrown at the loader: bombs, links, names that climb out, half archives. Nothing is ever half applied."""

import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.dependencies.osv_samples import as_bytes, file_of, osv, zip_of
from watchbill.engines.dependencies import store_limits as limits
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.packages import Unreadable
from watchbill.engines.dependencies.store import AdvisoryStore

GOOD = {"SALT-1.json": as_bytes(osv("SALT-1")), "SALT-2.json": as_bytes(osv("SALT-2"))}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AdvisoryStore]:
    with AdvisoryStore.open(tmp_path / "advisories.db") as opened:
        opened.load_advisories([("held", as_bytes(osv("SALT-HELD")))])
        yield opened


def refused(store: AdvisoryStore, *sources: Path) -> Unreadable:
    """Load, see it refused, and see that the store holds exactly what it held."""
    before = store.status()
    with pytest.raises(LoadRefused) as caught:
        store.load(sources)
    assert store.status() == before
    assert caught.value.unreadable.reason in str(caught.value)
    return caught.value.unreadable


def test_a_good_archive_before_a_bad_one_is_undone_with_it(store: AdvisoryStore, tmp_path: Path) -> None:
    good = zip_of(tmp_path / "good.zip", GOOD)
    bad = tmp_path / "bad.zip"
    bad.write_bytes(good.read_bytes()[:-30])
    assert refused(store, good, bad).code == "bad_archive"
    assert store.get("SALT-1") is None


def test_an_archive_cut_anywhere_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    whole = zip_of(tmp_path / "whole.zip", GOOD).read_bytes()
    cut = tmp_path / "cut.zip"
    for size in range(5, len(whole), 23):
        cut.write_bytes(whole[:size])
        assert refused(store, cut).code == "bad_archive"


def test_a_member_with_a_flipped_bit_refuses_the_archive(store: AdvisoryStore, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "flipped.zip", GOOD)
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(bytes(data))
    assert refused(store, path).code == "bad_archive"


@pytest.mark.parametrize("name", ["../out.json", "/etc/out.json", "a/../../out.json", "C:\\out.json", "..\\out.json", "\\\\host\\out.json"])
def test_a_name_that_climbs_out_refuses_the_archive(store: AdvisoryStore, tmp_path: Path, name: str) -> None:
    found = refused(store, zip_of(tmp_path / "climb.zip", [*GOOD.items(), (zipfile.ZipInfo(name), GOOD["SALT-1.json"])]))
    assert (found.code, found.reason) == ("unsafe_archive", "a member's name points outside the archive")


def test_a_name_hidden_behind_a_nul_refuses_the_archive(store: AdvisoryStore, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "nul.zip", {"aaaaa.json": GOOD["SALT-1.json"]})
    path.write_bytes(path.read_bytes().replace(b"aaaaa.json", b"aa\x00aa.json"))
    assert refused(store, path).code in ("unsafe_archive", "bad_archive")


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_in_an_archive_refuses_it(store: AdvisoryStore, tmp_path: Path, mode: int) -> None:
    link = zipfile.ZipInfo("SALT-3.json")
    link.external_attr = (mode | 0o777) << 16
    found = refused(store, zip_of(tmp_path / "link.zip", [*GOOD.items(), (link, b"/etc/passwd")]))
    assert (found.code, found.reason) == ("unsafe_archive", "a member is a symbolic link or a device, not a file")


@pytest.mark.parametrize("name", ["more.zip", "more.tar.gz", "more.json.xz", "MORE.ZIP"])
def test_an_archive_within_an_archive_refuses_it(store: AdvisoryStore, tmp_path: Path, name: str) -> None:
    assert refused(store, zip_of(tmp_path / "nested.zip", [*GOOD.items(), (name, b"PK")])).reason == "a member is an archive itself"


def test_an_archive_within_that_calls_itself_json_refuses_it(store: AdvisoryStore, tmp_path: Path) -> None:
    inner = zip_of(tmp_path / "inner.zip", GOOD).read_bytes()
    assert refused(store, zip_of(tmp_path / "nested.zip", [("SALT-3.json", inner)])).reason == "a member is an archive itself"


def test_a_member_that_unpacks_too_far_is_a_bomb(store: AdvisoryStore, tmp_path: Path) -> None:
    found = refused(store, zip_of(tmp_path / "bomb.zip", {"bomb.json": b" " * (limits.MAX_ADVISORY_BYTES - 1)}))
    assert (found.code, found.reason) == ("unsafe_archive", "a member unpacks to more than 200 times its size")


def test_a_small_member_may_pack_well(store: AdvisoryStore, tmp_path: Path) -> None:
    text = as_bytes(osv("SALT-3"))
    padded = text + b" " * (limits.RATIO_FREE_BYTES - len(text))
    assert store.load([zip_of(tmp_path / "blank.zip", {"SALT-3.json": padded})]).added == 1


def _lying(path: Path, said: int) -> Path:
    """Rewrite the unpacked size in the central directory of a one-member archive."""
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    struct.pack_into("<L", data, place + 24, said)
    path.write_bytes(bytes(data))
    return path


def test_a_member_that_lies_about_its_size_refuses_the_archive(store: AdvisoryStore, tmp_path: Path) -> None:
    bomb = zip_of(tmp_path / "liar.zip", {"bomb.json": b" " * 4_000_000})
    assert refused(store, _lying(bomb, 100)).code == "bad_archive"


def test_one_member_past_the_size_of_an_advisory_is_refused_alone(store: AdvisoryStore, tmp_path: Path) -> None:
    large = os.urandom(limits.MAX_ADVISORY_BYTES // 2 + 1).hex().encode()
    report = store.load([zip_of(tmp_path / "large.zip", GOOD | {"large.json": large})])
    assert report.added == 2
    assert [one.code for one in report.refused] == ["too_large"]


def test_all_sources_together_have_one_budget(store: AdvisoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = zip_of(tmp_path / "one.zip", GOOD)
    other = file_of(tmp_path / "other.json", osv("SALT-3"))
    total = sum(map(len, GOOD.values())) + other.stat().st_size
    monkeypatch.setattr(limits, "MAX_TOTAL_BYTES", total - 1)
    assert refused(store, one, other).code == "too_large"
    monkeypatch.setattr(limits, "MAX_TOTAL_BYTES", total)
    assert store.load([one, other]).added == 3


@pytest.mark.parametrize(
    ("name", "fits"),
    [("MAX_MEMBERS", 2), ("MAX_ARCHIVE_BYTES", "size"), ("MAX_DIRECTORY_BYTES", "directory")],
    ids=str,
)
def test_archives_have_a_largest_size(
    store: AdvisoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fits: int | str
) -> None:
    path = zip_of(tmp_path / "edge.zip", GOOD)
    data = path.read_bytes()
    edge = {"size": len(data), "directory": len(data) - 22 - data.index(b"PK\x01\x02")}.get(str(fits), fits)
    assert isinstance(edge, int)
    monkeypatch.setattr(limits, name, edge - 1)
    assert refused(store, path).code == "too_large"
    monkeypatch.setattr(limits, name, edge)
    assert store.load([path]).added == 2


def test_a_directory_has_a_largest_number_of_files(store: AdvisoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in (3, 4):
        file_of(tmp_path / "folder" / f"{n}.json", osv(f"SALT-{n}"))
    monkeypatch.setattr(limits, "MAX_MEMBERS", 1)
    assert refused(store, tmp_path / "folder").code == "too_large"
    monkeypatch.setattr(limits, "MAX_MEMBERS", 2)
    assert store.load([tmp_path / "folder"]).added == 2


def test_an_archive_with_a_password_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "locked.zip", GOOD)
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    path.write_bytes(bytes(data))
    assert refused(store, path).code == "bad_archive"


def test_a_kind_of_packing_we_do_not_know_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "odd.zip", GOOD)
    data = bytearray(path.read_bytes())
    for mark, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", data, data.index(mark) + method, 77)
    path.write_bytes(bytes(data))
    assert refused(store, path).code == "bad_archive"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_chooses_its_own_memory_is_refused(store: AdvisoryStore, tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w", method) as archive:
        archive.writestr("SALT-1.json", GOOD["SALT-1.json"])
    found = refused(store, tmp_path / "odd.zip")
    assert (found.code, found.reason) == ("bad_archive", "a member is packed in a way we don't read (only stored and deflated)")


def test_a_large_archives_end_record_that_points_nowhere_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    data = bytearray(zip_of(tmp_path / "far.zip", GOOD).read_bytes())
    struct.pack_into("<L", data, len(data) - 22 + 12, 0xFFFFFFFF)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 2**64 - 1, 1)
    (tmp_path / "far.zip").write_bytes(bytes(data[:-22]) + locator + bytes(data[-22:]))
    assert refused(store, tmp_path / "far.zip").code == "bad_archive"


def test_what_is_not_json_in_an_archive_is_listed(store: AdvisoryStore, tmp_path: Path) -> None:
    report = store.load([zip_of(tmp_path / "mixed.zip", [("README.md", b"#"), ("folder/", b""), *GOOD.items()])])
    assert report.added == 2
    assert [one.where.rpartition(":")[2] for one in report.refused] == ["README.md"]


def test_an_archive_is_known_by_its_first_bytes_too(store: AdvisoryStore, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "all.zip", GOOD).rename(tmp_path / "download")
    assert store.load([path]).added == 2


@pytest.mark.parametrize("make", [lambda path: zip_of(path, {}), lambda path: zip_of(path, [("folder/", b"")])])
def test_an_archive_without_a_file_is_refused_because_nothing_was_looked_at(
    store: AdvisoryStore, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    assert refused(store, make(tmp_path / "empty.zip")).code == "empty"


def test_an_empty_directory_is_refused_because_nothing_was_looked_at(store: AdvisoryStore, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("tides")
    assert refused(store, tmp_path / "folder").code == "empty"


def test_a_missing_source_is_refused(store: AdvisoryStore, tmp_path: Path) -> None:
    assert refused(store, tmp_path / "none.zip").code == "missing"


def test_a_pipe_is_refused_without_waiting_for_it(store: AdvisoryStore, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    assert refused(store, tmp_path / "pipe.json").code == "not_a_file"


def test_links_in_a_directory_are_not_followed_but_listed(store: AdvisoryStore, tmp_path: Path) -> None:
    outside = file_of(tmp_path / "outside" / "SALT-9.json", osv("SALT-9"))
    file_of(tmp_path / "folder" / "SALT-3.json", osv("SALT-3"))
    (tmp_path / "folder" / "SALT-9.json").symlink_to(outside)
    (tmp_path / "folder" / "more").symlink_to(outside.parent)
    (tmp_path / "folder" / "gone.json").symlink_to(tmp_path / "nowhere")
    report = store.load([tmp_path / "folder"])
    assert report.changed_ids == ("SALT-3",)
    assert {(Path(one.where).name, one.code) for one in report.refused} == {
        ("SALT-9.json", "symbolic_link"),
        ("more", "symbolic_link"),
        ("gone.json", "symbolic_link"),
    }


def test_a_pipe_in_a_directory_is_listed_without_waiting_for_it(store: AdvisoryStore, tmp_path: Path) -> None:
    file_of(tmp_path / "folder" / "SALT-3.json", osv("SALT-3"))
    os.mkfifo(tmp_path / "folder" / "pipe.json")
    report = store.load([tmp_path / "folder"])
    assert (report.added, [one.code for one in report.refused]) == (1, ["not_a_file"])


@pytest.mark.parametrize("size", [0, 1])
def test_a_single_file_has_a_largest_size(store: AdvisoryStore, tmp_path: Path, size: int) -> None:
    data = as_bytes(osv("SALT-3"))
    (tmp_path / "SALT-3.json").write_bytes(data + b" " * (limits.MAX_ADVISORY_BYTES - len(data) + size))
    report = store.load([tmp_path / "SALT-3.json"])
    assert (report.added, [one.code for one in report.refused]) == ((0, ["too_large"]) if size else (1, []))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_archive_changed_at_any_byte_is_read_or_refused_and_never_half_applied(
    store: AdvisoryStore, tmp_path: Path, data: st.DataObject
) -> None:
    whole = bytearray(zip_of(tmp_path / "whole.zip", GOOD).read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    (tmp_path / "changed.zip").write_bytes(bytes(whole))
    before = store.status()
    try:
        store.load([tmp_path / "changed.zip"])
    except LoadRefused:
        assert store.status() == before
