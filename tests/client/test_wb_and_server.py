"""`wb` and `watchbill` against a real server process: what the fakes assume is what the server does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import sqlite_only
from tests.stories.harness import Server, eventually, running, start
from watchbill.client import wb as client

ROSTER = """
[[person]]
email = "alice@saltmarsh.example"
name = "Alice"
role = "security"

[[team]]
slug = "berths"
name = "Berths"
members = ["alice@saltmarsh.example"]

[[service]]
slug = "berth-board"
name = "Berth board"
team = "berths"
tier = 1
exposure = "open"
"""
ADVISORY = {
    "id": "TEST-1",
    "modified": "2026-05-01T00:00:00Z",
    "affected": [{"package": {"ecosystem": "npm", "name": "left-pad"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A company of one's own with Alice and the berth board, and one advisory; commands were already given while it started."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "roster.toml").write_text(ROSTER)
    (folder / "TEST-1.json").write_text(json.dumps(ADVISORY))
    with running(folder / "home", sample=False) as told:
        told.run("roster", "apply", str(folder / "roster.toml"))
        told.run("advisories", "load", str(folder / "TEST-1.json"))
        yield told


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    scopes = ("--scopes", "read", "act", "send")
    return server.run("token", "create", "--name", "t", "--person", "alice@saltmarsh.example", *scopes).stdout.strip()


@pytest.fixture
def wb(server: Server, token: str, tmp_path: Path):
    """Run `wb` as Alice; the answer as JSON, which must have come with exit code `code`."""

    def go(*words: str, code: int = 0):
        environment = {"PATH": os.environ["PATH"], "WATCHBILL_URL": f"http://127.0.0.1:{server.port}", "WATCHBILL_TOKEN": token}
        given = [sys.executable, client.__file__, *words, "--json"]
        ran = subprocess.run(given, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=60, check=False)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    return go


def test_status_knows_whose_token_it_is(wb) -> None:
    assert wb("status")["person"] == "alice@saltmarsh.example"


def test_oncall_names_the_owner_of_a_service(wb) -> None:
    assert wb("oncall", "berth-board")["team"] == "berths"


def test_an_unknown_service_is_a_no(wb) -> None:
    assert wb("oncall", "nowhere", code=1)["type"] == "urn:watchbill:problem:not_found"


def test_a_sentence_starts_an_incident_that_rings_and_can_be_taken(wb, server: Server) -> None:
    assert wb("see", "odd logins on db3")["codename"]
    (alert,) = json.loads(server.run("alerts", "--json", check=False).stdout)["alerts"]
    taken = wb("ack", str(alert["id"]))
    assert (taken["already"], taken["alert"]["state"]) == (False, "acknowledged")
    assert wb("ack", str(alert["id"]))["already"] is True


def test_a_change_under_one_key_is_one_change(wb) -> None:
    said = ("change", "Deploy 4112", "--target", "service:berth-board", "--kind", "deploy", "--key", "deploy-4112")
    assert wb(*said)["id"] == wb(*said)["id"]


def test_a_change_may_be_told_after_the_fact(wb, server: Server) -> None:
    number = wb("change", "Fail-over of db3", "--at", "2026-01-05T03:12:00+01:00")["id"]
    events = [json.loads(line) for line in server.run("audit", "export").stdout.splitlines() if line.startswith("{")]
    assert [event["occurred_at"][:19] for event in events if event.get("target") == f"change:{number}"] == ["2026-01-05T02:12:00"]
    assert wb("change", "Fail-over of db3", "--at", "yesterday", code=1)["field"] == "occurred_at"


def test_a_lockfile_that_is_sent_is_read(wb, tmp_path: Path) -> None:
    lock = {"lockfileVersion": 3, "packages": {"node_modules/left-pad": {"version": "1.0.0"}}}
    (tmp_path / "package-lock.json").write_text(json.dumps(lock))
    (item,) = wb("send", "package-lock.json", "--service", "berth-board")["items"]
    assert (item["filename"], item["state"]) == ("package-lock.json", "read")


def test_a_lockfile_that_cannot_be_read_is_said_to_be_so(wb, tmp_path: Path) -> None:
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": ')
    (item,) = wb("send", "package-lock.json", "--service", "berth-board", code=1)["items"]
    assert (item["state"], bool(item["problem"])) == ("unreadable", True)


def test_the_server_hands_out_this_very_client(server: Server) -> None:
    assert server.client().get("/wb").body == Path(client.__file__).read_bytes()


@sqlite_only
def test_check_asks_the_running_server_how_it_fares(server: Server) -> None:
    lines = json.loads(server.run("check", "--json", check=False).stdout)["lines"]
    assert {line["name"]: line["state"] for line in lines} | {"server": "ok", "writer": "ok", "loops": "ok"} == {
        line["name"]: line["state"] for line in lines
    }


def test_the_trail_verifies_beside_the_running_server(server: Server) -> None:
    assert json.loads(server.run("audit", "verify", "--json").stdout)["ok"] is True


def test_the_trail_is_exported_through_the_running_server(server: Server, tmp_path: Path) -> None:
    server.run("audit", "export", str(tmp_path / "trail.jsonl"))
    actions = [json.loads(line)["action"] for line in (tmp_path / "trail.jsonl").read_text().splitlines()]
    assert {"roster.applied", "trail.exported"} <= set(actions)


@sqlite_only
def test_a_second_server_on_the_same_directory_refuses_at_once(server: Server) -> None:
    second = start(server.data, sample=False, wait=False)
    assert second.process.wait(timeout=25) == 2
    eventually(lambda: any("Already running" in line for line in second.output), "the second server says why")
