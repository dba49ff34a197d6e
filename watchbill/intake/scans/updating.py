"""Updating advisories from the mirror in the settings: who asks for it, in which process it runs, and what is told of it afterwards.

The work is a child's (`mirror`, by `update_child`); here it is recorded, the inverse match is queued, and a failure becomes news once, when
it begins. Nothing is fetched unless an address is configured or given.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from watchbill.base import clock, limits, state, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem
from watchbill.base.settings import AdvisorySettings, settings
from watchbill.intake.scans import advisories, mirror
from watchbill.intake.scans.mirror import MirrorReport, Wanted
from watchbill.intake.scans.update_child import Order

FAILING = "advisories.update_failing"
UNATTENDED_SECONDS = limits.DOWNLOAD_SECONDS
ATTENDED_SECONDS = 480.0
_LOADING_SECONDS = 900.0
_log = logging.getLogger(__name__)


def is_configured(own: AdvisorySettings | None = None) -> bool:
    """Whether the settings name anything to fetch."""
    own = own or settings().advisories
    return bool(own.url or own.kev_url or own.epss_url)


def wanted(url: str = "", ecosystems: Sequence[str] = (), *, force: bool = False, seconds: float = UNATTENDED_SECONDS) -> Wanted:
    """What to bring: as the settings say, or only the ecosystems named, or from the mirror at `url`. Raises Problem when there is none."""
    own = settings().advisories
    if not (url or is_configured(own)):
        remedy = "Set advisories.url, or give --from URL."
        raise Problem("no_mirror", "No mirror is configured", "No address of advisories is set.", remedy=remedy, status=409)
    only = tuple(ecosystems)
    lists = ("", "") if only else (own.kev_url, own.epss_url)
    return Wanted(url or own.url, only or tuple(own.ecosystems), *lists, force, seconds)


def update(order: Wanted, *, by: Actor) -> MirrorReport:
    """Bring the store up to date in a child process, record it, and have the inventory looked through for what changed.

    Raises Problem: another update is at work, the child failed, or the data directory can't be written.
    """
    advisories.begin_load()
    report = MirrorReport()
    try:
        report = _in_child(order)
    finally:
        advisories.hand_on(advisories.Changed.by_mirror(report), by=by, force=order.force)
    if report.busy:
        raise Problem("busy", "An update is at work already", "Another update of the advisories is running.", status=409, retryable=True)
    _tell(report, by)
    return report


def begin(by: Actor) -> threading.Thread | None:
    """Start an update that nobody waits for, in a thread of its own; None when one is at work, or nothing is configured."""
    if not is_configured() or mirror.in_progress(advisories.incoming()):
        return None
    thread = threading.Thread(target=_unattended, args=(by,), name="advisories-update", daemon=True)
    thread.start()
    return thread


def _unattended(by: Actor) -> None:
    """The thread's outermost frame: what fails is logged and noted, and the next turn tries again."""
    try:
        update(wanted(), by=by)
    except Exception:  # noqa: BLE001 - the outermost frame of this thread; the next turn tries again
        _log.exception("an update of the advisories failed")
    finally:
        connection.close()


def _in_child(order: Wanted) -> MirrorReport:
    asked = msgspec.json.encode(Order(str(advisories.store_path()), str(advisories.incoming()), os.getpid(), order))
    argv = [sys.executable, "-m", "watchbill.intake.scans.update_child"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    try:
        done = subprocess.run(
            argv, input=asked, capture_output=True, timeout=order.seconds + _LOADING_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _failed("It took too long; what has arrived is kept.") from error
    except OSError as error:
        raise _failed(f"No process could be started: {error.strerror}.") from error
    try:
        return msgspec.json.decode(done.stdout, type=MirrorReport)
    except msgspec.MsgspecError as error:
        last = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1][:300]
        raise _failed(f"The process that does it ended with {done.returncode}: {last or 'it said nothing'}.") from error


def _failed(detail: str) -> Problem:
    return Problem(
        "update_failed", "The advisories were not updated", detail, remedy="What was held stays; try again.", status=502, retryable=True
    )


def _tell(report: MirrorReport, by: Actor) -> None:
    """News when updates begin to fail, and when they go well again; each failure is in the trail."""
    failures = [line[:480] for line in report.failures]

    def tell() -> None:
        before = state.get(FAILING)
        if failures:
            writer.audit(by, "advisories.update_failed", "advisories:store", outcome="failed", body={"failures": failures[:20]})
        if bool(before) == bool(failures):
            return
        state.put(FAILING, clock.now().isoformat() if failures else "")
        topic = "advisories.update_failing" if failures else "advisories.update_recovered"
        writer.news(topic, "advisories:store", {"failures": failures[:20]})

    writer.write(tell, name="advisories.update_told")


def is_due(now: datetime) -> bool:
    """Whether the settings ask for an update by now: `every_hours` since the last try."""
    own = settings().advisories
    if own.every_hours <= 0 or not is_configured(own):
        return False
    tried = mirror.last_update(advisories.store()).at
    return not tried or now - datetime.fromisoformat(tried) >= timedelta(hours=own.every_hours)
