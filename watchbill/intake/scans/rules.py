"""Turning what the engine matched into sightings, and a look into words: pure.

Nothing here reads a file, asks the time or touches a database; `services.py` brings those as arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from watchbill.cases.findings.rules import ScanOutcome, ScanSummary, Scope, Sighting
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.exploitation import best_vector, exploit_references
from watchbill.engines.dependencies.fixes import nearest_fix, upgrade_command
from watchbill.engines.dependencies.packages import Package, SbomSubject
from watchbill.engines.dependencies.results import Hit, UnknownMatch
from watchbill.intake.scans.values import AdvisoryFacts, Look, ReadManifest

UNJUDGED = "unjudged-version"
SOURCE_LETTERS = 300


def canonical_id(ids: Iterable[str]) -> str:
    """The name a problem is kept under: its lowest CVE where it has one, else the lowest id of the group.

    Sources name the same problem GHSA-, PYSEC-, GO- or RUSTSEC-; the CVE is the name they share, so a finding stays the same
    finding when another tool reports it.
    """
    ordered = sorted(set(ids), key=_cve_first)
    return ordered[0] if ordered else ""


def _cve_first(ident: str) -> tuple[int, int, int, str]:
    parts = ident.split("-")
    if len(parts) == 3 and parts[0] == "CVE" and parts[1].isdigit() and parts[2].isdigit():
        return (0, int(parts[1]), int(parts[2]), ident)
    return (1, 0, 0, ident)


def named_owners(subject: SbomSubject | None) -> tuple[str, ...]:
    """Who a bill of materials says stands behind what it describes: its contacts, nearest first, then its supplier; each once."""
    return tuple(dict.fromkeys(filter(None, (*subject.contacts, subject.supplier)))) if subject else ()


def summarise(look: Look) -> ScanSummary:
    """The look as `cases` wants it: what was declared, what was read, how much stood there."""
    counts: dict[str, int] = {}
    for manifest in look.read:
        counts[manifest.manifest] = counts.get(manifest.manifest, 0) + len(manifest.packages)
    return ScanSummary(
        key=look.key,
        scope=Scope(look.source, look.service, look.repo, look.branch, look.scope_inputs),
        started_at=look.started_at,
        finished_at=look.finished_at,
        complete=look.complete,
        inputs_read=tuple(manifest.manifest for manifest in look.read),
        inputs_unreadable=tuple((manifest.manifest, manifest.reason) for manifest in look.unread),
        packages=look.packages,
        tool="lockfile reader",
        packages_by_input=counts,
    )


def sightings_of(
    manifest: str,
    kind: str,
    hits: Sequence[Hit],
    unknown: Sequence[UnknownMatch],
    facts: Callable[[str], AdvisoryFacts | None],
) -> tuple[Sighting, ...]:
    """Sightings of one manifest, one per (package name, canonical advisory): the lowest installed version stands for the rest.

    `facts(advisory_id)` answers from the store; an advisory that went away between match and look-up is left out.
    """
    per_package: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        per_package.setdefault((hit.package.ecosystem, hit.package.name), []).append(hit)
    found: dict[tuple[str, str, str], Sighting] = {}
    for hit in hits:
        known = facts(hit.advisory_id)
        if known is not None:
            together = per_package[(hit.package.ecosystem, hit.package.name)]
            sighting = _sighting(manifest, kind, hit.package, hit.fixed, known, together)
            found.setdefault((hit.package.ecosystem, hit.package.name, known.canonical), sighting)
    for match in unknown:
        if not match.advisory_id:
            found.setdefault((match.package.ecosystem, match.package.name, UNJUDGED), _unjudged(manifest, match))
            continue
        known = facts(match.advisory_id)
        if known is not None:
            sighting = _sighting(manifest, kind, match.package, (), known, (), match.reason)
            found.setdefault((match.package.ecosystem, match.package.name, known.canonical), sighting)
    return tuple(found.values())


def _sighting(
    manifest: str,
    kind: str,
    package: Package,
    fixed: tuple[str, ...],
    known: AdvisoryFacts,
    together: Sequence[Hit],
    unknown: str = "",
) -> Sighting:
    advisory = known.advisory
    target = nearest_fix(package.ecosystem, package.version, together) if together else ""
    return Sighting(
        kind="dependency",
        advisory=known.canonical,
        aliases=known.aliases,
        ecosystem=package.ecosystem,
        package=package.name,
        purl=package.purl,
        installed=package.version,
        manifest=manifest,
        fixed=fixed,
        title=_title(package, advisory),
        summary=advisory.details or advisory.summary,
        cwes=advisory.cwes,
        severity=best_vector(advisory.severity),
        references=tuple(url for _, url in advisory.references),
        kev=known.kev,
        epss=known.epss,
        exploit_refs=bool(exploit_references(advisory.references)),
        upgrade=tuple(upgrade_command(package.ecosystem, kind, package.name, target)) if target else (),
        advisory_modified=advisory.modified,
        unpinned_bound="" if package.version else (package.bound or "any version"),
        version_unknown=unknown if package.version else "",
        path=package.path,
    )


def _unjudged(manifest: str, match: UnknownMatch) -> Sighting:
    """A package that advisories name while nobody can tell whether they apply: a sighting of its own, so that it never looks clean."""
    package = match.package
    problems = "1 known problem" if match.candidates == 1 else f"{match.candidates} known problems"
    why = "its version can't be ordered" if package.version else "it is not pinned"
    return Sighting(
        kind="dependency",
        advisory=UNJUDGED,
        ecosystem=package.ecosystem,
        package=package.name,
        purl=package.purl,
        installed=package.version,
        manifest=manifest,
        title=f"{package.name}: {why}, so {problems} can't be ruled out",
        summary=f"{match.reason}. Pin an exact version, then look again: each problem is judged by itself.",
        unpinned_bound="" if package.version else (package.bound or "any version"),
        version_unknown=match.reason if package.version else "",
        path=package.path,
    )


def _title(package: Package, advisory: Advisory) -> str:
    named = f"{package.name} {package.version}".strip()
    return f"{named}: {advisory.summary}" if advisory.summary else f"{named}: {advisory.id}"


def versions_standing(read: Iterable[ReadManifest]) -> Callable[[str, str, str], str]:
    """A function of (manifest, ecosystem, package) that says which version stands there now: several with commas, "" for none."""
    pinned: dict[tuple[str, str, str], set[str]] = {}
    for manifest in read:
        for package in manifest.packages:
            pinned.setdefault((manifest.manifest, package.ecosystem, package.name), set()).add(package.version or package.bound)
    return lambda manifest, ecosystem, package: ", ".join(sorted(pinned.get((manifest, ecosystem, package), ())))


def outcome_sentence(look: Look, outcome: ScanOutcome) -> str:
    """One sentence for the sources page: what was read and what it changed, in plain words."""
    if outcome.ignored:
        return f"{_read_words(look)}; {outcome.ignored[:1].lower()}{outcome.ignored[1:]}."
    if outcome.held:
        return f"{_read_words(look)}; it waits for a person: {outcome.held_reason.removesuffix('.')}."
    told = [_counted(len(outcome.opened), "new finding")] if outcome.opened else []
    for count, did in ((len(outcome.reopened), "came back"), (len(outcome.fixed), "proven fixed")):
        if count:
            told.append(f"{count:,} {did}" if told else f"{_counted(count, 'finding')} {did}")
    return f"{_read_words(look)}; {', '.join(told) or 'nothing changed'}."


def _read_words(look: Look) -> str:
    """What was read: "1 file read, 62 packages", or "1 of 2 files read, 62 packages"."""
    read, named = len(look.read), len(look.read) + len(look.unread)
    files = _counted(read, "file") if read == named else f"{read:,} of {_counted(named, 'file')}"
    return f"{files} read, {_counted(look.packages, 'package')}"


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else f'{one}s'}"


def name_for_push(service: str, manifest: str, repo: str, branch: str) -> str:
    """The name of the source that a pushed file belongs to, at most 300 letters, which no other place has: what one repository's lock file
    shows must close nothing that another's does.
    """
    parts = ("pushed", service, repo, branch, manifest)
    name = ":".join(parts if repo else [part for part in parts if part])
    if len(name) <= SOURCE_LETTERS and not any(":" in part for part in parts):
        return name
    return f"{name[: SOURCE_LETTERS - 17]}#{sha256(repr(parts).encode()).hexdigest()[:16]}"
