"""What every test gets: sockets closed except to this machine, a data directory of its own, a clock to move, Hypothesis without one.

It never sets up data; rooms have their own fixtures.
"""

import atexit
import importlib
import importlib.util
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import django.apps
import django.conf
import django.utils.functional
import hypothesis
import pytest

from watchbill.base.clock import use_clock

hypothesis.settings.register_profile("watchbill", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
hypothesis.settings.load_profile("watchbill")

# A data directory of its own for each test process; what the developer's shell says about a server stays outside.
for _name in [name for name in os.environ if name.startswith("WATCHBILL_")]:
    del os.environ[_name]
os.environ["WATCHBILL_DATA"] = tempfile.mkdtemp(prefix="watchbill-tests-")
atexit.register(shutil.rmtree, os.environ["WATCHBILL_DATA"], ignore_errors=True)


def _set_up_rooms_that_stand() -> None:
    """While rooms are being built side by side: Django with the rooms whose models import, or no Django at all."""
    try:
        project = importlib.import_module("watchbill.web.project")
    except ImportError as why:
        sys.stderr.write(f"tests run without Django: {why}\n")
        return
    names = {name: value for name, value in vars(project).items() if name.isupper()}
    apps = [app for app in names["INSTALLED_APPS"] if not app.startswith("watchbill.") or importlib.util.find_spec(f"{app}.apps")]
    if "watchbill.roster" not in apps:
        needs_people = ("allauth", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages", "watchbill.web")
        apps = [app for app in apps if not app.startswith(needs_people)]
        del names["AUTH_USER_MODEL"]
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    django.conf.settings.configure(**names | {"INSTALLED_APPS": apps})
    try:
        django.setup()
    except ImportError as why:
        sys.stderr.write(f"tests run {'with some rooms not ready' if django.apps.apps.models_ready else 'without Django'}: {why}\n")
        if django.apps.apps.models_ready:
            django.apps.apps.ready = True
        else:
            django.conf.settings._wrapped = django.utils.functional.empty


_set_up_rooms_that_stand()

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
