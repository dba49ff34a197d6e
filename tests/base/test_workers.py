"""Several processes on one PostgreSQL database: who lives is known, who died is buried, and what it held is done by the others; nothing
is claimed twice.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.models.functions import Now

from tests.base.test_sequencer import at_once
from tests.databases import postgres_only, sqlite_only
from watchbill.base import clock, jobs, limits, newsroom, state, subscriptions, wakeups, workers
from watchbill.base.listening import is_listening, start_listening, stop_listening, wake_for
from watchbill.base.models import Delivery, Job, News, Worker
from watchbill.base.newsroom import deliver_due, subscribe
from watchbill.base.subscriptions import NewsItem
from watchbill.base.writer import news, wake, write

PATIENT = 30.0


@pytest.fixture(autouse=True)
def _nobody_else(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(jobs, "_registry", jobs._Registry())
    monkeypatch.setattr(subscriptions, "_by_name", {})
    yield
    stop_listening()
    clock.use_clock()


@sqlite_only
@pytest.mark.django_db
def test_on_the_embedded_database_nobody_enters_and_nobody_listens() -> None:
    workers.start_beating("up")
    start_listening()
    assert (workers.living(), Worker.objects.count(), is_listening()) == ([], 0, False)


def test_a_wake_up_of_our_own_is_not_heard_twice() -> None:
    woken = threading.Event()
    wakeups.add("paging", woken)
    from watchbill.base.listening import _origin  # noqa: PLC0415 - its own mark

    wake_for(f"{_origin.mark()} paging")
    assert not woken.is_set()
    wake_for("another paging,news")
    assert woken.is_set()
    wakeups.remove("paging", woken)


def silence(number: int) -> None:
    """Its beat has stayed away for long enough."""
    Worker.objects.filter(pk=number).update(beat_at=Now() - timedelta(seconds=limits.WORKER_GONE_SECONDS + 1))


@postgres_only
class TestTheLiving:
    @pytest.fixture(autouse=True)
    def _database(self, file_database: Path) -> None:
        """A database of this test's own, whose transactions really end."""

    def test_who_enters_is_told_with_where_and_as_what(self) -> None:
        number = workers.enter("web", "127.0.0.1:8080")
        (one,) = workers.living()
        assert (one.id, one.role, one.address, one.silent_seconds < PATIENT) == (number, "web", "127.0.0.1:8080", True)

    def test_who_leaves_is_gone(self) -> None:
        workers.leave(workers.enter("work"))
        assert workers.living() == []

    def test_who_beats_lives_though_the_clock_was_moved(self) -> None:
        number = workers.enter("work")
        clock.forward(timedelta(hours=3))
        assert workers.bury() == 0
        assert workers.beat(number)

    def test_who_stays_silent_is_buried_once_and_the_bell_hears_of_it(self) -> None:
        heard: list[NewsItem] = []
        subscribe(workers.GONE, "test", heard.append)
        number = workers.enter("work")
        silence(number)
        assert (workers.bury(), workers.bury()) == (1, 0)
        assert not workers.beat(number)
        deliver_due(clock.now())
        assert [item.body for item in heard] == [{"worker": number}]

    def test_what_the_dead_held_is_due_again_and_what_the_living_hold_is_not(self) -> None:
        ran: list[str] = []
        jobs.handler("see")(lambda args, job: ran.append(args["who"]))
        dead, alive = workers.enter("work"), workers.enter("work")
        for number, who in ((dead, "dead"), (alive, "alive")):
            write(lambda who=who: jobs.enqueue("see", {"who": who}))  # type: ignore[misc]
            jobs.claim_as(number)
            assert jobs._claim_next(clock.now()) is not None
        jobs._registry.running.clear()
        silence(dead)
        workers.bury()
        assert jobs.run_due(clock.now()) == 1
        assert ran == ["dead"]
        assert Job.objects.get(state="running").holder == alive

    def test_news_that_the_dead_had_taken_is_delivered(self) -> None:
        heard: list[str] = []
        subscribe("finding.*", "test", lambda item: heard.append(item.subject))
        dead = workers.enter("work")
        write(lambda: news("finding.opened", "finding:1"))
        write(lambda: newsroom._claim(clock.now()))
        assert deliver_due(clock.now()) == 0
        silence(dead)
        workers.bury()
        assert deliver_due(clock.now()) == 1
        assert heard == ["finding:1"]

    def test_a_clock_moved_elsewhere_moves_ours_and_never_back(self) -> None:
        write(lambda: state.put("clock_offset", "600"))
        workers.follow_clock()
        assert clock.offset() == timedelta(minutes=10)
        write(lambda: state.put("clock_offset", "60"))
        workers.follow_clock()
        assert clock.offset() == timedelta(minutes=10)


