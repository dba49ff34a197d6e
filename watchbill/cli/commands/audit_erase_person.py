"""`watchbill audit erase-person`: take a person out of the audit trail. The events stay and every hash stays valid; who it was goes."""

from __future__ import annotations

import argparse

from watchbill.cli import server
from watchbill.cli.terminal import count, say, say_json, warn

HELP = "Erase a person from the audit trail: their name as an actor and every kept text with their address. Can't be undone."
EXAMPLE = "watchbill audit erase-person alice@saltmarsh.example --also 'Alice Duarte' --yes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", metavar="EMAIL", help="whom to erase")
    parser.add_argument("--also", metavar="WORDS", action="append", default=[], help="also erase kept texts with these words; repeatable")
    parser.add_argument("--yes", action="store_true", help="really do it")
    parser.add_argument("--json", action="store_true", help="what was erased as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 erased, 1 not confirmed. Raises Problem for words too short to be somebody's."""
    if not arguments.yes:
        warn("Nothing was erased. This can't be undone, not from the trail at least: add --yes to do it.")
        return 1
    answer = server.call("audit.erase_person", {"email": arguments.email, "also": arguments.also})
    if arguments.json:
        say_json(answer)
        return 0
    say(f"Erased: {count(answer['names'], 'name')}, {count(answer['values'], 'kept text')}. Every hash of the trail stays valid.")
    if answer["in_the_open"]:
        warn(f"{count(answer['in_the_open'], 'event')} from before names were sealed still say who it was, and always will.")
    say("The roster, cases, backups and exports made before are not touched by this.")
    return 0
