"""The fixtures of windows.py, where the packages of the browser set are installed; where they are not, nothing here is collected."""

import importlib.util

INSTALLED = all(importlib.util.find_spec(name) for name in ("playwright", "axe_playwright_python"))
collect_ignore_glob = [] if INSTALLED else ["test_*.py"]

if INSTALLED:
    from tests.browser.windows import browser, cookies, postbox, server, window

    __all__ = ["browser", "cookies", "postbox", "server", "window"]
