"""The first acts of the serving process: die with the parent, take the data directory, start the writer and the loops.

There is no orderly end to rely on: everything accepted is on disk before its answer, so being killed is a normal way to stop.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from datetime import timedelta

from watchbill.base import clock, datadir, ids, jobs, limits, listening, loop, newsroom, sequencer, state, workers, writer
from watchbill.base.datadir import DataDir
from watchbill.base.lifeline import die_with_parent
from watchbill.base.settings import ROLE, settings
from watchbill.base.workers import Role

_log = logging.getLogger(__name__)
_held: list[datadir.Lock] = []
_RESTART_AFTER_SECONDS = 0.5


def begin_serving(role: Role = "up") -> None:
    """Called once, by the module that the server imports, or by a process without pages. Raises `Problem` when another server holds the
    data directory. With a PostgreSQL database any number of processes may hold it, and "web" leaves the loops to others.
    """
    if role != "work":  # that one has no parent but whoever started it
        die_with_parent()
    own = settings()
    if own.database_url:
        _begin_beside_others(role)
    else:
        _begin_alone()
    _log.info("serving", extra={"role": role, "address": own.addr, "data": str(own.data)})


def _begin_alone() -> None:
    own = settings()
    _held.append(datadir.take_lock(own.data, limits.START_PATIENCE_SECONDS))
    clock.set_offset(timedelta(seconds=float(state.get("clock_offset") or 0)))
    writer.start_writer()
    writer.write(_retake, name="serving.retake")
    loop.start_loops()
    content = {"url": f"http://{own.addr}", "token": ids.new_secret(32), "pid": os.getpid()}
    datadir.write_private(DataDir(own.data).control, json.dumps(content).encode())


def _begin_beside_others(role: Role) -> None:
    workers.follow_clock()
    sequencer.leave_to_loops(True)
    workers.start_beating(role, "" if role == "work" else settings().addr)
    listening.start_listening()
    if role != "web":
        loop.start_loops()


def role_of_this_process() -> Role:
    """What the parent told this process to be."""
    return "web" if os.environ.get(ROLE) == "web" else "up"


def _retake() -> None:
    """Whoever held jobs and news before this process is dead: their leases are not waited for, or what they woke people for comes late."""
    now = clock.now()
    jobs.retake(now)
    newsroom.retake(now)


def stop_soon() -> None:
    """Ask the parent to stop once the answer being written is out; it decides whether to start over."""
    threading.Timer(_RESTART_AFTER_SECONDS, os.kill, (os.getppid(), signal.SIGTERM)).start()
