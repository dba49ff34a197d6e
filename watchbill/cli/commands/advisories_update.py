"""`watchbill advisories update`: load again what was loaded before, from the same places. It fetches nothing from a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from watchbill.base.problem import Problem
from watchbill.cli import loading, server

HELP = "Load again the files and folders that were loaded before; those that are gone are named."
EXAMPLE = "watchbill advisories update"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 loaded, 2 when a place is gone or an advisory was refused. Raises Problem when nothing was ever loaded or all of it is gone."""
    known = [str(file["path"]) for file in server.call("advisories.status", {})["files"]]
    there = [Path(path) for path in known if Path(path).exists()]
    gone = tuple(path for path in known if not Path(path).exists())
    if not there:
        detail = f"Gone: {', '.join(gone)}" if gone else "No file was ever loaded."
        raise Problem("nothing_to_update", "There is nothing to load again", detail, remedy="watchbill advisories load PATH...", status=409)
    return loading.load(there, as_json=arguments.json, gone=gone)
