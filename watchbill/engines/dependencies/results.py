"""What the advisory store answers with, as frozen values; there is no behaviour here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from watchbill.engines.dependencies.advisory import Affected
from watchbill.engines.dependencies.packages import Package, Unreadable

HitReason = Literal["listed", "range"]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load did. Counts are advisories; `withdrawn` counts those among added and changed that no longer stand.
    `changed_ids` are the added and the changed ones: the ids to match against an inventory. `refused` lists at most
    `store_limits.MAX_REFUSED_LISTED` of `refused_count`."""

    added: int
    changed: int
    unchanged: int
    withdrawn: int
    refused: tuple[Unreadable, ...]
    changed_ids: tuple[str, ...]
    refused_count: int = 0


@dataclass(frozen=True, slots=True)
class KevReport:
    """What loading a KEV catalogue did; `changed_cves` are those newly listed and those no longer listed."""

    version: str
    released: str
    entries: int
    added: int
    removed: int
    changed_cves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EpssReport:
    """What loading a day's EPSS scores did: how many are held now, and how many were before."""

    model: str
    date: str
    scores: int
    before: int


@dataclass(frozen=True, slots=True)
class MirrorMark:
    """Which version of a mirror's document is held: the validators that the server named, its size on the way and its digest in hex,
    how many files or rows it held, and when it was loaded (`at`, RFC 3339). `newest` is the last change that was fetched singly."""

    name: str
    url: str
    etag: str = ""
    modified: str = ""
    bytes: int = 0
    sha256: str = ""
    members: int = 0
    at: str = ""
    newest: str = ""


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """One source that was loaded: its path, when (RFC 3339, UTC), and how many advisories or entries it held."""

    path: str
    loaded_at: str
    advisories: int


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """How much the store knows and how old that is. `newest_modified` ignores placeholder times; times are empty
    when nothing was loaded; `kev_version` is CISA's, `kev_date` the catalogue's release, `epss_date` the day of the scores."""

    advisories: int
    withdrawn: int
    by_ecosystem: Mapping[str, int]
    newest_modified: str
    loaded_at: str
    kev_entries: int
    kev_version: str
    kev_date: str
    files: tuple[LoadedFile, ...]
    epss_scores: int = 0
    epss_date: str = ""
    epss_model: str = ""
    mirrored: tuple[MirrorMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A package that an advisory affects. `fixed` holds the fixed versions newer than the installed one, smallest first;
    `affected` is what the advisory says of this package, so that a fix can be checked against it."""

    package: Package
    advisory_id: str
    fixed: tuple[str, ...]
    reason: HitReason
    affected: Affected = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class UnknownMatch:
    """A package that advisories name but nobody can judge: not pinned, or a version that can't be ordered. `advisory_id`
    is empty where the doubt is the package's own and covers all `candidates` advisories at once."""

    package: Package
    advisory_id: str
    reason: str
    candidates: int = 1


@dataclass(frozen=True, slots=True)
class MatchResult:
    """All that a match found; a package in neither tuple was looked at and no advisory affects it."""

    hits: tuple[Hit, ...]
    unknown: tuple[UnknownMatch, ...]
