"""What a look learns about people beside the packages: who an SBOM says stands behind its software, and whom a history suggests to ask.

Hints only. The roster decides what the SBOM's words are worth, and committers are looked up only for what nobody owns.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from watchbill.base import limits
from watchbill.cases.findings.rules import Sighting
from watchbill.intake.scans.committers import Committer, last_committers, phrases
from watchbill.intake.scans.values import Look, ReadManifest
from watchbill.roster import queries as roster


class Hints(msgspec.Struct, frozen=True):
    """Of one manifest: the SBOM's own words about its owners, and the last committers as phrases."""

    named_owners: tuple[str, ...] = ()
    committers: tuple[str, ...] = ()


@dataclass
class Asking:
    """One look's questions about people: a few histories, for a few seconds altogether."""

    look: Look
    files: int = limits.GIT_FILES
    seconds: float = limits.GIT_LOOK_SECONDS

    def of(self, manifest: ReadManifest, *, wanted: bool) -> Hints:
        """The hints of a manifest; committers only where they are `wanted` and nobody owns the place."""
        look, named = self.look, manifest.named_owners
        if not wanted or not (manifest.committers or look.root):
            return Hints(named)
        owner = roster.owner_of(service=look.service, repo=look.repo, path=manifest.manifest, sbom=named)
        if owner.origin != "fallback":
            return Hints(named)
        found = manifest.committers or self._from_history(Path(look.root, manifest.manifest))
        return Hints(named, phrases(found, {person.email: person.name for person in roster.people()} if found else {}))

    def _from_history(self, file: Path) -> tuple[Committer, ...]:
        if self.files <= 0:
            return ()
        begun = time.monotonic()
        found = last_committers(file, min(limits.GIT_SECONDS, self.seconds))
        self.files -= 1
        self.seconds -= time.monotonic() - begun
        return found


def with_hints(sightings: Iterable[Sighting], hints: Hints) -> tuple[Sighting, ...]:
    """The sightings of one manifest with what is known about its people."""
    if hints == Hints():
        return tuple(sightings)
    return tuple(msgspec.structs.replace(one, named_owners=hints.named_owners, committers=hints.committers) for one in sightings)


def kept(hints: dict[str, Hints]) -> dict[str, Any]:
    """As a source keeps them, by manifest; nothing of those that say nothing."""
    stored: dict[str, Any] = msgspec.to_builtins({name: one for name, one in hints.items() if one != Hints()})
    return stored


def from_kept(stored: dict[str, Any], manifest: str) -> Hints:
    """A manifest's hints from what was kept."""
    return msgspec.convert(stored.get(manifest, {}), Hints)
