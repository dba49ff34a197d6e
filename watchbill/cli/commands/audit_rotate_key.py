"""`watchbill audit rotate-key`: let a new key sign the trail's checkpoints. The old key says so and is destroyed; nothing signed before is
lost.
"""

from __future__ import annotations

import argparse

from watchbill.cli import server
from watchbill.cli.terminal import count, inert, say, say_json, warn

HELP = "Sign the audit trail's checkpoints with a new key from now on. The old key says so, and is destroyed."
EXAMPLE = "watchbill audit rotate-key --yes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="really do it")
    parser.add_argument("--json", action="store_true", help="the change as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0 done, 1 not confirmed. Raises Problem when the keys are damaged."""
    if not arguments.yes:
        warn("Nothing was changed. The old key is destroyed by this, and auditors have to learn of the new one: add --yes to do it.")
        return 1
    answer = server.call("audit.rotate_key", {})
    if arguments.json:
        say_json(answer)
        return 0
    say(
        f"A new key signs {inert(answer['origin'])} from event {answer['size'] + 1:,} on: {inert(answer['new'])}",
        f"The old key signed {count(answer['size'], 'event')} and the word for its successor, which exports and witnesses carry.",
        "A transparency-log witness (witness.tlog) has to be told the new key by whoever runs it.",
    )
    return 0
