"""`watchbill advisories load`: take OSV archives, known-exploited catalogues and EPSS scores into the advisory store."""

from __future__ import annotations

import argparse
from pathlib import Path

from watchbill.cli import loading

HELP = "Load OSV zips or folders, known-exploited catalogues (*kev*.json), EPSS scores (*epss*.csv); what isn't whole changes nothing."
EXAMPLE = "watchbill advisories load pypi.zip npm.zip known_exploited_kev.json epss_scores.csv.gz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", metavar="PATH", nargs="+", type=Path, help="an OSV zip, a folder of OSV JSON, a KEV catalogue, or a day's EPSS scores"
    )
    parser.add_argument("--force", action="store_true", help=loading.FORCE_HELP)
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 loaded, 2 when some advisories in it were refused (they are listed, the rest is loaded). Raises Problem: nothing was changed."""
    return loading.load([path.resolve() for path in arguments.paths], as_json=arguments.json, force=arguments.force)
