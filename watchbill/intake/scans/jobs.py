"""What scanning does later: read what the inbox took in, run the inverse match, look at watched paths again.

Each job may run twice (a killed worker's is taken again), so each first asks whether its work was done.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from watchbill.base import clock, jobs, newsroom, writer
from watchbill.base.acting import SYSTEM, Actor
from watchbill.base.jobs import JobInfo
from watchbill.base.subscriptions import NewsItem
from watchbill.cases.findings import services as findings
from watchbill.intake.scans import advisories, services, updating
from watchbill.intake.scans import inverse as inverse_match
from watchbill.intake.scans.corrected import close_corrected

LOOK_EVERY = timedelta(hours=1)
LOOK_TURN_SECONDS = 900
UPDATE_TURN_SECONDS = 600


def begin() -> None:
    """Subscribe and register, once the app is ready."""
    newsroom.subscribe("inbox.accepted", "scans.queue_reading", queue_reading)
    jobs.every("scans.look", LOOK_TURN_SECONDS)
    jobs.every("scans.update", UPDATE_TURN_SECONDS)


def queue_reading(item: NewsItem) -> None:
    """News `inbox.accepted`: queue the reading of a scan, once per inbox item."""
    if item.body.get("kind") != "scan":
        return
    inbox_id = int(item.subject.removeprefix("inbox:"))
    writer.write(lambda: jobs.enqueue("scans.read", {"inbox": inbox_id}, key=f"scans.read:{inbox_id}"), name="scans.queue")


@jobs.handler("scans.read")
def read(args: dict[str, Any], job: JobInfo) -> None:
    services.read_received(int(args["inbox"]), by=SYSTEM)


@jobs.handler("scans.inverse")
def inverse(args: dict[str, Any], job: JobInfo) -> None:
    inverse_match.match_inventory([str(ident) for ident in args["advisories"]], by=SYSTEM)


@jobs.handler("scans.look")
def look(args: dict[str, Any], job: JobInfo) -> None:
    inverse_match.finish_broken_load(by=SYSTEM)
    services.look_at_stale_paths(older_than=LOOK_EVERY, by=SYSTEM)


@jobs.handler("scans.corrected")
def correct(args: dict[str, Any], job: JobInfo) -> None:
    kind, name, source = args["forced_by"] or (SYSTEM.kind, SYSTEM.name, SYSTEM.source)
    close_corrected(by=Actor(kind, name, source), force=bool(args["forced_by"]))


@jobs.handler("scans.scored")
def rescore(args: dict[str, Any], job: JobInfo) -> None:
    findings.rescore(advisories.epss_fact, by=SYSTEM)


@jobs.handler("scans.update")
def update(args: dict[str, Any], job: JobInfo) -> None:
    """Where the settings ask for it, begin an update when one is due; it runs on beside the loop, so that no other job waits."""
    if updating.is_due(clock.now()):
        updating.begin(SYSTEM)
