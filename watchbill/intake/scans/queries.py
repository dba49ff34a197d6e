"""Reads for the sources page, the API and the set-up page; plain values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from watchbill.base import clock
from watchbill.engines.dependencies.groups import by_name
from watchbill.intake.scans import advisories
from watchbill.intake.scans.freshness import Freshness, of_store
from watchbill.intake.scans.models import InventoryRow, Scan, Source

STALE_AFTER = timedelta(hours=26)


@dataclass(frozen=True)
class SourceInfo:
    """A source as a page shows it; `stale` means nobody looked for more than 26 hours, `command` what to run to look again."""

    id: int
    name: str
    title: str
    kind: str
    service: str
    path: str
    inputs: tuple[str, ...]
    last_scan_at: datetime | None
    last_outcome: str
    last_ok: bool
    stale: bool
    packages: int
    command: str


@dataclass(frozen=True)
class ScanInfo:
    """One look as a page shows it."""

    key: str
    source_id: int
    finished_at: datetime
    complete: bool
    packages: int
    inputs_read: tuple[str, ...]
    unreadable: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]
    unknown: tuple[str, ...]
    outcome: str
    held: bool


def sources() -> tuple[SourceInfo, ...]:
    """Every source, by service and name."""
    now = clock.now()
    latest = Scan.objects.filter(source=OuterRef("pk")).order_by("-finished_at", "-pk")
    newest = dict(Source.objects.values_list("pk", Subquery(latest.values("packages")[:1])))
    return tuple(_source(row, now, newest[row.pk] or 0) for row in Source.objects.order_by("service", "name"))


def source(source_id: int) -> SourceInfo | None:
    """One source, or `None`."""
    return next((info for info in sources() if info.id == source_id), None)


def _source(row: Source, now: datetime, packages: int) -> SourceInfo:
    inputs = tuple(str(name) for name in row.inputs)
    title = f"{', '.join(inputs) or 'lockfiles'} of {row.service}"
    return SourceInfo(
        id=row.pk,
        name=row.name,
        title=title,
        kind=row.kind,
        service=row.service,
        path=row.path,
        inputs=inputs,
        last_scan_at=row.last_scan_at,
        last_outcome=row.last_outcome,
        last_ok=row.last_ok,
        stale=row.last_scan_at is None or now - row.last_scan_at > STALE_AFTER,
        packages=packages,
        command=f"wb send {inputs[0] if inputs else 'FILE'} --service {row.service}",
    )


def scans_of(source_id: int, limit: int = 20) -> tuple[ScanInfo, ...]:
    """A source's newest looks, newest first."""
    rows = Scan.objects.filter(source_id=source_id).order_by("-finished_at", "-pk")[:limit]
    return tuple(
        ScanInfo(
            key=row.key,
            source_id=row.source_id,
            finished_at=row.finished_at,
            complete=row.complete,
            packages=row.packages,
            inputs_read=tuple(row.inputs_read),
            unreadable=tuple((str(a), str(b), str(c)) for a, b, c in row.unreadable),
            notes=tuple(row.notes),
            unknown=tuple(row.unknown),
            outcome=row.outcome,
            held=row.held,
        )
        for row in rows
    )


def source_of_service(service: str) -> SourceInfo | None:
    """The watched path that stands for a service, where there is one; what *check now* looks at."""
    row = Source.objects.filter(service=service, kind="path").order_by("pk").first()
    return source(row.pk) if row else None


@dataclass(frozen=True)
class Names:
    """Other names of a problem, CVEs first; `cves` counts those among all of them, which may be more than one problem."""

    others: tuple[str, ...]
    cves: int


def also_known_as(advisory: str, aliases: tuple[str, ...]) -> Names:
    """What a finding's advisory is also called: its aliases and those of the advisories that share a name. For display only."""
    group = advisories.store().group(advisory)
    names = by_name({*group.names, *aliases, advisory})
    return Names(tuple(name for name in names if name != advisory), sum(name.startswith("CVE-") for name in names))


def advisories_age() -> Freshness:
    """How old the advisories are, in words, and what the last update could not bring."""
    return of_store(advisories.store(), clock.now())


def inventory_size() -> int:
    """How many package rows are kept."""
    return InventoryRow.objects.count()
