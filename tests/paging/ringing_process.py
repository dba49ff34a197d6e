"""A process that rings: writer, loops and senders as in the server, until it is killed.

`main("5")` opens alerts numbered from 5 on and prints each number once it is accepted; `main("settle")` only lets go out what is due.
Its settings come from the environment, and Django stands before it is imported.
"""

import os
import threading
import time

from watchbill.base.acting import SYSTEM
from watchbill.base.loop import start_loops
from watchbill.base.writer import start_writer
from watchbill.paging.services import open_alert

START = "import sys, django; django.setup(); from tests.paging.ringing_process import main; main(sys.argv[1])"


def main(first: str) -> None:
    start_writer()
    start_loops()
    say("ready")
    if first == "settle":
        time.sleep(3600)
    numbers = iter(range(int(first), int(first) + 1_000_000))
    lock = threading.Lock()

    def ring() -> None:
        while True:
            with lock:
                number = next(numbers)
            key, why = f"finding:{number}", ("It is exploited in the wild.",)
            open_alert(
                subject=key, dedup_key=key, title=key, decision="now", why=why, policy="security", team="security", link="", by=SYSTEM
            )
            with lock:
                say(str(number))

    for _ in range(3):
        threading.Thread(target=ring).start()


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())
