"""Matches packages against the advisories of an open store; it only reads, inside the caller's transaction.

Two directions: many packages against everything held (`match_packages`), and one advisory against packages that bear
its name (`match_advisory`), which is how a new advisory finds its owners without a new scan.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from watchbill.engines.dependencies.advisory import Affected
from watchbill.engines.dependencies.matching import judge_installed, release_untold, speaks_of
from watchbill.engines.dependencies.packages import Package
from watchbill.engines.dependencies.results import Hit, HitReason, MatchResult, UnknownMatch
from watchbill.engines.dependencies.store_rows import affected_from
from watchbill.engines.dependencies.versions import normalise_name, version_key

_BY_NAMES = """
SELECT a.id, f.name, f.package, f.listed, f.ranges FROM affected f JOIN advisory a USING (number)
WHERE f.ecosystem = ? AND f.name IN (SELECT value FROM json_each(?)) AND f.withdrawn = 0
"""
_BY_RELEASES = """
SELECT a.id, f.name, f.package, f.listed, f.ranges, f.ecosystem FROM affected f JOIN advisory a USING (number)
WHERE f.ecosystem > ? AND f.ecosystem < ? AND f.name IN (SELECT value FROM json_each(?)) AND f.withdrawn = 0
"""
_BY_ADVISORY = """
SELECT f.ecosystem, f.name, f.package, f.listed, f.ranges FROM affected f JOIN advisory a USING (number)
WHERE a.id = ? AND f.withdrawn = 0
"""

Candidate = tuple[str, Affected, frozenset[str]]
"""An advisory's id, what it says of one package, and its listed versions in canonical form."""


def match_packages(db: sqlite3.Connection, packages: Iterable[Package]) -> MatchResult:
    """Judge each package by every standing advisory that bears its name; results in the packages' order, then by id."""
    asked = [(package, normalise_name(package.ecosystem, package.name)) for package in packages]
    wanted: dict[str, set[str]] = {}
    for package, name in asked:
        wanted.setdefault(package.ecosystem, set()).add(name)
    candidates: dict[tuple[str, str], list[Candidate]] = {}
    for ecosystem, names in wanted.items():
        for name, candidate in _candidates(db, ecosystem, sorted(names)):
            candidates.setdefault((ecosystem, name), []).append(candidate)
    return _judge_all((package, candidates.get((package.ecosystem, name), [])) for package, name in asked)


def match_advisory(db: sqlite3.Connection, advisory_id: str, packages: Iterable[Package]) -> MatchResult:
    """Judge packages by one advisory; an absent or withdrawn advisory matches nothing."""
    candidates: dict[str, list[Candidate]] = {}
    for ecosystem, name, package, listed, ranges in db.execute(_BY_ADVISORY, (advisory_id,)):
        candidates.setdefault(name, []).append((advisory_id, *affected_from(ecosystem, package, listed, ranges)))
    return _judge_all((one, _speaking_of(one, candidates)) for one in packages)


def packages_named_by(db: sqlite3.Connection, advisory_id: str) -> tuple[tuple[str, str], ...]:
    """(ecosystem, normalised name) of all it may concern, sorted: what it says of one release ("Debian:12") concerns packages whose
    release isn't told ("Debian") too."""
    rows = db.execute("SELECT DISTINCT ecosystem, name FROM affected JOIN advisory USING (number) WHERE id = ?", (advisory_id,)).fetchall()
    return tuple(sorted({(home, name) for ecosystem, name in rows for home in (ecosystem, ecosystem.partition(":")[0])}))


def advisories_naming(db: sqlite3.Connection, ecosystem: str, name: str) -> tuple[str, ...]:
    """Ids of the advisories that may concern this package (its name normalised), withdrawn ones too."""
    sql = "SELECT DISTINCT id, ecosystem FROM affected JOIN advisory USING (number) WHERE ecosystem >= ? AND ecosystem < ? AND name = ?"
    family = ecosystem.partition(":")[0]
    rows = db.execute(sql, (family, f"{family};", name)).fetchall()
    return tuple(sorted({row[0] for row in rows if speaks_of(row[1], ecosystem)}))


