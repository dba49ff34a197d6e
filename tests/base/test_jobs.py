"""Jobs: run when due, taken again when a worker dies, tried again with pauses, shown when given up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import SettableClock
from watchbill.base import jobs, limits, state
from watchbill.base.jobs import JobInfo, dead, enqueue, every, forget_old, next_due, renew, run_due, try_again
from watchbill.base.models import Job, News
from watchbill.base.unit import NotInUnit
from watchbill.base.writer import in_unit, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_our_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_registry", jobs._Registry())


@pytest.fixture
def ran() -> list[tuple[dict[str, Any], JobInfo]]:
    """What the job "scan" was run with."""
    seen: list[tuple[dict[str, Any], JobInfo]] = []
    jobs.handler("scan")(lambda args, job: seen.append((args, job)))
    return seen


Ran = list[tuple[dict[str, Any], JobInfo]]


def later(kind: str = "scan", **how: Any) -> int:
    return write(lambda: enqueue(kind, how.pop("args", {}), **how))


def failing(times: int) -> Callable[[dict[str, Any], JobInfo], None]:
    """A handler that fails so many times."""
    left = [times]

    def fn(_args: dict[str, Any], _job: JobInfo) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise RuntimeError("the registry is down")

    return fn


def test_a_job_runs_with_its_arguments(ran: Ran, clock: SettableClock) -> None:
    number = later(args={"path": "berths/package-lock.json"}, key="scan:berths")
    assert run_due(clock.now()) == 1
    args, job = ran[0]
    assert args == {"path": "berths/package-lock.json"}
    assert (job.id, job.kind, job.key, job.attempt) == (number, "scan", "scan:berths", 1)


def test_a_job_that_is_done_is_not_run_again(ran: Ran, clock: SettableClock) -> None:
    later()
    run_due(clock.now())
    clock.forward(days=1)
    assert run_due(clock.now()) == 0
    assert len(ran) == 1


def test_a_job_is_not_run_before_its_time(ran: Ran, clock: SettableClock) -> None:
    later(due=clock.now() + timedelta(minutes=10))
    assert run_due(clock.now()) == 0
    assert next_due() == clock.now() + timedelta(minutes=10)
    clock.forward(minutes=10)
    assert run_due(clock.now()) == 1


def test_jobs_run_in_the_order_of_their_times(ran: Ran, clock: SettableClock) -> None:
    later(args={"n": 2}, due=clock.now() + timedelta(minutes=2))
    later(args={"n": 1}, due=clock.now() + timedelta(minutes=1))
    clock.forward(minutes=5)
    run_due(clock.now())
    assert [args["n"] for args, _ in ran] == [1, 2]


def test_the_same_key_is_the_same_job_while_it_is_not_done(ran: Ran, clock: SettableClock) -> None:
    first = later(key="scan:berths")
    assert later(key="scan:berths") == first
    run_due(clock.now())
    assert later(key="scan:berths") != first


def test_jobs_without_a_key_are_never_the_same(ran: Ran) -> None:
    assert later() != later()


def test_the_key_holds_while_the_job_runs(clock: SettableClock) -> None:
    numbers: list[int] = []
    jobs.handler("scan")(lambda args, job: numbers.append(later(key="scan:berths")))
    first = later(key="scan:berths")
    run_due(clock.now(), limit=1)
    assert numbers == [first]


def test_a_job_is_enqueued_only_inside_of_write() -> None:
    with pytest.raises(NotInUnit):
        enqueue("scan", {})


def test_a_write_that_fails_takes_its_jobs_back(ran: Ran, clock: SettableClock) -> None:
    with pytest.raises(ZeroDivisionError):
        write(lambda: (enqueue("scan", {}), 1 / 0))
    assert run_due(clock.now()) == 0


def test_a_handler_runs_outside_of_any_write_and_may_write(clock: SettableClock) -> None:
    seen: list[bool] = []
    jobs.handler("scan")(lambda args, job: (seen.append(in_unit()), write(lambda: state.put("scanned", "yes")))[0])
    later()
    run_due(clock.now())
    assert seen == [False]
    assert state.get("scanned") == "yes"


def test_a_failed_job_is_tried_again_with_growing_pauses(clock: SettableClock) -> None:
    jobs.handler("scan")(failing(times=3))
    later()
    pauses = []
    for _ in range(3):
        run_due(clock.now())
        due = next_due()
        assert due is not None
        pauses.append(int((due - clock.now()).total_seconds()))
        clock.set(due)
    assert pauses == list(limits.JOB_RETRY_SECONDS[:3])
    run_due(clock.now())
    assert Job.objects.get().state == "done"


def test_after_its_last_attempt_a_job_is_shown_as_dead(clock: SettableClock) -> None:
    jobs.handler("scan")(failing(times=100))
    number = later(key="scan:berths")
    for _ in range(limits.JOB_ATTEMPTS):
        assert dead() == []
        run_due(clock.now())
        clock.forward(hours=2)
    shown = dead()[0]
    assert (shown.id, shown.kind, shown.key, shown.attempts) == (number, "scan", "scan:berths", limits.JOB_ATTEMPTS)
    assert shown.last_error == "RuntimeError: the registry is down"
    assert run_due(clock.now()) == 0


def test_a_dead_job_is_news(clock: SettableClock) -> None:
    jobs.handler("scan")(failing(times=100))
    number = later()
    for _ in range(limits.JOB_ATTEMPTS):
        run_due(clock.now())
        clock.forward(hours=2)
    assert list(News.objects.values_list("topic", "subject")) == [("base.job_dead", f"job:{number}")]


def test_a_dead_job_can_be_tried_again(clock: SettableClock) -> None:
    jobs.handler("scan")(failing(times=limits.JOB_ATTEMPTS))
    number = later()
    for _ in range(limits.JOB_ATTEMPTS):
        run_due(clock.now())
        clock.forward(hours=2)
    assert try_again(number)
    run_due(clock.now())
    assert Job.objects.get(pk=number).state == "done"


def test_only_a_dead_job_is_brought_back(ran: Ran, clock: SettableClock) -> None:
    number = later()
    assert not try_again(number)
    run_due(clock.now())
    assert not try_again(number)
    assert not try_again(404)


def test_a_dead_job_is_not_brought_back_beside_another_of_its_key(clock: SettableClock) -> None:
    jobs.handler("scan")(failing(times=limits.JOB_ATTEMPTS))
    number = later(key="scan:berths")
    for _ in range(limits.JOB_ATTEMPTS):
        run_due(clock.now())
        clock.forward(hours=2)
    later(key="scan:berths")
    assert not try_again(number)


def killed_while_running(clock: SettableClock) -> int:
    """A job whose worker was killed in the middle: claimed, never finished."""
    number = later(key="scan:berths")
    claimed = write(lambda: jobs._claim(clock.now()))
    assert claimed is not None
    return number


def test_a_killed_workers_job_is_taken_again_after_its_lease(ran: Ran, clock: SettableClock) -> None:
    number = killed_while_running(clock)
    assert run_due(clock.now()) == 0
    clock.forward(seconds=limits.JOB_LEASE_SECONDS - 1)
    assert run_due(clock.now()) == 0
    clock.forward(seconds=1)
    assert run_due(clock.now()) == 1
    assert (ran[0][1].id, ran[0][1].attempt) == (number, 2)


def test_the_end_of_a_lease_is_known_beforehand(ran: Ran, clock: SettableClock) -> None:
    killed_while_running(clock)
    assert next_due() == clock.now() + timedelta(seconds=limits.JOB_LEASE_SECONDS)


def test_a_job_that_kills_each_worker_is_given_up(ran: Ran, clock: SettableClock) -> None:
    killed_while_running(clock)
    for _ in range(limits.JOB_ATTEMPTS - 1):
        clock.forward(seconds=limits.JOB_LEASE_SECONDS)
        write(lambda: jobs._claim(clock.now()))
    clock.forward(seconds=limits.JOB_LEASE_SECONDS)
    run_due(clock.now())
    assert ran == []
    assert dead()[0].last_error == "its worker died each time"


def test_a_worker_that_lost_its_lease_settles_nothing(clock: SettableClock) -> None:
    def too_slow(_args: dict[str, Any], job: JobInfo) -> None:
        clock.forward(seconds=limits.JOB_LEASE_SECONDS)
        Job.objects.filter(pk=job.id).update(attempts=2)  # another worker has taken it over

    jobs.handler("scan")(too_slow)
    later()
    run_due(clock.now(), limit=1)
    assert Job.objects.get().state == "running"


def test_a_running_job_is_not_taken_by_its_own_process_after_a_clock_move(clock: SettableClock) -> None:
    counts: list[int] = []

    def jump(_args: dict[str, Any], _job: JobInfo) -> None:
        clock.forward(hours=1)
        counts.append(run_due(clock.now()))

    jobs.handler("scan")(jump)
    later()
    run_due(clock.now())
    assert counts == [0]


def test_a_long_job_can_keep_its_lease(clock: SettableClock) -> None:
    kept: list[bool] = []

    def long(_args: dict[str, Any], job: JobInfo) -> None:
        clock.forward(seconds=limits.JOB_LEASE_SECONDS - 1)
        kept.append(renew(job))
        assert next_due() == clock.now() + timedelta(seconds=limits.JOB_LEASE_SECONDS)
        Job.objects.filter(pk=job.id).update(attempts=2)
        kept.append(renew(job))

    jobs.handler("scan")(long)
    later()
    run_due(clock.now(), limit=1)
    assert kept == [True, False]


def test_jobs_of_one_lane_dont_run_beside_each_other(ran: Ran, clock: SettableClock) -> None:
    write(lambda: enqueue("scan", {"n": 1}, lane="berths"))
    write(lambda: jobs._claim(clock.now()))  # somebody is at it
    write(lambda: enqueue("scan", {"n": 2}, lane="berths"))
    write(lambda: enqueue("scan", {"n": 3}, lane="quay"))
    write(lambda: enqueue("scan", {"n": 4}))
    run_due(clock.now())
    assert [args["n"] for args, _ in ran] == [3, 4]


def test_a_lane_is_free_again_when_its_job_is_done(ran: Ran, clock: SettableClock) -> None:
    write(lambda: enqueue("scan", {"n": 1}, lane="berths"))
    write(lambda: enqueue("scan", {"n": 2}, lane="berths"))
    assert run_due(clock.now()) == 2


def test_a_kind_that_nobody_handles_fails_and_says_so(clock: SettableClock) -> None:
    later("unheard_of")
    run_due(clock.now())
    assert Job.objects.get().last_error == "UnknownKind: no handler for jobs of kind 'unheard_of'"


def test_a_turn_runs_no_more_than_asked(ran: Ran, clock: SettableClock) -> None:
    for _ in range(5):
        later()
    assert [run_due(clock.now(), limit=2) for _ in range(4)] == [2, 2, 1, 0]


@pytest.mark.parametrize("args", [{"x": float("nan")}, {"x": "y" * limits.JOB_ARGS_BYTES}])
def test_arguments_that_cant_be_kept_are_refused(args: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        later(args=args)


def test_a_periodic_job_runs_each_time_its_period_is_over(ran: Ran, clock: SettableClock) -> None:
    every("scan", 60)
    assert run_due(clock.now()) == 0
    for _ in range(3):
        clock.forward(seconds=60)
        assert run_due(clock.now()) == 1
        assert run_due(clock.now()) == 0
    assert Job.objects.count() == 1


def test_a_periodic_job_that_fails_comes_sooner_and_never_dies(clock: SettableClock) -> None:
    jobs.handler("scan")(failing(times=limits.JOB_ATTEMPTS + 3))
    every("scan", 60)
    run_due(clock.now())
    clock.forward(seconds=60)
    run_due(clock.now())
    assert next_due() == clock.now() + timedelta(seconds=limits.JOB_RETRY_SECONDS[0])
    for _ in range(limits.JOB_ATTEMPTS + 5):
        clock.forward(seconds=60)
        run_due(clock.now())
    row = Job.objects.get()
    assert (row.state, row.attempts, row.last_error) == ("waiting", 0, "")


def test_a_shortened_period_counts_at_once(ran: Ran, clock: SettableClock) -> None:
    every("scan", 3600)
    run_due(clock.now())
    every("scan", 60)
    run_due(clock.now())
    assert next_due() == clock.now() + timedelta(seconds=60)


def test_a_periodic_kind_that_is_no_more_ends(ran: Ran, clock: SettableClock) -> None:
    every("scan", 60)
    run_due(clock.now())
    jobs._registry.periods.clear()
    clock.forward(seconds=60)
    run_due(clock.now())
    assert Job.objects.get().state == "done"


def test_old_done_jobs_are_forgotten_and_dead_ones_kept(ran: Ran, clock: SettableClock) -> None:
    later()
    run_due(clock.now())
    jobs.handler("broken")(failing(times=100))
    later("broken")
    for _ in range(limits.JOB_ATTEMPTS):
        run_due(clock.now())
        clock.forward(hours=2)
    clock.forward(days=30)
    assert forget_old(clock.now() - timedelta(days=7)) == 1
    assert len(dead()) == 1


def test_a_new_process_takes_up_at_once_what_the_dead_one_was_running(ran: Ran, clock: SettableClock) -> None:
    later(args={"inbox": 7})
    write(lambda: jobs._claim(clock.now()))
    assert run_due(clock.now()) == 0
    assert write(lambda: jobs.retake(clock.now())) == 1
    run_due(clock.now())
    assert [args for args, _ in ran] == [{"inbox": 7}]
