"""What every browser test gets: one Chromium for the session, a sample company for its module, windows on it that are closed afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.harness import DESKTOP, FLAGS, Screen, Window, chromium, open_window
from tests.stories.harness import Postbox, Server, running

OpenWindow = Callable[..., Window]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless, with a fresh profile."""
    path = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def postbox() -> Iterator[Postbox]:
    """Where the sample company's mail arrives."""
    box = Postbox()
    yield box
    box.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postbox: Postbox) -> Iterator[Server]:
    """A sample company of the module's own."""
    with running(tmp_path_factory.mktemp("home"), sample=True, postbox=postbox) as started:
        yield started


@pytest.fixture(scope="module")
def cookies(browser: Browser, server: Server) -> Any:
    """The state of a browser in which the newcomer has signed in with the printed link."""
    window = open_window(browser, f"http://127.0.0.1:{server.port}", DESKTOP)
    window.open(server.link)
    window.press("Sign in")
    state = window.context.storage_state()
    window.context.close()
    return state


@pytest.fixture
def window(browser: Browser, server: Server, cookies: Any) -> Iterator[OpenWindow]:
    """Open a window at a screen: signed in, or with `stranger=True` as nobody."""
    with contextlib.ExitStack() as closing:

        def open_it(screen: Screen, *, stranger: bool = False) -> Window:
            opened = open_window(browser, f"http://127.0.0.1:{server.port}", screen, None if stranger else cookies)
            closing.callback(opened.context.close)
            return opened

        yield open_it
