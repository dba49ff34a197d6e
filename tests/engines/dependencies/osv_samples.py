"""Makes small OSV advisories, catalogues, zips and packages for the tests; every advisory here is invented."""

import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from watchbill.engines.dependencies.advisory import Affected, Event, EventKind, Range, RangeKind
from watchbill.engines.dependencies.packages import Package

Edges = Sequence[tuple[EventKind, str]]


def osv(advisory_id: str = "SALT-2026-1", package: str = "hawser", *, ecosystem: str = "PyPI", **more: Any) -> dict[str, Any]:
    """One OSV document: `package` is affected before 2.0.0 unless `events` or `versions` say otherwise."""
    events = more.pop("events", [{"introduced": "0"}, {"fixed": "2.0.0"}])
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": package}}
    if events:
        affected["ranges"] = [{"type": more.pop("range_type", "ECOSYSTEM"), "events": events}]
    if "versions" in more:
        affected["versions"] = more.pop("versions")
    base = {"id": advisory_id, "modified": "2026-11-01T08:00:00Z", "summary": f"{package} parts under load", "affected": [affected]}
    return base | more


def as_bytes(document: object) -> bytes:
    return json.dumps(document).encode()


def kev_entry(cve: str, added: str = "2026-11-02", **more: Any) -> dict[str, Any]:
    base = {"cveID": cve, "vendorProject": "Salt", "product": "hawser", "vulnerabilityName": "Hawser parts", "dateAdded": added}
    return base | {"dueDate": "2026-11-23", "knownRansomwareCampaignUse": "Unknown", "notes": "", "shortDescription": ""} | more


def kev(*entries: Mapping[str, Any], released: str = "2026-11-03T00:00:00Z", **more: Any) -> dict[str, Any]:
    base = {"catalogVersion": "2026.11.03", "dateReleased": released, "count": len(entries), "vulnerabilities": list(entries)}
    return base | more


def zip_of(path: Path, members: Mapping[str, bytes] | Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> Path:
    pairs = members.items() if isinstance(members, Mapping) else members
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in pairs:
            archive.writestr(name, data)
    return path


def file_of(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_bytes(document))
    return path


def package(name: str = "hawser", version: str = "1.0.0", ecosystem: str = "PyPI", bound: str = "") -> Package:
    return Package(ecosystem, name, version, f"pkg:any/{name}@{version}", bound=bound)


def affected(*spans: Edges, ecosystem: str = "npm", versions: Iterable[str] = (), kind: RangeKind = "SEMVER") -> Affected:
    """What an advisory says of one package; each span is a range given as (kind, version) pairs."""
    ranges = tuple(Range(kind, tuple(Event(what, version) for what, version in span)) for span in spans)
    return Affected(ecosystem, "hawser", tuple(versions), ranges)
