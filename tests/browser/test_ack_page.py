"""The page behind the link in the mail, on a phone, by night: no sign-in, no scripts, the button under the thumb, light on the network."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import Response

from tests.browser.harness import DESKTOP, PHONE, PHONE_DARK, PHONE_PLAIN, Screen
from tests.browser.windows import OpenWindow
from tests.stories.harness import Postbox, Server, eventually

pytestmark = pytest.mark.browser

THUMB_PIXELS = 48
MOST_BYTES = 14 * 1024


@pytest.fixture(scope="module")
def path(postbox: Postbox, server: Server) -> str:
    """The path of the link in the first mail that page anybody."""
    message = eventually(lambda: postbox.messages[:1], "the first page by mail")[0]
    found = re.search(r"https?://[^/\s]+(/p/\S+)", message.get_content())
    assert found, message.get_content()
    return found.group(1)


class TestTheAcknowledgePage:
    """Told in order: the last test answers the page."""

    def test_it_opens_without_signing_in_and_without_scripts(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE_PLAIN, stranger=True)
        assert phone.open(path) == 200
        assert phone.page.get_by_role("button", name="Acknowledge").is_visible()
        assert phone.page.locator("script").count() == 0

    def test_the_button_fits_a_thumb_and_needs_no_scrolling(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE_PLAIN, stranger=True)
        phone.open(path)
        box = phone.page.get_by_role("button", name="Acknowledge").bounding_box()
        assert box is not None
        assert box["height"] >= THUMB_PIXELS
        assert box["y"] + box["height"] <= PHONE.height

    def test_the_button_needs_no_scrolling_on_a_small_old_phone_either(self, window: OpenWindow, path: str) -> None:
        small = Screen("small-phone", 360, 640, touch=True, scripts=False)
        phone = window(small, stranger=True)
        phone.open(path)
        box = phone.page.get_by_role("button", name="Acknowledge").bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= small.height
        assert phone.sound() == []

    def test_all_it_loads_fits_the_first_flight_of_packets(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE_PLAIN, stranger=True)
        answers: list[Response] = []
        phone.page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright can't wrap a bound method of list
        phone.open(path)
        phone.page.wait_for_load_state("networkidle")
        assert len(answers) >= 2, "the page and its style sheet"
        assert all(answer.header_value("content-encoding") == "gzip" for answer in answers), "sent packed"
        assert sum(len(gzip.compress(answer.body())) for answer in answers) <= MOST_BYTES

    def test_it_says_how_bad_it_is_and_who_is_next(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE, stranger=True)
        phone.open(path)
        assert "Exploited in the wild" in phone.text
        assert re.search(r"Next\s+\w+\s\w+\sin\s\d+\smin", phone.text)

    @pytest.mark.parametrize("screen", [PHONE, PHONE_DARK, PHONE_PLAIN, DESKTOP], ids=str)
    def test_it_is_sound(self, window: OpenWindow, path: str, screen: Screen) -> None:
        phone = window(screen, stranger=True)
        phone.open(path)
        assert phone.sound() == []

    @pytest.mark.parametrize("screen", [PHONE, PHONE_DARK], ids=str)
    def test_axe_finds_no_barrier(self, window: OpenWindow, path: str, screen: Screen) -> None:
        phone = window(screen, stranger=True)
        phone.open(path)
        assert phone.barriers() == []

    def test_opening_it_twice_acknowledges_nothing(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE_PLAIN, stranger=True)
        phone.open(path)
        phone.open(path)
        assert phone.page.get_by_role("button", name="Acknowledge").is_visible()
        assert "cknowledged" not in phone.text

    def test_a_link_somebody_made_up_says_so_and_rings_nobody(self, window: OpenWindow) -> None:
        phone = window(PHONE_PLAIN, stranger=True)
        assert phone.open("/p/AGsFynQyLjEuMjRLtoxPzybvcQdZP3yX__Q") in (403, 404, 410)
        assert phone.page.get_by_role("button").count() == 0
        assert phone.page.locator("h1").count() == 1

    def test_one_press_acknowledges_and_quiets_it(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE_PLAIN, stranger=True)
        phone.open(path)
        phone.press("Acknowledge")
        assert "cknowledged" in phone.page.get_by_role("status").inner_text()
        assert phone.page.get_by_role("button", name="Acknowledge").count() == 0
        assert phone.sound() == []

    def test_opened_again_it_says_who_is_on_it(self, window: OpenWindow, path: str) -> None:
        phone = window(PHONE, stranger=True)
        phone.open(path)
        assert phone.page.get_by_role("button", name="Acknowledge").count() == 0
        (reader,) = re.findall(r"Page for (\w+ \w+)", phone.text)
        assert phone.text.count(reader) > 1, "who is paged is who is on it"
        assert phone.barriers() == []
