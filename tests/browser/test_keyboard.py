"""The keyboard's way through the product on a desk: from anywhere to the finding, taken, its command copied, without touching the mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.harness import DESKTOP, Window
from tests.browser.windows import OpenWindow

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(window: OpenWindow) -> Window:
    """A signed-in person at a desk, on Now."""
    opened = window(DESKTOP)
    opened.open("/")
    return opened


def go(desk: Window, *keys: str) -> None:
    """Press keys that lead to another page."""
    with desk.page.expect_navigation():
        for key in keys:
            desk.page.keyboard.press(key)


class TestTheKeyboard:
    """Told in order where one test leaves something behind."""

    @pytest.mark.parametrize(
        ("key", "path"),
        [
            ("f", "/findings/"),
            ("i", "/incidents/"),
            ("o", "/on-call/"),
            ("s", "/services/"),
            ("q", "/sources/"),
            ("t", "/trail/"),
            ("u", "/setup/"),
        ],
    )
    def test_g_and_a_letter_go_to_a_page(self, desk: Window, key: str, path: str) -> None:
        go(desk, "g", key)
        assert desk.path.startswith(path)

    def test_every_letter_of_the_sheet_is_on_the_menu(self, desk: Window) -> None:
        desk.page.keyboard.press("?")
        told = desk.page.get_by_role("dialog", name="Keys").inner_text()
        letters = desk.page.locator("[data-go]").evaluate_all(
            "links => links.map(link => [link.dataset.go, link.firstChild.textContent.trim()])"
        )
        for letter, name in letters:
            if name not in ("Now", "First minute"):
                assert f"g {letter} {name}" in told

    def test_the_sheet_opens_and_closes_without_a_barrier(self, desk: Window) -> None:
        sheet = desk.page.get_by_role("dialog", name="Keys")
        desk.page.keyboard.press("?")
        assert sheet.is_visible()
        assert desk.barriers() == []
        desk.page.keyboard.press("Escape")
        assert not sheet.is_visible()

    def test_slash_goes_to_the_search_and_letters_are_then_only_letters(self, desk: Window) -> None:
        desk.page.keyboard.press("/")
        desk.page.keyboard.type("jinja2 ?")
        assert desk.page.locator("input[type=search]").input_value() == "jinja2 ?"
        go(desk, "Enter")
        assert desk.path == "/findings/"
        titles = desk.page.locator("main a.t").all_inner_texts()
        assert desk.path == "/findings/"
        assert all("jinja2" in title for title in titles)

    def test_j_and_k_walk_the_rows_and_enter_opens_one(self, desk: Window) -> None:
        go(desk, "g", "f")
        rows = desk.page.locator(".rows tbody tr")
        for _ in range(2):
            desk.page.keyboard.press("j")
        expect(rows.nth(1)).to_have_class("on")
        desk.page.keyboard.press("k")
        expect(rows.nth(0)).to_have_class("on")
        title = rows.nth(0).locator("a.t").inner_text()
        go(desk, "Enter")
        assert desk.page.get_by_role("heading", level=1).inner_text() == title

    def test_the_row_that_is_picked_can_be_seen(self, desk: Window) -> None:
        go(desk, "g", "f")
        for _ in range(20):
            desk.page.keyboard.press("j")
        box = desk.page.locator(".rows tr.on").bounding_box()
        hints = desk.page.locator(".hintbar").bounding_box()
        assert box is not None
        assert hints is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= hints["y"] + 1

    def test_tab_starts_at_the_way_past_the_menu(self, desk: Window) -> None:
        desk.page.keyboard.press("Tab")
        assert desk.page.evaluate("document.activeElement.textContent") == "Skip to the page"
        desk.page.keyboard.press("Enter")
        assert desk.page.evaluate("document.activeElement.id") == "main"

    def test_c_copies_the_command_and_only_the_command(self, desk: Window) -> None:
        desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
        urgent(desk)
        desk.page.keyboard.press("c")
        expect(desk.page.get_by_role("button", name="Copied")).to_be_visible()
        copied = desk.page.evaluate("navigator.clipboard.readText()")
        assert copied.splitlines()[0] == "npm install --save-exact react-server-dom-webpack@19.1.2"

    def test_no_key_stands_for_two_buttons_of_a_page(self, desk: Window) -> None:
        urgent(desk)
        keys = desk.page.locator("[data-key]").evaluate_all("all => all.map(one => one.dataset.key)")
        assert sorted(keys) == sorted(set(keys))

    def test_a_on_now_acknowledges_what_rings(self, desk: Window) -> None:
        go(desk, "a")
        assert desk.page.get_by_role("button", name="Acknowledge").count() == 0
        assert desk.sound() == []

    def test_a_on_the_finding_takes_it(self, desk: Window) -> None:
        urgent(desk)
        if desk.page.locator("[data-key=a]").count():
            go(desk, "a")
        assert re.search(r"On it\s+\w+ \w+ you", desk.page.get_by_label("Facts").inner_text())
        assert desk.sound() == []


def urgent(desk: Window) -> None:
    """Open the most urgent finding by keys."""
    go(desk, "g", "f")
    desk.page.keyboard.press("j")
    go(desk, "Enter")
