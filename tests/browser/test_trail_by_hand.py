"""The trail as an auditor's errand, by hand: ask what changed, take the answer away, check it elsewhere; one click to verify; a witness.

The verifier that is run is the one that was downloaded, in an isolated Python, against a checkpoint that a witness kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from tests.browser.harness import DESKTOP, DESKTOP_PLAIN, PHONE, PHONE_PLAIN, SCREENS, Screen, Window, open_window
from tests.browser.windows import OpenWindow
from tests.stories.harness import Postbox, Server, eventually, running, start

pytestmark = pytest.mark.browser

HERE = ZoneInfo("Europe/Amsterdam")
BOARD = "service:berth-board"
TOLD = "Opened port 8443 of the berth board to the quay"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a witness keeps the checkpoints."""
    return tmp_path_factory.mktemp("elsewhere") / "checkpoints.txt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postbox: Postbox, kept: Path) -> Iterator[Server]:
    """A sample company whose trail has a witness."""
    with running(tmp_path_factory.mktemp("home"), sample=True, postbox=postbox, WITNESS_FILE=str(kept)) as started:
        yield started


@pytest.fixture(scope="module")
def moment(browser: Browser, server: Server, cookies: Any) -> datetime:
    """Five past ten yesterday, when Alice opened a port of which she tells only today, with a key of her own."""
    at = (datetime.now(HERE) - timedelta(days=1)).replace(hour=10, minute=5, second=0, microsecond=0)
    window = open_window(browser, f"http://127.0.0.1:{server.port}", DESKTOP, cookies)
    window.open("/setup/tokens/")
    window.page.get_by_label("What is it for?").fill("telling of changes")
    window.press("Make the token")
    token = window.page.get_by_label("Token", exact=True).inner_text().strip()
    window.context.close()
    told = {"summary": TOLD, "targets": [BOARD], "kind": "config", "source": "firewall", "occurred_at": at.isoformat()}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = server.client().send("POST", "/api/v1/changes", body=json.dumps(told).encode(), headers=headers)
    assert answer.status == 201, answer.text
    return at


def ask(window: Window, at: datetime, on: str = BOARD) -> None:
    """Fill the form as a person would: a moment on the clock, and a thing."""
    window.open("/trail/")
    window.page.get_by_label("Moment").fill(f"{at:%Y-%m-%dT%H:%M}")
    window.page.get_by_label("On what").fill(on)
    window.press("Look")


def verify(folder: Path, export: Path, checkpoint: Path) -> subprocess.CompletedProcess[str]:
    """What the auditor's own Python says, with the verifier that was in the zip."""
    with zipfile.ZipFile(export) as packed:
        verifier = Path(packed.extract("verify_trail.py", folder))
    words = [sys.executable, "-I", "-S", str(verifier), str(export), "--checkpoint", str(checkpoint)]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False, cwd=folder)


class TestWhatChangedAtFivePastTenYesterday:
    @pytest.mark.parametrize("screen", [DESKTOP, PHONE, DESKTOP_PLAIN, PHONE_PLAIN], ids=str)
    def test_is_answered_taken_away_and_proven_elsewhere(
        self, window: OpenWindow, moment: datetime, kept: Path, tmp_path: Path, screen: Screen
    ) -> None:
        opened = window(screen)
        ask(opened, moment)
        assert TOLD in opened.page.get_by_role("region", name="What changed").inner_text()
        assert opened.sound() == []
        with opened.page.expect_download() as coming:
            opened.touch(opened.page.get_by_role("button", name="Export what was asked for"))
        coming.value.save_as(tmp_path / "trail.zip")
        done = eventually(lambda: _proven(tmp_path, kept), "the witness has a checkpoint that covers the export")
        assert "ok" in done.stdout.lower(), done.stdout
        with zipfile.ZipFile(tmp_path / "trail.zip") as packed:
            assert '"change.recorded"' in packed.read("events.jsonl").decode()

    def test_a_word_altered_on_the_way_does_not_hold(self, window: OpenWindow, moment: datetime, kept: Path, tmp_path: Path) -> None:
        opened = window(DESKTOP)
        ask(opened, moment)
        with opened.page.expect_download() as coming:
            opened.touch(opened.page.get_by_role("button", name="Export what was asked for"))
        coming.value.save_as(tmp_path / "honest.zip")
        with zipfile.ZipFile(tmp_path / "honest.zip") as honest, zipfile.ZipFile(tmp_path / "trail.zip", "w") as forged:
            for name in honest.namelist():
                data = honest.read(name)
                forged.writestr(name, data.replace(b"change.recorded", b"change.forgotten") if name == "events.jsonl" else data)
        assert verify(tmp_path, tmp_path / "trail.zip", kept).returncode == 1

    @pytest.mark.parametrize("screen", SCREENS, ids=str)
    def test_the_answer_and_an_empty_one_have_no_barrier(self, window: OpenWindow, moment: datetime, screen: Screen) -> None:
        opened, wrong = window(screen), []
        for at in (moment, moment - timedelta(days=900)):
            ask(opened, at)
            opened.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            wrong += opened.sound() + opened.barriers()
        assert wrong == []
        assert "Nothing was recorded there." in opened.text

    def test_the_answer_fits_the_narrowest_screen(self, window: OpenWindow, moment: datetime) -> None:
        opened = window(Screen("320-wide", 320, 800))
        ask(opened, moment)
        opened.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert opened.sound() == []


