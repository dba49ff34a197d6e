"""A company of one's own, from the first administrator to a proven fix, by the commands that people and their scripts use.

`watchbill up` without a sample, the printed set-up link, a roster from a file, advisories, a token, then `wb` as an engineer would use it;
real mail, a real server process, and the acknowledge link opened on a phone that is signed in nowhere.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.intake.conftest import lockfile, osv
from tests.stories.harness import ROOT, Client, Postbox, Server, eventually, running

pytestmark = pytest.mark.story

ROSTER = """
[company]
name = "Quayside"
security_team = "security"
security_schedule = "security"

[[person]]
email = "alice@quayside.example"
name = "Alice Duarte"

[[person]]
email = "bob@quayside.example"
name = "Bob Lindqvist"
role = "security"

[[team]]
slug = "berths"
name = "Berths"
members = ["alice@quayside.example"]
policy = "berths"

[[team]]
slug = "security"
members = ["bob@quayside.example"]

[[policy]]
slug = "berths"
name = "Berths"
[[policy.step]]
notify = ["schedule:berths"]
wait = "10m"
[[policy.step]]
notify = ["schedule:security"]

[[schedule]]
slug = "berths"
team = "berths"
[[schedule.layer]]
name = "Always"
people = ["alice@quayside.example"]
every = "1 week"
starts = 2026-01-05T09:00:00

[[schedule]]
slug = "security"
team = "security"
[[schedule.layer]]
name = "Always"
people = ["bob@quayside.example"]
every = "1 week"
starts = 2026-01-05T09:00:00

[[service]]
slug = "berth-board"
name = "berth-board"
team = "berths"
tier = 1
exposure = "open"
"""
KEV = {
    "title": "Known exploited",
    "catalogVersion": "2026.11.01",
    "dateReleased": "2026-11-01T00:00:00Z",
    "count": 1,
    "vulnerabilities": [
        {
            "cveID": "CVE-2026-1001",
            "vendorProject": "left",
            "product": "shelf",
            "vulnerabilityName": "left-shelf",
            "dateAdded": "2026-10-30",
            "shortDescription": "Used in attacks.",
            "requiredAction": "Upgrade.",
            "dueDate": "2026-11-20",
            "knownRansomwareCampaignUse": "Unknown",
            "notes": "",
        }
    ],
}


@pytest.fixture(scope="module")
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    yield box
    box.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postbox: Postbox) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("quayside"), sample=False, postbox=postbox) as started:
        yield started


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the roster, the advisories and a repository."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "roster.toml").write_text(ROSTER, encoding="utf-8")
    (folder / "left-shelf.json").write_bytes(osv("GHSA-left", "left-shelf", "1.2.0", "CVE-2026-1001"))
    (folder / "kev.json").write_text(json.dumps(KEV), encoding="utf-8")
    (folder / "package-lock.json").write_bytes(lockfile(left_shelf="1.0.0", harmless="1.0.0"))
    return folder


@pytest.fixture(scope="module")
def admin(server: Server) -> Client:
    return server.client()


class Engineer:
    """Alice at her terminal, with `wb` and a token of hers."""

    def __init__(self, server: Server, folder: Path, token: str) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WATCHBILL_")},
            "WATCHBILL_URL": f"http://127.0.0.1:{server.port}",
            "WATCHBILL_TOKEN": token,
            "HOME": str(folder),
        }
        self._folder = folder

    def wb(self, *words: str) -> str:
        """What `wb` prints; it must succeed."""
        command = [sys.executable, str(ROOT / "watchbill" / "client" / "wb.py"), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=self._environment, cwd=self._folder, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def alice(server: Server, place: Path) -> Engineer:
    made = server.run(
        "token", "create", "--name", "laptop", "--person", "alice@quayside.example", "--scopes", "read", "act", "send", "--json"
    )
    token = re.search(r"wbk_[\w-]+", made.stdout)
    assert token, made.stdout
    return Engineer(server, place, token.group(0))


def finding(admin: Client) -> dict[str, str]:
    """The one finding there is, as the list's JSON tells it."""
    answer = admin.send("GET", "/findings.json?q=package:left-shelf")
    rows = answer.json()
    found = rows if isinstance(rows, list) else rows.get("findings", rows.get("rows", []))
    return found[0] if found else {}


