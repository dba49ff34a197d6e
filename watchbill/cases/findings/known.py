"""Loads what is already known about all that a scan tells, in a few wide queries. It decides nothing and writes nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from watchbill.cases.findings.closing import LastLook, declared
from watchbill.cases.findings.models import YES, Feed, Finding, InputLook, MergedName, SeenBy
from watchbill.cases.findings.rules import ScanSummary
from watchbill.cases.limits import CHUNK

T = TypeVar("T")


@dataclass
class Known:
    """`mine`: this feed's sightings by fingerprint; `by_name`: findings by any fingerprint they are known under; `at_spot`: findings at
    one place and package under whatever advisory; `told`: all open sightings of a finding, by finding id, oldest first.
    """

    mine: dict[str, SeenBy] = field(default_factory=dict)
    findings: dict[int, Finding] = field(default_factory=dict)
    by_name: dict[str, Finding] = field(default_factory=dict)
    at_spot: dict[str, list[Finding]] = field(default_factory=dict)
    told: dict[int, list[SeenBy]] = field(default_factory=dict)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists short enough for one statement."""
    part: list[T] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def looks_of(feed: Feed) -> dict[str, LastLook]:
    """When this feed last read each manifest."""
    rows = InputLook.objects.filter(feed=feed).values_list("manifest", "finished_at", "packages")
    return {manifest: LastLook(finished_at, packages) for manifest, finished_at, packages in rows}


def load(feed: Feed, scan: ScanSummary, spots: Mapping[str, str]) -> Known:
    """All that a scan may touch: `spots` maps the fingerprints it tells to their spots."""
    known = Known(mine={row.fingerprint: row for row in covered_open(feed, scan)})
    for part in chunks(sorted(set(spots) - set(known.mine))):
        known.mine |= {row.fingerprint: row for row in SeenBy.objects.filter(feed=feed, fingerprint__in=part)}
    _load_findings(known, spots)
    _load_told(known, feed, declared(scan))
    return known


def covered_open(feed: Feed, scan: ScanSummary) -> Sequence[SeenBy]:
    """Open sightings of this feed in the manifests that the scan speaks for; in all of them when it names none."""
    rows = SeenBy.objects.filter(feed=feed, open__in=YES)
    names = declared(scan)
    if not names:
        return list(rows)
    return [row for part in chunks(sorted(names)) for row in rows.filter(manifest__in=part)]


def _load_findings(known: Known, spots: Mapping[str, str]) -> None:
    ids = {row.finding_id for row in known.mine.values()}
    for part in chunks(spots):
        for finding in Finding.objects.filter(fingerprint__in=part):
            known.by_name[finding.fingerprint] = known.findings.setdefault(finding.pk, finding)
        for name in MergedName.objects.filter(fingerprint__in=part).select_related("finding"):
            known.findings.setdefault(name.finding_id, name.finding)
            known.by_name[name.fingerprint] = known.findings[name.finding_id]
    strangers = {spot for fingerprint, spot in spots.items() if fingerprint not in known.by_name}
    for part in chunks(sorted(strangers)):
        for finding in Finding.objects.filter(spot__in=part):
            known.at_spot.setdefault(finding.spot, []).append(known.findings.setdefault(finding.pk, finding))
    for part_ids in chunks(sorted(ids - set(known.findings))):
        known.findings |= {finding.pk: finding for finding in Finding.objects.filter(pk__in=part_ids)}


def _load_told(known: Known, feed: Feed, names: frozenset[str]) -> None:
    """Other feeds' open sightings of the same findings, beside this feed's. A finding's sightings share its manifest, so this feed's
    are loaded already wherever the scan speaks for it; elsewhere they are looked up.
    """
    rows = {row.pk: row for row in known.mine.values() if row.open}
    for part in chunks(sorted(known.findings)):
        rows |= {row.pk: row for row in SeenBy.objects.filter(finding_id__in=part, open__in=YES).exclude(feed=feed)}
    beyond = sorted(pk for pk, finding in known.findings.items() if names and finding.manifest not in names)
    mine = {row.pk: row for row in known.mine.values()}
    for part in chunks(beyond):
        rows |= {row.pk: mine.get(row.pk, row) for row in SeenBy.objects.filter(finding_id__in=part, open__in=YES, feed=feed)}
    for row in sorted(rows.values(), key=lambda one: (one.first_seen_at, one.pk)):
        known.told.setdefault(row.finding_id, []).append(row)
