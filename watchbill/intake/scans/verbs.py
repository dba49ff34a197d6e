"""Server verbs of scanning, run by the command line through the running server or in place: JSON in, JSON out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from watchbill.base import control
from watchbill.base.acting import Actor
from watchbill.base.problem import invalid
from watchbill.intake.scans import advisories, services, updating


@control.verb("advisories.load")
def load_advisories(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Load the OSV archives, folders, catalogues or scores named in `paths`; `force` takes lists that shrank by half."""
    paths = payload.get("paths")
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise invalid("paths", "no path was given", "watchbill advisories load PATH...")
    done = advisories.load([Path(path) for path in paths], by=by, force=bool(payload.get("force")))
    return {
        "advisories": msgspec.to_builtins(done.report),
        "known_exploited": [msgspec.to_builtins(kev) for kev in done.kevs],
        "scores": [msgspec.to_builtins(one) for one in done.scores],
    }


@control.verb("advisories.update")
def update_advisories(payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """Bring advisories up to date from the mirror in the settings, or at `from`; only `ecosystems`, where any are named."""
    url, named = str(payload.get("from") or ""), payload.get("ecosystems") or []
    if not isinstance(named, list) or not all(isinstance(one, str) for one in named):
        raise invalid("ecosystems", "this is no list of ecosystems", "such as PyPI, npm, Go or crates.io")
    order = updating.wanted(url, named, force=bool(payload.get("force")), seconds=updating.ATTENDED_SECONDS)
    report = updating.update(order, by=by)
    answer: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(report, changed_ids=(), changed_cves=()))
    return answer


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
