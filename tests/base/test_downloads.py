"""Large documents into files: gone on with where they were cut, never joined from two versions, never taken for whole when they are not."""

import errno
import io
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mirror import Mirror
from watchbill.base import downloads, limits, outgoing
from watchbill.base import settings as own
from watchbill.base.downloads import DiskFull, Document, Mark, NotThere, download, forget
from watchbill.base.outgoing import CallFailed, Refused, TimedOut, Unreachable
from watchbill.base.problem import Problem

CARGO = bytes(range(256)) * 1000
PATH = "/PyPI/all.zip"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    place = Mirror()
    place.put(PATH, CARGO)
    yield place
    place.close()


@pytest.fixture(autouse=True)
def _allowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "yes")
    own.forget()
    yield
    monkeypatch.undo()
    own.forget()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "incoming" / "PyPI.zip"


def fetch(mirror: Mirror, file: Path, **how: Any) -> Document | None:
    wanted: dict[str, Any] = {"known": Mark(), "most": 10 * limits.MIB, "seconds": 20.0, "pause": lambda _: None}
    return download(mirror.url + PATH, file, **(wanted | how))


def whole(mirror: Mirror, file: Path, **how: Any) -> Document:
    found = fetch(mirror, file, **how)
    assert found is not None
    assert file.read_bytes() == mirror.documents[PATH].data
    return found


def cut_for_good(mirror: Mirror, file: Path, at: int) -> None:
    """A first call that ends with a part of `at` bytes, as when the process was killed."""
    mirror.cuts = [at]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "DOWNLOAD_TRIES", 1)
        with pytest.raises(Unreachable):
            fetch(mirror, file)
    mirror.asked.clear()
    assert file.stat().st_size == at


def test_a_document_comes_whole_with_its_digest_and_version(mirror: Mirror, file: Path) -> None:
    found = whole(mirror, file)
    assert (found.size, found.mark, found.kept) == (len(CARGO), Mark('"1"'), 0)
    assert found.sha256 == downloads.digest_of(file)


def test_a_cut_connection_is_gone_on_with_in_the_same_call(mirror: Mirror, file: Path) -> None:
    mirror.cuts = [100_000, 50_000]
    whole(mirror, file)
    assert [one.headers.get("Range") for one in mirror.asked] == [None, "bytes=100000-", "bytes=150000-"]
    assert mirror.asked[1].headers["If-Range"] == '"1"'


def test_a_later_call_goes_on_where_a_killed_one_was(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 123_456)
    found = whole(mirror, file)
    assert (found.kept, mirror.asked[0].headers["Range"]) == (123_456, "bytes=123456-")


def test_by_last_modified_where_there_is_no_etag(mirror: Mirror, file: Path) -> None:
    mirror.put(PATH, CARGO, "", "Mon, 23 Nov 2026 08:00:00 GMT")
    cut_for_good(mirror, file, 1000)
    whole(mirror, file)
    assert mirror.asked[0].headers["If-Range"] == "Mon, 23 Nov 2026 08:00:00 GMT"


@pytest.mark.parametrize("etag", ["", 'W/"1"'], ids=["no version named", "a weak one"])
def test_without_a_strong_version_it_begins_anew(mirror: Mirror, file: Path, etag: str) -> None:
    mirror.put(PATH, CARGO, etag)
    cut_for_good(mirror, file, 1000)
    assert whole(mirror, file).kept == 0
    assert "Range" not in mirror.asked[0].headers


def test_a_server_that_ignores_ranges_sends_it_anew(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 1000)
    mirror.ranges = False
    assert whole(mirror, file).kept == 0


def test_a_new_version_midway_is_taken_from_its_beginning(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 100_000)
    mirror.put(PATH, CARGO[::-1], '"2"')
    found = whole(mirror, file)
    assert (found.mark.etag, found.kept) == ('"2"', 0)


def test_a_server_that_ignores_if_range_can_not_join_two_versions(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 100_000)
    mirror.put(PATH, CARGO[::-1], '"2"')
    mirror.if_range = False
    whole(mirror, file)
    assert ["Range" in one.headers for one in mirror.asked] == [True, False]


def test_a_document_that_grew_is_not_joined_even_under_the_same_version(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 100_000)
    mirror.put(PATH, CARGO[::-1] + b"more")
    whole(mirror, file)


def test_a_part_longer_than_the_document_is_thrown_away(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 100_000)
    mirror.put(PATH, CARGO[:5000])
    mirror.if_range = False
    whole(mirror, file)


