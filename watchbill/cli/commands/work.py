"""`watchbill work`: a process that pages people, delivers news and runs jobs, beside others on one PostgreSQL database."""

from __future__ import annotations

import argparse
from typing import NoReturn

from watchbill.cli import starting

HELP = "Page people, deliver news and run jobs, one of any number of processes on one PostgreSQL database."
EXAMPLE = "watchbill work"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", action="store_true", help="set up the sample company when the database is empty")


def run(arguments: argparse.Namespace) -> NoReturn:
    """Never returns. Raises Problem("needs_postgresql") on the embedded database."""
    starting.start("work", with_sample=arguments.sample)
