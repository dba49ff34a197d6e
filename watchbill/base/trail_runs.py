"""Exports and checks of the trail that people ask for: small ones at once, large ones as a job in a contained process, with how far they
are and what came out for everybody to see. Each is in the trail itself.

An export's file lies in the data directory for a week and is given to whoever asked for it, or to an administrator.
"""

import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection

from watchbill.base import clock, ids, jobs, limits, trail_export, trail_work
from watchbill.base.acting import Actor
from watchbill.base.datadir import DataDir
from watchbill.base.jobs import JobInfo
from watchbill.base.ledger import read_frontier
from watchbill.base.models import Job, TrailRun
from watchbill.base.problem import Problem, not_found
from watchbill.base.sandbox import Bounds, Burst, run_contained
from watchbill.base.settings import settings
from watchbill.base.writer import audit, write

KIND = "base.trail_run"
_SCRATCH = ".part"
_LOOK_SECONDS = 2.0
_RENEW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """One export or check. `kind`: export | check; `state`: waiting | running | done | failed | gone (its file was removed); `what` is what
    was asked for, `outcome` what came of it; `done` of `total` events.
    """

    id: int
    kind: str
    asked_by: str
    asked_at: datetime
    what: dict[str, Any]
    state: str
    done: int
    total: int
    outcome: dict[str, Any]
    ended_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Whether its outcome is still to come."""
        return self.state in ("waiting", "running")


def ask_check(by: Actor) -> Run:
    """Check the whole trail, at once when it is small. The outcome is recorded in the trail."""
    size = read_frontier().size
    number = _begin("check", by, {}, size)
    if size <= limits.TRAIL_AT_ONCE:
        _do(number)
    else:
        write(lambda: jobs.enqueue(KIND, {"run": number}, key=f"{KIND}:{number}", lane="trail"), name="trail.ask")
    return run(number)


def ask_export(
    by: Actor, *, seqs: Sequence[int] | None = None, since: str = "", opened: bool = True, told: str = "", here: bool = False
) -> Run:
    """Export the whole trail, or the events with these numbers; at once when there are few, or when it is wanted `here`: a server command's
    file must lie where the command runs. `told` says in words what they are.

    Raises Problem as `trail_export.plan` does.
    """
    trail_export.check_since(since)
    what = {"told": told, "since": since, "opened": opened, **({} if seqs is None else {"seqs": list(seqs)})}
    total = read_frontier().size if seqs is None else len(seqs)
    number = _begin("export", by, what, total)
    if here or total <= limits.TRAIL_AT_ONCE:
        _do(number)
    else:
        write(lambda: jobs.enqueue(KIND, {"run": number}, key=f"{KIND}:{number}", lane="trail"), name="trail.ask")
    return run(number)


def run(number: int) -> Run:
    """Raises Problem 404."""
    row = TrailRun.objects.filter(pk=number).first()
    if row is None:
        raise not_found("export or check", number)
    return _run(row)


def last_check() -> Run | None:
    """The newest check that has an outcome."""
    row = TrailRun.objects.filter(kind="check", state="done").order_by("-pk").first()
    return _run(row) if row else None


def under_way() -> list[Run]:
    """Newest first, at most ten."""
    return [_run(row) for row in TrailRun.objects.filter(state__in=("waiting", "running")).order_by("-pk")[:10]]


def exports_of(name: str, limit: int = 10) -> list[Run]:
    """The newest exports that this actor asked for."""
    return [_run(row) for row in TrailRun.objects.filter(kind="export", asked_by=name).order_by("-pk")[:limit]]


def file_of(asked: Run) -> Path:
    """Where the finished export lies. Raises Problem 404 when it isn't finished or was removed, 409 while it is under way."""
    if asked.under_way:
        raise Problem("not_ready", "Not ready yet", "This export is still being written.", status=409, retryable=True, retry_after=2)
    file = _file(asked.id)
    if asked.kind != "export" or asked.state != "done" or not file.exists():
        raise not_found("export", asked.id)
    return file


