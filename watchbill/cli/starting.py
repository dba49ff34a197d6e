"""What `up`, `web` and `work` have in common: choose the data directory, then become the process that serves. No Django here."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Literal, NoReturn

from watchbill.base import settings
from watchbill.base.problem import Problem
from watchbill.cli import place

Role = Literal["up", "web", "work"]


def start(role: Role, *, with_sample: bool) -> NoReturn:
    """Become a serving process of this role. Raises Problem for a role that the embedded database can't have, and without the driver."""
    around = place.enter_for_start(with_sample=with_sample)
    on_postgresql = bool(settings.settings().database_url)
    if role != "up" and not on_postgresql:
        detail = f"`watchbill {role}` is one of several processes, and the embedded database has one process for everything."
        remedy = "Run `watchbill up`, or set database_url to a PostgreSQL database."
        raise Problem("needs_postgresql", "This needs PostgreSQL", detail, field="database_url", remedy=remedy, status=409)
    if on_postgresql and importlib.util.find_spec("psycopg") is None:
        remedy = "pip install 'watchbill[postgres]'"
        raise Problem(
            "no_driver", "No PostgreSQL driver", "database_url is set and the driver is not installed.", remedy=remedy, status=409
        )
    become(role, around, with_sample=with_sample)


def become(role: Role, home: Path, *, with_sample: bool) -> NoReturn:
    """Replace this process by the serving one."""
    words = ["--home", str(home), "--role", role, *(["--sample"] if with_sample else [])]
    os.execv(sys.executable, [sys.executable, "-m", "watchbill.cli.serving", *words])  # noqa: S606 - our own module, no shell
