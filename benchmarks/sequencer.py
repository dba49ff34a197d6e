"""How fast the sequencer numbers and hashes audit events on PostgreSQL, and how far it lags: `python benchmarks/sequencer.py`.

A process of its own numbers, as `watchbill work` does, while this one writes at a steady rate; and a heap that was left waiting is
worked off. Beside it stands what the same server takes of the same rows by plain INSERT, in the same run. PostgreSQL is as durable here
as by default; it shares the machine's cores with everything else.
"""

import os
import subprocess
import sys
import time
from itertools import count

from _floor import percentile
from _postgres import URL, set_up, start
from _report import Row, print_table

SECONDS = 10.0
RATE, BATCH, HEAP = 5000, 100, 50_000
CHILD = "number"

if CHILD in sys.argv:
    set_up(os.environ[URL], migrate=False)
else:
    os.environ[URL] = start()
    set_up(os.environ[URL], migrate=True)

from django.db import connection, transaction  # noqa: E402 - Django had to be set up first

from watchbill.base import canonical, clock, limits, sequencer, trail  # noqa: E402
from watchbill.base.acting import Actor  # noqa: E402
from watchbill.base.writer import audit, write  # noqa: E402

BY = Actor("token", "ci", "api")
_numbers = count()


def number() -> None:
    """As the loop of a working process, until killed."""
    while True:
        due = sequencer.turn(clock.now())
        time.sleep(max(0.0, (due - clock.now()).total_seconds()) if due else 1.0)


def write_batch() -> None:
    first = next(_numbers) * BATCH

    def batch() -> None:
        for each in range(first, first + BATCH):
            audit(BY, "change.recorded", f"change:{each}", body={"summary": f"deploy {each} of berth-board", "kind": "deploy"})

    write(batch, beside=True)


def heap() -> float:
    """Events a second when a heap of them waits and nothing else happens."""
    for _ in range(HEAP // BATCH):
        write_batch()
    begun = time.perf_counter()
    while sequencer.sequence():
        pass
    return HEAP / (time.perf_counter() - begun)


def steady() -> tuple[float, list[float]]:
    """Events a second that were written, and the lags seen meanwhile, in seconds."""
    lags, done, begun = [], 0, time.perf_counter()
    looked = begun
    while (now := time.perf_counter()) - begun < SECONDS:
        if done < (now - begun) * RATE * 1.05:
            write_batch()
            done += BATCH
        else:
            time.sleep(0.002)
        if now - looked > 0.05:
            looked = now
            lags.append(sequencer.lag().oldest_seconds)
    return done / (time.perf_counter() - begun), lags


def plain() -> float:
    """Rows a second of the same kind by INSERT, as many to a commit."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (LIKE audit_event INCLUDING ALL)")
    columns = ", ".join((*canonical.FIELDS, "leaf"))
    statement = f"INSERT INTO plain ({columns}) VALUES ({', '.join(['%s'] * (len(canonical.FIELDS) + 1))})"
    at, leaf, done, begun = canonical.moment(clock.now()), bytes(32), 0, time.perf_counter()
    while time.perf_counter() - begun < 3.0:
        rows = [
            (done + each, at, at, "ci", "token", "api", "change.recorded", f"change:{done + each}", "done", "", '{"kind":"deploy"}', leaf)
            for each in range(BATCH)
        ]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, rows)
        done += BATCH
    return done / (time.perf_counter() - begun)


def main() -> int:
    sequencer.leave_to_loops(True)
    worked_off = heap()
    peer = plain()
    child = subprocess.Popen([sys.executable, __file__, CHILD])
    try:
        time.sleep(2.0)
        rate, lags = steady()
        while sequencer.lag().pending:
            time.sleep(0.05)
    finally:
        child.kill()
        child.wait()
    p99 = percentile(lags, 0.99)
    beside = f"plain INSERT, {BATCH} a commit: {peer:,.0f}/s"
    met = worked_off >= 5000 or worked_off >= peer / 3
    report = trail.verify()
    rows = [
        Row("a heap of events worked off", f"{worked_off:,.0f}/s", ">= 5,000/s", beside, met),
        Row(
            "written and numbered steadily",
            f"{rate:,.0f}/s",
            ">= 5,000/s, or half of plain INSERT",
            f"{limits.SEQUENCE_BATCH} at a time",
            rate >= min(5000, peer / 2),
        ),
        Row("lag meanwhile, p99", f"{p99 * 1000:,.0f} ms", "< 1,000 ms", f"median {percentile(lags, 0.5) * 1000:,.0f} ms", p99 < 1.0),
        Row("trail afterwards", f"{report.events:,} events", "verifies", report.reason, report.ok),
    ]
    return print_table(rows)


if __name__ == "__main__":
    number() if CHILD in sys.argv else sys.exit(main())
