"""How soon a woken person sees the Acknowledge button on a bad line and a slow phone: `python benchmarks/ack_page.py`.

A real Chromium at phone size with its network held to 400 kbit/s and 400 ms a round trip (the usual "slow 3G") and its processor slowed
four times, a cold profile each time. Beside it stands plain text from the same server under the same conditions: nothing can be sooner.
It prints a table and exits 1 where the figure is missed; without Chromium it says so and measures nothing.
"""

import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, sync_playwright

from benchmarks._report import Row, print_table
from tests.browser.harness import FLAGS, MISSING, PHONE, PHONE_PLAIN, Screen, find_chromium, open_window
from tests.stories.harness import running

ROUNDS = 5
TARGET_SECONDS = 1.5
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400 * 1000 / 8, "uploadThroughput": 400 * 1000 / 8}
SLOWED = 4
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)[0]"


def painted(browser: Browser, base: str, path: str, screen: Screen) -> float:
    """Seconds from asking for the page to its first contentful paint, in a new profile on a slow line."""
    window = open_window(browser, base, screen)
    wire = window.context.new_cdp_session(window.page)
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW_3G)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    window.open(path)
    window.page.wait_for_function(FIRST_PAINT) if screen.scripts else window.page.wait_for_timeout(500)
    seconds = float(window.page.evaluate(FIRST_PAINT)) / 1000
    window.context.close()
    return seconds


def main() -> int:
    found = find_chromium()
    if found is None:
        print(MISSING)
        return 1 if os.environ.get("CI") == "true" else 0
    with (
        tempfile.TemporaryDirectory(prefix="watchbill-bench-") as home,
        running(Path(home), sample=True) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        base = f"http://127.0.0.1:{server.port}"
        window = open_window(browser, base, PHONE)
        window.open(server.link)
        window.press("Sign in")
        path = window.page.get_by_role("link", name="Open this page by itself").get_attribute("href") or ""
        window.context.close()
        times = [painted(browser, base, path, PHONE_PLAIN) for _ in range(ROUNDS)]
        floor = statistics.median(painted(browser, base, "/wb", PHONE_PLAIN) for _ in range(3))
        browser.close()
    middle = statistics.median(times)
    what = f"acknowledge page painted, 400 kbit/s, 400 ms, CPU / {SLOWED}"
    measured = f"{middle:.2f} s ({min(times):.2f} to {max(times):.2f})"
    return print_table([Row(what, measured, f"<= {TARGET_SECONDS} s", f"{floor:.2f} s plain text", middle <= TARGET_SECONDS)])


if __name__ == "__main__":
    sys.exit(main())
