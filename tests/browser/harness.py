"""A real Chromium at the screens people use, and what must hold on every page, whatever it is about.

`Window` is one person's browser window: it notes what the console said, what the policy stopped and what failed to load, so that a test
can ask once, after it has looked, whether the page was sound. It never reaches another machine: the pages come from a server on loopback.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium on this machine (Debian: apt-get install chromium); the browser tests did not run"
PATIENCE_MILLISECONDS = 20_000

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")

# The page tells what its policy stopped; noted outside of the page, so that walking on loses nothing.
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (e) => {
  window.stoppedByPolicy(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile || ""}`);
});
"""


def find_chromium() -> Path | None:
    """Where Chromium is on this machine, if it is."""
    found = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in found if path), None)


def chromium() -> Path:
    """Where Chromium is. Without one: fails the tests in CI, skips them elsewhere, saying so."""
    if found := find_chromium():
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(MISSING)
    pytest.skip(MISSING)


@dataclass(frozen=True)
class Screen:
    """What somebody looks at: a size in CSS pixels, fingers or a mouse, light or dark, scripts or none."""

    name: str
    width: int
    height: int
    touch: bool = False
    dark: bool = False
    scripts: bool = True

    def options(self) -> dict[str, Any]:
        """As a browser context takes them."""
        return {
            "viewport": {"width": self.width, "height": self.height},
            "color_scheme": "dark" if self.dark else "light",
            "has_touch": self.touch,
            "is_mobile": self.touch,
            "device_scale_factor": 2 if self.touch else 1,
            "java_script_enabled": self.scripts,
            "locale": "en-GB",
            "timezone_id": "Europe/Amsterdam",
        }

    def __str__(self) -> str:
        return self.name


PHONE = Screen("phone", 390, 844, touch=True)
PHONE_DARK = Screen("phone-dark", 390, 844, touch=True, dark=True)
PHONE_PLAIN = Screen("phone-without-scripts", 390, 844, touch=True, scripts=False)
DESKTOP = Screen("desktop", 1280, 900)
DESKTOP_DARK = Screen("desktop-dark", 1280, 900, dark=True)
DESKTOP_PLAIN = Screen("desktop-without-scripts", 1280, 900, scripts=False)
SCREENS = (DESKTOP, DESKTOP_DARK, PHONE, PHONE_DARK)


@dataclass
class Window:
    """One person's window on one server."""

    screen: Screen
    base: str
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> int:
        """Go to a path; the status of the answer."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer.status

    @property
    def path(self) -> str:
        """Where the window is now."""
        return urlsplit(self.page.url).path

    @property
    def text(self) -> str:
        """What can be read on the page now."""
        return self.page.locator("body").inner_text()

    def press(self, name: str) -> None:
        """Press the button with this text, as a finger or a mouse would, and wait for the page it brings."""
        self.go(self.page.get_by_role("button", name=name).first)

    def follow(self, name: str) -> None:
        """Press the link with this text, and wait for its page."""
        self.go(self.page.get_by_role("link", name=name).first)

    def go(self, what: Locator) -> None:
        """Press what leads to another page, and wait for that page."""
        with self.page.expect_navigation():
            self.touch(what)

    def touch(self, what: Locator) -> None:
        """Press what stays on this page, as a finger or a mouse would."""
        what.scroll_into_view_if_needed()
        if self.screen.touch:
            what.tap()
        else:
            what.click()

    def sound(self) -> list[str]:
        """What is wrong with the page now, whatever it is about; [] when nothing is."""
        wrong = list(self.complaints)
        inner = self.page.evaluate("document.documentElement.scrollWidth")
        if inner > self.screen.width:
            wrong.append(f"scrolls sideways: {inner} px of content on {self.screen.width} px")
        headings = self.page.locator("h1").count()
        if headings != 1:
            wrong.append(f"{headings} h1 headings")
        title = self.page.title()
        if not title.endswith("· Watchbill") or not title.removesuffix("· Watchbill").strip():
            wrong.append(f"the title is {title!r}")
        return [f"{self.path} at {self.screen}: {one}" for one in wrong]

    def barriers(self) -> list[str]:
        """What axe finds on the page now: WCAG 2.0 to 2.2 at A and AA, and best practice; a line each, naming the element."""
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]})
        violations: list[dict[str, Any]] = found.response["violations"]
        return [
            f"{self.path} at {self.screen}: {one['id']}: {one['help']}: {node['target']} {node['html'][:160]}"
            for one in violations
            for node in one["nodes"]
        ]


def open_window(browser: Browser, base: str, screen: Screen, state: Any = None) -> Window:
    """A window with a profile of its own; `state` are the cookies of somebody who is signed in."""
    context = browser.new_context(**screen.options(), storage_state=state)
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    window = Window(screen, base, context, page)

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            window.complaints.append(f"console {message.type}: {message.text}")

    page.on("console", heard)
    page.on("pageerror", lambda error: window.complaints.append(f"script error: {error}"))
    context.expose_function("stoppedByPolicy", lambda what: window.complaints.append(f"policy stopped {what}"))
    context.add_init_script(TELL_VIOLATIONS)
    return window