def test_what_lies_there_whole_is_not_fetched_again(mirror: Mirror, file: Path) -> None:
    whole(mirror, file)
    mirror.asked.clear()
    assert whole(mirror, file).kept == len(CARGO)
    assert mirror.asked[0].headers["If-None-Match"] == '"1"'


def test_what_lies_there_whole_gives_way_to_a_newer_version(mirror: Mirror, file: Path) -> None:
    whole(mirror, file)
    mirror.put(PATH, b"newer", '"2"')
    assert whole(mirror, file).mark.etag == '"2"'


def test_the_known_version_is_not_sent_again(mirror: Mirror, file: Path) -> None:
    assert fetch(mirror, file, known=Mark('"1"')) is None
    assert not file.exists()


def test_the_known_date_does_too(mirror: Mirror, file: Path) -> None:
    mirror.put(PATH, CARGO, "", "Mon, 23 Nov 2026 08:00:00 GMT")
    assert fetch(mirror, file, known=Mark("", "Mon, 23 Nov 2026 08:00:00 GMT")) is None


def test_unchanged_without_a_condition_is_no_answer(mirror: Mirror, file: Path) -> None:
    mirror.status[PATH] = 304
    with pytest.raises(Unreachable, match="without a condition"):
        fetch(mirror, file)


def test_another_address_does_not_go_on_with_the_part(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 1000)
    mirror.put("/npm/all.zip", CARGO)
    found = download(mirror.url + "/npm/all.zip", file, known=Mark(), most=limits.MIB, seconds=20)
    assert found is not None
    assert "Range" not in mirror.asked[0].headers


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"url": 7}', b'{"url": "x", "mark": {}, "whole": "a"}'])
def test_a_damaged_note_only_costs_the_part(mirror: Mirror, file: Path, note: bytes) -> None:
    cut_for_good(mirror, file, 1000)
    file.with_name("PyPI.zip.json").write_bytes(note)
    assert whole(mirror, file).kept == 0


def test_chunks_tell_the_whole_from_a_part(mirror: Mirror, file: Path) -> None:
    mirror.length = "chunked"
    mirror.cuts = [70_000]
    whole(mirror, file)


def test_an_answer_that_ends_by_hanging_up_is_refused(mirror: Mirror, file: Path) -> None:
    mirror.length = "none"
    with pytest.raises(Refused, match="how long"):
        fetch(mirror, file)


@pytest.mark.parametrize("length", ["right", "chunked"])
def test_more_than_the_cap_is_refused_and_thrown_away(mirror: Mirror, file: Path, length: str) -> None:
    mirror.length = length
    assert fetch(mirror, file, most=len(CARGO)) is not None
    mirror.put(PATH, CARGO, '"2"')
    with pytest.raises(Refused, match="bytes"):
        fetch(mirror, file, most=len(CARGO) - 1)
    assert length == "right" or not file.exists()


def test_an_answer_packed_on_its_way_is_refused(mirror: Mirror, file: Path) -> None:
    mirror.packed = True
    with pytest.raises(Refused, match="packed"):
        fetch(mirror, file)


def test_a_redirect_on_the_same_host_is_followed(mirror: Mirror, file: Path) -> None:
    mirror.put("/today.zip", CARGO)
    mirror.moved[PATH] = "/today.zip"
    assert fetch(mirror, file) is not None
    assert file.read_bytes() == CARGO


def test_a_redirect_to_elsewhere_is_not_followed(mirror: Mirror, file: Path) -> None:
    elsewhere = Mirror()
    elsewhere.put("/x", CARGO)
    mirror.moved[PATH] = elsewhere.url + "/x"
    with pytest.raises(Refused, match="another place"):
        fetch(mirror, file)
    assert elsewhere.asked == []
    elsewhere.close()


@pytest.mark.parametrize("to", ["file:///etc/passwd", "https://127.0.0.1/x", "//elsewhere.example/x", "ftp://127.0.0.1/"])
def test_a_redirect_by_another_way_is_not_followed(mirror: Mirror, file: Path, to: str) -> None:
    mirror.moved[PATH] = to
    with pytest.raises(Refused):
        fetch(mirror, file)


