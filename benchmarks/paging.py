"""How fast the bell rings: `make bench`, or `python benchmarks/paging.py`. Prints a table and exits 1 where a figure is missed.

The real writer thread, the real loop and sender threads, a real mail server in a process of its own; 10,000 alerts stand open. Alerts are
opened at 20 a second, each on its own time whether or not the one before was answered. "Accepted" is the return of open_alert: on disk.
"Handed to channel" is the moment the channel's send is entered.
"""

import importlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

SINK = """
import sys, time
from aiosmtpd.controller import Controller
class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
controller = Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1]))
controller.start()
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def mail_sink(port: int) -> Iterator[None]:
    """A mail server in another process, so that it takes none of our time."""
    child = subprocess.Popen([sys.executable, "-c", SINK, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        yield
    finally:
        child.kill()
        child.wait()


def main() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-", ignore_cleanup_errors=True) as folder:
        os.environ.update(
            WATCHBILL_DATA=folder,
            WATCHBILL_MAIL_HOST="127.0.0.1",
            WATCHBILL_MAIL_PORT=str(port),
            WATCHBILL_MAIL_TLS="none",
            WATCHBILL_LOG_LEVEL="WARNING",
            DJANGO_SETTINGS_MODULE="watchbill.web.project",
        )
        django.setup()
        with mail_sink(port):
            return importlib.import_module("benchmarks._ringing").measure()


if __name__ == "__main__":
    sys.exit(main())
