"""Loops: woken by commits, otherwise asleep; a failed turn is shown and survived."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import databases
from tests.conftest import SettableClock
from watchbill.base import clock as clocks
from watchbill.base import jobs, limits, loop, routine, subscriptions, trail, wakeups
from watchbill.base.acting import SYSTEM
from watchbill.base.loop import loop_health, run_turns, start_loops, stop_loops, walker
from watchbill.base.models import Job, News
from watchbill.base.newsroom import subscribe
from watchbill.base.writer import audit, news, wake, write, writer_health

PATIENT = 30.0


@pytest.fixture(autouse=True)
def _only_our_walkers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(loop, "_round", loop._Round())
    monkeypatch.setattr(jobs, "_registry", jobs._Registry())
    monkeypatch.setattr(subscriptions, "_by_name", {})
    yield
    stop_loops()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENT
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


class Turns:
    """A walker's turn that notes when it was called."""

    def __init__(self, due: Callable[[datetime], datetime | None] = lambda now: None) -> None:
        self.at: list[datetime] = []
        self.due = due
        self.fails = False

    def __call__(self, now: datetime) -> datetime | None:
        self.at.append(now)
        if self.fails:
            raise RuntimeError("lost the thread")
        return self.due(now)


def test_one_pass_calls_every_walker_with_the_time(clock: SettableClock) -> None:
    one, other = Turns(), Turns()
    walker("one", one)
    walker("other", other)
    run_turns()
    assert one.at == other.at == [clock.now()]


def test_one_pass_can_be_given_the_time(clock: SettableClock) -> None:
    turns = Turns()
    walker("one", turns)
    at = datetime(2026, 6, 2, tzinfo=UTC)
    run_turns(at)
    assert turns.at == [at]


@pytest.mark.django_db
def test_passes_go_on_until_the_consequences_have_settled(clock: SettableClock) -> None:
    routine.begin()
    done: list[str] = []
    jobs.handler("page")(lambda args, job: done.append(args["who"]))
    subscribe("finding.*", "paging", lambda item: write(lambda: jobs.enqueue("page", {"who": "bob"})) and None)
    write(lambda: news("finding.opened", "finding:1"))
    run_turns()
    assert done == ["bob"]


@pytest.mark.django_db
def test_walkers_that_keep_waking_each_other_are_left_after_a_while(clock: SettableClock) -> None:
    turns = Turns(lambda now: write(lambda: wake("one")))
    walker("one", turns)
    run_turns()
    assert len(turns.at) == limits.LOOP_SETTLE_ROUNDS


def test_a_failing_turn_is_raised_to_who_ran_it_inline(clock: SettableClock) -> None:
    turns = Turns()
    turns.fails = True
    walker("one", turns)
    with pytest.raises(RuntimeError):
        run_turns()


def test_the_same_name_again_replaces_the_walker(clock: SettableClock) -> None:
    former, latter = Turns(), Turns()
    walker("one", former)
    walker("one", latter)
    run_turns()
    assert (len(former.at), len(latter.at)) == (0, 1)


@pytest.mark.usefixtures("file_database")
def test_a_started_loop_turns_without_being_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOP_POLL_SECONDS", 0.01)
    turns = Turns()
    walker("one", turns)
    start_loops()
    until(lambda: len(turns.at) >= 3)


@pytest.mark.usefixtures("file_database")
def test_a_sleeping_loop_is_woken_by_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOP_POLL_SECONDS", 3600.0)
    turns = Turns()
    walker("paging", turns)
    start_loops()
    until(lambda: len(turns.at) == 1)
    write(lambda: wake("paging"))
    until(lambda: len(turns.at) >= 2)


@pytest.mark.usefixtures("file_database")
def test_waking_all_wakes_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOP_POLL_SECONDS", 3600.0)
    one, other = Turns(), Turns()
    walker("one", one)
    walker("other", other)
    start_loops()
    until(lambda: one.at and other.at)
    wakeups.wake("")
    until(lambda: len(one.at) >= 2 and len(other.at) >= 2)


