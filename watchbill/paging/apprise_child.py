"""The contained child that hands one page to Apprise, which makes its own calls: one JSON question on standard input, one answer on
standard output, nothing else said anywhere.

Apprise's 180 plugins are not ours, so what they may do is narrowed here, below them: only services spoken to over HTTP, only to
addresses that our own outgoing calls might go to, no redirect, always verified certificates, no file written, no file read but code and
certificates, no process started. The guard is an audit hook of the interpreter (PEP 578), which once set can't be taken off. The address
it is given is a secret: no answer of this child repeats any of it.
"""

import importlib
import ipaddress
import json
import os
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from watchbill.base.addresses import is_listed, is_public
from watchbill.base.lifeline import die_with_parent

QUESTION_BYTES = 256 * 1024
_DESK_AND_LOG = "blink1 dbus gio glib gnome growl kde macosx qt rsyslog syslog windows"
_OTHER_WIRES = "amqp amqps aprs deltachat deltachats irc ircs mailto mailtos mqtt mqtts nostr smpp smpps xmpp xmpps"
_LOCAL_FILES_AND_COMMANDS = "exec fcm file vapid"
DENIED = frozenset(f"{_DESK_AND_LOG} {_OTHER_WIRES} {_LOCAL_FILES_AND_COMMANDS}".split(" "))
"""Schemes that reach the desk or the log of this machine, read key files of it, or speak something else than HTTP. E-mail has a channel
of its own. Whatever else a plugin tries meets the guard."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9]{0,31})://")
_STARTS_SOMETHING = ("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "pty.spawn", "os.startfile")
_CHANGES_FILES = ("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate",
                  "os.utime", "shutil.", "sqlite3.", "tempfile.")  # fmt: skip
_CODE = (".py", ".pyc", ".so")
_SYSTEM_FILES = ("/dev/null", "/dev/urandom", "/etc/hosts", "/etc/mime.types", "/etc/resolv.conf")


class Guard:
    """What this process may reach from now on. ``blocked`` says in words what was tried and not let through."""

    def __init__(self, allow_hosts: Sequence[str], *, allow_private: bool, readable: Sequence[str]) -> None:
        self.allow_hosts, self.allow_private = allow_hosts, allow_private
        self.readable = tuple(f"{os.path.realpath(path)}/" for path in readable if path)
        self.blocked: list[str] = []
        self._listed: set[tuple[str, int]] = set()
        self._look_up = socket.getaddrinfo

    def stand(self) -> None:
        """From here on, for as long as the process lives."""
        socket.getaddrinfo = self._resolve
        sys.addaudithook(self._seen)

    def _resolve(self, host: Any, port: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - the socket module's own signature
        """Look a name up, once; of one that isn't listed every address must be public."""
        name = host.decode() if isinstance(host, bytes) else str(host or "")
        number = port if isinstance(port, int) else 0  # a named port is in no list
        found = self._look_up(host, port, *rest, **named)
        if is_listed(name, number, self.allow_hosts):
            self._listed |= {(str(row[4][0]), number) for row in found}
        elif not self.allow_private and not all(self._is_public(str(row[4][0])) for row in found):
            self._refuse("its address is inside this network; list it in outgoing.allow_hosts if it may be called")
        return found

    def _seen(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            self._check_address(arguments[1])
        elif event == "socket.bind":
            self._refuse("it would listen on this machine")
        elif event == "open":
            self._check_file(*arguments[:3])
        elif event.startswith(_STARTS_SOMETHING):
            self._refuse("it would start a program on this machine")
        elif event.startswith(_CHANGES_FILES):
            self._refuse("it would change a file of this machine")

    def _check_address(self, address: Any) -> None:  # noqa: ANN401 - what a socket takes
        if not isinstance(address, tuple):
            self._refuse("it would speak to something on this machine")
        host, port = str(address[0]), int(address[1])
        if self.allow_private or (host, port) in self._listed or is_listed(host, port, self.allow_hosts):
            return
        if not self._is_public(host):
            self._refuse("its address is inside this network; list it in outgoing.allow_hosts if it may be called")

    @staticmethod
    def _is_public(address: str) -> bool:
        try:
            return is_public(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False  # a name: it never came through the look-up

    def _check_file(self, path: Any, mode: Any, flags: Any) -> None:  # noqa: ANN401 - what the interpreter tells
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a file that is open already
        name = os.path.realpath(os.fsdecode(path))
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)) if isinstance(flags, int) else True
        if name in _SYSTEM_FILES:
            return
        if writes or not (name.endswith(_CODE) or name.startswith(self.readable)):
            self._refuse("it would change a file of this machine" if writes else "it would read a file of this machine")

    def _refuse(self, why: str) -> None:
        self.blocked.append(why)
        raise PermissionError(why)


