"""Doing a server verb in this process, when no server runs: loads Django, holds the data directory's lock, brings the tables up to date.

Only `cli/server.py` loads this module, by name and at the last moment: commands that need no database never pay for Django. With
the lock held no server can start meanwhile, so this process is the only writer.
"""

from __future__ import annotations

import os
from typing import Any

import django
import msgspec

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbill.web.project")
django.setup()

# Django's registry must be complete before a room's code is loaded.
from django.core.management import call_command  # noqa: E402
from django.db import Error, connection, connections  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

from watchbill.base import control, datadir, locks, postgres, sequencer, trail, workers  # noqa: E402
from watchbill.base.acting import Actor  # noqa: E402
from watchbill.base.problem import Problem  # noqa: E402
from watchbill.base.settings import settings  # noqa: E402


def run(verb: str, payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    """The verb's answer. Raises what the verb raises, and Problem("already_running") when a server got there first.

    On PostgreSQL it runs beside the serving processes, which are woken by what it commits.
    """
    if settings().database_url:
        return _beside_servers(verb, payload, by)
    lock = datadir.take_lock(settings().data)
    try:
        if _tables_lag():
            call_command("migrate", interactive=False, verbosity=0)
        return _answer(verb, payload, by)
    finally:
        connections.close_all()
        lock.release()


def _answer(verb: str, payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    # Through JSON, as over the wire: both ways give the same types.
    answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(control.run(verb, payload, by)))
    return answer


def _beside_servers(verb: str, payload: dict[str, Any], by: Actor) -> dict[str, Any]:
    try:
        if _tables_lag():
            with locks.setting_up():
                call_command("migrate", interactive=False, verbosity=0)
        workers.follow_clock()
        return _answer(verb, payload, by)
    except Error as error:
        raise postgres.unreachable(error) or error from error.__cause__
    finally:
        connections.close_all()


def look_at_database() -> dict[str, Any]:
    """{waiting, lag, workers}: changes of tables not yet made, events without a number, and the living processes of a PostgreSQL database.

    Raises Problem("no_database") when it can't be reached.
    """
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if waiting:
            return {"waiting": waiting, "lag": {"pending": 0, "oldest_seconds": 0.0}, "workers": []}
        return {"waiting": 0, "lag": msgspec.to_builtins(sequencer.lag()), "workers": msgspec.to_builtins(workers.living())}
    except Error as error:
        raise postgres.unreachable(error) or error from error.__cause__
    finally:
        connections.close_all()


def verify_trail(limit: int | None) -> dict[str, Any]:
    """Check the audit trail in this process, beside a running server or without one; it only reads.

    Raises Problem("no_database") when there is nothing to check.
    """
    own = settings()
    try:
        # Connecting would make the file.
        if (not own.database_url and not datadir.DataDir(own.data).database.exists()) or _tables_lag():
            raise Problem(
                "no_database",
                "No trail to verify",
                f"{own.data} holds no database of this version.",
                remedy="Start the server once: watchbill up",
            )
        answer: dict[str, Any] = msgspec.to_builtins(trail.verify(limit))
        return answer
    finally:
        connections.close_all()


def _tables_lag() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
