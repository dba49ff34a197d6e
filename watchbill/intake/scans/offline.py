"""`watchbill scan`: lockfiles against an advisory store with no server, no Django and no network.

It reports and changes nothing. Whatever could not be looked at is listed and turns the answer into "not clean", never into silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from watchbill.engines.dependencies.fixes import nearest_fix
from watchbill.engines.dependencies.results import Hit
from watchbill.engines.dependencies.store import AdvisoryStore
from watchbill.intake.scans.manifests import find_manifests, read_file
from watchbill.intake.scans.values import ReadManifest, UnreadManifest


class OfflineFinding(msgspec.Struct, frozen=True):
    """One vulnerable package: where it stands, the advisory, whether it is known to be exploited, the nearest fix, and how it comes in
    ("name@version" from the direct dependency to its own parent).
    """

    manifest: str
    ecosystem: str
    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    summary: str
    known_exploited: bool
    fixed: str
    reason: str
    path: tuple[str, ...] = ()


class NotLookedAt(msgspec.Struct, frozen=True):
    """Something that could not be looked at: a file, a part of one, or a package without a usable version."""

    place: str
    what: str
    reason: str


class OfflineReport(msgspec.Struct, frozen=True):
    """The whole answer. `exit_code`: 0 clean, 1 findings, 2 something could not be looked at."""

    manifests: tuple[str, ...]
    packages: int
    findings: tuple[OfflineFinding, ...]
    not_looked_at: tuple[NotLookedAt, ...]
    advisories: int

    @property
    def exit_code(self) -> int:
        if self.not_looked_at:
            return 2
        return 1 if self.findings else 0


def scan(paths: Iterable[Path], store: AdvisoryStore) -> OfflineReport:
    """Read every manifest at or below `paths` and match it against `store`."""
    read: list[ReadManifest] = []
    missed: list[NotLookedAt] = []
    for path in paths:
        _look(path, read, missed)
    known = store.status().advisories
    if known == 0:
        missed.append(NotLookedAt("the advisory store", "advisories", "none are loaded: watchbill advisories load PATH..."))
    findings = [finding for manifest in read for finding in _findings(manifest, store, missed)]
    return OfflineReport(
        manifests=tuple(manifest.manifest for manifest in read),
        packages=sum(len(manifest.packages) for manifest in read),
        findings=tuple(findings),
        not_looked_at=tuple(missed),
        advisories=known,
    )


def _look(path: Path, read: list[ReadManifest], missed: list[NotLookedAt]) -> None:
    """Add what stands at or below `path` to `read`, and what could not be looked at to `missed`."""
    results = [read_file(found) for found in find_manifests(path)] if path.exists() else []
    if not results:
        reason = "no lockfile or SBOM that a reader knows" if path.exists() else "there is nothing at this path"
        missed.append(NotLookedAt(str(path), "path", reason))
    folder = path if path.is_dir() else path.parent
    for result in results:
        place = (folder / result.manifest).as_posix()
        if isinstance(result, UnreadManifest):
            missed.append(NotLookedAt(place, "file", f"{result.reason} {result.where}".strip()))
            continue
        read.append(ReadManifest(place, result.kind, result.packages, result.notes))
        missed.extend(NotLookedAt(place, "part of the file", note) for note in result.notes)


def _findings(manifest: ReadManifest, store: AdvisoryStore, missed: list[NotLookedAt]) -> Iterable[OfflineFinding]:
    result = store.match(manifest.packages)
    for match in result.unknown:
        name = f"{match.package.name} {match.package.version or match.package.bound}".strip()
        missed.append(NotLookedAt(manifest.manifest, name, match.reason))
    grouped: dict[str, list[Hit]] = {}
    for hit in result.hits:
        grouped.setdefault(hit.package.name, []).append(hit)
    for hit in sorted(result.hits, key=lambda each: (each.package.name, each.advisory_id)):
        advisory = store.get(hit.advisory_id)
        if advisory is None:
            continue
        names = (advisory.id, *advisory.aliases)
        yield OfflineFinding(
            manifest=manifest.manifest,
            ecosystem=hit.package.ecosystem,
            package=hit.package.name,
            version=hit.package.version,
            advisory=advisory.id,
            aliases=advisory.aliases,
            summary=advisory.summary,
            known_exploited=store.kev(names) is not None,
            fixed=nearest_fix(hit.package.ecosystem, hit.package.version, grouped[hit.package.name]),
            reason=hit.reason,
            path=hit.package.path,
        )
