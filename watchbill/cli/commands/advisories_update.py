"""`watchbill advisories update`: from the mirror in the settings; without one, load again what was loaded before, from the same places."""

from __future__ import annotations

import argparse
from pathlib import Path

from watchbill.base.problem import Problem
from watchbill.base.settings import settings
from watchbill.cli import loading, place, server

HELP = "Bring advisories up to date from the configured mirror; without one, load again the files that were loaded before."
EXAMPLE = "watchbill advisories update --ecosystem PyPI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="url", metavar="URL", default="", help="a mirror in place of the one in the settings")
    parser.add_argument("--ecosystem", metavar="NAME", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--force", action="store_true", help=loading.FORCE_HELP)
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 brought or as before, 2 when something failed, is gone or was refused. Raises Problem when there is nothing to update from."""
    place.enter()
    own = settings().advisories
    if arguments.url or own.url or ((own.kev_url or own.epss_url) and not arguments.ecosystem):
        return loading.fetch(url=arguments.url, ecosystems=arguments.ecosystem, force=arguments.force, as_json=arguments.json)
    if arguments.ecosystem:
        raise Problem(
            "no_mirror", "No mirror is configured", "There is nowhere to fetch from.", remedy="Set advisories.url, or give --from URL."
        )
    return _again(force=arguments.force, as_json=arguments.json)


def _again(*, force: bool, as_json: bool) -> int:
    """The files and folders that were loaded before; those that are gone are named."""
    loaded = [str(file["path"]) for file in server.call("advisories.status", {})["files"]]
    known = [path for path in loaded if "://" not in path]
    there = [Path(path) for path in known if Path(path).exists()]
    gone = tuple(path for path in known if not Path(path).exists())
    if not there:
        detail = f"Gone: {', '.join(gone)}" if gone else "No file was ever loaded, and no mirror is configured."
        remedy = "watchbill advisories load PATH..., or set advisories.url."
        raise Problem("nothing_to_update", "There is nothing to load again", detail, remedy=remedy, status=409)
    return loading.load(there, as_json=as_json, gone=gone, force=force)
