"""Finds what corrected advisories no longer cover: a range that was narrowed, a package taken out. It gathers evidence and closes nothing;
`cases` weighs it.

Evidence is whole: the kept inventory still pins the very version that was seen, at least one advisory of the problem is newer than the one
the sighting was told by, and none that stands covers any version pinned there, nor leaves it in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from watchbill.base.acting import Actor
from watchbill.cases.findings import services as findings
from watchbill.cases.findings.facts import moment
from watchbill.cases.findings.services import Corrected, Correction, OpenAdvice
from watchbill.engines.dependencies.advisory import Advisory, Affected
from watchbill.engines.dependencies.coverage import versions_covered
from watchbill.engines.dependencies.packages import Package
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.engines.dependencies.versions import normalise_name
from watchbill.intake.scans import advisories
from watchbill.intake.scans.models import InventoryRow, Source


def close_corrected(*, by: Actor, force: bool = False) -> Corrected:
    """Look through everything open and hand what was corrected to `cases`. May be run again: what was closed is not found again."""
    return findings.withdraw_corrected(list(corrections(advisories.store())), by=by, force=force)


def corrections(store: AdvisoryStore) -> Iterator[Correction]:
    """The evidence, sighting by sighting. Sightings of sources that keep no inventory are passed over."""
    sources = dict(Source.objects.values_list("name", "pk"))
    for seen in findings.open_advice():
        told = moment(seen.modified)
        newest = moment(store.newest(seen.names)) if told else None
        if told and newest and newest > told and seen.source in sources:
            pinned = _pinned(sources[seen.source], seen)
            found = _correction(store, seen, told, pinned) if pinned else None
            if found is not None:
                yield found


def _pinned(source_id: int, seen: OpenAdvice) -> list[Package]:
    """What the inventory pins there now; nothing unless the version that was seen is among it, and each has a version."""
    name = normalise_name(seen.ecosystem, seen.package)
    rows = InventoryRow.objects.filter(source_id=source_id, manifest=seen.manifest, ecosystem=seen.ecosystem, name=name)
    packages = [Package(row.ecosystem, row.name, row.version, row.purl, bound=row.bound) for row in rows]
    versions = {package.version for package in packages}
    return packages if seen.installed in versions and "" not in versions else []


def _correction(store: AdvisoryStore, seen: OpenAdvice, told: datetime, pinned: list[Package]) -> Correction | None:
    known = {one.id: one for name in seen.names for one in store.by_alias(name)}
    for one in known.values():
        result = store.match_advisory(one.id, pinned)
        if result.hits or result.unknown:
            return None
    newer = [one for one in known.values() if (at := moment(one.modified)) is not None and at > told]
    if not newer or all(one.withdrawn for one in known.values()):
        return None  # a withdrawal has a way of its own
    latest = max(newer, key=lambda one: (not one.withdrawn, _naming(one, seen) is not None, one.modified, one.id))
    return Correction(seen.id, seen.installed, latest.modified, _why(latest, seen))


def _naming(advisory: Advisory, seen: OpenAdvice) -> Affected | None:
    """What an advisory says of the package now, joined where it names it several times."""
    name = normalise_name(seen.ecosystem, seen.package)
    entries = [one for one in advisory.affected if one.ecosystem == seen.ecosystem and normalise_name(one.ecosystem, one.package) == name]
    if not entries:
        return None
    versions = tuple(dict.fromkeys(version for one in entries for version in one.versions))
    return Affected(seen.ecosystem, seen.package, versions, tuple(span for one in entries for span in one.ranges))


def _why(advisory: Advisory, seen: OpenAdvice) -> str:
    at = moment(advisory.withdrawn or advisory.modified)
    on = f" on {at.day} {at:%B} {at.year}" if at else ""
    if advisory.withdrawn:
        return f"The advisory {advisory.id} was withdrawn{on}, and no other one covers {seen.package} {seen.installed}."
    affected = _naming(advisory, seen)
    if affected is None:
        return f"The advisory {advisory.id} was corrected{on}: it no longer names {seen.package}."
    return f"The advisory {advisory.id} was corrected{on}: {versions_covered(affected)} only, and {seen.installed} is installed."
