"""How fast the writer thread commits: `make bench`, or `python benchmarks/writer.py`. Each write is one fact, one audit event and one
piece of news, durable before it returns, as an accepted input is. Beside each figure stands the bare driver on the same disk in the
same run: the same rows, nothing else.
"""

import sqlite3
import threading
import time
from pathlib import Path

from _floor import percentile, set_up
from _report import Row, print_table

DATA = set_up()

from django.db import connection  # noqa: E402 - Django had to be set up first

from watchbill.base import inbox, loop, trail  # noqa: E402
from watchbill.base.acting import SYSTEM  # noqa: E402
from watchbill.base.writer import audit, start_writer, stop_writer, write  # noqa: E402

SECONDS = 2.0
ROW = b'{"lockfileVersion": 3, "packages": {}}' * 8


def accept() -> None:
    inbox.accept(ROW, kind="lockfile", source="bench", by=SYSTEM)


def callers(count: int, seconds: float) -> tuple[float, list[float]]:
    """So many threads accept for so long: accepted a second, and each one's time in seconds."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        mine = []
        while (start := time.perf_counter()) < end:
            accept()
            mine.append(time.perf_counter() - start)
        times.extend(mine)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(count)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - begun), times


def bare(path: Path, per_commit: int, seconds: float) -> float:
    """The same three rows by the driver alone, so many to a commit: a second."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB)")
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO t (a, b) VALUES (?, ?)", [("bench", ROW)] * 3 * per_commit)
        db.execute("COMMIT")
        done += per_commit
    rate = done / (time.perf_counter() - begun)
    db.close()
    return rate


def beside_an_import(seconds: float) -> tuple[float, int]:
    """p99 of eight callers while the slow lane imports; and how many rows were imported."""
    rows = [0]
    stop = threading.Event()

    def chunk() -> None:
        for _ in range(50):
            audit(SYSTEM, "row.imported", "bench:1")
        rows[0] += 50

    def work() -> None:
        while not stop.is_set():
            write(chunk, lane="slow")
        connection.close()

    importing = threading.Thread(target=work)
    importing.start()
    _, times = callers(8, seconds)
    stop.set()
    importing.join()
    return percentile(times, 0.99), rows[0]


def idle(seconds: float) -> float:
    """Share of one core that writer and loops take with nothing to do."""
    loop.start_loops()
    time.sleep(1.0)
    before = time.process_time()
    time.sleep(seconds)
    used = time.process_time() - before
    loop.stop_loops()
    return used / seconds


def main() -> int:
    start_writer()
    callers(1, 0.2)
    rows = []
    for count, least, share in ((1, 700, 3), (8, 1000, 4), (32, 1300, 8)):
        rate, times = callers(count, SECONDS)
        p99 = percentile(times, 0.99) * 1000
        group = max(1, count // 2)  # while one half is committed the other half comes
        peer = bare(DATA / f"bare{count}.db", group, 1.0)
        measured, target = f"{rate:,.0f}/s, p99 {p99:.1f} ms", f">= {least:,}/s, or 1/{share} of the driver alone"
        met = rate >= min(least, peer / share)
        rows.append(Row(f"accepted, {count} callers", measured, target, f"driver alone, {group} a commit: {peer:,.0f}/s", met))
    p99, imported = beside_an_import(SECONDS)
    beside = f"import {imported / SECONDS:,.0f} rows/s"
    rows.append(Row("8 callers beside an import, p99", f"{p99 * 1000:.1f} ms", "<= 250 ms", beside, p99 <= 0.25))
    load = idle(10.0)
    rows.append(Row("idle: writer and loops", f"{load:.2%} of a core", "<= 1 %", "", load <= 0.01))
    stop_writer()
    report = trail.verify()
    rows.append(Row("trail afterwards", f"{report.events:,} events", "verifies", report.reason, report.ok))
    return print_table(rows)


if __name__ == "__main__":
    raise SystemExit(main())
