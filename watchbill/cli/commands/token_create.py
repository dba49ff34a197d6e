"""`watchbill token create`: an API token for a program or for `wb`, shown this once."""

from __future__ import annotations

import argparse

from watchbill.cli import server
from watchbill.cli.terminal import inert, say, say_json, warn

HELP = "Create an API token that acts as a person, no further than its scopes; it is shown this once and expires."
EXAMPLE = "watchbill token create --name ci --person alice@saltmarsh.example --scopes send --days 90"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", metavar="N", required=True, help="what it is for")
    parser.add_argument("--person", metavar="EMAIL", required=True, help="whom it acts as")
    parser.add_argument("--scopes", metavar="SCOPE", nargs="+", default=["read"], help="read, act, send, admin (read if left out)")
    parser.add_argument("--days", metavar="DAYS", type=int, help="how long it is good for")
    parser.add_argument("--json", action="store_true", help="the token and its facts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 made. Raises Problem for an unknown person or a scope that they may not give."""
    scopes = [scope for given in arguments.scopes for scope in given.split(",") if scope]
    payload = {"name": arguments.name, "person": arguments.person, "scopes": scopes}
    answer = server.call("token.create", payload | ({} if arguments.days is None else {"days": arguments.days}))
    if arguments.json:
        say_json(answer)
    else:
        say(inert(answer["token"]))
        # On standard error, so that a script may take the token from standard output.
        facts = f"acts as {answer['person']} ({', '.join(answer['scopes'])}) until {answer['expires']}"
        warn(f"Shown this once; {facts}. Use it with: wb login, or WATCHBILL_TOKEN.")
    return 0
