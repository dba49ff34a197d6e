"""Reads the whole trail in a process of its own: writes an export, or checks every event, while the server goes on with its threads and
its interpreter to itself.

Run as `python -m watchbill.base.trail_child` by trail_runs.py, in bounds: the order comes as JSON on standard input, the outcome goes to
standard output, and how far it is to a small file. It only reads the database, and has no network to use.
"""

import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import django
import msgspec
from django.conf import settings as django_settings

_EVERY_SECONDS = 1.0


class Order(msgspec.Struct, frozen=True):
    """What is to be done. `environment`: the server's WATCHBILL_ variables; `database`: Django's words for its database. `plan` is that of
    an export into `file`, None for a check.
    """

    environment: dict[str, str]
    database: dict[str, Any]
    progress: str
    plan: Any = None
    file: str = ""


class Marks:
    """How far it is, on disk, at most once a second."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._told = 0.0

    def __call__(self, events: int) -> None:
        if time.monotonic() - self._told < _EVERY_SECONDS:
            return
        self._told = time.monotonic()
        scratch = self._file.with_suffix(".new")
        scratch.write_text(str(events))
        scratch.replace(self._file)


def main() -> None:
    """Do what standard input says."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    os.environ.update(order.environment)
    django_settings.configure(
        SECRET_KEY="signs nothing",  # noqa: S106 - this process answers nobody
        INSTALLED_APPS=["watchbill.base"],
        DATABASES={"default": order.database},
        USE_TZ=True,
    )
    django.setup()
    # Only now that Django is set up can what uses the database be loaded.
    work = importlib.import_module("watchbill.base.trail_work")
    outcome = work.do(order.plan, Path(order.file), Marks(Path(order.progress)))
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
