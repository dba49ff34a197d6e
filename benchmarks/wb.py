"""What a command costs before it does anything: CPU time of `wb --help`, `watchbill versions compare` and `watchbill --help`.

Prints a table and exits 1 where a promised figure is missed. Beside them stands the same Python doing nothing: what no command can beat.
"""

import os
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import machine

TREE = Path(__file__).resolve().parents[1]
TRIES = 15


def cpu_ms(*words: str) -> float:
    """User and system time of one run, in milliseconds."""
    child = os.posix_spawn(
        words[0], words, {**os.environ, "PYTHONPATH": str(TREE)}, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(child, 0)
    assert status == 0, f"{words} ended with {status}"
    return (used.ru_utime + used.ru_stime) * 1000


def main() -> int:
    python = sys.executable
    rows = [
        ("python -c pass (peer)", (python, "-c", "pass"), None),
        ("wb --help", (python, str(TREE / "watchbill" / "client" / "wb.py"), "--help"), 100),
        ("watchbill versions compare", (python, "-m", "watchbill.cli.main", "versions", "compare", "PyPI", "1.0", "2.0"), 150),
        ("watchbill --help", (python, "-m", "watchbill.cli.main", "--help"), None),
    ]
    print(machine())
    print(f"{'CPU time, median of ' + str(TRIES):<32} {'measured':>10} {'bar':>7}          worst")
    missed = False
    for what, words, bar in rows:
        cpu_ms(*words)
        taken = [cpu_ms(*words) for _ in range(TRIES)]
        middle = statistics.median(taken)
        verdict = "" if bar is None else "ok" if middle <= bar else "MISSED"
        missed |= verdict == "MISSED"
        print(f"{what:<32} {middle:>7.0f} ms {f'{bar} ms' if bar else '':>7}  {verdict:<6} {max(taken):>5.0f} ms")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
