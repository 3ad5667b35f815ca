"""What a page weighs and how often it asks: counts, not clocks, so the same on every machine."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, Response

from tests.journeys.conftest import NARROW
from tests.journeys.world import FREE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = f"latitude={FREE['latitude']}&longitude={FREE['longitude']}"
#: How far things jumped while the page came (the web's own measure of it; below 0.1 is good).
WATCH_JUMPS = """
window.jumps = 0;
new PerformanceObserver((list) => {
  for (const jump of list.getEntries()) if (!jump.hadRecentInput) window.jumps += jump.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Weight:
    """Bytes as they are before packing, by kind, and how many answers."""

    bytes: dict[str, int] = field(default_factory=dict)
    answers: int = 0

    def add(self, answer: Response) -> None:
        """Counts one answer; the map's tiles and photos are content, not the page."""
        path = answer.url.split("?")[0]
        if "/tiles/" in path or "/photo/" in path or not answer.ok:
            return
        self.answers += 1
        kind = answer.request.resource_type
        if "map" in path.rpartition("/")[2]:
            kind = "map"
        self.bytes[kind] = self.bytes.get(kind, 0) + len(answer.body())

    def kilobytes(self, kind: str) -> float:
        """Of one kind."""
        return self.bytes.get(kind, 0) / 1000


def weigh(address: str, open_page) -> tuple[Weight, Page]:
    page = open_page("/offline", fresh=True, viewport=NARROW)
    page.wait_for_load_state("networkidle")
    page.add_init_script(WATCH_JUMPS)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - Playwright wants one
    page.goto(address)
    if page.locator("[data-map]").count():
        page.locator(".has-map").wait_for()
    page.wait_for_load_state("networkidle")
    weight = Weight()
    for answer in answers:
        weight.add(answer)
    return weight, page


@pytest.mark.parametrize(
    ("address", "html", "answers"),
    [
        ("/", 60, 13),
        (f"/report/new?{PLACE}", 40, 17),
        ("/report/{number}", 40, 17),
        ("/auth", 15, 13),
    ],
    ids=["front", "report form", "report", "sign in"],
)
def test_a_page_is_light_asks_seldom_and_stands_still(address, html, answers, open_page, world):
    weight, page = weigh(address.format(number=world.by_state["confirmed"].pk), open_page)
    assert weight.kilobytes("document") < html
    assert weight.kilobytes("stylesheet") < 60
    assert weight.kilobytes("script") < 110
    assert weight.answers <= answers
    assert page.evaluate("window.jumps") < 0.1


def test_a_page_without_a_map_does_not_fetch_one(open_page):
    weight, _page = weigh("/auth", open_page)
    assert weight.kilobytes("map") < 10  # its few styles