def _speaking_of(package: Package, candidates: dict[str, list[Candidate]]) -> list[Candidate]:
    named = candidates.get(normalise_name(package.ecosystem, package.name), [])
    return [candidate for candidate in named if speaks_of(candidate[1].ecosystem, package.ecosystem)]


def _candidates(db: sqlite3.Connection, ecosystem: str, names: Sequence[str]) -> Iterator[tuple[str, Candidate]]:
    """What advisories say of these packages: those of this very ecosystem, and as `matching.speaks_of` has it those of the
    distribution as a whole, or of each of its releases where the packages' own isn't told."""
    asked = json.dumps(names)
    family = ecosystem.partition(":")[0]
    for home in dict.fromkeys((ecosystem, family)):
        for advisory_id, name, package, listed, ranges in db.execute(_BY_NAMES, (home, asked)):
            yield name, (advisory_id, *affected_from(home, package, listed, ranges))
    if ecosystem != family:
        return
    # ";" follows ":" in every order of bytes
    for advisory_id, name, package, listed, ranges, home in db.execute(_BY_RELEASES, (f"{family}:", f"{family};", asked)):
        yield name, (advisory_id, *affected_from(home, package, listed, ranges))


def _judge_all(asked: Iterable[tuple[Package, list[Candidate]]]) -> MatchResult:
    hits: list[Hit] = []
    unknown: list[UnknownMatch] = []
    for package, candidates in asked:
        if candidates:
            found, doubts = _judge_one(package, sorted(candidates, key=lambda candidate: candidate[0]))
            hits.extend(found)
            unknown.extend(doubts)
    return MatchResult(tuple(hits), tuple(unknown))


def _judge_one(package: Package, candidates: list[Candidate]) -> tuple[list[Hit], list[UnknownMatch]]:
    """One package's hits (one per advisory, though it may name a package twice) and doubts (joined when they are its own)."""
    hits: dict[str, Hit] = {}
    doubts: dict[str, str] = {}
    entries: dict[str, list[Affected]] = {}
    for advisory_id, affected, _ in candidates:
        entries.setdefault(advisory_id, []).append(affected)
    for advisory_id, affected, listed in candidates:
        verdict = judge_installed(package.ecosystem, package.version, listed, affected)
        if verdict.state == "affected" and advisory_id not in hits:
            reason: HitReason = "listed" if verdict.reason == "listed" else "range"
            hits[advisory_id] = Hit(package, advisory_id, verdict.fixed, reason, _joined(entries[advisory_id]))
        elif verdict.state == "unknown":
            doubts.setdefault(advisory_id, verdict.reason)
    open_doubts = {advisory_id: reason for advisory_id, reason in doubts.items() if advisory_id not in hits}
    untold = any(release_untold(package.ecosystem, affected.ecosystem) for _, affected, _ in candidates)
    return list(hits.values()), _doubts(package, open_doubts, untold)


def _joined(entries: list[Affected]) -> Affected:
    """All an advisory says of one package: some name it several times, one entry a branch."""
    if len(entries) == 1:
        return entries[0]
    versions = tuple(dict.fromkeys(version for entry in entries for version in entry.versions))
    return Affected(entries[0].ecosystem, entries[0].package, versions, tuple(span for entry in entries for span in entry.ranges))


def _doubts(package: Package, doubts: dict[str, str], untold: bool) -> list[UnknownMatch]:
    if not doubts:
        return []
    if not package.version:
        bound = f" (asks for {package.bound})" if package.bound else ""
        return [UnknownMatch(package, "", f"not pinned{bound}: no installed version to judge", len(doubts))]
    if version_key(package.ecosystem, package.version) is None:
        return [UnknownMatch(package, "", f"version {package.version[:80]!r} can't be ordered", len(doubts))]
    if untold:
        reason = f"advisories for releases of {package.ecosystem} are about it, and which release this is isn't told"
        return [UnknownMatch(package, "", reason, len(doubts))]
    return [UnknownMatch(package, advisory_id, reason) for advisory_id, reason in doubts.items()]
