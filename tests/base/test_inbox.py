"""The inbox: what was accepted is there, whole, once."""

from typing import Any

import pytest

from tests.conftest import SettableClock
from tests.databases import sqlite_only
from watchbill.base import files, inbox, limits, trail
from watchbill.base.acting import Actor
from watchbill.base.inbox import Accepted, accept, load, mark, read_bytes, waiting
from watchbill.base.models import Inbox, News
from watchbill.base.problem import Problem
from watchbill.base.writer import write

CI = Actor("token", "ci", "api")
pytestmark = pytest.mark.django_db


def send(data: bytes = b'{"lockfileVersion": 3}', **how: Any) -> Accepted:
    return accept(data, kind="lockfile", source="ci:berths-api", by=CI, **how)


def test_what_was_accepted_can_be_read_as_it_came(clock: SettableClock) -> None:
    accepted = send(b"\x00\xff raw", meta={"filename": "package-lock.json"})
    assert read_bytes(accepted.id) == b"\x00\xff raw"
    item = load(accepted.id)
    assert (item.kind, item.source, item.meta, item.size) == ("lockfile", "ci:berths-api", {"filename": "package-lock.json"}, 6)
    assert (item.state, item.problem, item.received_at, item.sha256) == ("new", "", clock.now(), accepted.sha256)


def test_accepting_is_news_and_is_audited() -> None:
    accepted = send()
    assert list(News.objects.values_list("topic", "subject")) == [("inbox.accepted", f"inbox:{accepted.id}")]
    event = trail.events()[0]
    assert (event.action, event.target, event.actor) == ("inbox.accepted", f"inbox:{accepted.id}", "ci")
    assert event.body["sha256"] == accepted.sha256


@sqlite_only  # on PostgreSQL they lie in the database: tests/base/test_blobs.py
@pytest.mark.parametrize(("size", "in_a_file"), [(0, False), (limits.INBOX_ROW_BYTES, False), (limits.INBOX_ROW_BYTES + 1, True)])
def test_more_than_64_kib_lie_in_a_file(size: int, in_a_file: bool) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    accepted = send(data)
    assert (Inbox.objects.get(pk=accepted.id).data is None) is in_a_file
    assert files.path_of(accepted.sha256).exists() is in_a_file
    assert read_bytes(accepted.id) == data


@sqlite_only  # on PostgreSQL they lie in the database: tests/base/test_blobs.py
def test_the_file_is_there_before_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []
    keep = files.keep

    def watched(data: bytes) -> str:
        rows.append(Inbox.objects.count())
        return keep(data)

    monkeypatch.setattr(files, "keep", watched)
    send(b"x" * (limits.INBOX_ROW_BYTES + 1))
    assert rows == [0]


def test_the_same_key_is_accepted_once() -> None:
    first = send(key="run-17")
    again = send(key="run-17")
    assert again == Accepted(first.id, first.sha256, repeated=True)
    assert Inbox.objects.count() == trail.size() == 1


def test_other_bytes_under_a_used_key_are_refused_rather_than_lost() -> None:
    send(key="run-17")
    with pytest.raises(Problem) as refused:
        send(b"other bytes", key="run-17")
    assert refused.value.code == "key_reused"
    assert Inbox.objects.count() == trail.size() == 1


def test_keys_of_different_sources_have_nothing_to_do_with_each_other() -> None:
    first = send(key="run-17")
    other = accept(b"x", kind="lockfile", source="ci:quay", by=CI, key="run-17")
    assert other.id != first.id
    assert not other.repeated


def test_without_a_key_the_same_bytes_are_two_inputs() -> None:
    assert send().id != send().id


def test_it_joins_a_surrounding_write() -> None:
    with pytest.raises(ZeroDivisionError):
        write(lambda: (send(), 1 / 0))
    assert not Inbox.objects.exists()


def test_too_much_is_refused_with_413(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INBOX_BYTES", 100)
    assert send(b"x" * 100)
    with pytest.raises(Problem) as caught:
        send(b"x" * 101)
    assert caught.value.status == 413


def test_meta_has_a_limit() -> None:
    with pytest.raises(ValueError):
        send(meta={"x": "y" * limits.INBOX_META_BYTES})


@pytest.mark.parametrize("state", ["read", "unreadable", "held"])
def test_what_became_of_it_is_kept(state: Any) -> None:
    accepted = send()
    write(lambda: mark(accepted.id, state, "line 3 is cut off"))
    item = load(accepted.id)
    assert (item.state, item.problem) == (state, "line 3 is cut off")


def test_what_waits_is_listed_oldest_first() -> None:
    first, second, third = send(), send(), send()
    write(lambda: mark(second.id, "read"))
    assert [item.id for item in waiting()] == [first.id, third.id]
    assert [item.id for item in waiting(limit=1)] == [first.id]


def test_an_unknown_input_is_not_found() -> None:
    for ask in (load, read_bytes, lambda number: write(lambda: mark(number, "read"))):
        with pytest.raises(Problem) as caught:
            ask(404)
        assert caught.value.status == 404


@sqlite_only  # on PostgreSQL they lie in the database: tests/base/test_blobs.py
def test_damage_to_a_kept_file_is_noticed() -> None:
    accepted = send(b"x" * (limits.INBOX_ROW_BYTES + 1))
    files.path_of(accepted.sha256).write_bytes(b"y")
    with pytest.raises(Problem) as caught:
        inbox.read_bytes(accepted.id)
    assert caught.value.code == "file_damaged"