def test_a_ring_of_redirects_ends(mirror: Mirror, file: Path) -> None:
    mirror.moved[PATH] = PATH
    with pytest.raises(Refused, match="more than 3 times"):
        fetch(mirror, file)
    assert len(mirror.asked) == 4


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_what_is_not_there_is_not_tried_again(mirror: Mirror, file: Path, status: int) -> None:
    mirror.status[PATH] = status
    with pytest.raises(NotThere, match=str(status)):
        fetch(mirror, file)
    assert len(mirror.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_tried_again_and_then_said_plainly(mirror: Mirror, file: Path, status: int) -> None:
    mirror.status[PATH] = status
    with pytest.raises(Unreachable, match=str(status)):
        fetch(mirror, file)
    assert len(mirror.asked) == 2


def test_tries_without_any_progress_are_few(mirror: Mirror, file: Path) -> None:
    mirror.cuts = [1000] + [0] * 9
    with pytest.raises(Unreachable):
        fetch(mirror, file)
    assert len(mirror.asked) == 2


def test_the_pauses_between_tries_grow(mirror: Mirror, file: Path) -> None:
    waits: list[float] = []
    mirror.cuts = [1000, 1000, 1000]
    whole(mirror, file, pause=waits.append)
    assert waits == [1.0, 2.0, 4.0]


def test_a_drip_ends_at_the_deadline_and_keeps_what_came(mirror: Mirror, file: Path) -> None:
    mirror.drip_seconds = 0.02
    with pytest.raises(TimedOut):
        fetch(mirror, file, seconds=0.4)
    assert 0 < file.stat().st_size < 100
    mirror.drip_seconds = 0.0
    assert whole(mirror, file).kept > 0


def test_silence_is_a_broken_connection_long_before_the_deadline(mirror: Mirror, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOWNLOAD_IDLE_SECONDS", 0.1)
    monkeypatch.setattr(limits, "DOWNLOAD_TRIES", 1)
    mirror.drip_seconds = 5.0
    with pytest.raises(TimedOut):
        fetch(mirror, file, seconds=60)


def test_nobody_may_ask_for_a_longer_time_than_the_limit(mirror: Mirror, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOWNLOAD_SECONDS", 0.1)
    monkeypatch.setattr(limits, "DOWNLOAD_TRIES", 1)
    mirror.drip_seconds = 0.02
    with pytest.raises(TimedOut, match=r"0\.1 seconds"):
        fetch(mirror, file, seconds=9999)


def test_nobody_listening_is_said_plainly(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        download(f"http://127.0.0.1:{port}/", file, known=Mark(), most=1, seconds=5, pause=lambda _: None)


def test_an_internal_mirror_has_to_be_allowed(mirror: Mirror, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_PRIVATE", "no")
    own.forget()
    with pytest.raises(Refused) as caught:
        fetch(mirror, file)
    assert "allow_hosts" in caught.value.remedy
    assert mirror.asked == []
    monkeypatch.setenv("WATCHBILL_OUTGOING_ALLOW_HOSTS", mirror.url.removeprefix("http://"))
    own.forget()
    whole(mirror, file)


def test_a_disk_without_room_is_said_before_anything_is_written(mirror: Mirror, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": limits.DOWNLOAD_SPARE_BYTES + len(CARGO) - 1}))
    with pytest.raises(DiskFull, match="MiB"):
        fetch(mirror, file)
    assert not file.exists()


def test_a_disk_that_fills_up_keeps_what_came(mirror: Mirror, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_for_good(mirror, file, 1000)

    class Full(io.FileIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda path, mode="r", **_: Full(path, mode.replace("b", "")))
    with pytest.raises(DiskFull):
        fetch(mirror, file)
    monkeypatch.undo()
    assert file.stat().st_size == 1000


def test_a_folder_nobody_may_write_is_a_problem_with_a_remedy(mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("a file where the folder should be")
    with pytest.raises(Problem) as caught:
        fetch(mirror, tmp_path / "in" / "PyPI.zip")
    assert caught.value.code == "data_directory"


def test_forgetting_leaves_nothing(mirror: Mirror, file: Path) -> None:
    whole(mirror, file)
    forget(file)
    forget(file)
    assert list(file.parent.iterdir()) == []


def test_the_note_says_which_version_of_what_the_part_is(mirror: Mirror, file: Path) -> None:
    cut_for_good(mirror, file, 1000)
    note = json.loads(file.with_name("PyPI.zip.json").read_bytes())
    assert note == {"url": mirror.url + PATH, "mark": {"etag": '"1"', "modified": ""}, "whole": len(CARGO)}


def test_a_length_that_is_a_lie_is_not_the_whole_document(mirror: Mirror, file: Path) -> None:
    mirror.length = "short"
    found = fetch(mirror, file)
    assert found is not None
    assert found.size == len(CARGO) - 3  # as the server said; that it is no whole zip is for the archive to show


def test_an_empty_document_is_whole(mirror: Mirror, file: Path) -> None:
    mirror.put(PATH, b"")
    assert whole(mirror, file).size == 0


def test_what_fails_is_always_a_failed_call_or_a_full_disk() -> None:
    assert issubclass(NotThere, CallFailed)
    assert issubclass(outgoing.Unreachable, CallFailed)
