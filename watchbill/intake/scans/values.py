"""The plain values that intake hands from step to step: manifests read, a whole look, what is known of an advisory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from watchbill.cases.findings.rules import EpssFact, KevFact
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.packages import Package
from watchbill.intake.scans.committers import Committer


@dataclass(frozen=True)
class ReadManifest:
    """A manifest that could be read: its place under the source, the reader's name, what it pins; who it says stands behind it (an SBOM's
    own words), and who changed it last, where its sender said so.
    """

    manifest: str
    kind: str
    packages: tuple[Package, ...]
    notes: tuple[str, ...] = ()
    named_owners: tuple[str, ...] = ()
    committers: tuple[Committer, ...] = ()


@dataclass(frozen=True)
class UnreadManifest:
    """A manifest that was there and could not be read, with the reason and the place inside it."""

    manifest: str
    reason: str
    where: str = ""


@dataclass(frozen=True)
class Look:
    """All that one look at a source saw. `root` is the folder on this machine that the manifests' places begin at, "" for an upload."""

    key: str
    source: str
    service: str
    repo: str
    branch: str
    scope_inputs: tuple[str, ...]
    started_at: datetime
    finished_at: datetime
    complete: bool
    read: tuple[ReadManifest, ...]
    unread: tuple[UnreadManifest, ...]
    root: str = ""
    notes: tuple[str, ...] = ()

    @property
    def packages(self) -> int:
        return sum(len(manifest.packages) for manifest in self.read)


@dataclass(frozen=True)
class AdvisoryFacts:
    """What the advisory store knows about one advisory, gathered before the pure part begins."""

    advisory: Advisory
    canonical: str
    aliases: tuple[str, ...]
    kev: KevFact | None
    epss: EpssFact | None = None
