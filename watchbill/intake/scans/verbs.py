"""Server verbs of scanning, run by the command line through the running server or in place: JSON in, JSON out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from watchbill.base import control
from watchbill.base.acting import Actor
from watchbill.base.problem import invalid
from watchbill.intake.scans import advisories, services


@control.verb("advisories.load")
def load_advisories(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Load the OSV archives, folders or catalogues named in `paths`."""
    paths = payload.get("paths")
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise invalid("paths", "no path was given", "watchbill advisories load PATH...")
    report, kevs = advisories.load([Path(path) for path in paths], by=by)
    return {"advisories": msgspec.to_builtins(report), "known_exploited": [msgspec.to_builtins(kev) for kev in kevs]}


@control.verb("advisories.status")
def advisory_status(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """How many advisories are loaded, from when, by ecosystem."""
    answer: dict[str, Any] = msgspec.to_builtins(advisories.store().status())
    return answer


@control.verb("source.watch")
def watch(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Watch the path `path` for the service `service`, and look at once."""
    source_id = services.watch_path(Path(str(payload.get("path", ""))), service=str(payload.get("service", "")), by=by)
    result = services.check_now(source_id, by=by)
    return {"source": source_id, "outcome": result.sentence}


@control.verb("source.check")
def check(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Look again, now, at the watched path with number `source`."""
    result = services.check_now(int(payload.get("source", 0)), by=by)
    return {"outcome": result.sentence, "held": result.outcome.held}
