"""What the floor does by itself: the loops for news and jobs, a checkpoint each minute with news, and forgetting what is done and old."""

from datetime import timedelta
from typing import Any

from watchbill.base import checkpoints, clock, jobs, limits, listening, locks, loop, newsroom, sequencer, trail_rows, trail_runs, workers
from watchbill.base.jobs import JobInfo
from watchbill.base.writer import stop_writer

_PRUNE_EVERY_SECONDS = 3600


def make_checkpoint(_args: dict[str, Any], _job: JobInfo) -> None:
    """Sign the trail if it has grown, and store what proofs of the new events need."""
    checkpoints.checkpoint_now(limits.WITNESS_JOB_SECONDS)
    trail_rows.store_rows()


def forget_old(_args: dict[str, Any], _job: JobInfo) -> None:
    """Drop delivered news, done jobs and exported files past their time, in small writes."""
    now = clock.now()
    while newsroom.forget_old(now - timedelta(days=limits.NEWS_KEPT_DAYS)):
        pass
    while jobs.forget_old(now - timedelta(days=limits.JOB_KEPT_DAYS)):
        pass
    trail_runs.forget_old(now)


def begin() -> None:
    """Register it all, once the rooms are loaded."""
    if locks.needed():
        loop.walker("sequencer", sequencer.turn)
    loop.walker("news", loop.news_turn)
    loop.walker("jobs", loop.jobs_turn, threads=2)
    jobs.handler("base.checkpoint")(make_checkpoint)
    jobs.handler("base.forget_old")(forget_old)
    jobs.handler(trail_runs.KIND)(trail_runs.do_job)
    jobs.every("base.checkpoint", limits.CHECKPOINT_EVERY_SECONDS)
    jobs.every("base.forget_old", _PRUNE_EVERY_SECONDS)


def end() -> None:
    """An orderly stop: end the loops, sign the trail as it is left, write what waits. A killed process leaves this out and loses
    nothing by it.
    """
    loop.stop_loops()
    listening.stop_listening()
    workers.stop_beating()
    sequencer.after_commit()
    checkpoints.checkpoint_now()
    stop_writer()