@postgres_only
class TestManyAtOnce:
    @pytest.fixture(autouse=True)
    def _database(self, file_database: Path) -> None:
        """As above."""

    def test_jobs_are_each_run_once_however_many_take_them(self) -> None:
        ran: list[int] = []
        jobs.handler("count")(lambda args, job: ran.append(args["n"]))
        write(lambda: [jobs.enqueue("count", {"n": number}) for number in range(40)])
        assert Job.objects.filter(state="waiting").count() == 40
        at_once(*(lambda: jobs.run_due(clock.now(), limit=100) and None for _ in range(4)))
        while jobs.run_due(clock.now(), limit=100):
            pass
        assert sorted(ran) == list(range(40))

    def test_jobs_of_one_lane_never_run_at_the_same_time(self) -> None:
        inside, most = [0], [0]
        guard = threading.Lock()

        def alone(args: dict[str, object], job: jobs.JobInfo) -> None:
            with guard:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.01)
            with guard:
                inside[0] -= 1

        jobs.handler("alone")(alone)
        write(lambda: [jobs.enqueue("alone", {}, lane="one") for _ in range(12)])

        def work() -> None:
            while Job.objects.filter(state__in=("waiting", "running")).exists():
                jobs.run_due(clock.now())

        at_once(*(work for _ in range(4)))
        assert most == [1]
        assert Job.objects.filter(state="done").count() == 12

    def test_news_reaches_each_subscriber_once_and_in_order_of_its_subject(self) -> None:
        heard: list[tuple[str, int]] = []
        subscribe("finding.*", "test", lambda item: heard.append((item.subject, item.body["n"])))
        told = threading.Event()

        def tell(subject: str) -> Callable[[], None]:
            def run() -> None:
                for number in range(15):
                    write(lambda n=number: news("finding.seen", subject, {"n": n}), beside=True)  # type: ignore[misc]

            return run

        def deliver() -> None:
            while not told.is_set() or Delivery.objects.exists():
                deliver_due(clock.now())

        threads = [threading.Thread(target=lambda: (deliver(), connection.close())) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            at_once(*(tell(f"finding:{number}") for number in range(3)))
        finally:
            told.set()
            for thread in threads:
                thread.join()
        assert Counter(heard).most_common(1)[0][1] == 1
        for number in range(3):
            assert [n for subject, n in heard if subject == f"finding:{number}"] == list(range(15))

    def test_two_who_make_the_same_at_once_make_one(self) -> None:
        at_once(*(lambda: write(lambda: state.put("once", "here"), beside=True) for _ in range(6)))
        assert state.get("once") == "here"

    def test_closures_run_one_at_a_time_unless_they_say_otherwise(self) -> None:
        write(lambda: state.put("n", "0"))

        def add() -> None:
            for _ in range(10):
                write(lambda: state.put("n", str(int(state.get("n")) + 1)))

        at_once(*(add for _ in range(4)))
        assert state.get("n") == "40"


@postgres_only
def test_a_commit_elsewhere_wakes_a_loop_here(file_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    woken = threading.Event()
    wakeups.add("paging", woken)
    start_listening()
    until(is_listening)
    woken.clear()
    monkeypatch.setattr("watchbill.base.listening._origin.mark", lambda: "another")
    write(lambda: wake("paging"))
    monkeypatch.undo()
    assert woken.wait(PATIENT)
    wakeups.remove("paging", woken)


@postgres_only
def test_a_listener_that_lost_its_connection_listens_again(file_database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LISTEN_PAUSE_SECONDS", 0.01)
    start_listening()
    until(is_listening)
    cut_all_others()
    until(lambda: not is_listening())
    until(is_listening)


@postgres_only
def test_a_write_whose_connection_was_cut_is_done_on_a_new_one(file_database: Path) -> None:
    write(lambda: state.put("before", "here"))
    helper = threading.Thread(target=lambda: (cut_all_others(), connection.close()))
    helper.start()
    helper.join()
    write(lambda: state.put("after", "here"))
    assert (state.get("before"), state.get("after")) == ("here", "here")
    assert News.objects.count() == 0


def cut_all_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def until(true: Callable[[], object]) -> None:
    ended = threading.Event()
    for _ in range(int(PATIENT / 0.01)):
        if true():
            return
        ended.wait(0.01)
    raise AssertionError("never happened")
