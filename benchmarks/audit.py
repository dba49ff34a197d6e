"""How fast the audit trail appends, verifies and answers: `make bench`, or `python benchmarks/audit.py`. Beside each figure stands what
the same machine does at best in the same run: the bare driver writing the same rows, or the standard library hashing the same bytes.
"""

import sqlite3
import time
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from _floor import percentile, set_up
from _report import Row, print_table

DATA = set_up()

from watchbill.base import canonical, clock, trail  # noqa: E402 - Django had to be set up first
from watchbill.base.acting import Actor  # noqa: E402
from watchbill.base.models import AuditEvent  # noqa: E402
from watchbill.base.writer import audit, write  # noqa: E402

ALICE = Actor("person", "alice@saltmarsh.example", "web")
EVENTS = 200_000
PER_COMMIT = 500
BODY: dict[str, str | int] = {"package": "lodash", "installed": "4.17.20", "fixed": "4.17.21", "tier": 1}
QUESTIONS = 200


def one(number: int) -> None:
    audit(ALICE, "finding.opened", f"finding:{number % 5000}", ref="scan:17", body=BODY)


def appended_singly(seconds: float) -> float:
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        write(lambda: one(done))  # noqa: B023 - run before the next turn
        done += 1
    return done / (time.perf_counter() - begun)


def appended_in_groups(count: int) -> float:
    def many() -> None:
        for number in range(PER_COMMIT):
            one(number)

    begun = time.perf_counter()
    for _ in range(count // PER_COMMIT):
        write(many)
    return count / (time.perf_counter() - begun)


def bare_rows(path: Path, per_commit: int, seconds: float) -> float:
    """The same columns and indexes by the driver alone."""
    row = list(AuditEvent.objects.order_by("-seq").values_list(*canonical.FIELDS, "leaf")[0])[1:]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    names = [*canonical.FIELDS[1:], "leaf"]
    db.execute(f"CREATE TABLE e (seq INTEGER PRIMARY KEY, {', '.join(names)})")
    for columns in ("recorded_at", "actor, recorded_at", "target, recorded_at"):
        db.execute(f"CREATE INDEX i{len(columns)}{columns[0]} ON e ({columns})")
    insert = f"INSERT INTO e ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(insert, [row] * per_commit)
        db.execute("COMMIT")
        done += per_commit
    result = done / (time.perf_counter() - begun)
    db.close()
    return result


def hashing_alone(count: int) -> float:
    entry = b"\x00" + canonical.event_bytes(AuditEvent.objects.order_by("-seq").values_list(*canonical.FIELDS)[0])
    begun = time.process_time()
    for _ in range(count):
        sha256(entry).digest()
    return count / (time.process_time() - begun)


def asked() -> list[float]:
    """Times of questions a person asks: around a time, about a target, by an actor."""
    now = clock.now()
    times = []
    for number in range(QUESTIONS):
        begun = time.perf_counter()
        trail.events(start=now - timedelta(minutes=15), end=now + timedelta(minutes=15), limit=100)
        trail.events(target=f"finding:{number}", limit=100)
        trail.events(actor=ALICE.name, limit=100)
        times.append((time.perf_counter() - begun) / 3)
    return times


def main() -> int:
    singly = appended_singly(2.0)
    groups = appended_in_groups(EVENTS)
    begun = time.process_time()
    report = trail.verify()
    verified = report.events / (time.process_time() - begun)
    p95 = percentile(asked(), 0.95) * 1000
    begun = time.perf_counter()
    trail.checkpoint_now()
    signed = (time.perf_counter() - begun) * 1000
    alone = bare_rows(DATA / "bare1.db", 1, 1.0)
    together = bare_rows(DATA / "bare500.db", PER_COMMIT, 1.0)
    hashing = f"SHA-256 alone {hashing_alone(100_000):,.0f}/s"
    single = ">= 1,000/s, or 1/4 of the driver alone"
    rows = [
        Row("events, one a commit", f"{singly:,.0f}/s", single, f"driver alone {alone:,.0f}/s", singly >= min(1000, alone / 4)),
        Row(f"events, {PER_COMMIT} a commit", f"{groups:,.0f}/s", ">= 10,000/s", f"driver alone {together:,.0f}/s", groups >= 10_000),
        Row("verify, a second of processor", f"{verified:,.0f}/s", ">= 200,000/s", hashing, verified >= 200_000 and report.ok),
        Row(f"questions at {report.events:,} events, p95", f"{p95:.1f} ms", "<= 100 ms", "", p95 <= 100),
        Row("a checkpoint", f"{signed:.1f} ms", "<= 100 ms", "", signed <= 100),
    ]
    return print_table(rows)


if __name__ == "__main__":
    raise SystemExit(main())
