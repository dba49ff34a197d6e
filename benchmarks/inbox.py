"""How fast a real server takes input over HTTP: `make bench`, or `python benchmarks/inbox.py`. Single posts and batches of change events,
and small lock files, each durable with its audit event and its news before it is answered; then the same beside a running import.

The load comes from wrk on the same cores. Beside each figure stands an answer of the same server that touches no disk, in the same run:
what HTTP alone costs here. A first run is not counted, so the first seconds of a new server are not in the figures.
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks._report import Row, print_table
from tests.stories.harness import Server, running

SECONDS, CONNECTIONS, BATCH = 5, 32, 1_000
ROSTER = """
[company]
name = "Quayside"
security_team = "security"
[[person]]
email = "alice@quayside.example"
name = "Alice Duarte"
role = "admin"
[[team]]
slug = "security"
members = ["alice@quayside.example"]
[[service]]
slug = "berth-board"
team = "security"
"""
CHANGE = {"summary": "berth-board 4.2.1 deployed", "source": "ci", "kind": "deploy", "targets": ["service:berth-board"]}
LOCK = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": "1.3.0"}}})


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers a second, p99 in milliseconds, and how many were not 2xx."""

    rate: float
    p99: float
    refused: int


def script(folder: Path, name: str, token: str, body: str) -> Path:
    """A wrk script that posts `body`, counting refusals; `@N@` in it becomes a number of its own each time."""
    file = folder / f"{name}.lua"
    file.write_text(
        f"""
local body = [==[{body}]==]
local n, thread_number = 0, 0
function setup(thread) thread:set("id", thread_number); thread_number = thread_number + 1 end
local headers = {{ ["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json" }}
function request()
  n = n + 1
  local text = string.gsub(body, "@N@", id .. "-" .. n)
  return wrk.format("POST", nil, headers, text)
end
function done(summary, latency, requests)
  io.write(string.format("RATE %.1f P99 %.3f REFUSED %d\\n", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1000,
    summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.connect))
end
"""
    )
    return file


def load(server: Server, path: str, file: Path, connections: int = CONNECTIONS) -> Load:
    """Run wrk against one address."""
    words = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{SECONDS}s",
        "--timeout",
        "10s",
        "-s",
        str(file),
        f"http://127.0.0.1:{server.port}{path}",
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.search(r"RATE ([\d.]+) P99 ([\d.]+) REFUSED (\d+)", said)
    assert found, said
    return Load(float(found[1]), float(found[2]), int(found[3]))


@contextlib.contextmanager
def importing(server: Server, folder: Path, token: str) -> Iterator[None]:
    """Large lock files sent one after another for as long as this lasts: each is read in a child and applied in the slow lane."""
    stop = threading.Event()
    packages = {f"node_modules/pack-{n}": {"version": f"1.{n}.0"} for n in range(10_000)}
    body = json.dumps({"lockfileVersion": 3, "packages": packages}).encode()

    def send() -> None:
        count = 0
        while not stop.is_set():
            count += 1
            path = f"/api/v1/inbox?service=berth-board&filename=apps/{count % 4}/package-lock.json"
            with contextlib.suppress(OSError):
                server.client().send("POST", path, body=body + b" " * count, headers={"Authorization": f"Bearer {token}"})
            stop.wait(1.0)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        stop.set()
        sender.join()


def measure(server: Server, folder: Path) -> list[Row]:
    """Every figure."""
    (folder / "roster.toml").write_text(ROSTER)
    server.run("roster", "apply", str(folder / "roster.toml"))
    person = ("--person", "alice@quayside.example")
    made = json.loads(server.run("token", "create", "--name", "bench", *person, "--scopes", "send", "--json").stdout)
    token = made["token"]
    nothing = script(folder, "nothing", token, "{}")
    one = script(folder, "one", token, json.dumps(CHANGE))
    many = script(folder, "many", token, json.dumps([CHANGE] * BATCH))
    lock = script(folder, "lock", token, LOCK)
    changes, locks = "/api/v1/changes", "/api/v1/inbox?service=berth-board&filename=package-lock.json"
    empty = load(server, "/api/v1/nothing", nothing)
    beside = f"an address of no use: {empty.rate:,.0f}/s"
    load(server, changes, one)
    rows = [_single("change events, single posts", load(server, changes, one), beside)]
    rows.append(_batch("change events, batches of 1,000", load(server, changes, many, 4), beside))
    rows.append(_single("lock files, single posts", load(server, locks, lock), beside))
    with importing(server, folder, token):
        rows.append(_single("single posts beside an import", load(server, changes, one), beside))
        rows.append(_batch("batches beside an import", load(server, changes, many, 4), beside))
    return rows


def _single(what: str, got: Load, beside: str) -> Row:
    told = f"{got.rate:,.0f}/s, p99 {got.p99:.0f} ms, {got.refused} refused"
    return Row(what, told, ">= 1,500/s, p99 <= 50 ms", beside, got.rate >= 1_500 and got.p99 <= 50 and not got.refused)


def _batch(what: str, got: Load, beside: str) -> Row:
    told = f"{got.rate * BATCH:,.0f} events/s, p99 {got.p99:.0f} ms, {got.refused} refused"
    return Row(what, told, ">= 10,000 events/s", beside, got.rate * BATCH >= 10_000 and not got.refused)


def main() -> int:
    if shutil.which("wrk") is None:
        print("This one needs wrk (Debian: apt-get install wrk); nothing was measured.")
        return 1
    with tempfile.TemporaryDirectory(prefix="watchbill-bench-") as name:
        folder = Path(name)
        with running(folder / "data", sample=False) as server:
            rows = measure(server, folder)
    return print_table(rows)


if __name__ == "__main__":
    raise SystemExit(main())
