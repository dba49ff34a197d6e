"""Work for later, as rows: claimed with a lease, run outside any transaction, retried with growing pauses, shown when given up. A
worker that was killed loses its lease and the job is taken again, so every handler is repeatable. Periodic kinds have one lasting
row that is armed again after each run.

Jobs of the same non-empty lane never run at the same time. Nothing here knows what a job does.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q, QuerySet

from watchbill.base import clock, limits, locks
from watchbill.base.locks import Lock
from watchbill.base.unit import current, news, wake
from watchbill.base.writer import write

if TYPE_CHECKING:
    from watchbill.base.models import Job

_log = logging.getLogger(__name__)
_PERIODIC = "every:"


@dataclass(frozen=True, slots=True)
class JobInfo:
    """A job as its handler sees it. `attempt` counts from 1; `id` with `key` is a stable idempotency key for calls to other systems."""

    id: int
    kind: str
    key: str
    attempt: int
    due: datetime


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that was given up after its last attempt."""

    id: int
    kind: str
    key: str
    attempts: int
    last_error: str
    at: datetime


Handler = Callable[[dict[str, Any], JobInfo], None]


class UnknownKind(LookupError):
    """No handler is registered for this kind of job."""


class _Registry:
    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.periods: dict[str, int] = {}
        self.running: set[int] = set()
        self.holder = 0
        self.lock = threading.Lock()


_registry = _Registry()


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Decorator: run this function for jobs of `kind`. It takes the arguments and the JobInfo, and may call `write`."""

    def register(fn: Handler) -> Handler:
        _registry.handlers[kind] = fn
        return fn

    return register


def claim_as(holder: int) -> None:
    """Claim jobs and news under this number from now on, so that they can be taken over when this process is gone. 0: nobody's."""
    _registry.holder = holder


def holder() -> int:
    """The number that this process claims under."""
    return _registry.holder


def every(kind: str, seconds: int) -> None:
    """Run the job `kind` each `seconds` after the end of its last run, for as long as the server lives. Called in `ready()`."""
    _registry.periods[kind] = seconds


def enqueue(kind: str, args: dict[str, Any], *, due: datetime | None = None, key: str = "", lane: str = "") -> int:
    """Inside `write`: store a job and return its id. With the non-empty key of a job that is not done yet, that one's id instead.

    Raises ValueError for arguments that are no JSON or over the limit.
    """
    current()
    text = json.dumps(args, allow_nan=False)
    if len(text) > limits.JOB_ARGS_BYTES:
        raise ValueError(f"a job's arguments have at most {limits.JOB_ARGS_BYTES} bytes; store them and pass a reference")
    if key:
        earlier = _jobs().filter(key=key, state__in=("waiting", "running")).values_list("pk", flat=True).first()
        if earlier is not None:
            return earlier
    now = clock.now()
    job = _jobs().create(kind=kind, args=text, key=key, lane=lane, due=due or now, created_at=now)
    wake("jobs")
    return job.pk


def run_due(now: datetime, limit: int = 20) -> int:
    """One turn: claim up to `limit` jobs that are due or whose worker is gone, run them one after another, and tell how many."""
    _arm_periodic(now)
    count = 0
    while count < limit and (job := _claim_next(now)) is not None:
        try:
            _run(job, now)
        finally:
            with _registry.lock:
                _registry.running.discard(job.pk)
        count += 1
    return count


def next_due() -> datetime | None:
    """When the next waiting job is due or the next lease ends; None when there is neither."""
    waiting = _jobs().filter(state="waiting").order_by("due").values_list("due", flat=True).first()
    leased = _jobs().filter(state="running").order_by("lease_until").values_list("lease_until", flat=True).first()
    return min((at for at in (waiting, leased) if at is not None), default=None)


def renew(job: JobInfo) -> bool:
    """Keep the lease of a long job. False when it was lost to another worker: then stop."""
    until = clock.now() + timedelta(seconds=limits.JOB_LEASE_SECONDS)
    mine = _jobs().filter(pk=job.id, state="running", attempts=job.attempt)
    return write(lambda: mine.update(lease_until=until), name="jobs.renew", beside=True) == 1


def retake(now: datetime, holder: int | None = None) -> int:
    """Inside `write`: end the lease of every running job whose worker is known to be dead; how many. Without a `holder` that is all of
    them: only where one process alone runs jobs (the embedded database), as that process begins.
    """
    running = _jobs().filter(state="running")
    if holder is not None:
        running = running.filter(holder=holder)
        wake("jobs")
    return running.update(lease_until=now)


def dead(limit: int = 100) -> list[DeadJob]:
    """Jobs given up, latest first."""
    rows = _jobs().filter(state="dead").order_by("-done_at")[:limit]
    return [DeadJob(row.pk, row.kind, row.key, row.attempts, row.last_error, row.done_at or row.due) for row in rows]


def try_again(job_id: int) -> bool:
    """Bring a dead job back, due now. False when it isn't dead, or another with its key is at work."""

    def revive() -> bool:
        row = _jobs().filter(pk=job_id, state="dead").first()
        if row is None or (row.key and _jobs().filter(key=row.key, state__in=("waiting", "running")).exists()):
            return False
        _jobs().filter(pk=job_id).update(state="waiting", attempts=0, due=clock.now(), done_at=None)
        wake("jobs")
        return True

    return write(revive, name="jobs.try_again")


