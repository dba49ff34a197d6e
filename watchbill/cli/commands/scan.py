"""`watchbill scan`: lockfiles and SBOMs against the advisories on this machine. No server, no Django, no network; it changes nothing.

What could not be looked at is listed each time and decides the exit code before any finding does: nothing unseen ever reads as clean.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from watchbill.base import clock
from watchbill.base.datadir import DataDir
from watchbill.base.problem import Problem
from watchbill.cases.findings.guidance import comes_in
from watchbill.cli import place
from watchbill.cli.terminal import columns, count, inert, say, say_json
from watchbill.engines.dependencies.archives import LoadRefused
from watchbill.engines.dependencies.store import AdvisoryStore, StoreUnusable
from watchbill.intake.scans.freshness import of_store
from watchbill.intake.scans.offline import OfflineFinding, OfflineReport, scan

HELP = (
    "Scan lockfiles and SBOMs below PATH against the loaded advisories, offline. Exit 0 clean, 1 findings, 2 something was not looked at."
)
EXAMPLE = "watchbill scan . --advisories osv.zip"

STORE_SUFFIXES = (".db", ".sqlite", ".sqlite3")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="a lockfile, an SBOM, or a folder of them")
    parser.add_argument(
        "--advisories",
        metavar="FILE",
        type=Path,
        help="an advisory store (.db), or an OSV zip, folder or file to load for this scan only; the data directory's store if left out",
    )
    parser.add_argument("--json", action="store_true", help="the whole report as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """0 clean, 1 findings, 2 when anything could not be looked at. Raises Problem when there are no advisories to compare with."""
    with _store(arguments.advisories) as store:
        report = scan(arguments.paths, store)
        as_of, fresh = store.status().loaded_at, of_store(store, clock.now())
    if arguments.json:
        shown: dict[str, Any] = msgspec.to_builtins(report)
        say_json({**shown, "advisories_loaded_at": as_of, "advisories_old": fresh.stale, "exit_code": report.exit_code})
    else:
        say(*_lines(report, as_of), *((f"{fresh.sentence} What was found since is not in them.",) if fresh.stale else ()))
    return report.exit_code


@contextmanager
def _store(given: Path | None) -> Iterator[AdvisoryStore]:
    """The store to compare with, closed afterwards. Raises Problem when it can't be had."""
    path = given or DataDir(place.enter()).advisories
    try:
        if given is None or given.suffix in STORE_SUFFIXES:
            with AdvisoryStore.open(path, create=False) as store:
                yield store
            return
        with tempfile.TemporaryDirectory(prefix="watchbill-scan-") as folder, AdvisoryStore.open(Path(folder, "advisories.db")) as store:
            store.load([path])
            yield store
    except StoreUnusable as error:
        raise Problem(
            "no_advisories",
            "Nothing was scanned: there are no advisories to compare with",
            str(error),
            field=str(path),
            remedy="watchbill advisories load PATH..., or give --advisories an OSV zip or folder.",
        ) from error
    except LoadRefused as error:
        remedy = "Give an OSV zip, a folder of OSV JSON files, or an advisory store (.db)."
        raise Problem(
            "advisories_refused", "Nothing was scanned: the advisories can't be loaded", str(error), field=str(path), remedy=remedy
        ) from error


def _lines(report: OfflineReport, as_of: str) -> Iterator[str]:
    for manifest, found in groupby(report.findings, key=lambda finding: finding.manifest):
        yield inert(manifest)
        heading = ("", "package", "version", "advisory", "fixed in", "what")
        listed = list(found)
        yield from columns([heading, *map(_row, listed)])
        yield from dict.fromkeys(filter(None, map(_way, listed)))
        yield ""
    if report.not_looked_at:
        yield "Not looked at, so not called clean:"
        yield from columns([(miss.place, miss.what, miss.reason) for miss in report.not_looked_at])
        yield ""
    exploited = sum(finding.known_exploited for finding in report.findings)
    yield (
        f"{count(len(report.findings), 'finding')}{f', {exploited:,} known to be exploited (KEV)' if exploited else ''}; "
        f"{count(report.packages, 'package')} in {count(len(report.manifests), 'file')} compared with "
        f"{count(report.advisories, 'advisory', 'advisories')}{f' loaded {as_of}' if as_of else ''}; "
        f"{count(len(report.not_looked_at), 'thing')} not looked at."
    )


def _way(finding: OfflineFinding) -> str:
    """By which direct dependency it comes in, as a line of its own; "" for a direct one or one whose way the file doesn't tell."""
    return f"    {inert(finding.package)} {inert(finding.version)}: {inert(comes_in(finding.path))}" if finding.path else ""


def _row(finding: OfflineFinding) -> tuple[str, ...]:
    cve = next((name for name in (finding.advisory, *finding.aliases) if name.startswith("CVE-")), "")
    name = f"{cve} ({finding.advisory})" if cve and cve != finding.advisory else finding.advisory
    summary = finding.summary if len(finding.summary) <= 60 else finding.summary[:59] + "…"
    return ("KEV" if finding.known_exploited else "", finding.package, finding.version, name, finding.fixed or "no fix known", summary)
