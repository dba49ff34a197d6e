"""What every test gets: sockets closed except to this machine, and Hypothesis without a clock. It never sets up data; rooms have their own fixtures."""

import importlib.util
import ipaddress
import os
import socket
from typing import Any

import hypothesis

hypothesis.settings.register_profile("watchbill", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
hypothesis.settings.load_profile("watchbill")

if importlib.util.find_spec("watchbill.web.project"):
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbill.web.project")

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
