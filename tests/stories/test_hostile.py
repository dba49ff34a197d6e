"""Hostile words, hostile files and hostile connections against a real server: everything stays inert, refused or bounded, and a page
can be acknowledged meanwhile. And silence closes nothing, over the real API.
"""

from __future__ import annotations

import gzip
import http.client
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cases.company import ROSTER
from tests.stories.harness import ROOT, Answer, Client, Postbox, Server, database_of, eventually, start

pytestmark = pytest.mark.story

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
ESCAPE = "\x1b[2J\x1b]0;owned\x07"
TURN = "\u202egnihton\u202c\u2066x\u2069"
EVIL = f"{SCRIPT}\r\nBcc: everybody@evil.example\r\n\r\n{ESCAPE}{TURN}\u200d\U0001f469\u200d\U0001f4bb"
ADVISORY = {
    "schema_version": "1.6.0",
    "id": "GHSA-evil-evil-evil",
    "modified": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "aliases": ["CVE-2026-66666"],
    "summary": f"Bad {EVIL}",
    "details": f"Details {EVIL}",
    "references": [{"type": "WEB", "url": "javascript:alert(1)"}, {"type": "WEB", "url": 'https://host.example/"><script>'}],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "npm", "name": name},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
        }
        for name in ("evil-pkg", "pkg-b", "pkg-c")
    ],
}
KEV = {
    "title": "catalogue",
    "catalogVersion": "2026.01.01",
    "dateReleased": "2026-01-01T00:00:00Z",
    "count": 1,
    "vulnerabilities": [
        {
            "cveID": "CVE-2026-66666",
            "vendorProject": EVIL,
            "product": EVIL,
            "vulnerabilityName": EVIL,
            "dateAdded": "2026-01-01",
            "shortDescription": EVIL,
            "requiredAction": EVIL,
            "dueDate": "2026-01-20",
            "knownRansomwareCampaignUse": "Unknown",
            "notes": EVIL,
            "cwes": ["CWE-502"],
        }
    ],
}


