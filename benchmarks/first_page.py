"""From an empty data directory to the first page, what the idle server costs, and what the pages weigh: `python benchmarks/first_page.py`.

Prints a table and exits 1 where a figure is missed. Beside the start stands the bare interpreter with Django loaded.
"""

import gzip
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import Row, print_table
from tests.stories.harness import Client, Server, start

IDLE_SECONDS = 20
PAGES = ("/", "/findings/", "/on-call/", "/services/", "/sources/", "/trail/", "/setup/")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))[0]) / 1024


def weight(client: Client, path: str) -> int:
    """Bytes, gzipped, of a page with the style sheets and scripts it names."""
    page = client.get(path)
    assets = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js)[^"]*)"', page.text))
    bodies = [page.body, *(client.send("GET", asset).body for asset in assets)]
    return sum(len(gzip.compress(body, 9)) for body in bodies)


def bare_django() -> float:
    """Seconds to start Python and load Django with no project."""
    begun = time.perf_counter()
    code = "from django.conf import settings; settings.configure(); import django; django.setup()"
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


def idle_share(server: Server) -> tuple[float, float]:
    """Share of a core that parent and worker use while nothing happens, and their memory in MiB."""
    pids = [server.process.pid, server.worker()]
    time.sleep(5)
    before = sum(cpu_seconds(pid) for pid in pids)
    time.sleep(IDLE_SECONDS)
    used = sum(cpu_seconds(pid) for pid in pids) - before
    return 100 * used / IDLE_SECONDS, sum(resident_mib(pid) for pid in pids)


def main() -> int:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-") as home:
        begun = time.perf_counter()
        server = start(Path(home), sample=True)
        first = time.perf_counter() - begun
        rows.append(
            Row(
                "empty directory to first page",
                f"{first:.1f} s",
                "<= 20 s with the install",
                f"{bare_django():.1f} s bare Django",
                first <= 20,
            )
        )
        client = server.client()
        client.get(server.link)
        client.press("Sign in")
        heaviest = max(PAGES, key=lambda path: weight(client, path))
        kib = weight(client, heaviest) / 1024
        rows.append(Row(f"heaviest page ({heaviest}), gzipped", f"{kib:.1f} KB", "<= 60 KB", "", kib <= 60))
        links = re.findall(r"/p/[\w.~-]+", client.get("/sample/").text)
        if links:
            ack = weight(server.client(), links[0]) / 1024
            rows.append(
                Row("acknowledge page with its CSS, gzipped", f"{ack:.1f} KB", "<= 14 KB", "14.3 KB first flight of packets", ack <= 14)
            )
        share, memory = idle_share(server)
        rows.append(Row("idle, share of a core", f"{share:.2f} %", "<= 1 %", f"memory {memory:.0f} MiB", share <= 1))
        server.stop()
    return print_table(rows)


if __name__ == "__main__":
    sys.exit(main())
