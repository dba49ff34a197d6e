"""How fast advisories load and match: `make bench`, or `python benchmarks/match.py`. Prints a table and exits 1 where a figure is missed.

The data is ../shared/data/vulnerabilities (8,158 public advisories). Beside each figure stands what the same machine does at
best: unpacking and parsing the same JSON and nothing else, or fetching the same rows by the same index and nothing else.
"""

import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import machine
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.matching import is_affected
from watchbill.engines.dependencies.osv import parse_osv
from watchbill.engines.dependencies.packages import Package, Unreadable
from watchbill.engines.dependencies.reading import read
from watchbill.engines.dependencies.store import AdvisoryStore

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vulnerabilities"
T = TypeVar("T")
PACKAGES = 10_000
INVENTORY = 500_000
INVERSE_TRIES = 200
MIXED_ADVISORIES = 6_000
MIXED = {
    "RubyGems": ("", ".1", ".rc1", ".pre.2"),
    "Packagist": ("", ".1", "-beta2", "-RC1", "-p1"),
    "Maven": ("", "-RC1", ".Final", "-SNAPSHOT", "-jre", "-alpha-2"),
    "NuGet": ("", ".1", "-beta.2", "-rc.10"),
    "Debian:12": ("-1", "-2~deb12u1", "+dfsg-1", "~rc1-1"),
    "Ubuntu:22.04:LTS": ("-1ubuntu0.1", "-1ubuntu2", "-3"),
    "Alpine:v3.18": ("-r0", "-r4", "_rc1-r0", "a-r1"),
    "Rocky Linux:9": ("-1.el9", "-24.el9_2", "~rc1-1.el9"),
    "Pub": ("", "+1", "-dev.2"),
    "npm": ("", "-rc.1", "-alpha.10"),
}


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def parse_only() -> int:
    count = 0
    for path in DATA.glob("osv/*.zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                json.loads(archive.read(name))
                count += 1
    return count


def named(path: Path) -> dict[tuple[str, str], list[str]]:
    """Every package the advisories name, with the versions they list or draw edges at."""
    found: dict[tuple[str, str], list[str]] = {}
    for archive_path in sorted(path.glob("osv/*.zip")):
        with zipfile.ZipFile(archive_path) as archive:
            for name in archive.namelist():
                advisory = parse_osv(archive.read(name), name)
                assert isinstance(advisory, Advisory)
                for item in advisory.affected:
                    versions = found.setdefault((item.ecosystem, item.package), [])
                    versions.extend(item.versions)
                    versions.extend(
                        edge.version for span in item.ranges if span.kind != "GIT" for edge in span.events if edge.version != "0"
                    )
    return found


def sbom(names: dict[tuple[str, str], list[str]], chance: random.Random) -> bytes:
    """A CycloneDX SBOM of 10,000 packages: half bear names that advisories know, half don't."""
    kinds = {"PyPI": "pypi", "Go": "golang", "crates.io": "cargo"}
    known = sorted(names)
    wanted: dict[str, tuple[str, str]] = {}
    while len(wanted) < PACKAGES:
        if len(wanted) % 2:
            ecosystem, name = chance.choice(known)
            version = chance.choice(names[ecosystem, name] or ["1.0.0"])
        else:
            ecosystem, name, version = chance.choice(list(kinds)), f"quiet-package-{len(wanted)}", "1.0.0"
        wanted[f"pkg:{kinds[ecosystem]}/{name}@{version}".replace("+", "%2B")] = (name, version)
    components = [{"type": "library", "name": name, "version": version, "purl": purl} for purl, (name, version) in wanted.items()]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}).encode()


def inventory(path: Path, names: dict[tuple[str, str], list[str]], chance: random.Random) -> sqlite3.Connection:
    """500,000 installed packages with an index over (ecosystem, name), a tenth of them named by some advisory."""
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE inventory (service TEXT, ecosystem TEXT, name TEXT, version TEXT)")
    known = sorted(names)

    def rows():
        for number in range(INVENTORY):
            if number % 10:
                yield f"service-{number % 400}", "npm", f"quiet-package-{number % 30_000}", "1.0.0"
            else:
                ecosystem, name = chance.choice(known)
                yield f"service-{number % 400}", ecosystem, name, chance.choice(names[ecosystem, name] or ["1.0.0"])

    db.executemany("INSERT INTO inventory VALUES (?, ?, ?, ?)", rows())
    db.execute("CREATE INDEX inventory_name ON inventory (ecosystem, name)")
    db.commit()
    return db


def fetch(store: AdvisoryStore, db: sqlite3.Connection, advisory_id: str) -> list[Package]:
    rows: list[Package] = []
    for ecosystem, name in store.affected_packages(advisory_id):
        found = db.execute("SELECT version, service FROM inventory WHERE ecosystem = ? AND name = ?", (ecosystem, name))
        rows.extend(Package(ecosystem, name, version, "", service) for version, service in found)
    return rows


def inverse(store: AdvisoryStore, db: sqlite3.Connection, ids: list[str]) -> tuple[list[float], list[float], int]:
    whole, bare, hits = [], [], 0
    for advisory_id in ids:
        seconds, packages = timed(lambda: fetch(store, db, advisory_id))  # noqa: B023 - called at once
        bare.append(seconds)
        seconds, result = timed(lambda: store.match_advisory(advisory_id, fetch(store, db, advisory_id)))  # noqa: B023 - called at once
        whole.append(seconds)
        hits += len(result.hits)
        del packages
    return whole, bare, hits


