"""The inverse match: new and changed advisories against the kept inventory, so that they find their owners without anybody scanning again.

It opens and worsens findings and never closes one as fixed, because nothing was looked at anew. What its publisher withdrew is told to
`cases`, and only when no other advisory still stands for the same problem.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchbill.base import clock, ids, state, writer
from watchbill.base.acting import Actor
from watchbill.cases.findings import services as findings
from watchbill.cases.findings.rules import ScanSummary, Scope, Sighting
from watchbill.engines.dependencies.packages import Package
from watchbill.engines.dependencies.versions import normalise_name
from watchbill.intake.scans import advisories
from watchbill.intake.scans.corrected import close_corrected
from watchbill.intake.scans.hints import from_kept, with_hints
from watchbill.intake.scans.mirror import in_progress
from watchbill.intake.scans.models import InventoryRow, Source
from watchbill.intake.scans.rules import sightings_of

_Place = tuple[int, str, str]  # source, manifest, kind


def match_inventory(advisory_ids: Iterable[str], *, by: Actor) -> int:
    """Find who has what these advisories name; how many sightings it made."""
    wanted = set(advisory_ids)
    gone = _withdrawn_problems(wanted)
    if gone:
        findings.withdraw_advisories(gone, by=by)
    made: dict[int, list[Sighting]] = {}
    hints = dict(Source.objects.exclude(hints={}).values_list("pk", "hints"))
    for (source_id, manifest, kind), packages in _who_has(wanted).items():
        told = from_kept(hints.get(source_id, {}), manifest)
        made.setdefault(source_id, []).extend(with_hints(_sightings(manifest, kind, packages, wanted), told))
    for source_id, sightings in made.items():
        if sightings:
            _record(Source.objects.get(pk=source_id), tuple(sightings), by=by)
    return sum(len(sightings) for sightings in made.values())


def finish_broken_load(*, by: Actor) -> bool:
    """Look the whole inventory through when a load was broken off; whether there was one."""
    if not advisories.broken_off(clock.now()) or in_progress(advisories.incoming()):
        return False
    match_inventory(advisories.naming_inventory(), by=by)
    close_corrected(by=by)
    findings.rescore(advisories.epss_fact, by=by)
    writer.write(lambda: state.put(advisories.LOADING, ""), name="advisories.finished")
    return True


def _withdrawn_problems(wanted: set[str]) -> list[str]:
    """Canonical names among `wanted` for which no standing advisory is left: one publisher's withdrawal does not unsay another's word."""
    store = advisories.store()
    known = [facts for ident in sorted(wanted) if (facts := advisories.facts(ident)) is not None and facts.advisory.withdrawn]
    return [facts.canonical for facts in known if all(other.withdrawn for other in store.by_alias(facts.canonical))]


def _who_has(wanted: set[str]) -> dict[_Place, list[Package]]:
    """Inventory rows of the packages that these advisories name, by place."""
    store = advisories.store()
    places: dict[_Place, list[Package]] = {}
    for ecosystem, name in sorted({pair for ident in wanted for pair in store.affected_packages(ident)}):
        for row in InventoryRow.objects.filter(ecosystem=ecosystem, name=normalise_name(ecosystem, name)):
            package = Package(row.ecosystem, row.name, row.version, row.purl, bound=row.bound, direct=row.direct, path=tuple(row.path))
            places.setdefault((row.source_id, row.manifest, row.kind), []).append(package)
    return places


def _sightings(manifest: str, kind: str, packages: list[Package], wanted: set[str]) -> tuple[Sighting, ...]:
    result = advisories.store().match(packages)
    hits = [hit for hit in result.hits if hit.advisory_id in wanted]
    unknown = [match for match in result.unknown if not match.advisory_id or match.advisory_id in wanted]
    return sightings_of(manifest, kind, hits, unknown, advisories.facts)


def _record(source: Source, sightings: tuple[Sighting, ...], *, by: Actor) -> None:
    now = clock.now()
    manifests = tuple(sorted({sighting.manifest for sighting in sightings}))
    summary = ScanSummary(
        key=f"advisories-{ids.new_id()}",
        scope=Scope(source.name, source.service, source.repo, source.branch, manifests),
        started_at=now,
        finished_at=now,
        complete=False,
        inputs_read=(),
        packages=len(sightings),
        tool="new advisories against the kept inventory",
    )
    findings.record_scan(summary, sightings, by=by)
