"""A small process with the real writer thread: takes a number a line, writes it durably, and only then answers with the same number.
Made to be killed.

Run as a program: `python acknowledging_writer.py DATABASE THREADS`. Not a test itself.
"""

import sys
import threading
from functools import partial

import django
from django.conf import settings as django_settings


def set_up(database: str) -> None:
    """Django with the floor alone."""
    django_settings.configure(
        SECRET_KEY="only for this test",
        INSTALLED_APPS=["watchbill.base"],
        DATABASES={"default": {"ENGINE": "watchbill.base.sqlite", "NAME": database, "CONN_MAX_AGE": None}},
        USE_TZ=True,
    )
    django.setup()


def main(database: str, threads: int) -> None:
    """Until the input ends."""
    set_up(database)
    from watchbill.base import state  # noqa: PLC0415 - Django must be set up first
    from watchbill.base.acting import SYSTEM  # noqa: PLC0415
    from watchbill.base.writer import audit, news, start_writer, stop_writer, write  # noqa: PLC0415

    lock = threading.Lock()
    start_writer()

    def keep(number: str) -> None:
        state.put(f"n{number}", number)
        audit(SYSTEM, "number.kept", f"number:{number}", body={"n": int(number)})
        news("number.kept", f"number:{number}")

    def work() -> None:
        while True:
            with lock:
                line = sys.stdin.readline()
            if not line:
                return
            number = line.strip()
            write(partial(keep, number))
            with lock:
                sys.stdout.write(f"{number}\n")
                sys.stdout.flush()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    stop_writer()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