def recall() -> tuple[int, int]:
    total = right = 0
    for path in DATA.glob("osv/*.zip"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                advisory = parse_osv(archive.read(name), name)
                assert isinstance(advisory, Advisory)
                for item in advisory.affected:
                    total += len(item.versions)
                    right += sum(is_affected(version, item).state == "affected" for version in item.versions)
    return right, total


def mixed_version(ecosystem: str, chance: random.Random) -> str:
    """A version as the ecosystem writes them, epochs, revisions and pre-releases among them."""
    core = ".".join(str(chance.randrange(12)) for _ in range(3))
    return core + chance.choice(MIXED[ecosystem])


def mixed(chance: random.Random) -> tuple[list[tuple[str, bytes]], list[Package]]:
    """Advisories for packages of many ecosystems, invented here, and 10,000 packages of which half bear their names."""
    documents: list[tuple[str, bytes]] = []
    packages: list[Package] = []
    for ecosystem in MIXED:
        for number in range(MIXED_ADVISORIES // len(MIXED)):
            name = f"package-{number % 300}"
            low, high = mixed_version(ecosystem, chance), mixed_version(ecosystem, chance)
            events = [{"introduced": "0"}, {"fixed": low}, {"introduced": high}, {"last_affected": mixed_version(ecosystem, chance)}]
            affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
            document = {"id": f"MADE-{len(documents)}", "modified": "2026-11-01T00:00:00Z", "affected": [affected]}
            documents.append((ecosystem, json.dumps(document).encode()))
        for number in range(PACKAGES // len(MIXED)):
            name = f"package-{number % 300}" if number % 2 else f"quiet-{number}"
            packages.append(Package(ecosystem, name, mixed_version(ecosystem, chance), ""))
    return documents, packages


def mixed_row(store: AdvisoryStore, chance: random.Random) -> tuple[str, str, str, str, bool]:
    documents, packages = mixed(chance)
    report = store.load_advisories(documents)
    first, result = timed(lambda: store.match(packages))
    seconds = statistics.median(timed(lambda: store.match(packages))[0] for _ in range(5))
    facts = f"{report.added:,} advisories, {len(result.hits):,} hits, {len(result.unknown)} unknown; the first time {first:.2f} s"
    return f"match {len(packages):,} of {len(MIXED)} ecosystems", f"{seconds:.2f} s", "0.5 s", facts, seconds <= 0.5


def main() -> int:
    if not DATA.exists():
        print("benchmarks/match.py: ../shared/data/vulnerabilities is not on this machine; nothing was measured")
        return 0
    chance = random.Random(20261123)
    names = named(DATA)
    rows: list[tuple[str, str, str, str, bool]] = []
    with tempfile.TemporaryDirectory() as folder, AdvisoryStore.open(Path(folder) / "advisories.db") as store:
        parse_seconds, _ = timed(parse_only)
        seconds, report = timed(lambda: store.load([DATA / "osv"]))
        rows.append(
            (f"load {report.added:,} advisories", f"{seconds:.2f} s", "10 s", f"unpack and parse only {parse_seconds:.2f} s", seconds <= 10)
        )
        again, _ = timed(lambda: store.load([DATA / "osv"]))
        rows.append(("load the same again", f"{again:.2f} s", "10 s", f"unpack and parse only {parse_seconds:.2f} s", again <= 10))
        document = sbom(names, chance)
        read_seconds, listed = timed(lambda: read("sbom.cdx.json", document))
        if isinstance(listed, Unreadable):
            print(f"the SBOM can't be read: {listed.reason}")
            return 1
        packages = list(listed.packages)
        seconds = statistics.median(timed(lambda: store.match(packages))[0] for _ in range(5))
        result = store.match(packages)
        facts = f"{len(result.hits):,} hits, {len(result.unknown)} unknown; reading the SBOM {read_seconds:.2f} s"
        rows.append((f"match {len(packages):,} packages", f"{seconds:.2f} s", "0.5 s", facts, seconds <= 0.5))
        db = inventory(Path(folder) / "inventory.db", names, chance)
        ids = chance.sample(sorted(report.changed_ids), INVERSE_TRIES)
        whole, bare, hits = inverse(store, db, ids)
        worst, middle = max(whole) * 1000, statistics.median(whole) * 1000
        facts = (
            f"rows by index only {statistics.median(bare) * 1000:.2f} ms; {hits} hits of {INVERSE_TRIES} advisories; worst {worst:.1f} ms"
        )
        rows.append((f"one advisory against {INVENTORY:,} rows", f"{middle:.2f} ms", "20 ms", facts, worst <= 20))
        db.close()
        rows.append(mixed_row(store, chance))
    right, total = recall()
    rows.append(("listed versions reproduced", f"{right / total:.4%}", "99.9 %", f"{right:,} of {total:,}", right / total >= 0.999))
    print(machine())
    print(f"{'what':<38} {'measured':>10} {'bar':>7}  {'':<6} beside it")
    for what, measured, bar, beside, good in rows:
        print(f"{what:<38} {measured:>10} {bar:>7}  {'ok' if good else 'MISSED':<6} {beside}")
    return 0 if all(row[-1] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
