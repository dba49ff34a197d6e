"""The writer thread: one committer, many callers; each gets its own outcome, and the audit trail never tears."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from django.db import IntegrityError, connection, transaction

from tests.databases import sqlite_only
from watchbill.base import limits, state, storage, trail, writer
from watchbill.base.acting import SYSTEM
from watchbill.base.models import AuditEvent, ChangeTarget, Fact, News
from watchbill.base.problem import Problem
from watchbill.base.writer import WriteInsideTransaction, audit, news, start_writer, stop_writer, write, writer_health
from watchbill.base.writing import GroupLost, HookForbidden

pytestmark = [sqlite_only, pytest.mark.usefixtures("writer_thread")]
PATIENT = 30.0


def put(key: str) -> str:
    state.put(key, "here")
    audit(SYSTEM, "fact.put", f"fact:{key}")
    news("fact.put", f"fact:{key}")
    return key


def until(true: Callable[[], object]) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


class Caller(threading.Thread):
    """A request thread: writes once and keeps the outcome."""

    def __init__(self, fn: Callable[[], Any], **how: Any) -> None:
        super().__init__()
        self.fn, self.how = fn, how
        self.value: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.value = write(self.fn, **self.how)
        except BaseException as error:  # noqa: BLE001 - carried to the test
            self.error = error
        finally:
            connection.close()


class Gate:
    """A closure that keeps the writer busy until the test opens it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(PATIENT)


class Held:
    """The writer held at a gate, so that whoever writes now forms one group."""

    def __enter__(self) -> Self:
        self.gate = Gate()
        self.caller = Caller(self.gate, name="gate")
        assert self.gate.reached.wait(PATIENT)
        self.callers: list[Caller] = []
        return self

    def call(self, fn: Callable[[], Any], **how: Any) -> Caller:
        """Queue a write, behind those queued before."""
        before = writer_health()
        caller = Caller(fn, **how)
        until(lambda: writer_health().urgent_waiting + writer_health().slow_waiting > before.urgent_waiting + before.slow_waiting)
        self.callers.append(caller)
        return caller

    def __exit__(self, *_: object) -> None:
        self.gate.opened.set()
        for caller in [self.caller, *self.callers]:
            caller.join(PATIENT)
            assert not caller.is_alive()


def test_a_write_returns_its_value_once_it_is_committed() -> None:
    assert write(lambda: put("alice")) == "alice"
    assert state.get("alice") == "here"


def test_closures_run_in_the_writers_thread() -> None:
    assert write(lambda: threading.current_thread().name) == "writer"


def test_writes_that_wait_are_committed_together() -> None:
    begun: list[bool] = []
    with Held() as held:
        for name in ("alice", "bob", "charlie"):
            held.call(lambda name=name: (begun.append(Fact.objects.exists()), put(name)))
    assert begun == [False, True, True]
    assert AuditEvent.objects.values("recorded_at").distinct().count() == 1
    assert trail.verify().ok


def test_a_failure_reaches_only_its_caller() -> None:
    with Held() as held:
        alice = held.call(lambda: put("alice"))
        bob = held.call(lambda: (put("bob"), 1 / 0))
        charlie = held.call(lambda: put("charlie"))
    assert (alice.value, charlie.value) == ("alice", "charlie")
    assert isinstance(bob.error, ZeroDivisionError)
    assert sorted(Fact.objects.values_list("key", flat=True)) == ["alice", "charlie"]
    assert [event.target for event in trail.events()] == ["fact:charlie", "fact:alice"]
    assert News.objects.count() == 2
    assert trail.verify().ok


def test_a_unique_violation_leaves_the_neighbours_in_peace() -> None:
    write(lambda: put("taken"))
    with Held() as held:
        alice = held.call(lambda: put("alice"))
        bob = held.call(lambda: Fact.objects.create(key="taken", value="", updated_at="2026-06-01T00:00:00Z"))
        charlie = held.call(lambda: put("charlie"))
    assert isinstance(bob.error, IntegrityError)
    assert (alice.value, charlie.value) == ("alice", "charlie")


def test_a_deferred_foreign_key_is_blamed_on_the_guilty_one_alone() -> None:
    with Held() as held:
        alice = held.call(lambda: put("alice"))
        bob = held.call(lambda: (put("bob"), ChangeTarget.objects.create(change_id=404, target="service:berths-api"), "never")[2])
        charlie = held.call(lambda: put("charlie"))
    assert (alice.value, charlie.value) == ("alice", "charlie")
    assert isinstance(bob.error, IntegrityError)
    assert [event.target for event in trail.events()] == ["fact:charlie", "fact:alice"]
    assert trail.verify().ok


def test_a_transaction_lost_inside_a_closure_does_not_lose_the_neighbours() -> None:
    def lose_everything() -> None:
        put("bob")
        connection.connection.rollback()

    with Held() as held:
        alice = held.call(lambda: put("alice"))
        bob = held.call(lose_everything)
        charlie = held.call(lambda: put("charlie"))
    assert (alice.value, charlie.value) == ("alice", "charlie")
    assert isinstance(bob.error, GroupLost)
    assert bob.value is None
    assert sorted(Fact.objects.values_list("key", flat=True)) == ["alice", "charlie"]
    assert trail.verify().ok


def test_the_writer_lives_on_after_a_lost_transaction() -> None:
    def lose_everything() -> None:
        connection.connection.rollback()

    with pytest.raises(GroupLost):
        write(lose_everything)
    assert write(lambda: put("after")) == "after"


def test_even_an_exit_inside_a_closure_is_answered_and_survived() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with Held() as held:
        alice = held.call(lambda: put("alice"))
        bob = held.call(leave)
    assert isinstance(bob.error, SystemExit)
    assert alice.value == "alice"
    assert writer_health().running


