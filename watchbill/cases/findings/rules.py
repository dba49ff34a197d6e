"""What a source says it saw, and which finding that is: frozen values and pure identity. It reads no clock and no database, and decides
no urgency.

A finding's identity is a 128-bit hash over versioned, canonical fields: place (service, repository, branch), package (purl type,
namespace and name), advisory and manifest. Severity, title, description, tool and installed version are never part of it: a problem
that is re-scored, re-worded or half-upgraded stays the same problem.

The advisory is the unit and is stored as intake names it. It is never derived from its aliases here, because one advisory may stand for
several CVEs; where two names are the same problem (`same_problem`), the second name is recorded as a merge and makes no new finding."""

import hashlib
import json
import re
from datetime import datetime
from urllib.parse import unquote

import msgspec

IDENTITY_VERSION = 1
_PYPI_RUNS = re.compile(r"[-_.]+")
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_PURL_TYPES = {
    "npm": "npm",
    "pypi": "pypi",
    "go": "golang",
    "crates.io": "cargo",
    "rubygems": "gem",
    "packagist": "composer",
    "maven": "maven",
}


class KevFact(msgspec.Struct, frozen=True):
    """One entry of a catalogue of known exploited vulnerabilities. Days are YYYY-MM-DD, `due` empty where none is set."""

    cve: str
    date_added: str
    due: str = ""
    ransomware: bool = False
    name: str = ""
    catalogue: str = "CISA KEV"


class EpssFact(msgspec.Struct, frozen=True):
    """An EPSS score of one CVE: the chance that it is exploited somewhere within 30 days, and the share of CVEs that score no higher, both
    0 to 1. `date` is YYYY-MM-DD.
    """

    cve: str
    score: float
    percentile: float
    date: str
    model: str = ""


class Scope(msgspec.Struct, frozen=True):
    """What a scan says it looks at: its source, the place (service, repo, branch) and the inputs (manifests) it declares."""

    source: str
    service: str
    repo: str = ""
    branch: str = ""
    inputs: tuple[str, ...] = ()


class ScanSummary(msgspec.Struct, frozen=True):
    """How a scan went. `complete` is the source's own word; `packages_by_input` counts what each read input held. Times are aware UTC."""

    key: str
    scope: Scope
    started_at: datetime
    finished_at: datetime
    complete: bool
    inputs_read: tuple[str, ...]
    inputs_unreadable: tuple[tuple[str, str], ...] = ()
    packages: int = 0
    tool: str = ""
    packages_by_input: dict[str, int] = {}


class Sighting(msgspec.Struct, frozen=True):
    """One source saying that one package in one manifest is affected by one advisory.

    `installed` is empty when no version is pinned (`unpinned_bound` then holds what was written); `version_unknown` is the reason why a
    version could not be compared. Such a sighting is neither affected nor clean: it waits for a person and pages nobody.

    `path` is how it comes in: "name@version" from the direct dependency to the package's own parent, empty when it is direct or nobody
    knows. `named_owners` are who the SBOM itself says stands behind it, `committers` who changed the manifest last, each as a phrase: a
    hint for people, never an owner. None of the three is part of a finding's identity."""

    kind: str = "dependency"
    advisory: str = ""
    aliases: tuple[str, ...] = ()
    ecosystem: str = ""
    package: str = ""
    purl: str = ""
    installed: str = ""
    manifest: str = ""
    fixed: tuple[str, ...] = ()
    title: str = ""
    summary: str = ""
    cwes: tuple[str, ...] = ()
    severity: str = ""
    references: tuple[str, ...] = ()
    kev: KevFact | None = None
    exploit_refs: bool = False
    upgrade: tuple[str, ...] = ()
    advisory_modified: str = ""
    unpinned_bound: str = ""
    version_unknown: str = ""
    epss: EpssFact | None = None
    path: tuple[str, ...] = ()
    named_owners: tuple[str, ...] = ()
    committers: tuple[str, ...] = ()

    @property
    def pin(self) -> str:
        """`pinned`, `not_pinned` or `unknown`: whether the installed version could be judged at all."""
        if self.version_unknown:
            return "unknown"
        return "pinned" if self.installed and not self.unpinned_bound else "not_pinned"


