"""The first view of the map on a slow phone: a fourth of the CPU, 1.6 Mbit/s, 150 ms away."""

import statistics
from collections.abc import Iterator
from typing import Any

from tools.find_browser import find

from bench import city
from bench.figures import Figure
from bench.home import HOME, HOST, site

COMMAND = "python -m bench phone"
#: Runs, of which the middle one counts.
RUNS = 3
_PHONE = {"width": 390, "height": 780}
_NET = {
    "offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 0.75e6 / 8,
}  # fmt: skip
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_TYPED = """new Promise((done) => document.getElementById("pc").addEventListener(
    "input", () => done(performance.now()), { once: true }))"""


def measure(size: int) -> Iterator[Figure]:
    """When the list is painted, when the search takes a letter, and the bytes that travelled."""
    from playwright.sync_api import sync_playwright

    city.grow_to(size)
    with site() as (port, _pid), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find(), args=["--no-sandbox"])
        address = f"http://{HOST}:{port}/around?lat=60.17&lon=24.94&zoom=15"
        runs = [_run(browser, address) for _one in range(RUNS)]
        browser.close()
    middle = [statistics.median(run[number] for run in runs) for number in range(3)]
    title = "first view of the map on a slow phone"
    yield Figure(f"{title}: list painted", middle[0], "s", 3, command=COMMAND)
    yield Figure(f"{title}: search takes a letter", middle[1], "s", 3, command=COMMAND)
    # The map's worker is fetched outside of the page: its file is what travels.
    worker = (HOME / "static" / "ui" / "built" / "map-worker.js.br").stat().st_size / 1000
    code = middle[2] + worker
    yield Figure(f"{title}: scripts and styles", code, "kB", 400, command=COMMAND)


def _run(browser: Any, address: str) -> tuple[float, float, float]:
    context = browser.new_context(viewport=_PHONE, device_scale_factor=2, is_mobile=True)
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", _NET)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    code: set[str] = set()
    sizes: list[float] = []
    tools.on(
        "Network.responseReceived",
        lambda event: event["type"] in ("Script", "Stylesheet") and code.add(event["requestId"]),
    )
    tools.on(
        "Network.loadingFinished",
        lambda event: event["requestId"] in code and sizes.append(event["encodedDataLength"]),
    )
    page.goto(address, wait_until="commit")
    page.wait_for_selector("#list .row")
    page.evaluate(f"() => {{ window.typed = {_TYPED} }}")
    page.focus("#pc")
    page.keyboard.press("a")
    typed = page.evaluate("window.typed")
    painted = page.evaluate(_PAINTED)
    page.wait_for_load_state("networkidle")
    context.close()
    return painted / 1000, typed / 1000, sum(sizes) / 1000