def forget_old(before: datetime) -> int:
    """Drop jobs done before `before`, a batch at a time; how many. Dead ones stay."""

    def drop() -> int:
        ids = list(_jobs().filter(state="done", done_at__lt=before).values_list("pk", flat=True)[:1000])
        return _jobs().filter(pk__in=ids).delete()[0]

    return write(drop, lane="slow", name="jobs.forget_old")


def _jobs() -> "QuerySet[Job]":
    """The table, looked up late: rooms import this module to register in their apps.py, before there are tables."""
    rows: QuerySet[Job] = apps.get_model("base", "Job").objects.all()
    return rows


def _arm_periodic(now: datetime) -> None:
    """Make the lasting row of each periodic kind that has none yet; bring it closer when its period was shortened."""
    if not _registry.periods:
        return
    known = dict(_jobs().filter(key__startswith=_PERIODIC, state__in=("waiting", "running")).values_list("key", "due"))
    wanted = {_PERIODIC + kind: (kind, now + timedelta(seconds=seconds)) for kind, seconds in _registry.periods.items()}
    late = {key: latest for key, (_, latest) in wanted.items() if key in known and known[key] > latest}
    missing = {key: value for key, value in wanted.items() if key not in known}
    if not late and not missing:
        return

    def arm() -> None:
        for key, (kind, due) in missing.items():
            enqueue(kind, {}, due=due, key=key)
        for key, due in late.items():
            _jobs().filter(key=key, state="waiting", due__gt=due).update(due=due)

    write(arm, name="jobs.arm")


def _ready(now: datetime) -> Q:
    return Q(state="waiting", due__lte=now) | Q(state="running", lease_until__lte=now)


def _claimable(now: datetime) -> list[tuple[int, str]]:
    with _registry.lock:
        mine = set(_registry.running)
    rows = _jobs().filter(_ready(now)).order_by("due", "pk").values_list("pk", "lane")[: limits.WRITE_GROUP]
    return [row for row in rows if row[0] not in mine]


def _claim_next(now: datetime) -> "Job | None":
    job = write(lambda: _claim(now), lane="slow", name="jobs.claim", beside=True) if _claimable(now) else None
    if job is not None:
        with _registry.lock:
            _registry.running.add(job.pk)
    return job


def _claim(now: datetime) -> "Job | None":
    locks.hold(Lock.JOBS)  # two who look at the lanes at once would both find one free
    taken = set(_jobs().filter(state="running", lease_until__gt=now).exclude(lane="").values_list("lane", flat=True))
    free = [pk for pk, lane in _claimable(now) if not lane or lane not in taken]
    row = _jobs().select_for_update(skip_locked=True).filter(_ready(now), pk__in=free).order_by("due", "pk").first()
    if row is None:
        return None
    row.attempts += 1
    row.state = "running"
    row.lease_until = now + timedelta(seconds=limits.JOB_LEASE_SECONDS)
    row.holder = _registry.holder
    row.save(update_fields=["attempts", "state", "lease_until", "holder"])
    return row


def _run(job: "Job", now: datetime) -> None:
    if job.attempts > limits.JOB_ATTEMPTS and not job.key.startswith(_PERIODIC):
        _finish(job, "its worker died each time", now)
        return
    error = ""
    try:
        fn = _registry.handlers.get(job.kind)
        if fn is None:
            raise UnknownKind(f"no handler for jobs of kind {job.kind!r}")
        fn(json.loads(job.args), JobInfo(job.pk, job.kind, job.key, job.attempts, job.due))
    except Exception as failure:  # noqa: BLE001 - whatever a job raises is kept with it and tried again
        _log.exception("job failed", extra={"job": job.pk, "kind": job.kind, "attempt": job.attempts})
        error = f"{type(failure).__name__}: {failure}"[: limits.JOB_ERROR_CHARS]
    _finish(job, error, clock.now())


def _finish(job: "Job", error: str, now: datetime) -> None:
    """Done, due again, or dead; nothing if another worker has taken it over meanwhile."""
    changes = _after(job, error, now)

    def settle() -> None:
        mine = _jobs().filter(pk=job.pk, state="running", attempts=job.attempts)
        if mine.update(**changes) and changes["state"] == "dead":
            news("base.job_dead", f"job:{job.pk}", {"kind": job.kind, "error": error})

    write(settle, lane="slow", name="jobs.finish", beside=True)


def _after(job: "Job", error: str, now: datetime) -> dict[str, Any]:
    pauses = limits.JOB_RETRY_SECONDS
    pause = pauses[min(job.attempts, len(pauses)) - 1]
    if job.key.startswith(_PERIODIC):
        period = _registry.periods.get(job.kind)
        if period is None:
            return {"state": "done", "done_at": now, "lease_until": None, "last_error": error}
        again = min(pause, period) if error else period
        attempts: Any = job.attempts if error else 0
        return {"state": "waiting", "due": now + timedelta(seconds=again), "lease_until": None, "attempts": attempts, "last_error": error}
    if not error:
        return {"state": "done", "done_at": now, "lease_until": None, "last_error": ""}
    if job.attempts >= limits.JOB_ATTEMPTS:
        return {"state": "dead", "done_at": now, "lease_until": None, "last_error": error}
    return {"state": "waiting", "due": now + timedelta(seconds=pause), "lease_until": None, "last_error": error}
