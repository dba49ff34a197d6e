"""Large inputs where every process must be able to read them."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.base.test_sequencer import at_once
from tests.databases import postgres_only
from watchbill.base import blobs, inbox, limits
from watchbill.base.acting import SYSTEM
from watchbill.base.models import Blob, BlobPart, Inbox
from watchbill.base.problem import Problem
from watchbill.base.unit import NotInUnit
from watchbill.base.writer import write


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def keep(data: bytes) -> str:
    write(lambda: blobs.keep(data, digest(data)))
    return digest(data)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 9, 10, 11, 30, 31])
def test_bytes_come_back_whatever_their_number_of_parts(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(limits, "BLOB_PART_BYTES", 10)
    data = bytes(range(size))
    assert blobs.read(keep(data)) == data
    assert BlobPart.objects.count() == -(-size // 10)


@pytest.mark.django_db
def test_the_same_bytes_again_are_kept_once() -> None:
    keep(b"hull")
    keep(b"hull")
    assert (Blob.objects.count(), BlobPart.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_only_within_a_write() -> None:
    with pytest.raises(NotInUnit):
        blobs.keep(b"hull", digest(b"hull"))


@pytest.mark.django_db
def test_bytes_that_are_gone_or_changed_are_never_handed_out() -> None:
    name = keep(b"hull")
    BlobPart.objects.update(data=b"keel")
    for asked in (name, digest(b"never kept")):
        with pytest.raises(Problem) as refused:
            blobs.read(asked)
        assert refused.value.code == "file_damaged"


@postgres_only
def test_two_who_bring_the_same_at_once_store_it_once(file_database: Path) -> None:
    data = b"x" * (limits.INBOX_ROW_BYTES + 1)
    at_once(*(lambda: inbox.accept(data, kind="lockfile", source="ci", by=SYSTEM) and None for _ in range(4)))
    assert (Blob.objects.count(), Inbox.objects.filter(data=None).count()) == (1, 4)
    assert {inbox.read_bytes(number) for number in Inbox.objects.values_list("pk", flat=True)} == {data}
