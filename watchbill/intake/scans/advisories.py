"""The node's advisory store: where it is, what it knows of one advisory, how it is loaded, and the inverse match afterwards.

The store is a file of its own beside the database, so a load never holds up a page. Nothing here decides about findings; changed
advisories are handed to a job that looks through the kept inventory.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from watchbill.base import clock, jobs, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.base.settings import settings
from watchbill.cases.findings.rules import KevFact
from watchbill.engines.dependencies.results import KevReport, LoadReport
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.rules import canonical_id
from watchbill.intake.scans.values import AdvisoryFacts

_IDS_PER_JOB = 200


def store_path() -> Path:
    """The advisory store's file: `advisories.db` in the data directory."""
    return settings().data / "advisories.db"


@lru_cache(maxsize=4)
def _open(path: Path) -> AdvisoryStore:
    return AdvisoryStore.open(path)


def store() -> AdvisoryStore:
    """This process's advisory store, opened once."""
    return _open(store_path())


def facts(advisory_id: str) -> AdvisoryFacts | None:
    """All the store knows of one advisory, with its alias group's canonical name and its known-exploited entry."""
    known = store().get(advisory_id)
    if known is None:
        return None
    names = (known.id, *known.aliases)
    entry = store().kev(names)
    kev = KevFact(cve=entry.cve, date_added=entry.date_added, due=entry.due) if entry else None
    return AdvisoryFacts(known, canonical_id(names), tuple(sorted(set(names))), kev)


def load(paths: Iterable[Path], *, by: Actor) -> tuple[LoadReport, tuple[KevReport, ...]]:
    """Load OSV zips, folders or files and known-exploited catalogues (`*kev*.json`); then look through the inventory for each change.

    Raises `Problem` for a path that is not there; an archive that is not whole changes nothing.
    """
    given = list(paths)
    for path in given:
        if not path.exists():
            raise invalid("paths", f"there is nothing at {path}", "give an OSV zip, a folder of OSV JSON files, or a KEV catalogue")
    kevs = [path for path in given if path.is_file() and path.suffix == ".json" and "kev" in path.name.lower()]
    report = store().load([path for path in given if path not in kevs])
    kev_reports = tuple(store().load_kev(path) for path in kevs)
    touched = list(report.changed_ids)
    for kev in kev_reports:
        touched.extend(advisory.id for cve in kev.changed_cves for advisory in store().by_alias(cve))
    _hand_on(sorted(set(touched)), report, kev_reports, by=by)
    return report, kev_reports


def _hand_on(touched: list[str], report: LoadReport, kevs: tuple[KevReport, ...], *, by: Actor) -> None:
    """Record the load and queue the inverse match, in one transaction."""
    now = clock.now()

    def record() -> None:
        body = {
            "added": report.added,
            "changed": report.changed,
            "withdrawn": report.withdrawn,
            "refused": report.refused_count,
            "known_exploited_changed": sum(len(kev.changed_cves) for kev in kevs),
        }
        writer.audit(by, "advisories.loaded", "advisories:store", body=body)
        for start in range(0, len(touched), _IDS_PER_JOB):
            jobs.enqueue("scans.inverse", {"advisories": touched[start : start + _IDS_PER_JOB], "at": now.isoformat()})

    writer.write(record, name="advisories.loaded")


def age(now: datetime) -> str:
    """When advisories were last loaded, as an ISO time, or an empty string for never."""
    status = store().status()
    return status.loaded_at if status.advisories else ""


def require_loaded() -> None:
    """Raise `Problem` when there is nothing to compare with: an unloaded store must never look like a clean bill."""
    if store().status().advisories == 0:
        raise Problem(
            code="no_advisories",
            title="No advisories are loaded",
            detail="There is nothing to compare packages with, so nothing can be called clean.",
            remedy="watchbill advisories load PATH...",
            status=409,
        )
