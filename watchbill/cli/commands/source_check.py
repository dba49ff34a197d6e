"""`watchbill source check`: look at a watched path again, now."""

from __future__ import annotations

import argparse

from watchbill.cli import server
from watchbill.cli.terminal import inert, say, say_json

HELP = "Look at a watched source again, now. Exit 1 when the outcome is held for a person to release."
EXAMPLE = "watchbill source check 3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="ID", type=int, help="the source's number, as on its page")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 applied, 1 held. Raises Problem for an unknown source or a path that has gone."""
    answer = server.call("source.check", {"source": arguments.source})
    if arguments.json:
        say_json(answer)
    else:
        say(inert(answer["outcome"]))
    return 1 if answer["held"] else 0
