"""`watchbill up`: choose the data directory, then become the serving process. Nothing of Django is loaded before the choice is made."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from watchbill.base import settings
from watchbill.base.problem import Problem
from watchbill.cli import place

HELP = "Serve Watchbill: web pages, loops and writer, on this machine, in the foreground."
EXAMPLE = "watchbill up --sample"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", action="store_true", help="set up the sample company when the data directory is empty")


def run(arguments: argparse.Namespace) -> NoReturn:
    """Never returns: this process becomes `watchbill.cli.serving`, with the chosen directory in its environment."""
    around = place.enter_for_start(with_sample=arguments.sample)
    if settings.settings().database_url:
        detail = "database_url names another database, and serving from PostgreSQL is not built yet."
        raise Problem("not_built", "PostgreSQL can't be served yet", detail, field="database_url", remedy="Leave it empty.")
    become(around, with_sample=arguments.sample)


def become(home: Path, *, with_sample: bool) -> NoReturn:
    """Replace this process by the serving one."""
    words = ["--home", str(home), *(["--sample"] if with_sample else [])]
    os.execv(sys.executable, [sys.executable, "-m", "watchbill.cli.serving", *words])  # noqa: S606 - our own module, no shell
