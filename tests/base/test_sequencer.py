"""The sequencer: events wait for their number on PostgreSQL, get it without a gap whoever writes at once, and the lag is told."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from tests.databases import postgres_only, sqlite_only
from watchbill.base import limits, sequencer, state, trail
from watchbill.base.acting import SYSTEM
from watchbill.base.locks import Lock, try_hold
from watchbill.base.models import AuditEvent, AuditPending
from watchbill.base.sequencer import Lag, lag, leave_to_loops, sequence
from watchbill.base.writer import audit, write


@pytest.fixture(autouse=True)
def _our_own_duty() -> Iterator[None]:
    yield
    leave_to_loops(False)


def put(name: str) -> None:
    def fn() -> None:
        state.put(name, "here")
        audit(SYSTEM, "fact.put", f"fact:{name}")

    write(fn, beside=True)


def at_once(*jobs: Callable[[], None]) -> None:
    """All of them in threads of their own; raises what one raised."""
    raised: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - carried to the test
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


@sqlite_only
@pytest.mark.django_db
def test_on_the_embedded_database_an_event_has_its_number_with_its_change() -> None:
    put("one")
    assert (trail.size(), AuditPending.objects.count(), sequence(), lag(), sequencer.turn(trail.events()[0].recorded_at)) == (
        1,
        0,
        0,
        Lag(0, 0.0),
        None,
    )


@postgres_only
class TestOnPostgreSQL:
    @pytest.fixture(autouse=True)
    def _database(self, file_database: Path) -> None:
        """A database of this test's own, whose transactions really end."""

    def test_without_loops_a_write_numbers_its_own_events(self) -> None:
        put("one")
        assert [event.seq for event in trail.events()] == [1]
        assert lag() == Lag(0, 0.0)

    def test_left_to_loops_an_event_waits_and_the_lag_says_so(self) -> None:
        leave_to_loops(True)
        put("one")
        put("two")
        waiting = lag()
        assert (waiting.pending, waiting.oldest_seconds > 0, trail.size()) == (2, True, 0)
        assert sequence() == 2
        assert (lag(), trail.size()) == (Lag(0, 0.0), 2)

    def test_the_turn_numbers_all_there_is_in_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "SEQUENCE_BATCH", 10)
        monkeypatch.setattr(sequencer, "_PENDING", sequencer._PENDING.rpartition(" ")[0] + " 10")
        leave_to_loops(True)
        for number in range(25):
            put(str(number))
        due = sequencer.turn(AuditPending.objects.get(pk=AuditPending.objects.first().pk).at)  # type: ignore[union-attr]
        assert due is not None
        assert AuditEvent.objects.count() == trail.size() == 25
        assert trail.verify().ok

    def test_a_change_that_fails_leaves_no_event_behind(self) -> None:
        def fails() -> None:
            audit(SYSTEM, "fact.put", "fact:x")
            raise LookupError

        with pytest.raises(LookupError):
            write(fails)
        put("next")
        assert [event.target for event in trail.events()] == ["fact:next"]

    def test_one_at_a_time_numbers_and_the_others_go_on(self) -> None:
        leave_to_loops(True)
        put("one")
        with transaction.atomic():
            assert try_hold(Lock.SEQUENCING)
            at_once(self._finds_nothing_to_do)
        assert sequence() == 1

    def _finds_nothing_to_do(self) -> None:
        assert sequence() == 0

    @pytest.mark.parametrize("left", [False, True])
    def test_three_who_write_at_once_leave_no_gap_and_the_tree_verifies(self, left: bool) -> None:
        leave_to_loops(left)
        done = threading.Event()

        def loop() -> None:
            while not done.is_set():
                sequence()

        def writer(name: str) -> Callable[[], None]:
            return lambda: [put(f"{name}:{number}") for number in range(40)] and None

        looping = threading.Thread(target=lambda: (loop(), connection.close()))
        looping.start()
        try:
            at_once(*(writer(name) for name in ("alice", "bob", "charlie")))
        finally:
            done.set()
            looping.join()
        sequencer.after_commit()
        events = list(AuditEvent.objects.order_by("seq").values_list("seq", "target"))
        assert [seq for seq, _ in events] == list(range(1, 121))
        assert len({target for _, target in events}) == 120
        assert trail.verify().ok
        for name in ("alice", "bob", "charlie"):
            told = [target for _, target in events if target.startswith(f"fact:{name}:")]
            assert told == [f"fact:{name}:{number}" for number in range(40)], "one writer's events keep their order"

    def test_an_event_that_vanishes_while_it_waits_stops_the_sequencer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leave_to_loops(True)
        put("one")
        real = sequencer.read_frontier

        def meanwhile() -> Any:
            AuditPending.objects.all().delete()
            return real()

        monkeypatch.setattr(sequencer, "read_frontier", meanwhile)
        with pytest.raises(sequencer.PendingChanged):
            sequence()
        assert AuditPending.objects.count() == 1, "all of it was taken back"

    def test_a_number_that_can_not_be_given_yet_fails_no_write(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*, wait: bool = False) -> int:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
            return 0

        monkeypatch.setattr(sequencer, "sequence", broken)
        put("one")
        assert state.get("one") == "here"
        assert lag().pending == 1
