"""`watchbill audit verify`: was anything in the audit trail changed, removed or cut off? It only reads, beside a server or without one."""

from __future__ import annotations

import argparse

from watchbill.cli import place, server
from watchbill.cli.terminal import count, inert, say, say_json

HELP = "Verify the whole audit trail against its tree, its signed checkpoints and the witness. Exit 0 whole, 1 not."
EXAMPLE = "watchbill audit verify"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", metavar="N", type=int, help="check only the first N events")
    parser.add_argument("--json", action="store_true", help="the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 nothing was altered, 1 something was (the first event at fault is named). Raises Problem when there is no trail."""
    place.enter()
    report = server.in_place().verify_trail(arguments.limit)
    if arguments.json:
        say_json(report)
    elif report["ok"]:
        signed = (
            f", {report['checkpoint_size']:,} of them under a signed checkpoint" if report["checkpoint_size"] else "; no checkpoint yet"
        )
        say(f"Whole: {count(report['events'], 'event')} verified{signed}.")
    else:
        first = f" The first event at fault: {report['first_bad_seq']}." if report["first_bad_seq"] is not None else ""
        say(f"NOT WHOLE: {inert(report['reason'])}.{first}", f"{count(report['events'], 'event')} before that are as they were written.")
    return 0 if report["ok"] else 1