class ScanOutcome(msgspec.Struct, frozen=True):
    """What a scan changed: ids of findings, but for `unchanged` (True: no state changed) and the two sentences."""

    opened: tuple[int, ...] = ()
    seen_again: tuple[int, ...] = ()
    reopened: tuple[int, ...] = ()
    fixed: tuple[int, ...] = ()
    not_seen: tuple[int, ...] = ()
    held: bool = False
    held_reason: str = ""
    paged: tuple[int, ...] = ()
    unchanged: bool = True
    ignored: str = ""


class PackageName(msgspec.Struct, frozen=True):
    """A package as its purl names it, in canonical spelling."""

    type: str
    namespace: str
    name: str


def package_name(ecosystem: str, package: str, purl: str = "") -> PackageName:
    """The canonical name of a package, from its purl where it has a readable one, else from ecosystem and name (package-url
    specification).
    """
    kind, namespace, name = _parsed(purl)
    if not name:
        kind = _PURL_TYPES.get(ecosystem.strip().lower(), ecosystem.strip().lower())
        namespace, _, name = package.strip().rpartition("/")
    if kind == "pypi":
        name = _PYPI_RUNS.sub("-", name).lower()
    elif kind in ("npm", "composer", "github"):
        namespace, name = namespace.lower(), name.lower()
    return PackageName(kind, namespace, name)


def _parsed(purl: str) -> tuple[str, str, str]:
    scheme, _, rest = purl.strip().partition(":")
    if scheme.lower() != "pkg":
        return "", "", ""
    path = rest.partition("#")[0].partition("?")[0].strip("/")
    kind, _, path = path.partition("/")
    head, _, tail = path.rpartition("/")
    name = tail.rpartition("@")[0] if "@" in tail[1:] else tail
    return kind.lower(), unquote(head.strip("/")), unquote(name)


def fingerprint(scope: Scope, sighting: Sighting) -> str:
    """The identity of the finding a sighting belongs to: 32 hex digits, the first 128 bits of SHA-256 over canonical JSON."""
    name = package_name(sighting.ecosystem, sighting.package, sighting.purl)
    fields = [
        f"watchbill-finding-v{IDENTITY_VERSION}",
        sighting.kind,
        *(part.strip() for part in (scope.service, scope.repo, scope.branch)),
        name.type,
        name.namespace,
        name.name,
        sighting.advisory.strip(),
        sighting.manifest.strip(),
    ]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()[:32]


def spot(scope: Scope, sighting: Sighting) -> str:
    """Where a sighting is, without saying which advisory: two names of one problem share it. 32 hex digits."""
    return fingerprint(scope, msgspec.structs.replace(sighting, advisory=""))


def same_problem(advisory: str, aliases: tuple[str, ...], other: str, other_aliases: tuple[str, ...]) -> bool:
    """Whether two advisories name one problem, so that the second is a merge. Never chained through a third.

    Those that stand for CVEs must stand for the same ones: an advisory for two CVEs is not the same problem as either.
    Without CVEs on both sides, one has to name the other.
    """
    if advisory == other:
        return True
    mine, theirs = _cves(advisory, aliases), _cves(other, other_aliases)
    if mine and theirs:
        return mine == theirs
    return advisory in other_aliases or other in aliases


def _cves(advisory: str, aliases: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name in (advisory, *aliases) if _CVE.fullmatch(name))


def clean_text(text: str, limit: int) -> str:
    """Other people's text as it is stored: no control characters but line feeds and tabs, at most `limit` characters. Escaping is the
    page's.
    """
    if text.isprintable():
        return text[:limit].strip()
    plain = "".join(letter if letter in "\n\t" or letter.isprintable() else " " for letter in text.replace("\r\n", "\n"))
    return plain[:limit].strip()
