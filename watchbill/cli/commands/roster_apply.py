"""`watchbill roster apply`: make the people, teams, services and schedules those of a file; all of it or nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from watchbill.base import limits
from watchbill.base.problem import Problem, invalid
from watchbill.cli import server
from watchbill.cli.terminal import inert, say, say_json

HELP = "Apply a roster file: people, teams, services, schedules, policies, ownership. All or nothing; twice changes nothing."
EXAMPLE = "watchbill roster apply roster.toml --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="roster.toml, or - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="only print what would change")
    parser.add_argument("--json", action="store_true", help="the changes as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 applied, or nothing to change; a dry run answers 1 when there is something to change. Raises Problem: nothing was changed."""
    payload = {"text": _text(arguments.file), "dry_run": arguments.dry_run, "where": arguments.file}
    answer = server.call("roster.apply", payload)
    changed = int(answer["changed"])
    if arguments.json:
        say_json(answer)
    else:
        say(*map(inert, answer["lines"]))
        did = "would be changed" if arguments.dry_run else "changed"
        say(f"{changed} {did}." if changed else "Nothing to change.")
    return 1 if arguments.dry_run and changed else 0


def _text(name: str) -> str:
    """The file's text. Raises Problem when it can't be read, is too large, or is no UTF-8."""
    try:
        with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:
            data = file.read(limits.VERB_PAYLOAD_BYTES)
        if len(data) == limits.VERB_PAYLOAD_BYTES:
            raise invalid(name, f"{name} is larger than a roster may be.", "Split it into several files.")
        return data.decode()
    except OSError as error:
        raise Problem(
            "unreadable", "The roster can't be read", f"{name}: {error.strerror}.", remedy="Give a file that you may read."
        ) from error
    except UnicodeDecodeError as error:
        raise invalid(name, f"{name} is no UTF-8 text: {error.reason} at byte {error.start}.", "Save it as UTF-8.") from error
