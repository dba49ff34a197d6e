"""Makes docs/pictures/*.png, the pictures in README and docs, from a fresh sample company, so that they can't rot: `make screenshots`.

A real server, a real Chromium, the sample's own minute walked from the link to the proof. It draws nothing itself and keeps no data.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, sync_playwright
from small_png import shrink

from tests.browser.harness import FLAGS, PHONE_PLAIN, Screen, Window, find_chromium, open_window
from tests.stories.harness import ROOT, Server, running

PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 150 * 1024
WIDE = Screen("wide", 1280, 900)
DARK = Screen("wide-dark", 1280, 900, dark=True)


def take(window: Window, name: str) -> None:
    """Save what the window shows now; a picture too heavy for a README is an error, not a surprise."""
    window.page.evaluate("document.activeElement.blur()")
    path = PICTURES / f"{name}.png"
    path.write_bytes(shrink(window.page.screenshot(scale="css", animations="disabled", caret="hide")))
    weight = path.stat().st_size
    print(f"{path.relative_to(ROOT)}  {weight / 1024:.0f} KB")
    if weight > MOST_BYTES:
        raise SystemExit(f"{path.name} weighs {weight} bytes; {MOST_BYTES} is the most. Make its screen smaller.")


def walk(browser: Browser, server: Server) -> None:
    """The first minute, a picture at each turn."""
    base = f"http://127.0.0.1:{server.port}"
    window = open_window(browser, base, WIDE)
    window.open(server.link)
    window.press("Sign in")
    take(window, "first-minute")
    state = window.context.storage_state()
    phone = open_window(browser, base, PHONE_PLAIN)
    phone.open(window.page.get_by_role("link", name="Open this page by itself").get_attribute("href") or "")
    take(phone, "acknowledge")
    window.follow("All of it")
    take(window, "finding")
    dark = open_window(browser, base, DARK, state)
    dark.open("/findings/")
    take(dark, "findings-dark")
    window.open("/on-call/")
    take(window, "on-call")
    window.open("/sample/")
    for button in ("Nobody answers", "Acknowledge", "Upgrade it and re-scan"):
        window.press(button)
    take(window, "fixed")


def main() -> int:
    """Start a sample company in a folder that goes away, take the pictures, stop it."""
    found = find_chromium()
    if found is None:
        print("No Chromium here. On Debian: apt-get install chromium")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="watchbill-pictures-") as home,
        running(Path(home), sample=True) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        walk(browser, server)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
