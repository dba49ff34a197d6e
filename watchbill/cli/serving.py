"""The serving parent: prepares the database and the data directory, prints where to go, then watches over one worker until stopped.

The worker holds the web threads, and but for `watchbill web` the loops and the writer. When either dies the other does too. When the
newcomer leaves the sample company, the worker stops and this process starts over in the new directory. `watchbill work` has no pages
and needs no worker: it runs the loops itself.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import socket
import sys
from pathlib import Path

import django
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchbill.web.project")
django.setup()

# Django's registry must be complete before a room's code is loaded; this module is only ever run, never imported.
from django.core.management import call_command  # noqa: E402
from django.db import Error, connections  # noqa: E402

from watchbill.base import datadir, limits, locks, postgres, routine  # noqa: E402
from watchbill.base.problem import Problem  # noqa: E402
from watchbill.base.serving import begin_serving  # noqa: E402
from watchbill.base.settings import ROLE, settings  # noqa: E402
from watchbill.sample import mark  # noqa: E402
from watchbill.sample import services as sample  # noqa: E402


def prepare(*, with_sample: bool) -> str:
    """Migrate, and set up what an empty directory or database needs; the one-time link to print, or an empty text.

    Raises `Problem` when another server holds the data directory, or when the database can't be reached. Any number of processes may
    do this at once on one PostgreSQL database: one does it, the others wait.
    """
    if settings().database_url:
        return _prepare_database(with_sample=with_sample)
    lock = datadir.take_lock(settings().data, limits.START_PATIENCE_SECONDS)
    try:
        call_command("migrate", interactive=False, verbosity=0)
        return sample.first_link(with_sample=with_sample)
    finally:
        connections.close_all()
        lock.release()


def _prepare_database(*, with_sample: bool) -> str:
    datadir.DataDir(settings().data).prepare()
    try:
        with locks.setting_up():
            call_command("migrate", interactive=False, verbosity=0)
            return sample.first_link(with_sample=with_sample)
    except Error as error:
        raise postgres.unreachable(error) or error from error.__cause__
    finally:
        connections.close_all()


def address() -> tuple[str, int]:
    """Host and port of `settings().addr`; raises `Problem` when it is not `host:port`."""
    host, _, port = settings().addr.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        detail = f"{settings().addr!r} is no host:port."
        raise Problem("bad_address", "The address makes no sense", detail, field="addr", remedy="Give host:port, such as 127.0.0.1:8080.")
    return host.strip("[]"), int(port)


def require_free(host: str, port: int) -> None:
    """Raise `Problem` when somebody listens there already: the server shares its port, so two would answer in turn without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            detail = f"Nothing can be served on {host}:{port}: {error.strerror}."
            raise Problem(
                "address_taken", "The address is taken", detail, field="addr", remedy="Set WATCHBILL_ADDR=127.0.0.1:8081."
            ) from error


def serve() -> None:
    """Serve until a signal, or until the worker dies."""
    host, port = address()
    if sys.platform == "linux":
        # Django is loaded once and inherited; nothing here has started a thread or holds a connection.
        multiprocessing.set_start_method("fork", force=True)
    Server(
        "watchbill.web.serving:front",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=1,
        runtime_threads=1,
        loop=Loops.asyncio,
        backpressure=limits.WAITING_REQUESTS,
        respawn_failed_workers=False,
        workers_kill_timeout=10,
        websockets=False,
        log_level=LogLevels.error,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
    ).serve()


def say(link: str) -> None:
    """Tell the newcomer where to go, on standard output."""
    where = f"http://{settings().addr}"
    lines = ["", "  Watchbill is on watch.", "", f"  {where}/"]
    if link:
        lines += ["", "  Open this link, once; it signs you in:", f"  {where}{link}"]
    print("\n".join([*lines, "", "  Ctrl-C stops it.", ""]), flush=True)


def work() -> None:
    """Run the loops in this process until a signal; then end in order."""
    ended = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ended)
    begin_serving("work")
    print("\n  Watchbill is at work. Ctrl-C stops it.\n", flush=True)
    signal.sigwait(ended)
    routine.end()


def main() -> int:
    """Prepare, say where, serve; then start over when the data moved."""
    parser = argparse.ArgumentParser(prog="watchbill up")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--role", choices=("up", "web", "work"), default="up")
    parser.add_argument("--sample", action="store_true")
    arguments = parser.parse_args()
    alone = not settings().database_url
    with_sample = settings().data != arguments.home if alone else arguments.sample
    try:
        if arguments.role == "work":
            prepare(with_sample=with_sample)
            work()
            return 0
        require_free(*address())
        say(prepare(with_sample=with_sample))
        os.environ[ROLE] = arguments.role
        serve()
    except Problem as problem:
        print(problem.as_text(), file=sys.stderr)
        return 2
    finally:
        if alone and mark.data_for(arguments.home, with_sample=arguments.sample) != settings().data:
            os.environ["WATCHBILL_DATA"] = str(arguments.home)
            os.execv(sys.executable, [sys.executable, "-m", "watchbill.cli.main", "up", *(["--sample"] if arguments.sample else [])])  # noqa: S606
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