def forget_old(now: datetime) -> int:
    """Remove the files of exports past their time, the oldest runs, and what a crash left; how many files of exports."""
    _end_lost(now)
    old = now - timedelta(days=limits.TRAIL_EXPORT_KEPT_DAYS)
    _remove_scratch(old)
    removed = _remove(list(TrailRun.objects.filter(kind="export", state="done", ended_at__lt=old).values_list("pk", flat=True)))
    kept = TrailRun.objects.order_by("-pk").values_list("pk", flat=True)[limits.TRAIL_RUNS_KEPT : limits.TRAIL_RUNS_KEPT + 1].first()
    if kept is not None:
        write(
            lambda: TrailRun.objects.filter(pk__lte=kept, state__in=("gone", "failed", "done"), kind="check").delete(), name="trail.forget"
        )
    return removed


def _remove(numbers: Sequence[int]) -> int:
    """Take these exports' files away; how many."""
    for number in numbers:
        _file(number).unlink(missing_ok=True)
        _set(number, state="gone")
    return len(numbers)


def _remove_scratch(before: datetime) -> None:
    """What was being written when its process died."""
    for scratch in DataDir(settings().data).exports.glob(f"*{_SCRATCH}"):
        with suppress(OSError):
            if scratch.stat().st_mtime < before.timestamp():
                scratch.unlink()


def _end_lost(now: datetime) -> None:
    """Runs that nothing works at any more: their process died at the wrong moment, or their job was given up."""
    asked = TrailRun.objects.filter(state__in=("waiting", "running"), asked_at__lt=now - timedelta(hours=limits.TRAIL_RUN_LOST_HOURS))
    for number in asked.values_list("pk", flat=True):
        if not Job.objects.filter(key=f"{KIND}:{number}", state__in=("waiting", "running")).exists():
            _file(number).unlink(missing_ok=True)
            _end(run(number), "failed", {"problem": "It was interrupted. Ask for it again."})


def do_job(args: dict[str, Any], job: JobInfo) -> None:
    """A run as a job; begun anew when its worker died."""
    _do(int(args["run"]), job)


def _begin(kind: str, by: Actor, what: dict[str, Any], total: int) -> int:
    """Note that it was asked for; an export is recorded before it is written, so that it holds that event too."""

    def store() -> int:
        row = TrailRun.objects.create(kind=kind, asked_by=by.name, asked_at=clock.now(), what=_words(what, by), total=total)
        if kind == "export":
            told = {"export": row.pk, "events": total, "whole": "seqs" not in what, "names": bool(what.get("opened"))}
            audit(by, "trail.exported", "trail:own", body=told | ({"what": what["told"]} if what.get("told") else {}))
        return row.pk

    return write(store, name="trail.ask")


def _words(what: dict[str, Any], by: Actor) -> str:
    return json.dumps({**what, "kind": by.kind, "source": by.source})


def _do(number: int, job: JobInfo | None = None) -> None:
    """Do it, and write down what came of it. A Problem is an outcome; anything else is raised for the job to be tried again."""
    asked = run(number)
    if not asked.under_way:
        return
    _set(number, state="running")
    scratch = _file(number).with_suffix(f".{ids.new_id()}{_SCRATCH}")
    try:
        _make(asked, scratch, job)
    finally:
        scratch.unlink(missing_ok=True)


def _make(asked: Run, scratch: Path, job: JobInfo | None) -> None:
    number, plan = asked.id, None
    try:
        if asked.kind == "export":
            made = trail_export.plan(seqs=asked.what.get("seqs"), since=asked.what["since"], opened=asked.what["opened"])
            plan = msgspec.to_builtins(made)
            _set(number, total=len(made.seqs) if made.seqs is not None else made.size)
        outcome = _contained(plan, number, scratch, job) if job and _apart() else trail_work.do(plan, scratch, lambda _events: None)
    except Problem as problem:
        _end(asked, "failed", {"problem": problem.detail or problem.title})
        return
    _end(asked, "done", outcome, scratch)
    if plan:
        kept = TrailRun.objects.filter(kind="export", state="done", asked_by=asked.asked_by).order_by("-pk")
        _remove(list(kept.values_list("pk", flat=True)[limits.TRAIL_EXPORTS_KEPT : 2 * limits.TRAIL_EXPORTS_KEPT]))