def test_a_nested_write_stays_in_the_writers_thread() -> None:
    write(lambda: write(lambda: put("nested")))
    assert trail.size() == 1


def test_a_hook_on_commit_is_refused_to_its_caller_alone() -> None:
    with Held() as held:
        alice = held.call(lambda: put("alice"))
        bob = held.call(lambda: (put("bob"), transaction.on_commit(lambda: None)))
    assert isinstance(bob.error, HookForbidden)
    assert alice.value == "alice"
    assert sorted(Fact.objects.values_list("key", flat=True)) == ["alice"]


def test_a_write_inside_a_request_threads_transaction_is_refused_at_once() -> None:
    with pytest.raises(WriteInsideTransaction), transaction.atomic():
        write(lambda: put("never"))
    assert state.get("never") == ""


def test_who_waited_too_long_is_told_busy_and_nothing_of_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITE_WAIT_SECONDS", 0.05)
    with Held() as held:
        bob = Caller(lambda: put("bob"))
        bob.join(PATIENT)
        alice = held.caller
        assert isinstance(bob.error, Problem)
        assert (bob.error.code, bob.error.status, bob.error.retryable) == ("busy", 503, True)
        assert bob.error.retry_after == limits.WRITE_RETRY_AFTER_SECONDS
        assert alice.is_alive()
    assert write(lambda: put("next")) == "next"
    assert state.get("bob") == ""


def test_who_has_begun_is_waited_for_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITE_WAIT_SECONDS", 0.02)
    gate = Gate()
    alice = Caller(lambda: (gate(), put("alice"))[1])
    assert gate.reached.wait(PATIENT)
    alice.join(0.2)
    assert alice.is_alive()
    gate.opened.set()
    alice.join(PATIENT)
    assert alice.value == "alice"


def test_urgent_work_goes_before_slow_work() -> None:
    order: list[str] = []
    with Held() as held:
        writer._office.writer._slow_at = time.monotonic() + 3600  # type: ignore[union-attr]  # as if a slow one had just been written
        held.call(lambda: order.append("slow"), lane="slow")
        held.call(lambda: order.append("urgent"))
    assert order == ["urgent", "slow"]


def test_slow_work_does_not_starve_behind_urgent_work() -> None:
    order: list[str] = []
    with Held() as held:
        writer._office.writer._slow_at = 0.0  # type: ignore[union-attr]  # as if the last slow one were long ago
        held.call(lambda: order.append("urgent"))
        held.call(lambda: order.append("slow"), lane="slow")
    assert order == ["slow", "urgent"]


def test_slow_closures_each_have_a_transaction_of_their_own() -> None:
    with Held() as held:
        held.call(lambda: (put("alice"), 1 / 0), lane="slow")
        held.call(lambda: put("bob"), lane="slow")
    assert list(Fact.objects.values_list("key", flat=True)) == ["bob"]


def test_a_group_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITE_GROUP", 2)
    groups: list[int] = []
    original = writer.run_group
    monkeypatch.setattr(writer, "run_group", lambda tasks: (groups.append(len(tasks)), original(tasks)))
    with Held() as held:
        for number in range(5):
            held.call(lambda number=number: put(str(number)))
    assert groups == [1, 2, 2, 1]  # the gate itself comes first


def test_health_tells_since_when_and_with_what_it_is_busy() -> None:
    with Held():
        until(lambda: writer_health().busy_since)
        health = writer_health()
        assert (health.running, health.busy_with) == (True, "gate")
        assert not health.stuck
    until(lambda: writer_health().busy_since is None)


def test_a_closure_that_never_ends_shows_as_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITE_STUCK_SECONDS", 0.01)
    with Held():
        until(lambda: writer_health().stuck)
    until(lambda: not writer_health().stuck)


def test_stopping_writes_what_waits() -> None:
    with Held() as held:
        alice = held.call(lambda: put("alice"))
        stopping = threading.Thread(target=stop_writer)
        stopping.start()
    stopping.join(PATIENT)
    assert alice.value == "alice"
    assert not writer_health().running


def test_while_it_stops_nothing_new_is_taken() -> None:
    with Held():
        stopping = threading.Thread(target=stop_writer)
        stopping.start()
        until(lambda: writer._office.writer._stopping)  # type: ignore[union-attr]  # it is there until it has stopped
        bob = Caller(lambda: put("bob"))
        bob.join(PATIENT)
        assert isinstance(bob.error, Problem)
    stopping.join(PATIENT)


def test_starting_twice_makes_one_writer() -> None:
    before = writer._office.writer
    start_writer()
    assert writer._office.writer is before


def test_many_callers_at_once_lose_nothing_and_leave_no_gap(writer_thread: Path) -> None:
    def work(number: int) -> None:
        for step in range(20):
            write(lambda step=step: put(f"{number}:{step}"))
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENT)
    assert Fact.objects.count() == AuditEvent.objects.count() == News.objects.count() == 160
    assert list(AuditEvent.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 161))
    assert trail.verify().ok


def test_a_full_disk_is_an_error_to_its_callers_and_no_end_of_the_writer() -> None:
    def limit_pages(count: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA max_page_count = {count}")

    def write_too_much() -> None:
        put("big")
        pages = connection.cursor().execute("PRAGMA page_count").fetchone()[0]
        limit_pages(pages + 1)
        state.put("filler", "x" * 60_000)

    with pytest.raises(Problem, match="disk is full") as refused:
        write(write_too_much)
    assert (refused.value.code, refused.value.status) == ("disk_full", 503)
    assert storage.trouble() is not None
    assert state.get("big") == ""
    assert write(lambda: put("after")) == "after"
    assert storage.trouble() is None
    assert trail.verify().ok