class TestACompanyOfOnesOwn:
    """Told in order."""

    def test_the_printed_link_makes_the_first_administrator(self, admin: Client, server: Server) -> None:
        admin.get(server.link)
        page = admin.press("Begin", email="mira@quayside.example", name="Mira Solberg", password="a long enough password", zone="UTC")
        assert page.status == 200
        assert admin.where == "/setup/"

    def test_a_dry_run_of_the_roster_says_what_it_would_change_and_writes_nothing(self, server: Server, place: Path) -> None:
        for _ in range(2):
            done = server.run("roster", "apply", str(place / "roster.toml"), "--dry-run", check=False)
            assert (done.returncode, "+ service berth-board" in done.stdout) == (1, True)

    def test_the_roster_applies_and_applies_again_without_a_change(self, server: Server, place: Path) -> None:
        server.run("roster", "apply", str(place / "roster.toml"))
        again = server.run("roster", "apply", str(place / "roster.toml"), "--json").stdout
        assert json.loads(again)["changed"] == 0

    def test_advisories_and_the_catalogue_load_through_the_running_server(self, server: Server, place: Path) -> None:
        server.run("advisories", "load", str(place / "left-shelf.json"), str(place / "kev.json"))
        assert json.loads(server.run("advisories", "status", "--json").stdout)["advisories"] == 1

    def test_wb_knows_who_is_awake(self, alice: Engineer) -> None:
        assert "Alice Duarte" in alice.wb("oncall", "berth-board")

    def test_wb_tells_of_a_change(self, alice: Engineer) -> None:
        assert alice.wb("change", "deploy 4112", "--target", "service:berth-board", "--kind", "deploy")

    def test_a_lockfile_sent_by_wb_pages_the_owner(self, alice: Engineer, postbox: Postbox) -> None:
        alice.wb("send", "package-lock.json", "--service", "berth-board")
        message = postbox.wait_for("alice@quayside.example")
        assert "left-shelf" in str(message["Subject"])

    def test_the_mail_says_why_and_what_to_do(self, postbox: Postbox) -> None:
        body = postbox.wait_for("alice@quayside.example").get_content()
        assert "npm install" in body
        assert "xploited" in body

    def test_she_acknowledges_on_a_phone_that_is_signed_in_nowhere(self, server: Server, postbox: Postbox) -> None:
        body = postbox.wait_for("alice@quayside.example").get_content()
        link = re.search(r"https?://[^/\s]+(/p/\S+)", body)
        assert link
        phone = server.client()
        phone.get(link.group(1))
        assert "cknowledged" in phone.press("Acknowledge").text

    def test_the_same_lockfile_again_pages_nobody(self, alice: Engineer, server: Server, postbox: Postbox) -> None:
        before = len(postbox.messages)
        alice.wb("send", "package-lock.json", "--service", "berth-board")
        eventually(lambda: server.run("alerts", "--json", check=False).stdout, "the alerts")
        assert len(postbox.messages) == before

    def test_an_empty_lockfile_closes_nothing(self, alice: Engineer, admin: Client, place: Path) -> None:
        (place / "package-lock.json").write_bytes(lockfile())
        alice.wb("send", "package-lock.json", "--service", "berth-board")
        assert finding(admin)["state"] == "open"

    def test_the_upgraded_one_proves_it_fixed(self, alice: Engineer, admin: Client, place: Path) -> None:
        (place / "package-lock.json").write_bytes(lockfile(left_shelf="1.2.0", harmless="1.0.0"))
        alice.wb("send", "package-lock.json", "--service", "berth-board")
        eventually(lambda: _state(admin) == "fixed", "the finding is fixed")

    def test_anyone_may_pull_the_cord_and_security_is_paged(self, alice: Engineer, postbox: Postbox) -> None:
        alice.wb("see", "odd logins on db3 since lunch")
        assert postbox.wait_for("bob@quayside.example")

    def test_the_sentence_of_the_cord_stays_private(self, postbox: Postbox) -> None:
        assert "odd logins" not in str(postbox.wait_for("bob@quayside.example")["Subject"])

    def test_wb_status_tells_how_things_stand(self, alice: Engineer) -> None:
        assert alice.wb("status")

    def test_the_trail_of_all_this_verifies_and_can_be_taken_away(self, server: Server, place: Path) -> None:
        assert server.run("audit", "verify").returncode == 0
        server.run("audit", "export", str(place / "trail.jsonl"))
        actions = [json.loads(line).get("action") for line in (place / "trail.jsonl").read_text(encoding="utf-8").splitlines()]
        wanted = [
            "roster.applied",
            "advisories.loaded",
            "inbox.accepted",
            "finding.opened",
            "page.sent",
            "alert.acknowledged",
            "finding.fixed",
        ]
        places = [actions.index(action) for action in wanted]
        assert places == sorted(places)


def _state(admin: Client) -> str:
    answer = admin.send("GET", "/findings.json?q=package:left-shelf%20is:closed").json()
    rows = answer if isinstance(answer, list) else answer.get("findings", answer.get("rows", []))
    return str(rows[0]["state"]) if rows else ""
