"""`watchbill advisories show`: one advisory with the names it goes by, what it covers, and what is known of its exploitation.

Read from the store's file, without Django.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from watchbill.base.datadir import DataDir
from watchbill.base.problem import Problem, not_found
from watchbill.cases.decisions.forecast import forecast_words
from watchbill.cli import place
from watchbill.cli.terminal import columns, inert, say, say_json
from watchbill.engines.dependencies.advisory import Advisory
from watchbill.engines.dependencies.coverage import versions_covered
from watchbill.engines.dependencies.epss import EpssScore
from watchbill.engines.dependencies.groups import AliasGroup
from watchbill.engines.dependencies.kev import KevEntry
from watchbill.engines.dependencies.store import AdvisoryStore, StoreUnusable

HELP = "Show one advisory, by its id or any name it goes by: its group, the packages and versions it covers, exploitation and EPSS."
EXAMPLE = "watchbill advisories show CVE-2026-1001"
SUMMARY_LETTERS = 400
PACKAGES_SHOWN = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="an advisory's id, or an alias such as a CVE")
    parser.add_argument("--json", action="store_true", help="all of it as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """0. Raises Problem for a name that no advisory bears, and when the store can't be used."""
    name = str(arguments.id)
    try:
        with AdvisoryStore.open(DataDir(place.enter()).advisories, create=False) as store:
            found = store.by_alias(name)
            if not found:
                raise not_found("advisory", name, "Check its spelling, or bring the advisories up to date: watchbill advisories update.")
            group, names = store.group(name), [name, *(one.id for one in found)]
            kev, epss = store.kev(names), store.epss(names)
    except StoreUnusable as error:
        remedy = "watchbill advisories load PATH..."
        raise Problem("no_advisories", "No advisories are loaded", str(error), remedy=remedy, status=409) from error
    if arguments.json:
        shown = {"advisories": found, "group": {"names": group.names, "cves": group.cves, "spans_cves": group.spans_cves}}
        say_json(msgspec.to_builtins({**shown, "known_exploited": kev, "epss": epss}))
    else:
        say(*_lines(found, group, kev, epss))
    return 0


def _lines(found: tuple[Advisory, ...], group: AliasGroup, kev: KevEntry | None, epss: EpssScore | None) -> Iterator[str]:
    for one in found:
        yield from _advisory(one)
        yield ""
    others = [name for name in group.names if name not in {one.id for one in found}]
    if others:
        yield f"Also known as {inert(', '.join(others))}."
    if group.spans_cves:
        yield f"These names join {len(group.cves)} CVEs, which may be different problems; the advisory decides, not the group."
    yield _exploited(kev)
    yield _forecast(epss)


def _advisory(one: Advisory) -> Iterator[str]:
    summary = " ".join((one.summary or one.details).split())[:SUMMARY_LETTERS]
    yield inert(f"{one.id}: {summary or '(it says nothing of itself)'}")
    if one.withdrawn:
        yield f"  Withdrawn {inert(one.withdrawn)}: it matches nothing any more."
    yield f"  Modified {inert(one.modified)}{f', published {inert(one.published)}' if one.published else ''}."
    rows = [(item.ecosystem, item.package, versions_covered(item), _fixed(item.fixed)) for item in one.affected if item.package]
    yield from columns(rows[:PACKAGES_SHOWN], indent="  ")
    if len(rows) > PACKAGES_SHOWN:
        yield f"  and {len(rows) - PACKAGES_SHOWN:,} more packages."
    if not rows:
        yield "  It names no package, only commits."
    for kind, vector in one.severity:
        yield inert(f"  {kind}: {vector}")


def _fixed(versions: tuple[str, ...]) -> str:
    return f"fixed in {', '.join(versions)}" if versions else "no fix named"


def _exploited(kev: KevEntry | None) -> str:
    if kev is None:
        return "Not listed as known to be exploited."
    ransomware = "; used by ransomware" if kev.ransomware else ""
    return inert(f"Known to be exploited since {kev.date_added} ({kev.cve}, {kev.name}){ransomware}.")


def _forecast(epss: EpssScore | None) -> str:
    if epss is None:
        return "No EPSS score."
    return inert(f"{forecast_words(epss.score, epss.percentile)} ({epss.cve}); as of {epss.date}.")
