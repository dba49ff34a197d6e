"""A disk that fills up, and a data directory that can't be written: what can't be kept is refused with the reason, what was kept stays, and
once there is space the same server goes on by itself.

Needs a small file system of its own, so it asks for root (or skips, saying so).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases.company import ROSTER
from tests.stories.harness import Answer, Server, eventually, start

pytestmark = [pytest.mark.real, pytest.mark.story]
SMALL, LARGE = "12m", "64m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", place], check=False).returncode:
        pytest.skip("a small file system can't be mounted here: that needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def server(small_disk: Path) -> Iterator[Server]:
    server = start(small_disk / "data", sample=False)
    yield server
    if server.process.poll() is None:
        server.stop()


def token_of(server: Server, folder: Path) -> str:
    roster = folder / "roster.toml"
    roster.write_text(ROSTER)
    server.run("roster", "apply", str(roster))
    words = ["token", "create", "--name", "t", "--person", "alice@saltmarsh.example", "--scopes", "send", "read", "--json"]
    return str(json.loads(server.run(*words).stdout)["token"])


def tell(server: Server, token: str, summary: str) -> Answer:
    body = json.dumps({"summary": summary + " " + "x" * 400, "targets": [f"host:{n}" for n in range(20)]}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    return server.client().send("POST", "/api/v1/changes", body=body, headers=headers)


def send(server: Server, token: str, size: int) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"}
    return server.client().send("POST", "/api/v1/inbox?service=tide-feed&filename=go.sum", body=os.urandom(size), headers=headers)


def fill(place: Path) -> Path:
    """Take all the space that is left."""
    rest = place / "rest"
    with rest.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        while out.write(b"\0" * 4096):
            pass
    return rest


def test_a_full_disk_refuses_with_the_reason_and_goes_on_by_itself(server: Server, small_disk: Path, tmp_path: Path) -> None:
    token = token_of(server, tmp_path)
    kept = [tell(server, token, "before").json()["id"]]
    rest = fill(small_disk)
    refused = eventually(lambda: (answer := tell(server, token, "too much")).status == 503 and answer, "a change is refused")
    assert refused.json()["type"] == "urn:watchbill:problem:disk_full"
    assert "free space" in refused.json()["remedy"].lower()
    assert int(refused.headers["retry-after"]) > 0
    large = send(server, token, 200_000)
    assert (large.status, large.json()["type"]) == (503, "urn:watchbill:problem:disk_full")

    health = server.client().send("GET", "/healthz")
    assert (health.status, "disk is full" in health.text) == (503, True)
    assert server.client().send("GET", "/accounts/login/").status == 200, "pages are still shown"

    rest.unlink()
    again = eventually(lambda: (answer := tell(server, token, "after")).status == 201 and answer, "it goes on by itself")
    kept.append(again.json()["id"])
    assert send(server, token, 200_000).status == 202
    eventually(server.is_up, "it is well again")
    answer = server.client().send("GET", "/api/v1/trail?action=change.recorded&limit=500", headers={"Authorization": f"Bearer {token}"})
    assert {f"change:{number}" for number in kept} <= {event["target"] for event in answer.json()["items"]}
    assert server.run("audit", "verify").returncode == 0


def test_what_was_answered_before_the_disk_was_full_is_there_after_a_kill(server: Server, small_disk: Path, tmp_path: Path) -> None:
    token = token_of(server, tmp_path)
    told: set[int] = set()

    def until_full() -> bool:
        answer = tell(server, token, "one more")
        if answer.status == 201:
            told.add(answer.json()["id"])
        return answer.status == 503

    fill_most(small_disk)
    eventually(until_full, "the disk is full")
    server.kill()
    (small_disk / "rest").unlink()
    after = start(small_disk / "data", sample=False)
    try:
        listed = {
            event["target"]
            for event in after.client()
            .send("GET", "/api/v1/trail?action=change.recorded&limit=500", headers={"Authorization": f"Bearer {token}"})
            .json()["items"]
        }
        assert listed >= {f"change:{number}" for number in sorted(told)[-400:]}
        assert after.run("audit", "verify").returncode == 0
    finally:
        after.stop()


def fill_most(place: Path) -> None:
    """Leave a quarter of a megabyte."""
    rest = fill(place)
    with rest.open("r+b") as out:
        out.truncate(max(0, rest.stat().st_size - 256 * 1024))


def test_a_directory_that_cannot_be_written_is_said_at_the_start(small_disk: Path) -> None:
    first = start(small_disk / "data", sample=False)
    first.stop()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    second = start(small_disk / "data", sample=False, wait=False)
    assert second.process.wait(60) == 2
    said = "".join(second.output)
    assert "read-only" in said or "can't be written" in said
    assert "Traceback" not in said
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    third = start(small_disk / "data", sample=False)
    third.stop()