def _end(asked: Run, state: str, outcome: dict[str, Any], written: Path | None = None) -> None:
    """The outcome, and of a check its event; an export's file is put in its place with it. Whoever comes second changes nothing."""

    def store() -> None:
        now, values = clock.now(), {"outcome": json.dumps(outcome), "done": outcome.get("events", 0)}
        if not TrailRun.objects.filter(pk=asked.id, state__in=("waiting", "running")).update(state=state, ended_at=now, **values):
            if run(asked.id).state != "done":  # somebody was erased while it was written; else another process was sooner
                _file(asked.id).unlink(missing_ok=True)
            return
        if written is not None and written.exists():
            written.replace(_file(asked.id))
        if asked.kind == "check" and state == "done":
            found = {name: outcome[name] for name in ("events", "root", "reason", "first_bad_seq") if outcome.get(name) not in (None, "")}
            by = Actor(asked.what["kind"], asked.asked_by, asked.what["source"])
            audit(by, "trail.verified", "trail:own", outcome="done" if outcome["ok"] else "failed", body=found)

    write(store, name="trail.end")


def _apart() -> bool:
    """Whether another process sees what this one does: not a database in memory, nor an open transaction (tests have both)."""
    return not connection.in_atomic_block and not getattr(connection, "is_in_memory_db", bool)()


def _contained(plan: dict[str, Any] | None, number: int, file: Path, job: JobInfo) -> dict[str, Any]:
    """The outcome of a contained process. Raises Problem when it met a bound or died."""
    progress = _file(number).with_suffix(".events")
    database = {name: connection.settings_dict[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    environment = {name: value for name, value in os.environ.items() if name.startswith("WATCHBILL_")}
    environment["WATCHBILL_DATA"] = str(settings().data.resolve())
    order = {"environment": environment, "database": database, "progress": str(progress), "plan": plan, "file": str(file)}
    bounds = Bounds(memory_mib=limits.TRAIL_RUN_MIB, cpu_seconds=limits.TRAIL_RUN_SECONDS, wall_seconds=limits.TRAIL_RUN_SECONDS)
    answers: list[bytes | Burst] = []
    child = threading.Thread(
        target=lambda: answers.append(run_contained("watchbill.base.trail_child", [], msgspec.json.encode(order), bounds))
    )
    child.start()
    _wait(child, number, progress, job)
    progress.unlink(missing_ok=True)
    answer = answers[0] if answers else Burst("could not be started")
    if isinstance(answer, Burst):
        raise Problem("trail_run", "It could not be finished", f"Reading the trail {answer.reason}.", status=500)
    outcome: dict[str, Any] = json.loads(answer)
    return outcome


def _wait(child: threading.Thread, number: int, progress: Path, job: JobInfo) -> None:
    """Until it has ended: keep the job's lease, and show how far it is."""
    renewed, shown = clock.monotonic(), -1
    while child.is_alive():
        child.join(_LOOK_SECONDS)
        with suppress(OSError, ValueError):
            done = int(progress.read_text())
            if done != shown:
                _set(number, done=done)
                shown = done
        if clock.monotonic() - renewed > _RENEW_SECONDS:
            jobs.renew(job)
            renewed = clock.monotonic()


def _set(number: int, **values: Any) -> None:  # noqa: ANN401 - columns
    write(lambda: TrailRun.objects.filter(pk=number).update(**values), name="trail.run")


def _file(number: int) -> Path:
    folder = DataDir(settings().data).exports
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"trail-{number}.zip"


def _run(row: TrailRun) -> Run:
    what, outcome = json.loads(row.what), json.loads(row.outcome)
    return Run(row.pk, row.kind, row.asked_by, row.asked_at, what, row.state, row.done, row.total, outcome, row.ended_at)
