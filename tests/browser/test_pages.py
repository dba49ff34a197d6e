"""Every page at every screen: sound, and without a barrier that axe can find, in light and dark, on a desk and on a phone.

The walk starts at the menu, so a page that joins the menu joins the walk; one of each kind of case, service and source is opened too.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.harness import DESKTOP, DESKTOP_PLAIN, PHONE, PHONE_PLAIN, SCREENS, Screen, Window, open_window
from tests.browser.windows import OpenWindow
from tests.stories.harness import Server

pytestmark = pytest.mark.browser

# One of each kind: where a link to it stands, and what its path looks like.
KINDS = {
    "finding": ("/findings/", r"/findings/\d+/"),
    "alert": ("/", r"/alerts/\d+/"),
    "service": ("/services/", r"/services/[\w-]+/"),
    "source": ("/sources/", r"/sources/\d+/"),
    "event": ("/trail/", r"/trail/\d+/"),
    "check": ("/trail/", r"/trail/runs/\d+/"),
    "incident": ("/incidents/", r"/incidents/\d+/"),
}
FURTHER = (
    "/me/",
    "/setup/tokens/",
    "/accounts/2fa/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/findings/?q=nothing+is+called+this",
    "/trail/?at=2026-01-15T12:00&span=7d&on=service:berth-board",
)
OUTSIDE = ("/accounts/login/",)


@pytest.fixture(scope="module")
def paths(browser: Browser, server: Server, cookies: Any) -> list[str]:
    """Every path of the walk."""
    window = open_window(browser, f"http://127.0.0.1:{server.port}", DESKTOP, cookies)
    window.open("/")
    window.page.get_by_label("What did you see?").fill("Odd logins on db3 since lunch")
    window.press("Start an incident")
    window.open("/trail/")
    window.press("Verify the trail")
    window.open("/")
    found = hrefs(window, "#menu nav a")
    assert len(found) >= 8, found
    for kind, (listing, shape) in KINDS.items():
        window.open(listing)
        matching = [href for href in hrefs(window, "main a") if re.fullmatch(shape, href)]
        assert matching, f"no {kind} on {listing}"
        found.append(matching[0])
    window.context.close()
    return [*found, *FURTHER]


def hrefs(window: Window, selector: str) -> list[str]:
    """The addresses of the links on the page now."""
    found: list[str] = window.page.locator(selector).evaluate_all("links => links.map(link => link.getAttribute('href'))")
    return found


class TestEveryPage:
    @pytest.mark.parametrize("screen", SCREENS, ids=str)
    def test_is_sound_and_has_no_barrier(self, window: OpenWindow, paths: list[str], screen: Screen) -> None:
        opened, wrong = window(screen), []
        for path in paths:
            if opened.open(path) != 200:
                wrong.append(f"{path} did not open")
            wrong += opened.sound() + opened.barriers()
            opened.complaints.clear()
        assert wrong == []

    @pytest.mark.parametrize("screen", [DESKTOP_PLAIN, PHONE_PLAIN], ids=str)
    def test_is_sound_without_scripts(self, window: OpenWindow, paths: list[str], screen: Screen) -> None:
        opened, wrong = window(screen), []
        for path in paths:
            opened.open(path)
            wrong += opened.sound()
            opened.complaints.clear()
        assert wrong == []

    @pytest.mark.parametrize("width", [320, 768, 1024])
    def test_scrolls_sideways_at_no_width_between(self, window: OpenWindow, paths: list[str], width: int) -> None:
        opened, wrong = window(Screen(f"{width}-wide", width, 800)), []
        for path in paths:
            opened.open(path)
            wrong += opened.sound()
            opened.complaints.clear()
        assert wrong == []

    @pytest.mark.parametrize("screen", SCREENS, ids=str)
    def test_has_no_barrier_with_everything_open(self, window: OpenWindow, paths: list[str], screen: Screen) -> None:
        opened, wrong = window(screen), []
        for path in [one for one in paths if re.match(r"/(findings/\d+|me|setup|on-call|services/.+|trail)/$", one)]:
            opened.open(path)
            opened.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
            wrong += opened.sound() + opened.barriers()
            opened.complaints.clear()
        assert wrong == []

    @pytest.mark.parametrize("screen", SCREENS, ids=str)
    def test_at_the_door_is_sound_and_has_no_barrier(self, window: OpenWindow, screen: Screen) -> None:
        opened = window(screen, stranger=True)
        for path in OUTSIDE:
            opened.open(path)
            assert opened.sound() + opened.barriers() == []

    @pytest.mark.parametrize("screen", SCREENS, ids=str)
    def test_that_is_not_there_says_so_without_a_barrier(self, window: OpenWindow, screen: Screen) -> None:
        opened = window(screen)
        assert opened.open("/nothing-is-here/") == 404
        assert opened.barriers() == []
        assert opened.page.locator("h1").count() == 1


class TestTheMenu:
    def test_opens_and_closes_on_a_phone_without_scripts(self, window: OpenWindow) -> None:
        phone = window(PHONE_PLAIN)
        phone.open("/")
        navigation = phone.page.get_by_role("navigation", name="Main")
        assert not navigation.is_visible()
        phone.touch(phone.page.get_by_role("button", name="Menu"))
        assert navigation.is_visible()

    def test_leads_somewhere_on_a_phone(self, window: OpenWindow) -> None:
        phone = window(PHONE)
        phone.open("/")
        phone.touch(phone.page.get_by_role("button", name="Menu"))
        assert phone.barriers() == []
        phone.go(phone.page.get_by_role("navigation", name="Main").get_by_role("link", name="Services"))
        assert phone.path == "/services/"

    def test_stands_beside_the_page_on_a_desk(self, window: OpenWindow) -> None:
        desk = window(DESKTOP)
        desk.open("/")
        assert desk.page.get_by_role("navigation", name="Main").is_visible()
        assert not desk.page.get_by_role("button", name="Menu").is_visible()

    def test_says_where_one_is(self, window: OpenWindow) -> None:
        desk = window(DESKTOP)
        desk.open("/services/")
        assert desk.page.locator("#menu [aria-current=page]").inner_text() == "Services"

    def test_has_things_a_finger_can_press(self, window: OpenWindow) -> None:
        phone = window(PHONE)
        phone.open("/")
        phone.touch(phone.page.get_by_role("button", name="Menu"))
        heights = [box["height"] for link in phone.page.locator("#menu nav a").all() if (box := link.bounding_box())]
        assert min(heights) >= 44


class TestLightAndDark:
    def test_the_choice_stays_on_the_next_page(self, window: OpenWindow) -> None:
        desk = window(DESKTOP)
        desk.open("/")
        before = ground(desk)
        press_until_dark(desk)
        assert ground(desk) != before
        dark = ground(desk)
        desk.open("/findings/")
        assert ground(desk) == dark

    def test_the_choice_works_without_scripts(self, window: OpenWindow) -> None:
        desk = window(DESKTOP_PLAIN)
        desk.open("/")
        before = ground(desk)
        for _ in range(2):
            desk.press("Light or dark")
        assert ground(desk) != before

    def test_without_a_choice_it_follows_the_system(self, window: OpenWindow) -> None:
        light, dark = (window(screen) for screen in SCREENS[:2])
        light.open("/")
        dark.open("/")
        assert ground(light) != ground(dark)


def ground(window: Window) -> str:
    """The colour that the page stands on."""
    colour: str = window.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return colour


def press_until_dark(window: Window) -> None:
    """The toggle goes through system, light and dark."""
    for _ in range(3):
        if window.page.locator("html").get_attribute("data-theme") == "dark":
            return
        window.touch(window.page.get_by_role("button", name="Light or dark"))
