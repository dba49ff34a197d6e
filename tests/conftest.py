"""What every test gets: sockets closed except to this machine, a data directory of its own, a clock to move, Hypothesis without one.

It never sets up data; rooms have their own fixtures.
"""

import atexit
import ipaddress
import os
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import django
import hypothesis
import pytest

from tests import databases
from watchbill.base.clock import use_clock

hypothesis.settings.register_profile("watchbill", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
hypothesis.settings.load_profile("watchbill")

# A data directory of its own for each test process; what the developer's shell says about a server stays outside.
for _name in [name for name in os.environ if name.startswith("WATCHBILL_") and not name.startswith("WATCHBILL_TEST_")]:
    del os.environ[_name]
os.environ["WATCHBILL_DATA"] = tempfile.mkdtemp(prefix="watchbill-tests-")
atexit.register(shutil.rmtree, os.environ["WATCHBILL_DATA"], ignore_errors=True)
if databases.server():
    databases.name_of("")  # one prefix for the whole run, which worker processes inherit
    os.environ["WATCHBILL_DATABASE_URL"] = databases.url_of(f"worker {os.getpid()}")


os.environ["DJANGO_SETTINGS_MODULE"] = "watchbill.web.project"
django.setup()


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Nothing to tell apart: each test process has its database in its own memory, or under its own name."""


def pytest_configure(config: pytest.Config) -> None:
    """A thread of a test ends with its connection open, which only PostgreSQL's driver has words for; some only after the last test."""
    if databases.postgres():
        config.addinivalue_line("filterwarnings", "ignore:.*was deleted while still open:ResourceWarning")
        warnings.filterwarnings("ignore", ".*was deleted while still open", ResourceWarning)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Worker processes find Django's settings by this file, like us: told before, they would read our data directory and database."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave a PostgreSQL server as it was found."""
    if databases.postgres() and not hasattr(session.config, "workerinput"):
        databases.drop_all()


_connect = socket.socket.connect
_getaddrinfo = socket.getaddrinfo


class LeftThisMachine(RuntimeError):
    """A test tried to reach another machine. Start a server on loopback instead."""


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connect_at_home(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(str(address[0])):
        raise LeftThisMachine(f"a test tried to connect to {address!r}")
    _connect(self, address)


def _getaddrinfo_at_home(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - its names
    """Names of other machines don't resolve, as on a machine without a network; numeric addresses do, so that guards can be tested."""
    if host not in (None, "", b"", "localhost", b"localhost"):
        flags |= socket.AI_NUMERICHOST
    return _getaddrinfo(host, port, family, type, proto, flags)


socket.socket.connect = _connect_at_home  # type: ignore[method-assign]
socket.getaddrinfo = _getaddrinfo_at_home


class SettableClock:
    """A clock that stands still until a test moves it. It starts on a Monday at nine, UTC."""

    def __init__(self) -> None:
        self._at = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._at

    def set(self, at: datetime) -> None:
        """Put the clock at an aware instant."""
        self._at = at.astimezone(UTC)

    def forward(self, **units: float) -> None:
        """Move on: clock.forward(minutes=10)."""
        self._at += timedelta(**units)


@pytest.fixture
def clock() -> Iterator[SettableClock]:
    """The process's clock, in the test's hand."""
    in_hand = SettableClock()
    use_clock(in_hand)
    yield in_hand
    use_clock()


pytest_plugins = ["tests.fixtures.base"]
