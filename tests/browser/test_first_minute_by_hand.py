"""The newcomer's first minute as a person does it, in a real browser: on a desk, on a phone, and with scripts off.

A page rings on the phone that is drawn; nobody answers; the next person is rung and acknowledges; the package is upgraded; the look that
follows proves it fixed; the trail has every step; and one press starts an empty company. Told in order; each test is what happens next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.harness import DESKTOP, DESKTOP_PLAIN, PHONE, Screen, Window, open_window
from tests.stories.harness import Postbox, Server, eventually, running

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=[DESKTOP, PHONE, DESKTOP_PLAIN], ids=str)
def screen(request: pytest.FixtureRequest) -> Screen:
    chosen: Screen = request.param
    return chosen


@pytest.fixture(scope="module")
def server(screen: Screen, postbox: Postbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A company of its own for each screen."""
    home: Path = tmp_path_factory.mktemp(f"home-{screen}")
    with running(home, sample=True, postbox=postbox) as started:
        yield started


@pytest.fixture(scope="module")
def newcomer(browser: Browser, server: Server, screen: Screen) -> Iterator[Window]:
    """One window that lasts the whole story."""
    opened = open_window(browser, f"http://127.0.0.1:{server.port}", screen)
    yield opened
    opened.context.close()


@pytest.fixture
def sound(newcomer: Window) -> Iterator[None]:
    """Whatever the test did, the page it ends on is sound."""
    yield
    assert newcomer.sound() == []


def arrives(newcomer: Window, path: str) -> bool:
    """Is the window at this path? Where its page went on before the server answered, it is opened once more, as a person would."""
    newcomer.page.wait_for_timeout(100)
    if newcomer.page.url.startswith("chrome-error:"):
        newcomer.open(path)
    return newcomer.path == path and newcomer.page.get_by_role("heading", level=1).is_visible()


@pytest.mark.usefixtures("sound")
class TestTheFirstMinuteByHand:
    def test_the_printed_link_shows_who_one_will_be_and_one_button(self, newcomer: Window, server: Server) -> None:
        assert newcomer.open(server.link) == 200
        assert newcomer.page.get_by_role("button").count() == 1
        assert "Saltmarsh" in newcomer.text

    def test_the_button_leads_to_a_ringing_phone(self, newcomer: Window) -> None:
        newcomer.press("Sign in")
        assert newcomer.path == "/sample/"
        assert "ringing" in newcomer.page.get_by_role("heading", level=1).inner_text()
        assert newcomer.page.get_by_role("button", name="Acknowledge").is_visible()

    def test_it_says_that_the_company_is_a_sample(self, newcomer: Window) -> None:
        assert newcomer.page.get_by_role("note").filter(has_text="Sample company").is_visible()

    def test_nobody_answers_and_the_next_person_rings(self, newcomer: Window) -> None:
        first = newcomer.page.get_by_role("heading", level=1).inner_text()
        newcomer.press("Nobody answers: +10 min")
        after = newcomer.page.get_by_role("heading", level=1).inner_text()
        assert "Nobody answered" in after
        assert first.split(" for ")[1] not in after

    def test_acknowledging_on_the_phone_stops_the_ringing(self, newcomer: Window) -> None:
        ringing_for = newcomer.page.get_by_role("heading", level=1).inner_text().split(" for ")[1]
        newcomer.press("Acknowledge")
        assert newcomer.path == "/sample/"
        assert newcomer.page.get_by_role("heading", level=1).inner_text() == f"{ringing_for} is on it"
        assert newcomer.page.get_by_role("button", name="Acknowledge").count() == 0

    def test_upgrading_and_scanning_again_turns_it_green_with_its_proof(self, newcomer: Window) -> None:
        newcomer.press("Upgrade it and re-scan")
        assert newcomer.page.get_by_role("heading", level=1).inner_text() == "Fixed, and proven"
        assert newcomer.page.locator('.state[data-v="fixed"]').first.is_visible()
        assert "19.1.2" in newcomer.page.locator("main [role=status]").last.inner_text()

    def test_the_finding_shows_its_proof(self, newcomer: Window) -> None:
        newcomer.follow("See the finding and its proof")
        assert newcomer.path.startswith("/findings/")
        assert "19.1.2" in newcomer.text
        assert newcomer.page.locator('.state[data-v="fixed"]').first.is_visible()

    def test_the_trail_tells_every_step(self, newcomer: Window) -> None:
        if newcomer.screen.touch:
            newcomer.touch(newcomer.page.get_by_role("button", name="Menu"))
        newcomer.go(newcomer.page.get_by_role("navigation", name="Main").get_by_role("link", name="Trail"))
        assert newcomer.path == "/trail/"
        told = " ".join(newcomer.page.locator("main tbody").inner_text().split())
        for step in (r"Paged \w+ \w+", "cknowledged", "ixed"):
            assert re.search(step, told), told

    def test_an_event_of_the_trail_opens(self, newcomer: Window) -> None:
        newcomer.go(newcomer.page.locator("main a.t").first)
        assert newcomer.path.startswith("/trail/")
        assert newcomer.page.get_by_role("heading", name="Its seal").is_visible()

    def test_one_press_starts_an_empty_company(self, newcomer: Window, server: Server) -> None:
        newcomer.follow("Start with your own")
        newcomer.press("Start an empty company")
        become = newcomer.page.get_by_role("link", name="Become its first administrator")
        path = become.get_attribute("href") or ""
        eventually(lambda: server.answers(path), "the empty company's first page")
        eventually(lambda: arrives(newcomer, path), "the page goes on by itself")
        assert newcomer.page.get_by_role("heading", level=1).inner_text() == "Make yourself the first administrator"
        assert "Saltmarsh" not in newcomer.text

    def test_the_first_administrator_lands_on_set_up(self, newcomer: Window) -> None:
        newcomer.page.get_by_label("Your name").fill("Alice Archer")
        newcomer.page.get_by_label("E-mail address").fill("alice@example.test")
        newcomer.page.get_by_label("Time zone").fill("Europe/Amsterdam")
        newcomer.page.get_by_label("Password").fill("correct horse battery")
        newcomer.press("Begin")
        assert newcomer.path == "/setup/"
        assert "Alice Archer" in newcomer.page.locator("body").inner_html()

    def test_nothing_of_the_sample_is_left_in_it(self, newcomer: Window) -> None:
        for path in ("/", "/findings/", "/services/", "/trail/"):
            newcomer.open(path)
            assert "Saltmarsh" not in newcomer.page.content()
            assert newcomer.sound() == []
