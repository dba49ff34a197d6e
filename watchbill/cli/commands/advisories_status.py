"""`watchbill advisories status`: how many advisories there are, how old, and from where. Read from the store's file, without Django."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import msgspec

from watchbill.base import clock
from watchbill.base.datadir import DataDir
from watchbill.base.problem import Problem
from watchbill.cli import place
from watchbill.cli.terminal import columns, count, inert, say, say_json
from watchbill.engines.dependencies.groups import GroupCounts
from watchbill.engines.dependencies.results import StoreStatus
from watchbill.engines.dependencies.store import AdvisoryStore, StoreUnusable
from watchbill.intake.scans.freshness import Freshness, of_store
from watchbill.intake.scans.mirror import last_update

HELP = "Show how many advisories are loaded, by ecosystem, how old they are, and the files they came from."
EXAMPLE = "watchbill advisories status"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the status as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 when none are loaded. Raises Problem when the store can't be used."""
    path = DataDir(place.enter()).advisories
    try:
        with AdvisoryStore.open(path, create=False) as store:
            status, groups, note, fresh = store.status(), store.groups(), last_update(store), of_store(store, clock.now())
    except StoreUnusable as error:
        raise Problem(
            "no_advisories", "No advisories are loaded", str(error), remedy="watchbill advisories load PATH...", status=409
        ) from error
    if arguments.json:
        told = {"groups": msgspec.to_builtins(groups), "age": fresh.sentence, "stale": fresh.stale, "update": msgspec.to_builtins(note)}
        say_json({**msgspec.to_builtins(status), **told})
    else:
        say(*_lines(status, groups, fresh))
    return 0 if status.advisories else 1


def _lines(status: StoreStatus, groups: GroupCounts, fresh: Freshness) -> Iterator[str]:
    several = f" ({groups.span_cves:,} of them join more than one CVE)" if groups.span_cves else ""
    yield f"{count(status.advisories, 'advisory', 'advisories')} ({status.withdrawn:,} withdrawn), loaded {status.loaded_at or 'never'}."
    yield f"They are about {count(groups.groups, 'problem')}, by the names they share{several}."
    yield fresh.sentence
    if status.newest_modified:
        yield f"The newest was modified {inert(status.newest_modified)}."
    yield from columns([(name, f"{number:,}") for name, number in status.by_ecosystem.items()])
    version = f" (version {inert(status.kev_version)}, released {inert(status.kev_date)})" if status.kev_version else ""
    yield f"{count(status.kev_entries, 'known-exploited entry', 'known-exploited entries')}{version}."
    model = f" (model {inert(status.epss_model)})" if status.epss_model else ""
    yield f"{count(status.epss_scores, 'EPSS score')}{model}. {fresh.epss}".rstrip()
    if fresh.failing:
        yield f"The last update, {fresh.failed_at:%Y-%m-%d %H:%M} UTC, did not bring:"
        yield from columns([(line,) for line in fresh.failing])
    if status.files:
        yield "From:"
        yield from columns([(file.path, f"{file.advisories:,}", file.loaded_at) for file in status.files])
