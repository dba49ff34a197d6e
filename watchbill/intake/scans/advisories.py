"""The node's advisory store: where it is, what it knows of one advisory, how it is loaded, and the inverse match afterwards.

The store is a file of its own beside the database, so a load never holds up a page. Nothing here decides about findings; changed
advisories are handed to a job that looks through the kept inventory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from watchbill.base import clock, jobs, state, writer
from watchbill.base.acting import Actor
from watchbill.base.problem import Problem, invalid
from watchbill.base.settings import settings
from watchbill.cases.findings.rules import EpssFact, KevFact
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.results import EpssReport, KevReport, LoadReport
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.mirror import MirrorReport
from watchbill.intake.scans.models import InventoryRow
from watchbill.intake.scans.rules import canonical_id
from watchbill.intake.scans.values import AdvisoryFacts

_IDS_PER_JOB = 200
_TOO_MANY_TO_TRY = 2_000  # beyond it, only those that name a package of the inventory are matched
_NOTHING = LoadReport(0, 0, 0, 0, (), ())
_LONGEST_LOAD = timedelta(minutes=10)
LOADING = "advisories.loading"


def store_path() -> Path:
    """The advisory store's file: `advisories.db` in the data directory."""
    return settings().data / "advisories.db"


def incoming() -> Path:
    """Where parts of downloads lie: a folder beside the advisory store."""
    return store_path().parent / "incoming"


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
    return AdvisoryFacts(known, canonical_id(names), tuple(sorted(set(names))), kev, epss_fact(names))


def epss_fact(names: Iterable[str]) -> EpssFact | None:
    """What EPSS says of any of these names or their direct aliases, the highest."""
    score = store().epss(names)
    return EpssFact(score.cve, score.score, score.percentile, score.date, score.model) if score else None


@dataclass
class Changed:
    """What a load has done so far: what must be told even when a later file is refused."""

    report: LoadReport = _NOTHING
    kevs: list[KevReport] = field(default_factory=list)
    scores: list[EpssReport] = field(default_factory=list)
    cves: tuple[str, ...] = ()
    scored: bool = False
    idle: bool = False

    @classmethod
    def by_mirror(cls, report: MirrorReport) -> Changed:
        """The same of an update from a mirror."""
        loaded = LoadReport(report.added, report.changed, 0, report.withdrawn, (), report.changed_ids, report.refused)
        idle = all(one.outcome != "loaded" for one in report.brought)
        return cls(loaded, cves=report.changed_cves, scored=report.scored, idle=idle)

    @property
    def known_exploited(self) -> tuple[str, ...]:
        """CVEs that are newly known to be exploited, or no longer so."""
        return (*self.cves, *(cve for kev in self.kevs for cve in kev.changed_cves))

    def touched(self) -> list[str]:
        """Ids of advisories that are new, changed, or newly known to be exploited (or no longer so)."""
        listed = [advisory.id for cve in self.known_exploited for advisory in store().by_alias(cve)]
        return sorted({*self.report.changed_ids, *listed})


def load(paths: Iterable[Path], *, by: Actor, force: bool = False) -> Changed:
    """Load known-exploited catalogues (`*kev*.json`, `known_exploited*.json`), EPSS scores (`*epss*.csv`, `.csv.gz`) and OSV zips,
    folders or files; then look through the inventory for each change.

    Each catalogue, and all OSV sources together, are taken whole or not at all. Raises `Problem` for a path that is not there and for a
    source that was refused; what had been loaded before it is looked through all the same. `force` takes lists that shrank by more than
    half, and lets corrections count that would close more than half of what is open.
    """
    given = list(paths)
    for path in given:
        if not path.exists():
            raise invalid(
                "paths", f"there is nothing at {path}", "give an OSV zip, a folder of OSV JSON files, a KEV catalogue, or EPSS scores"
            )
    kevs = [path for path in given if is_kev(path)]
    scores = [path for path in given if is_epss(path)]
    begin_load()
    done = Changed()
    try:
        for path in kevs:
            done.kevs.append(store().load_kev(path, force=force))
        for path in scores:
            done.scores.append(store().load_epss(path, force=force))
            done.scored = True
        done.report = store().load([path for path in given if path not in kevs and path not in scores])
    except LoadRefused as refused:
        detail = f"{refused.unreadable.where}: {refused.unreadable.reason}."
        raise Problem("refused", "This source was refused", detail, field="paths", remedy="Fetch it again, or leave it out.") from refused
    finally:
        hand_on(done, by=by, force=force)
    return done


def is_kev(path: Path) -> bool:
    """Whether a file is a known-exploited catalogue, by its name."""
    name = path.name.lower()
    return path.is_file() and name.endswith(".json") and ("kev" in name or name.startswith("known_exploited"))


def is_epss(path: Path) -> bool:
    """Whether a file holds EPSS scores, by its name."""
    name = path.name.lower()
    return path.is_file() and "epss" in name and name.endswith((".csv", ".csv.gz"))


def begin_load() -> None:
    """Mark that a load is at work, so that one which is broken off is noticed."""
    writer.write(lambda: state.put(LOADING, clock.now().isoformat()), name="advisories.loading")


def hand_on(done: Changed, *, by: Actor, force: bool = False) -> None:
    """Record the load and queue what follows from it, in one transaction, which also takes the mark of an unfinished load away.

    New and changed advisories are matched against the inventory, corrected ones against what they no longer cover, scores against what
    is open.
    """
    now, touched = clock.now(), done.touched()
    if len(touched) > _TOO_MANY_TO_TRY:
        touched = sorted(set(touched) & naming_inventory())

    def record() -> None:
        body = {
            "added": done.report.added,
            "changed": done.report.changed,
            "withdrawn": done.report.withdrawn,
            "refused": done.report.refused_count,
            "known_exploited_changed": len(done.known_exploited),
            "scored": done.scored,
        }
        if not done.idle:
            writer.audit(by, "advisories.loaded", "advisories:store", body=body)
        for start in range(0, len(touched), _IDS_PER_JOB):
            jobs.enqueue("scans.inverse", {"advisories": touched[start : start + _IDS_PER_JOB], "at": now.isoformat()})
        if done.report.changed or force:
            jobs.enqueue("scans.corrected", {"forced_by": [by.kind, by.name, by.source] if force else []})
        if done.scored:
            jobs.enqueue("scans.scored", {})
        state.put(LOADING, "")

    writer.write(record, name="advisories.loaded")


def naming_inventory() -> set[str]:
    """Ids of all advisories that name a package of the inventory."""
    pairs = InventoryRow.objects.values_list("ecosystem", "name").distinct()
    return {ident for ecosystem, name in pairs for ident in store().naming(ecosystem, name)}


def broken_off(now: datetime) -> bool:
    """Was a load begun and never finished, because its process was killed? Then nobody knows which advisories it brought."""
    begun = state.get(LOADING)
    return bool(begun) and now - datetime.fromisoformat(begun) > _LONGEST_LOAD


def require_loaded() -> None:
    """Raise `Problem` when there is nothing to compare with: an unloaded store must never look like a clean bill."""
    if store().is_empty():
        raise Problem(
            code="no_advisories",
            title="No advisories are loaded",
            detail="There is nothing to compare packages with, so nothing can be called clean.",
            remedy="watchbill advisories load PATH...",
            status=409,
        )
