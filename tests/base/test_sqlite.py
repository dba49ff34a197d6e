"""The backend: durable settings, foreign keys, and threads that line up for writing."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from tests.databases import sqlite_only
from watchbill.base import clock, limits
from watchbill.base.models import ChangeTarget, Fact
from watchbill.base.sqlite.turn import Turn, turn_for
from watchbill.base.writer import write

pytestmark = [sqlite_only, pytest.mark.usefixtures("file_database")]


def pragma(name: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


def put(key: str) -> None:
    Fact.objects.create(key=key, value="", updated_at=clock.now())


def line() -> Turn:
    """Where this database's writers stand in line."""
    return turn_for(str(connection.settings_dict["NAME"]))


def in_a_thread(work: Callable[[], None]) -> list[BaseException]:
    """Run it to its end in a thread of its own; what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - carried to the test
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return raised


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("journal_size_limit", limits.SQLITE_JOURNAL_BYTES),
        ("temp_store", 2),
    ],
)
def test_every_connection_is_set_for_durability(name: str, value: object) -> None:
    assert pragma(name) == value


def test_a_dangling_foreign_key_is_refused_at_commit() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeTarget.objects.create(change_id=404, target="service:berths-api")
    assert not ChangeTarget.objects.exists()


def test_a_refused_commit_gives_the_turn_back() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeTarget.objects.create(change_id=404, target="service:berths-api")
    assert in_a_thread(lambda: put("after")) == []


def test_a_transaction_holds_the_turn_from_its_first_moment() -> None:
    connection.ensure_connection()
    with transaction.atomic():
        assert line()._owner is not None
    assert line()._owner is None


def test_a_single_writing_statement_takes_the_turn_only_for_itself() -> None:
    put("alone")
    assert line()._owner is None


def test_a_failed_statement_gives_the_turn_back() -> None:
    put("twice")
    with pytest.raises(IntegrityError):
        put("twice")
    assert line()._owner is None


def test_a_rolled_back_transaction_gives_the_turn_back() -> None:
    def half() -> None:
        with transaction.atomic():
            put("never")
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        half()
    assert line()._owner is None
    assert not Fact.objects.exists()


def test_closing_in_the_middle_gives_the_turn_back() -> None:
    connection.ensure_connection()
    turn = line()

    def leave_it_open() -> None:
        connection.set_autocommit(False)
        put("never")
        connection.close()

    assert in_a_thread(leave_it_open) == []
    assert turn._owner is None
    assert not Fact.objects.exists()


def test_readers_dont_wait_for_a_writer() -> None:
    put("before")
    seen: list[int] = []
    with transaction.atomic():
        put("during")
        assert in_a_thread(lambda: seen.append(Fact.objects.count())) == []
    assert seen == [1]


def test_a_writer_that_waits_too_long_is_told_that_the_database_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SQLITE_BUSY_SECONDS", 0.05)
    with transaction.atomic():
        put("mine")
        errors = in_a_thread(lambda: put("theirs"))
    assert [type(error) for error in errors] == [OperationalError]
    assert "locked" in str(errors[0])


def test_third_party_writes_in_many_threads_all_succeed() -> None:
    def sign_in(number: int) -> None:
        for attempt in range(10):
            with transaction.atomic():
                put(f"{number}:{attempt}")
            Fact.objects.filter(key=f"{number}:{attempt}").update(value="seen")

    raised: list[BaseException] = []
    threads = [threading.Thread(target=lambda number=number: raised.extend(in_a_thread(lambda: sign_in(number)))) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert Fact.objects.filter(value="seen").count() == 60


def test_third_party_writes_line_up_with_the_writer_thread(writer_thread: Path) -> None:
    def both(number: int) -> None:
        for attempt in range(10):
            with transaction.atomic():
                put(f"theirs {number}:{attempt}")
            write(lambda attempt=attempt: put(f"ours {number}:{attempt}"))

    raised: list[BaseException] = []
    threads = [threading.Thread(target=lambda number=number: raised.extend(in_a_thread(lambda: both(number)))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert Fact.objects.count() == 80


def test_many_rows_in_one_statement_take_the_turn_too() -> None:
    with connection.cursor() as cursor:
        rows = [(f"k{number}", "", "2026-06-01") for number in range(5)]
        cursor.executemany("INSERT INTO base_fact (key, value, updated_at) VALUES (%s, %s, %s)", rows)
    assert line()._owner is None
    assert Fact.objects.count() == 5
