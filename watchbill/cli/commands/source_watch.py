"""`watchbill source watch`: have the server look at a folder or file of lockfiles by itself, from now on."""

from __future__ import annotations

import argparse
from pathlib import Path

from watchbill.cli import server
from watchbill.cli.terminal import inert, say, say_json

HELP = "Watch a folder or file on the server's machine for a service, and look at it at once."
EXAMPLE = "watchbill source watch /srv/berth-board --service berth-board"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="what the server can read")
    parser.add_argument("--service", metavar="S", required=True, help="whose it is")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 watched and looked at. Raises Problem for a path that is not there or an unknown service."""
    answer = server.call("source.watch", {"path": str(arguments.path.resolve()), "service": arguments.service})
    if arguments.json:
        say_json(answer)
    else:
        say(f"Source {answer['source']}: {inert(answer['outcome'])}", f"Look again: watchbill source check {answer['source']}")
    return 0