def begin(window: Window) -> None:
    """Become the first administrator of an empty company."""
    for label, text in (("Your name", "Alice"), ("E-mail address", "alice@example.test"), ("Time zone", "Europe/Amsterdam")):
        window.page.get_by_label(label).fill(text)
    window.page.get_by_label("Password").fill("correct horse battery staple")
    window.press("Begin")


def _proven(folder: Path, kept: Path) -> subprocess.CompletedProcess[str] | None:
    """The verifier's answer once it is a good one. A checkpoint that is older than the export can't speak for all of it yet."""
    if not kept.exists():
        return None
    done = verify(folder, folder / "trail.zip", kept)
    assert done.returncode != 1, done.stdout
    return done if done.returncode == 0 else None


class TestOneClick:
    @pytest.mark.parametrize("screen", [DESKTOP, PHONE_PLAIN], ids=str)
    def test_verifies_the_trail_and_shows_what_came_of_it(self, window: OpenWindow, screen: Screen) -> None:
        opened = window(screen)
        opened.open("/trail/")
        opened.press("Verify the trail")
        assert opened.path == "/trail/"
        told = opened.page.get_by_role("status").inner_text()
        assert "none missing, none altered" in told
        box = opened.page.get_by_role("region", name="Can this be trusted?")
        assert "none altered" in box.inner_text()
        assert opened.sound() == []

    @pytest.mark.parametrize("screen", SCREENS, ids=str)
    def test_leads_to_the_run_which_has_no_barrier(self, window: OpenWindow, screen: Screen) -> None:
        opened = window(screen)
        opened.open("/trail/")
        opened.press("Verify the trail")
        opened.follow("More")
        assert opened.path.startswith("/trail/runs/")
        assert opened.page.get_by_role("heading", level=1).inner_text() == "Check of the trail"
        assert opened.sound() + opened.barriers() == []


class TestWithoutAWitness:
    """A company of one's own, told in order: the warning, what to do, and its end."""

    @pytest.mark.parametrize("screen", [DESKTOP, PHONE_PLAIN], ids=str)
    def test_the_banner_says_what_to_do_and_goes_when_a_witness_is_configured(
        self, browser: Browser, tmp_path: Path, screen: Screen
    ) -> None:
        alone = start(tmp_path, sample=False)
        opened = open_window(browser, f"http://127.0.0.1:{alone.port}", screen)
        try:
            opened.open(alone.link)
            begin(opened)
            opened.open("/trail/")
            banner = opened.page.get_by_role("note").filter(has_text="No witness")
            assert "watchbill.toml" in banner.inner_text()
            assert opened.sound() + (opened.barriers() if screen.scripts else []) == []
            opened.go(banner.get_by_role("link"))
            assert opened.page.url.endswith("/setup/#witness")
            assert "[witness]" in opened.text
            assert opened.sound() + (opened.barriers() if screen.scripts else []) == []
            opened.page.goto("about:blank")  # a page that is open asks what rings, and a server that is gone can't answer
        finally:
            alone.stop()
        kept = tmp_path / "elsewhere.txt"
        (tmp_path / "watchbill.toml").write_text(f'[witness]\nfile = "{kept}"\n', encoding="utf-8")
        witnessed = start(tmp_path, sample=False, port=alone.port)
        try:
            opened.open("/trail/")
            assert opened.page.get_by_role("note").filter(has_text="No witness").count() == 0
            eventually(kept.exists, "the witness has a checkpoint")
            opened.open("/trail/")
            assert "witness holds a copy" in opened.page.get_by_role("region", name="Can this be trusted?").inner_text()
            assert opened.sound() + (opened.barriers() if screen.scripts else []) == []
        finally:
            opened.context.close()
            witnessed.stop()