class Calls:
    """What came of the HTTP calls, written down as they happen: a status with its Retry-After, or how it failed."""

    def __init__(self) -> None:
        self.made: list[dict[str, Any]] = []

    def watch(self, requests: ModuleType) -> None:
        """Note every call that goes through ``requests``, and have none follow a redirect."""
        session, errors = requests.sessions.Session, requests.exceptions
        send = session.send

        def noted(own: Any, asked: Any, **given: Any) -> Any:  # noqa: ANN401 - the library's own signature
            try:
                answer = send(own, asked, **{**given, "verify": given.get("verify") or True})
            except Exception as error:
                self.made.append({"failed": _how(error, errors)})
                raise
            self.made.append({"status": answer.status_code, "retry_after": str(answer.headers.get("Retry-After", ""))[:60]})
            return answer

        session.send = noted
        session.get_redirect_target = lambda _own, _answer: None


def _how(error: Exception, errors: Any) -> str:  # noqa: ANN401 - the library's module of exceptions
    if isinstance(error, errors.SSLError):
        return "tls"
    if isinstance(error, errors.ReadTimeout):
        return "timeout"
    return "unreachable" if isinstance(error, errors.RequestException | OSError) else "broken"


def send(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Hand the page over. The answer: ``sent``, the calls ``made``, what was ``blocked``, or the ``fault`` of the address."""
    url = str(asked["url"])
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1].lower() in DENIED:
        told = "this kind of service is not called" if scheme else "it is no Apprise address"
        return {"sent": False, "fault": told}
    apprise, requests = importlib.import_module("apprise"), importlib.import_module("requests")
    guard = Guard(asked["allow_hosts"], allow_private=asked["allow_private"], readable=(sys.prefix, sys.base_prefix))
    calls = Calls()
    calls.watch(requests)
    guard.stand()
    plugin = _plugin(apprise, url)
    if plugin is None:
        return {"sent": False, "fault": "Apprise makes no sense of the address", "blocked": guard.blocked}
    if not speaks_http(type(plugin)):
        return {"sent": False, "fault": "this kind of service is not called"}
    plugin.verify_certificate = True
    plugin.request_rate_per_sec = 0
    plugin.socket_connect_timeout = plugin.socket_read_timeout = max(1.0, float(asked["seconds"]) - 2.0)
    sent = plugin.notify(body=str(asked["body"]), title=str(asked["title"]), notify_type=apprise.NotifyType(asked["kind"]))
    return {"sent": bool(sent), "made": calls.made[-20:], "blocked": guard.blocked[:5]}


def _plugin(apprise: ModuleType, url: str) -> Any:  # noqa: ANN401 - one of 180 classes
    asset = apprise.AppriseAsset(
        app_id="Watchbill",
        app_desc="Watchbill",
        app_url="",
        async_mode=False,
        interpret_escapes=False,
        plugin_paths=[],
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def speaks_http(plugin: type) -> bool:
    """Whether it is one of Apprise's own and speaks through ``requests``, where our watch stands."""
    homes = [sys.modules[one.__module__] for one in plugin.__mro__ if one.__module__.startswith("apprise.plugins.")]
    return any(hasattr(home, "requests") for home in homes)


def main() -> None:
    """Answer the question, and say nothing of it anywhere else."""
    die_with_parent()
    sys.dont_write_bytecode = True
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        told = send(json.loads(sys.stdin.buffer.read(QUESTION_BYTES)))
    except Exception as error:  # noqa: BLE001 - the outermost frame; the words of an error may hold the secret, its kind doesn't
        told = {"sent": False, "broken": type(error).__name__}
    os.write(answers, json.dumps(told).encode())


if __name__ == "__main__":
    main()
