"""`watchbill up`: choose the data directory, then become the serving process. Nothing of Django is loaded before the choice is made."""

from __future__ import annotations

import argparse
from typing import NoReturn

from watchbill.cli import starting

HELP = "Serve Watchbill: web pages, loops and writer, on this machine, in the foreground."
EXAMPLE = "watchbill up --sample"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", action="store_true", help="set up the sample company when the data directory (or database) is empty")


def run(arguments: argparse.Namespace) -> NoReturn:
    """Never returns: this process becomes `watchbill.cli.serving`, with the chosen directory in its environment."""
    starting.start("up", with_sample=arguments.sample)
