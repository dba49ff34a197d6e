"""`watchbill audit verify`: was anything in the audit trail changed, removed or cut off? It only reads, beside a server or without one.

An export (--zip) is judged by the standalone verifier, in a process of its own, as anybody else would.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from watchbill.cli import place, server
from watchbill.cli.terminal import count, inert, say, say_json, warn

HELP = (
    "Verify the whole audit trail against its tree, its signed checkpoints and the witness; or an export with --zip. Exit 0 whole, 1 not,"
    " 2 it can't be told."
)
EXAMPLE = "watchbill audit verify --zip trail.zip --checkpoint kept.txt"
VERIFIER = Path(__file__).parents[2] / "client" / "verify_trail.py"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", metavar="N", type=int, help="check only the first N events")
    parser.add_argument("--zip", metavar="FILE", help="verify this export instead, without the server or its database")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="with --zip: a checkpoint that you kept yourself, several, or an earlier export"
    )
    parser.add_argument("--key", metavar="KEY", help="with --zip: the log's key as you know it, base64 or its fingerprint in hex")
    parser.add_argument("--json", action="store_true", help="the answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 nothing was altered, 1 something was (the first event at fault is named). Raises Problem when there is no trail."""
    if arguments.zip:
        return _verify_export(arguments)
    place.enter()
    report = server.in_place().verify_trail(arguments.limit)
    if arguments.json:
        say_json(report)
    elif report["ok"]:
        signed = (
            f", {report['checkpoint_size']:,} of them under a signed checkpoint" if report["checkpoint_size"] else "; no checkpoint yet"
        )
        say(f"Whole: {count(report['events'], 'event')} verified{signed}.")
        for warning in report.get("warnings", ()):
            warn(f"But {inert(warning)}.")
    else:
        first = f" The first event at fault: {report['first_bad_seq']}." if report["first_bad_seq"] is not None else ""
        say(f"NOT WHOLE: {inert(report['reason'])}.{first}", f"{count(report['events'], 'event')} before that are as they were written.")
    return 0 if report["ok"] else 1


def _verify_export(arguments: argparse.Namespace) -> int:
    """The standalone verifier's own words and exit code."""
    given = {"--checkpoint": arguments.checkpoint, "--key": arguments.key}
    words = [f"{option}={value}" for option, value in given.items() if value]
    argv = [sys.executable, "-I", str(VERIFIER), *words, *(["--json"] if arguments.json else []), "--", arguments.zip]
    return subprocess.run(argv, check=False).returncode
