"""Content-addressed files: durable, found by digest only, damage noticed."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from watchbill.base import files, storage
from watchbill.base import settings as own
from watchbill.base.problem import Problem


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WATCHBILL_DATA", str(tmp_path))
    own.forget()
    yield tmp_path
    monkeypatch.undo()
    own.forget()


def test_bytes_are_kept_under_their_digest(data: Path) -> None:
    digest = files.keep(b"package-lock")
    assert digest == sha256(b"package-lock").hexdigest()
    assert files.path_of(digest) == data / "files" / digest[:2] / digest[2:4] / digest
    assert files.read(digest) == b"package-lock"


def test_the_same_bytes_are_kept_once() -> None:
    first = files.keep(b"same")
    written = files.path_of(first).stat().st_mtime_ns
    assert files.keep(b"same") == first
    assert files.path_of(first).stat().st_mtime_ns == written


def test_nothing_but_the_file_remains() -> None:
    digest = files.keep(b"alone")
    assert [path.name for path in files.path_of(digest).parent.iterdir()] == [digest]


def test_a_changed_file_is_noticed() -> None:
    digest = files.keep(b"honest")
    files.path_of(digest).write_bytes(b"forged")
    with pytest.raises(Problem) as caught:
        files.read(digest)
    assert caught.value.code == "file_damaged"


def test_a_missing_file_is_noticed() -> None:
    with pytest.raises(Problem, match="missing or was changed"):
        files.read(sha256(b"never kept").hexdigest())


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "g" * 64, "a" * 63, "a" * 65, "/" * 64])
def test_no_name_leads_elsewhere(name: str) -> None:
    with pytest.raises(ValueError):
        files.path_of(name)


def test_a_failed_write_leaves_no_scraps(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Problem, match="disk is full") as refused:
        files.keep(b"too much")
    assert (refused.value.status, refused.value.retryable) == (503, True)
    storage.written()
    assert [path for path in data.rglob("*") if path.is_file()] == []
