"""`watchbill web`: a process that serves pages and takes what comes in, beside others on one PostgreSQL database."""

from __future__ import annotations

import argparse
from typing import NoReturn

from watchbill.cli import starting

HELP = "Serve pages and take what comes in, one of any number of processes on one PostgreSQL database."
EXAMPLE = "watchbill web"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", action="store_true", help="set up the sample company when the database is empty")


def run(arguments: argparse.Namespace) -> NoReturn:
    """Never returns. Raises Problem("needs_postgresql") on the embedded database."""
    starting.start("web", with_sample=arguments.sample)
