"""How the audit trail fares when it is long: questions, checking, proofs, exports. `python benchmarks/trail.py [EVENTS]`; a million by
default (`make bench`), 10000000 for the size that the product promises for (some 5 GB of disk and ten minutes).

The trail is honest, with proper hashes, written by the bare driver. Questions are timed through the same calls that pages and API make.
Beside each figure stands what the same machine does at best in the same run.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from _floor import percentile, set_up
from _report import Row, print_table

DATA = set_up()

from django.db import connection  # noqa: E402 - Django had to be set up first

from tests.trail.many import ACTORS, TARGETS, fill, moment_of  # noqa: E402
from watchbill.base import trail, trail_export, trail_rows  # noqa: E402
from watchbill.base.trail_search import Question, search  # noqa: E402

EVENTS = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("WATCHBILL_BENCH_EVENTS", "1000000"))
BYTES_AN_EVENT = 700  # rows, indexes, and the log that they pass through
QUESTIONS = 60
PART = 10_000
VERIFIER = Path(__file__).resolve().parents[1] / "watchbill" / "client" / "verify_trail.py"


def written() -> float:
    """Events a second by the bare driver, indexes last."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_event' AND sql IS NOT NULL")
        indexes = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_event' AND sql IS NOT NULL")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP INDEX "{name}"')
        begun = time.perf_counter()
        fill(EVENTS)
        rate = EVENTS / (time.perf_counter() - begun)
        for statement in indexes:
            cursor.execute(statement)
    return rate


def questions() -> dict[str, list[Callable[[], object]]]:
    """What people ask, by kind, at random places of the trail."""
    dice = random.Random(6)
    places = [dice.randrange(1, EVENTS + 1) for _ in range(QUESTIONS)]

    def around(seq: int, minutes: int, **how: object) -> Question:
        at, reach = moment_of(seq), timedelta(minutes=minutes)
        return Question(start=at - reach, end=at + reach, **how)  # type: ignore[arg-type]  # whatever is asked

    asked: dict[str, Callable[[int], Question]] = {
        "around a moment, 15 min": lambda seq: around(seq, 15),
        "around a moment, a day": lambda seq: around(seq, 24 * 60),
        "about a thing, that day": lambda seq: around(seq, 12 * 60, target=f"finding:{seq % TARGETS}"),
        "about a thing, ever": lambda seq: Question(target=f"finding:{seq % TARGETS}"),
        "by somebody, that day": lambda seq: around(seq, 12 * 60, actor=f"person-{seq % ACTORS}"),
        "by somebody, older": lambda seq: Question(actor=f"person-{seq % ACTORS}", before_seq=seq),
        "an action, newest": lambda seq: Question(action="page.", before_seq=seq),
        "words, an hour": lambda seq: around(seq, 30, words=("openssl",)),
        "words that are nowhere": lambda seq: Question(words=("no such word",), before_seq=seq),
        "older, from anywhere": lambda seq: Question(before_seq=seq),
    }
    return {name: [lambda make=make, seq=seq: search(make(seq), 100) for seq in places] for name, make in asked.items()}


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def answered(ask: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock on the wall, and of processor: on a busy machine only the second says something about us."""
    spent = time.process_time()
    return timed(ask), time.process_time() - spent


def hashing_alone(count: int) -> float:
    entry = b"\x00" + b"x" * 346
    begun = time.process_time()
    for _ in range(count):
        sha256(entry).digest()
    return count / (time.process_time() - begun)


def outsiders_check(export: Path, checkpoint: Path) -> tuple[float, dict[str, object]]:
    """Seconds of processor that the standalone verifier takes, and what it says."""
    argv = [sys.executable, "-I", str(VERIFIER), str(export), "--checkpoint", str(checkpoint), "--json"]
    before = os.times()
    done = subprocess.run(argv, capture_output=True, check=False)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent, json.loads(done.stdout)


def main() -> int:
    free = shutil.disk_usage(DATA).free
    if free < EVENTS * BYTES_AN_EVENT * 2:
        print(
            f"benchmarks/trail.py: {EVENTS:,} events need {EVENTS * BYTES_AN_EVENT * 2 >> 30} GiB of disk, {free >> 30} are free: left out"
        )
        return 0
    rate = written()
    kept = trail.checkpoint_now()
    assert kept is not None
    (DATA / "kept.txt").write_text(kept.text)
    size = (DATA / "watchbill.db").stat().st_size
    print(f"{EVENTS:,} events, {size / 2**30:.1f} GiB on disk, written at {rate:,.0f}/s by the bare driver without indexes")

    times = {name: [answered(ask) for ask in asks] for name, asks in questions().items()}
    for name, listed in times.items():
        wall, spent = ([one[at] * 1000 for one in listed] for at in (0, 1))
        told = (
            f"p50 {percentile(wall, 0.5):7.1f} ms   p95 {percentile(wall, 0.95):7.1f} ms   of processor {percentile(spent, 0.95):7.1f} ms"
        )
        print(f"  {name:28} {told}")
    p95, spent95 = (percentile([one[at] for listed in times.values() for one in listed], 0.95) * 1000 for at in (0, 1))

    begun = time.process_time()
    report = trail.verify()
    verified = report.events / (time.process_time() - begun)
    first_rows = timed(trail_rows.store_rows)
    dice = random.Random(1)
    some = sorted(dice.sample(range(1, EVENTS + 1), min(PART, EVENTS)))
    part, part_spent = answered(lambda: trail_export.export_zip(DATA / "part.zip", seqs=some))
    whole = timed(lambda: trail_export.export_zip(DATA / "whole.zip"))
    outside, told = outsiders_check(DATA / "whole.zip", DATA / "kept.txt")
    outside_part, told_part = outsiders_check(DATA / "part.zip", DATA / "kept.txt")
    hashing = f"SHA-256 alone {hashing_alone(200_000):,.0f}/s"
    rows = [
        Row(f"questions at {EVENTS:,} events, p95 of all", f"{p95:.1f} ms", "<= 100 ms", f"of processor {spent95:.1f} ms", p95 <= 100),
        Row("verify, a second of processor", f"{verified:,.0f}/s", ">= 200,000/s", hashing, verified >= 200_000 and report.ok),
        Row("standalone verify, a second of processor", f"{EVENTS / outside:,.0f}/s", ">= 100,000/s", hashing, told["verdict"] == "ok"),
        Row(
            f"export {len(some):,} events with proofs",
            f"{part:.1f} s",
            "<= 5 s",
            f"of processor {part_spent:.1f} s; checked in {outside_part:.1f} s",
            part <= 5,
        ),
        Row("export the whole trail", f"{EVENTS / whole:,.0f}/s", "", f"{(DATA / 'whole.zip').stat().st_size >> 20} MiB", True),
        Row("rows for proofs, made once", f"{first_rows:.1f} s", "", f"{EVENTS / max(first_rows, 1e-6):,.0f} events/s", True),
    ]
    return print_table(rows) or int(told["verdict"] != "ok" or told_part["verdict"] != "ok")


if __name__ == "__main__":
    raise SystemExit(main())
