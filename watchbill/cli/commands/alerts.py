"""`watchbill alerts`: what is ringing or acknowledged, and who is next."""

from __future__ import annotations

import argparse

from watchbill.cli import server
from watchbill.cli.terminal import columns, say, say_json

HELP = "List the open alerts: what rings, who took it, who is called next and when. Exit 1 while one rings unanswered."
EXAMPLE = "watchbill alerts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the alerts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 when nothing rings unanswered, 1 otherwise."""
    answer = server.call("alerts", {})
    rows = answer["alerts"]
    if arguments.json:
        say_json(answer)
    elif rows:
        heading = ("#", "state", "team", "title", "next")
        say(*columns([heading, *((row["id"], row["state"], row["team"], row["title"], _next(row)) for row in rows)], indent=""))
    else:
        say("Nothing is open.")
    return 1 if any(row["state"] == "triggered" for row in rows) else 0


def _next(row: dict[str, object]) -> str:
    names = row.get("next")
    if row["state"] == "acknowledged":
        return f"taken by {row.get('by') or 'somebody'}"
    if not isinstance(names, list) or not names:
        return "nobody further"
    return f"{', '.join(map(str, names))} at {row.get('next_at')}"
