"""Every page can be used by everybody: WCAG 2.2 AA by axe, narrow and wide, light and dark.

A sample is looked at by `make test`, all of it in all looks by `make check-all`.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.journeys.conftest import MIDDLE, NARROW, WIDE, Opener
from tests.journeys.stops import STOPS, Stop
from tests.journeys.world import World

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIND = {"preload": False, "iframes": False, "resultTypes": ["violations"]}
EVERYTHING = FIND | {"runOnly": {"type": "tag", "values": WCAG}}
#: Light and dark are the same page in other colours.
COLOURS = FIND | {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
#: In the order that changes least from one look to the next.
LOOKS = (
    (NARROW, "light", EVERYTHING),
    (NARROW, "dark", COLOURS),
    (MIDDLE, "dark", COLOURS),
    (MIDDLE, "light", EVERYTHING),
    (WIDE, "light", EVERYTHING),
    (WIDE, "dark", COLOURS),
)
#: The pages that most people come by, and the looks that find most.
SAMPLE = (
    "front", "around, with filters", "report form", "report form, questions",
    "report form, with errors", "report, fixed", "confirm", "staff, the board",
)  # fmt: skip
QUICK_LOOKS = (LOOKS[0], LOOKS[-1])
#: Everything that one presses is 44 pixels high, but for links within words.
SMALL_TARGETS = """() => [...document.querySelectorAll("button, summary, .button, main input")]
  .filter((item) => item.checkVisibility({ visibilityProperty: true })
    && !item.matches("[type=hidden], [readonly]")
    && !item.closest(".trap, .sr, .still, .map-canvas"))
  .map((item) => [item, Math.max(...[item, item.closest("label, .tick"), ...(item.labels || [])]
    .map((one) => one?.getBoundingClientRect().height || 0))])
  .filter(([, height]) => height && height < 43.5)
  .map(([item, height]) => `${item.outerHTML.slice(0, 90)} is ${height} high`)"""
#: What axe finds, a line each.
RUN_AXE = """async (options) => {
  const { violations } = await axe.run(options);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
}"""
#: What sticks out of the window although nothing about it scrolls.
SIDEWAYS = """() => {
  const page = document.documentElement;
  const wide = page.clientWidth;
  const scrolls = (item) => {
    for (let up = item.parentElement; up; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return true;
    return false;
  };
  const out = [];
  for (const item of document.querySelectorAll("main *, header *, footer *")) {
    const box = item.getBoundingClientRect();
    const sticksOut = box.right > wide + 1 || box.left < -1;
    if (box.width > 1 && sticksOut && !item.closest(".sr, .trap, .skip") && !scrolls(item))
      out.push(`${item.tagName}.${item.className} from ${box.left} to ${box.right}`);
  }
  if (page.scrollWidth > wide) out.push(`the page: ${page.scrollWidth} in ${wide}`);
  return out.slice(0, 5);
}"""
TURN = "direction => { document.documentElement.dir = direction; }"
#: Colours that change slowly are not looked at on their way; what turns for ever is let be. A
#: change of something that is taken away meanwhile never ends, in some browsers.
AT_REST = """() => Promise.race([
  Promise.allSettled(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime < 5000).map((one) => one.finished)),
  new Promise((done) => setTimeout(done, 1500)),
])"""


def come_to(stop: Stop, open_page: Opener, world: World) -> Page:
    """Opens a page of the list and does there what belongs to it."""
    page = open_page(stop.address(world), who=stop.who(world), viewport=NARROW)
    if stop.then is not None:
        stop.then(page)
    if page.locator("[data-map]").count():
        page.locator(".has-map").wait_for(state="attached")
    expect(page.locator("h1")).to_contain_text(stop.heading)
    page.wait_for_load_state("load")
    return page


def look_at(page: Page, looks) -> dict[str, list[str]]:
    """What is wrong with a page, by the look in which it is."""
    wrong = {}
    for direction in ("rtl", "ltr"):
        page.evaluate(TURN, direction)
        wrong[f"320 sideways, {direction}"] = page.evaluate(SIDEWAYS)
    page.evaluate(Axe().axe_script)
    for size, scheme, options in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(AT_REST)
        wrong[f"{size['width']} {scheme}"] = page.evaluate(RUN_AXE, options)
    return {look: found for look, found in wrong.items() if found}


@pytest.mark.parametrize(
    "stop", [stop for stop in STOPS if stop.name in SAMPLE], ids=lambda stop: stop.name
)
def test_everybody_can_use_the_pages_that_most_come_by(stop, open_page, world):
    page = come_to(stop, open_page, world)
    assert not look_at(page, QUICK_LOOKS)
    page.set_viewport_size(NARROW)
    assert not page.evaluate(SMALL_TARGETS)


@pytest.mark.every
@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_everybody_can_use_every_page(stop, open_page, world):
    page = come_to(stop, open_page, world)
    assert not look_at(page, LOOKS)
    if not stop.name.startswith("staff"):
        page.set_viewport_size(NARROW)
        assert not page.evaluate(SMALL_TARGETS)


def test_a_language_that_is_written_from_the_right_turns_the_page(open_page, world):
    page = open_page("/", locale="ar", viewport=NARROW)
    assert page.locator("html").get_attribute("lang") == "ar"
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.evaluate(SIDEWAYS) == []