@dataclass
class House:
    """A server, the mail it sent, a browser of an administrator, and a token."""

    server: Server
    postbox: Postbox
    browser: Client
    token: str

    def api(self, method: str, path: str, body: bytes = b"", timeout: float = 60, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        try:
            connection.request(method, path, body=body or None, headers={"Authorization": f"Bearer {self.token}", **headers})
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()

    def send(self, data: bytes, filename: str, service: str = "berth-board", **words: str) -> Answer:
        query = urllib.parse.urlencode({"service": service, "filename": filename, **words})
        return self.api("POST", f"/api/v1/inbox?{query}", data)

    def settled(self, inbox_id: int) -> dict[str, Any]:
        """What became of it."""
        path = f"/api/v1/inbox/{inbox_id}"
        eventually(lambda: self.api("GET", path).json()["state"] != "new", f"input {inbox_id} is looked at")
        found: dict[str, Any] = self.api("GET", path).json()
        return found

    def look(self, data: bytes, filename: str = "package-lock.json", **words: str) -> dict[str, Any]:
        answer = self.send(data, filename, **words)
        assert answer.status == 202, answer.text
        return self.settled(answer.json()["id"])

    def findings(self, query: str = "is:all") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api("GET", f"/api/v1/findings?limit=500&q={urllib.parse.quote(query)}").json()["items"]
        return items

    def events(self, action: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.api("GET", f"/api/v1/trail?limit=500&action={action}").json()["items"]
        return items

    def wb(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "WATCHBILL_URL": f"http://127.0.0.1:{self.server.port}", "WATCHBILL_TOKEN": self.token}
        return subprocess.run(
            [sys.executable, str(ROOT / "watchbill/client/wb.py"), *words],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=False,
        )


def lock(*packages: tuple[str, str]) -> bytes:
    """A package-lock.json with these installed."""
    entries: dict[str, Any] = {"": {"name": "app", "version": "1.0.0", "dependencies": dict(packages)}}
    entries |= {f"node_modules/{name}": {"version": version} for name, version in packages}
    return json.dumps({"name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": entries}).encode()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home, postbox = tmp_path_factory.mktemp("house"), Postbox()
    (home / "osv").mkdir()
    (home / "osv" / "evil.json").write_text(json.dumps(ADVISORY), encoding="utf-8")
    (home / "evil_kev.json").write_text(json.dumps(KEV), encoding="utf-8")
    (home / "roster.toml").write_text(ROSTER, encoding="utf-8")
    shell = Server(home, 1, None, [], database_of(home))  # type: ignore[arg-type]  # its commands only
    loaded = shell.run("advisories", "load", str(home / "osv"), str(home / "evil_kev.json"), check=False)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    shell.run("roster", "apply", str(home / "roster.toml"))
    made = shell.run("token", "create", "--name", "h", "--person", "mira@saltmarsh.example", "--scopes", "read,act,send", "--json")
    link = json.loads(shell.run("person", "add", "zoe@saltmarsh.example", "--name", "Zoe", "--role", "admin", "--json").stdout)["link"]
    server = start(home, sample=False, postbox=postbox)
    browser = server.client()
    browser.get(urllib.parse.urlsplit(link).path)
    browser.press("Sign in")
    yield House(server, postbox, browser, json.loads(made.stdout)["token"])
    server.stop()
    postbox.stop()


def inert_html(page: Answer, where: str) -> None:
    assert page.status < 500, where
    text = page.text
    assert "<script>alert" not in text, where
    assert "<img src=x" not in text, where
    assert 'href="javascript:' not in text, where
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text), where
    assert "\u202e" not in text, where


@pytest.fixture(scope="module")
def told(house: House) -> House:
    """A house in which everything says something hostile."""
    house.look(lock(("evil-pkg", "1.0.0")), "apps/evil/package-lock.json")
    cord = house.api("POST", "/api/v1/incidents", json.dumps({"text": EVIL}).encode(), **{"Content-Type": "application/json"})
    assert cord.status == 201
    change = {"summary": f"Deploy {EVIL}", "targets": ["service:berth-board"], "source": EVIL[:60], "kind": "deploy"}
    house.api("POST", "/api/v1/changes", json.dumps(change).encode(), **{"Content-Type": "application/json"})
    eventually(house.findings, "the finding is there")
    eventually(lambda: len(house.postbox.messages) >= 2, "the finding and the cord paged")
    return house


class TestHostileWords:
    """Everything that comes from outside is somebody's attempt to be obeyed."""

    def test_every_page_shows_it_and_obeys_nothing(self, told: House) -> None:
        finding, alerts = told.findings()[0], told.api("GET", "/api/v1/alerts").json()["items"]
        paths = [
            "/",
            "/findings/",
            f"/findings/{finding['id']}/",
            "/services/",
            "/services/berth-board/",
            "/sources/",
            "/sources/1/",
            "/trail/",
        ]
        paths += ["/incidents/", "/incidents/1/", "/setup/", "/me/", "/on-call/", "/trail/?q=" + urllib.parse.quote(EVIL)]
        paths += ["/findings/?q=" + urllib.parse.quote(EVIL), "/" + urllib.parse.quote(EVIL)]
        paths += [f"/alerts/{alert['id']}/" for alert in alerts] + [f"/trail/{seq}/" for seq in range(1, 60)]
        for path in paths:
            inert_html(told.browser.send("GET", path), path)

    def test_every_answer_of_the_api_keeps_to_its_own_lines(self, told: House) -> None:
        for path in ("/findings?q=is:all", "/alerts", "/trail?limit=500", "/status", "/services", "/oncall"):
            answer = told.api("GET", f"/api/v1{path}")
            assert answer.status == 200
            assert b"\x1b" not in answer.body
            answer.json()

    def test_no_mail_has_a_header_of_theirs(self, told: House) -> None:
        for message in told.postbox.messages:
            assert message["Bcc"] is None
            assert "evil.example" not in str(message["To"])
            for name, value in message.items():
                assert not re.search(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", str(value)), name
            assert message.get_content_type() == "text/plain"

    def test_no_mail_holds_an_escape_or_a_turned_word(self, told: House) -> None:
        for message in told.postbox.messages:
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", message.get_content().replace("\r\n", "\n"))
            assert not re.search(r"^Bcc:", message.get_content(), re.MULTILINE)

    def test_the_client_prints_no_escape(self, told: House) -> None:
        for words in (("status",), ("oncall",), ("oncall", "berth-board"), ("see", EVIL), ("change", EVIL[:200]), ("ack", "99999")):
            done = told.wb(*words)
            assert "\x1b" not in done.stdout + done.stderr, words
            assert "\u202e" not in done.stdout + done.stderr, words
            assert "Traceback" not in done.stderr, words

    def test_the_commands_print_no_escape(self, told: House, tmp_path: Path) -> None:
        folder = tmp_path / f"evil{ESCAPE}"
        folder.mkdir()
        (folder / "package-lock.json").write_bytes(lock((f"a{ESCAPE}{TURN}", "1.0.0"), ("evil-pkg", "1.0.0")))
        (tmp_path / "roster.toml").write_text(f'[[person]]\nemail = "x@y.example"\nname = "{TURN}"\n', encoding="utf-8")
        (tmp_path / "broken.toml").write_bytes(b'[[person]]\nemail = "\x1b[2J"\n')
        for words in (
            ("scan", str(folder)),
            ("packages", str(folder / "package-lock.json")),
            ("roster", "apply", str(tmp_path / "roster.toml"), "--dry-run"),
            ("roster", "apply", str(tmp_path / "broken.toml"), "--dry-run"),
            ("versions", "compare", "npm", ESCAPE, TURN),
            ("advisories", "status"),
            ("check",),
        ):
            done = told.server.run(*words, check=False)
            assert "\x1b" not in done.stdout + done.stderr, words
            assert "\u202e" not in done.stdout + done.stderr, words
            assert "Traceback" not in done.stderr, words

    def test_the_log_is_lines_of_json_and_holds_no_secret(self, told: House) -> None:
        written = [line for line in told.server.output if line.strip().startswith("{")]
        for line in written:
            json.loads(line)
        whole = "".join(told.server.output)
        assert "\x1b" not in whole
        assert told.token not in whole
        assert not re.search(r"/p/[\w-]{30,}", whole), "an acknowledge link stands in the log"
        assert not re.search(r'"[^"]*/welcome/[\w-]{20,}', whole), "a sign-in link stands in the log"

    def test_the_trail_still_verifies_and_an_export_holds_no_secret(self, told: House) -> None:
        assert told.server.run("audit", "verify", check=False).returncode == 0
        trail = told.browser.send("GET", "/trail/events.json").text
        assert told.token not in trail
        assert told.token[4:] not in told.server.run("check", check=False).stdout


YAML_BOMB = b"b0: &b0 [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"b%d: &b%d [%s]\n" % (i, i, b",".join([b"*b%d" % (i - 1)] * 9)) for i in range(1, 12)
)
HOSTILE_FILES = {
    "truncated": ("package-lock.json", lock(("pkg-b", "1.0.0"))[:-9]),
    "empty object": ("package-lock.json", b"{}"),
    "deeply nested": ("package-lock.json", b'{"lockfileVersion":3,"packages":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001),
    "deep array": ("package-lock.json", b"[" * 200_000),
    "wrong encoding": ("package-lock.json", lock(("pkg-b", "1.0.0")).decode().encode("utf-16")),
    "latin": ("requirements.txt", "caf\u00e9==1.0\n".encode("latin-1") + b"\xff\xfe\x00"),
    "nul": ("requirements.txt", b"\x00" * 100_000),
    "duplicate keys": ("package-lock.json", (b'{"lockfileVersion":3,"packages":{"node_modules/pkg-b":{"version":"1.0.0"},'
        b'"node_modules/pkg-b":{"version":"9.0.0"}}}')),
    "half a character": ("package-lock.json", b'{"lockfileVersion":3,"packages":{"node_modules/\\ud800":{"version":"1.0.0"}}}'),
    "half a character in a version": ("package-lock.json", b'{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"\\udfff"}}}'),
    "nul in a name": ("package-lock.json", b'{"lockfileVersion":3,"packages":{"node_modules/a\\u0000b":{"version":"1.0.0"}}}'),
    "huge name": ("package-lock.json", lock(("x" * 1_000_000, "1.0.0"))),
    "huge version": ("package-lock.json", lock(("a", "1" * 1_000_000))),
    "no numbers": ("package-lock.json", b'{"lockfileVersion":NaN,"packages":{}}'),
    "huge number": ("package-lock.json", b'{"lockfileVersion":' + b"9" * 100_000 + b',"packages":{}}'),
    "yaml bomb": ("pnpm-lock.yaml", YAML_BOMB),
    "yaml object": ("pnpm-lock.yaml", b"!!python/object/apply:os.system ['touch /tmp/owned']\n"),
    "toml": ("poetry.lock", b"[[package]]\n" * 50_000),
    "one long line": ("yarn.lock", b"a" * 5_000_000),
    "backslashes": ("requirements.txt", b"\\\n" * 300_000),
    "traversal inside": ("requirements.txt", b"-r ../../../../etc/passwd\n-e /etc\n"),
    "what it is not": ("go.sum", b"\x89PNG\r\n\x1a\n" + b"\x00" * 1000),
    "cyclonedx of nothing": ("bom.cdx.json", b'{"bomFormat":"CycloneDX","specVersion":"1.5","components":[[[[]]],null,1,{"purl":7}]}'),
}  # fmt: skip


class TestHostileFiles:
    """Each is answered, looked at in bounded time, listed with a reason or read, and the server stays well."""

    @pytest.mark.parametrize("name", sorted(HOSTILE_FILES))
    def test_a_hostile_file_is_refused_or_settles(self, house: House, name: str) -> None:
        filename, data = HOSTILE_FILES[name]
        answer = house.send(data, f"hostile/{name.replace(' ', '-')}/{filename}", service="tide-feed")
        assert answer.status in (202, 413, 422), answer.text
        if answer.status == 202:
            settled = house.settled(answer.json()["id"])
            assert settled["state"] in ("read", "unreadable", "held")
            assert settled["state"] != "unreadable" or settled["problem"]
        assert house.server.is_up()

    @pytest.mark.parametrize(
        "filename", ["../x/package-lock.json", "a/../../package-lock.json", "a\x00b", "a\nb", "x" * 500, "", "..", "a\u202eb"]
    )
    def test_a_name_that_is_no_place_is_refused(self, house: House, filename: str) -> None:
        answer = house.send(lock(), filename)
        assert answer.status == 422
        assert answer.headers["content-type"] == "application/problem+json"

    def test_a_gzip_bomb_is_refused(self, house: House) -> None:
        bomb = gzip.compress(b"\x00" * (70 * 1024 * 1024))
        answer = house.api("POST", "/api/v1/inbox?service=berth-board&filename=package-lock.json", bomb, **{"Content-Encoding": "gzip"})
        assert answer.status == 413

    @pytest.mark.parametrize(
        ("encoding", "data"), [("gzip", b"no gzip"), ("gzip", gzip.compress(b"{}", mtime=0)[:-5]), ("br", b"x"), ("gzip, gzip", b"x")]
    )
    def test_a_wrong_encoding_is_refused(self, house: House, encoding: str, data: bytes) -> None:
        answer = house.api("POST", "/api/v1/inbox?service=berth-board&filename=package-lock.json", data, **{"Content-Encoding": encoding})
        assert answer.status in (415, 422)

    def test_a_body_that_says_it_is_too_large_is_refused_unread(self, house: House) -> None:
        with socket.create_connection(("127.0.0.1", house.server.port), timeout=30) as raw:
            head = (
                f"POST /api/v1/inbox?service=berth-board&filename=x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {house.token}\r\n"
            )
            raw.sendall(f"{head}Content-Length: 99999999999\r\n\r\n".encode())
            assert b" 413 " in raw.recv(200)

    @pytest.mark.parametrize("kind", ["traversal", "bomb", "symlink", "not whole", "no zip"])
    def test_a_hostile_archive_of_advisories_changes_nothing(self, house: House, tmp_path: Path, kind: str) -> None:
        archive = tmp_path / "evil.zip"
        archive.write_bytes(hostile_zip(kind))
        before = house.server.run("advisories", "status", "--json").stdout
        done = house.server.run("advisories", "load", str(archive), check=False)
        assert done.returncode == 2, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        count = re.compile(r'"advisories": ?(\d+)')
        assert count.findall(before) == count.findall(house.server.run("advisories", "status", "--json").stdout)
        assert not Path("/tmp/owned").exists()
        assert not (tmp_path.parent / "escaped.json").exists()


def hostile_zip(kind: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "traversal":
            archive.writestr("../escaped.json", json.dumps({**ADVISORY, "id": "EVIL-1"}))
        elif kind == "bomb":
            for number in range(3):
                archive.writestr(f"{number}.json", b" " * (400 * 1024 * 1024))
        elif kind == "symlink":
            link = zipfile.ZipInfo("link.json")
            link.create_system, link.external_attr = 3, 0o120777 << 16
            archive.writestr(link, "/etc/passwd")
        else:
            archive.writestr("a.json", json.dumps({**ADVISORY, "id": "EVIL-2"}))
    return b"PK\x03\x04 no zip" if kind == "no zip" else out.getvalue()[:-30] if kind == "not whole" else out.getvalue()


class TestHostileConnections:
    """Nobody who is slow or large keeps somebody else from acknowledging."""

    def drip(self, house: House, path: str, extra: str = "") -> socket.socket:
        raw = socket.create_connection(("127.0.0.1", house.server.port), timeout=30)
        raw.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n{extra}\r\nx".encode())
        return raw

    @pytest.mark.parametrize(
        "path", ["/accounts/login/", "/api/v1/inbox?service=berth-board&filename=a.lock", "/api/v1/changes", "/p/none", "/control/x"]
    )
    def test_forty_dripping_uploads_stop_nobody(self, house: House, path: str) -> None:
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        token = f"Authorization: Bearer {house.token}\r\n" if path.startswith("/api/") else ""
        slow = [self.drip(house, path, form + token) for _ in range(40)]
        try:
            begun = time.monotonic()
            assert house.api("GET", "/api/v1/status", timeout=8).status == 200
            assert house.server.is_up()
            sys.stderr.write(f"answered after {time.monotonic() - begun:.1f} s beside 40 drips at {path}\n")
        finally:
            for one in slow:
                one.close()

    def test_forty_heads_that_never_end_stop_nobody(self, house: House) -> None:
        slow = []
        for _ in range(40):
            raw = socket.create_connection(("127.0.0.1", house.server.port), timeout=30)
            raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-")
            slow.append(raw)
        assert house.api("GET", "/api/v1/status", timeout=8).status == 200
        for one in slow:
            one.close()

    def test_a_page_is_acknowledged_while_large_inventories_are_read(self, house: House) -> None:
        components = [{"type": "library", "name": f"p{i}", "version": "1.0.0", "purl": f"pkg:npm/p{i}@1.0.0"} for i in range(10_000)]
        bom = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": components}).encode()
        waiting = [house.send(bom, f"big-{number}/bom.cdx.json", service="tide-feed").json()["id"] for number in range(4)]
        made = house.api("POST", "/api/v1/incidents", b'{"text": "ring"}', **{"Content-Type": "application/json"}).json()["id"]
        alerts = house.api("GET", "/api/v1/alerts").json()["items"]
        alert = next(one["id"] for one in alerts if one["subject"] == f"incident:{made}")
        begun = time.monotonic()
        answer = house.api("POST", f"/api/v1/alerts/{alert}/ack", timeout=10)
        sys.stderr.write(f"acknowledged in {time.monotonic() - begun:.3f} s beside four imports of 10,000 packages\n")
        assert answer.status == 200
        for number in waiting:
            assert house.settled(number)["state"] in ("read", "held")


class TestSilenceClosesNothing:
    """Done when 4, over the real API."""

    @pytest.fixture
    def place(self, house: House, request: pytest.FixtureRequest) -> str:
        """A manifest of this test's own with two findings open."""
        manifest = f"guard/{request.node.name.replace('[', '-').strip(']')}/package-lock.json"
        assert house.look(lock(("pkg-b", "1.0.0"), ("pkg-c", "1.0.0"), ("fine", "1.0.0")), manifest)["state"] == "read"
        assert len(self.opened(house)) >= 2
        return manifest

    def opened(self, house: House) -> set[tuple[int, str]]:
        return {(row["id"], row["state"]) for row in house.findings("is:all")}

    @pytest.mark.parametrize(
        "what", ["empty", "no bytes", "truncated", "nothing installed", "incomplete", "other branch", "other service", "other place"]
    )
    def test_it_closes_nothing(self, house: House, place: str, what: str) -> None:
        before, closed = dict(self.opened(house)), len(house.events("finding.fixed"))
        clean = lock(("fine", "1.0.0"))
        sent: dict[str, tuple[bytes, str, dict[str, str]]] = {
            "empty": (b"{}", place, {}),
            "no bytes": (b"\n", place, {}),
            "truncated": (clean[:-20], place, {}),
            "nothing installed": (lock(), place, {}),
            "incomplete": (clean, place, {"complete": "false"}),
            "other branch": (clean, place, {"branch": "feature"}),
            "other service": (clean, place, {"service": "tide-feed"}),
            "other place": (clean, f"other/{place}", {}),
        }
        data, name, words = sent[what]
        house.settled(house.send(data, name, **{"service": "berth-board", **words}).json()["id"])
        after = dict(self.opened(house))
        assert {number: after[number] for number in before} == before
        assert len(house.events("finding.fixed")) == closed

    def test_the_same_scan_twice_changes_nothing_and_pages_nobody(self, house: House, place: str) -> None:
        data = lock(("pkg-b", "1.0.0"), ("pkg-c", "1.0.0"), ("fine", "1.0.0"))
        eventually(lambda: not quiet_change(house), "the bell is quiet")
        before, trail, mails = self.opened(house), len(house.events("finding.")), len(house.postbox.messages)
        pages = len(house.events("page."))
        house.look(data, place)
        assert self.opened(house) == before
        assert len(house.events("finding.")) == trail
        assert (len(house.events("page.")), len(house.postbox.messages)) == (pages, mails)

    def test_a_newer_whole_scan_without_it_does_close(self, house: House, place: str) -> None:
        closed = len(house.events("finding.fixed"))
        house.look(lock(("pkg-b", "2.0.0"), ("pkg-c", "2.0.0"), ("fine", "1.0.0")), place)
        assert len(house.events("finding.fixed")) == closed + 2


def quiet_change(house: House) -> bool:
    """Whether a page still goes out within a second."""
    before = len(house.events("page."))
    time.sleep(1)
    return len(house.events("page.")) != before
