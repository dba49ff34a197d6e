"""The node's advisory store: where it is, what it knows of one advisory, how it is loaded, and the inverse match afterwards.

The store is a file of its own beside the database, so a load never holds up a page. Nothing here decides about findings; changed
advisories are handed to a job that looks through the kept inventory.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from watchbill.base import clock, jobs, state, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.base.settings import settings
from watchbill.cases.findings.rules import KevFact
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.results import KevReport, LoadReport
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.rules import canonical_id
from watchbill.intake.scans.values import AdvisoryFacts

_IDS_PER_JOB = 200
_LONGEST_LOAD = timedelta(minutes=10)
LOADING = "advisories.loading"


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


class _Loaded:
    """What a load has done so far: what must be told even when a later file is refused."""

    def __init__(self) -> None:
        self.report = LoadReport(0, 0, 0, 0, (), ())
        self.kevs: list[KevReport] = []

    def touched(self) -> list[str]:
        """Ids of advisories that are new, changed, or newly known to be exploited (or no longer so)."""
        listed = [advisory.id for kev in self.kevs for cve in kev.changed_cves for advisory in store().by_alias(cve)]
        return sorted({*self.report.changed_ids, *listed})


def load(paths: Iterable[Path], *, by: Actor) -> tuple[LoadReport, tuple[KevReport, ...]]:
    """Load known-exploited catalogues (`*kev*.json`) and OSV zips, folders or files; then look through the inventory for each change.

    Each catalogue, and all OSV sources together, are taken whole or not at all. Raises `Problem` for a path that is not there and for a
    source that was refused; what had been loaded before it is looked through all the same.
    """
    given = list(paths)
    for path in given:
        if not path.exists():
            raise invalid("paths", f"there is nothing at {path}", "give an OSV zip, a folder of OSV JSON files, or a KEV catalogue")
    kevs = [path for path in given if path.is_file() and path.suffix == ".json" and "kev" in path.name.lower()]
    writer.write(lambda: state.put(LOADING, clock.now().isoformat()), name="advisories.loading")
    done = _Loaded()
    try:
        for path in kevs:
            done.kevs.append(store().load_kev(path))
        done.report = store().load([path for path in given if path not in kevs])
    except LoadRefused as refused:
        detail = f"{refused.unreadable.where}: {refused.unreadable.reason}."
        raise Problem("refused", "This source was refused", detail, field="paths", remedy="Fetch it again, or leave it out.") from refused
    finally:
        _hand_on(done, by=by)
    return done.report, tuple(done.kevs)


def _hand_on(done: _Loaded, *, by: Actor) -> None:
    """Record the load and queue the inverse match, in one transaction, which also takes the mark of an unfinished load away."""
    now, touched = clock.now(), done.touched()

    def record() -> None:
        body = {
            "added": done.report.added,
            "changed": done.report.changed,
            "withdrawn": done.report.withdrawn,
            "refused": done.report.refused_count,
            "known_exploited_changed": sum(len(kev.changed_cves) for kev in done.kevs),
        }
        writer.audit(by, "advisories.loaded", "advisories:store", body=body)
        for start in range(0, len(touched), _IDS_PER_JOB):
            jobs.enqueue("scans.inverse", {"advisories": touched[start : start + _IDS_PER_JOB], "at": now.isoformat()})
        state.put(LOADING, "")

    writer.write(record, name="advisories.loaded")


def broken_off(now: datetime) -> bool:
    """Was a load begun and never finished, because its process was killed? Then nobody knows which advisories it brought."""
    begun = state.get(LOADING)
    return bool(begun) and now - datetime.fromisoformat(begun) > _LONGEST_LOAD


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