@pytest.mark.usefixtures("file_database")
def test_a_loop_is_back_when_its_next_time_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOP_POLL_SECONDS", 3600.0)
    turns = Turns(lambda now: clocks.now() + timedelta(milliseconds=5))
    walker("one", turns)
    start_loops()
    until(lambda: len(turns.at) >= 3)


@pytest.mark.usefixtures("file_database")
def test_a_failing_turn_is_shown_and_the_loop_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOP_POLL_SECONDS", 0.01)
    turns = Turns()
    turns.fails = True
    walker("one", turns)
    start_loops()
    until(lambda: len(turns.at) >= 2)
    until(lambda: loop_health()[0].last_error == "RuntimeError: lost the thread")
    turns.fails = False
    until(lambda: not loop_health()[0].last_error)


@pytest.mark.usefixtures("file_database")
def test_a_loop_stuck_in_a_turn_shows_how_late_it_is() -> None:
    leave = threading.Event()
    walker("one", lambda now: leave.wait(PATIENT) and None)
    start_loops()
    until(lambda: loop_health()[0].lag_seconds > 0.02)
    leave.set()


@pytest.mark.usefixtures("file_database")
def test_a_walker_may_have_several_threads() -> None:
    together = threading.Barrier(3)
    walker("one", lambda now: together.wait(PATIENT) and None, threads=2)
    start_loops()
    together.wait(PATIENT)
    assert [health.name for health in loop_health()] == ["one", "one"]
    together.abort()


@pytest.mark.usefixtures("file_database")
def test_stopped_loops_turn_no_more() -> None:
    turns = Turns()
    walker("one", turns)
    start_loops()
    until(lambda: turns.at)
    stop_loops()
    count = len(turns.at)
    wakeups.wake("")
    assert loop_health() == []
    assert len(turns.at) == count


@pytest.mark.usefixtures("file_database")
def test_starting_twice_starts_once() -> None:
    walker("one", Turns())
    start_loops()
    start_loops()
    assert len(loop_health()) == 1


def test_the_real_loops_carry_news_to_a_job_beside_the_real_writer(writer_thread: Path) -> None:
    routine.begin()
    done = threading.Event()
    jobs.handler("page")(lambda args, job: done.set())
    subscribe("finding.*", "paging", lambda item: write(lambda: jobs.enqueue("page", {})) and None)
    start_loops()
    write(lambda: news("finding.opened", "finding:1"))
    assert done.wait(PATIENT)
    stop_loops()


def test_an_orderly_stop_leaves_a_checkpoint_of_everything(writer_thread: Path) -> None:
    routine.begin()
    start_loops()
    write(lambda: audit(SYSTEM, "finding.opened", "finding:1"))
    routine.end()
    checkpoint = trail.latest_checkpoint()
    assert checkpoint is not None
    assert checkpoint.size == trail.size() == 1
    assert (loop_health(), writer_health().running) == ([], False)


@pytest.mark.django_db
def test_each_minute_with_news_has_its_checkpoint(clock: SettableClock) -> None:
    routine.begin()
    run_turns()
    write(lambda: audit(SYSTEM, "finding.opened", "finding:1"))
    run_turns()
    assert trail.latest_checkpoint() is None
    clock.forward(seconds=limits.CHECKPOINT_EVERY_SECONDS)
    run_turns()
    checkpoint = trail.latest_checkpoint()
    assert checkpoint is not None
    assert checkpoint.size == 1


@pytest.mark.django_db
def test_what_is_done_and_old_is_forgotten_by_itself(clock: SettableClock) -> None:
    routine.begin()
    jobs.handler("page")(lambda args, job: None)
    write(lambda: (news("finding.opened", "finding:1"), jobs.enqueue("page", {})))
    run_turns()
    clock.forward(days=limits.NEWS_KEPT_DAYS + 1)
    run_turns()
    assert not News.objects.exists()
    assert not Job.objects.filter(kind="page").exists()


@pytest.mark.django_db
def test_the_floors_own_routine_makes_checkpoints_and_forgets(clock: SettableClock) -> None:
    routine.begin()
    assert set(loop._round.walkers) == {"news", "jobs"} | ({"sequencer"} if databases.postgres() else set())
    assert jobs._registry.periods == {"base.checkpoint": 60, "base.forget_old": 3600}
