"""What scripts add: the map, questions that come by themselves, lists that follow; by keys too.

Every test here also fails when a script breaks or the page's policy stops something.
"""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NARROW, WAIT
from tests.journeys.world import FREE, LAT, LON

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = f"latitude={FREE['latitude']}&longitude={FREE['longitude']}"
#: The map at the town's reports, near enough that no two pins touch.
MIDDLE = (60.1698, 24.9414)
AROUND = f"/around?lat={MIDDLE[0]}&lon={MIDDLE[1]}&zoom=16"
#: Where something lies on the screen.
ON_SCREEN = """([lat, lon]) => {
  const { map } = window.heard.map, at = map.project([lon, lat]);
  const box = map.getContainer().getBoundingClientRect();
  return [box.x + at.x, box.y + at.y];
}"""
#: All that the Tab key should come to (of radio buttons of one name, one does), and a record of
#: where it came to without showing it. A date's parts have rings of the browser's own.
WATCH_FOCUS = """() => {
  const kinds = "a[href], button, input, select, textarea, summary";
  const key = (item) => (item.type === "radio" ? `radio ${item.name}` : item);
  const ring = (item) => {
    const style = getComputedStyle(item);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  };
  const wanted = [...document.querySelectorAll(kinds)].filter((item) =>
    !item.disabled && item.type !== "hidden" && item.tabIndex >= 0 && !item.closest(".trap")
    && item.checkVisibility({ visibilityProperty: true }));
  window.wanted = new Set(wanted.map(key));
  window.unseen = [];
  document.addEventListener("focusin", ({ target }) => {
    window.wanted.delete(key(target));
    const around = [target, target.closest("label"), target.parentElement].filter(Boolean);
    if (!around.some(ring)) window.unseen.push(target.outerHTML.slice(0, 120));
  });
  const parts = document.querySelectorAll("input[type=datetime-local]").length * 7;
  return window.wanted.size + parts;
}"""
LEFT_OVER = "[...window.wanted].map((one) => one.outerHTML?.slice(0, 120) ?? one)"


def until(page: Page, expression: str) -> None:
    """Waits for something in the page (Playwright's own waiting is what the policy forbids)."""
    deadline = time.monotonic() + WAIT / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never was: {expression}"
        page.wait_for_timeout(50)


def with_map(page: Page) -> Page:
    """The page when its map stands still."""
    page.locator(".has-map").wait_for()
    until(page, "Boolean(window.heard.map?.map.loaded())")
    return page


def place_in(url: str) -> tuple[float, float]:
    lat, lon = re.search(r"latitude=([\d.]+)&longitude=([\d.]+)", url).groups()
    return float(lat), float(lon)


def test_the_map_shows_the_pins_of_what_is_in_sight(open_page, world):
    page = with_map(open_page(AROUND))
    until(page, "Boolean(window.heard.pins)")
    told = page.evaluate("window.heard.pins")
    assert told["count"] == len(world.by_state)
    assert not told["more"]
    until(page, "window.heard.map.map.queryRenderedFeatures({ layers: ['pins'] }).length > 10")


def test_a_click_on_a_pin_names_the_report_and_leads_to_it(open_page, world):
    report = world.by_state["confirmed"]
    page = with_map(open_page(AROUND))
    until(page, "Boolean(window.heard.pins)")
    x, y = page.evaluate(ON_SCREEN, [report.lat, report.lon])
    until(page, "window.heard.map.map.queryRenderedFeatures({ layers: ['pins'] }).length > 10")
    page.mouse.click(x, y - 12)  # an open report's pin stands on its place
    page.locator(".map-popup-link").click()
    expect(page.locator("h1")).to_have_text(report.title)


def test_a_click_on_the_map_begins_a_report_at_that_place(open_page):
    page = with_map(open_page(AROUND))
    place = [LAT + 0.0016, LON + 0.0030]
    page.mouse.click(*page.evaluate(ON_SCREEN, place))
    expect(page.locator(".map-report")).to_be_visible()
    expect(page.locator(".map-start")).to_be_hidden()  # it would lead to another place
    page.locator(".map-report").click()
    page.wait_for_url("**/report/new?*")
    assert place_in(page.url) == pytest.approx(tuple(place), abs=2e-5)
    expect(page.locator("#kind-list")).to_contain_text("Pothole")


def test_the_button_of_the_map_leads_on_from_its_middle_with_one_press(open_page):
    page = with_map(open_page(AROUND, viewport=NARROW))
    page.evaluate("window.heard.map.map.jumpTo({ center: [24.9510, 60.1720] })")
    page.locator(".map-start").click()
    page.wait_for_url("**/report/new?*")
    assert place_in(page.url) == pytest.approx((60.1720, 24.9510), abs=2e-5)
    expect(page.locator("h2", has_text="Where is it?")).to_be_visible()


def test_moving_the_map_moves_the_list_and_the_address(open_page, world):
    page = with_map(open_page(AROUND))
    expect(page.locator("#list > .rows .row").first).to_be_visible()
    page.evaluate("window.heard.map.map.jumpTo({ center: [24.9750, 60.1850] })")
    expect(page.locator("#list > .rows .row")).to_have_count(0)
    expect(page.locator("#list section")).to_contain_text("Nearest, beyond the edge of the map")
    expect(page).to_have_url(re.compile("lat=60.18"))


def test_filters_take_hold_at_once(open_page, world):
    page = with_map(open_page(AROUND))
    page.get_by_text("Filter and sort").click()
    page.evaluate("window.heard.pins = null")
    page.locator("label.chip", has=page.locator("[value=closed]")).click()
    expect(page.locator("#list .row")).to_have_count(6)  # the closed family
    until(page, "window.heard.pins?.count === 6")
    expect(page).to_have_url(re.compile("status=closed"))


def test_where_i_am_is_where_the_map_opens(open_page, world):
    page = open_page(
        "/",
        geolocation={"latitude": LAT, "longitude": LON},
        permissions=["geolocation"],
    )
    page.get_by_role("button", name="Use my location").click()
    page.wait_for_url("**/around?*")
    assert f"lat={LAT}" in page.url
    assert f"lon={LON}" in page.url


@pytest.mark.parametrize(
    "address",
    [
        "/",
        f"/around?lat={FREE['latitude']}&lon={FREE['longitude']}",  # without rows
        f"/report/new?{PLACE}&category=Pothole",
        "/report/{number}",
        "/auth",
    ],
    ids=["front", "around", "report form", "report", "sign in"],
)
def test_the_tab_key_comes_to_everything_and_one_sees_where_one_is(address, open_page, world):
    address = address.format(number=world.by_state["confirmed"].pk)
    page = open_page(address)
    if page.locator("[data-map]").count():
        with_map(page)
    stops = page.evaluate(WATCH_FOCUS)
    assert stops > 5
    for _press in range(stops + 5):
        page.keyboard.press("Tab")
    assert page.evaluate(LEFT_OVER) == []
    assert page.evaluate("window.unseen") == []


def test_the_first_tab_skips_to_the_content(open_page, world):
    page = open_page("/reports")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_pin_that_was_put_down_is_moved_by_keys(open_page):
    page = with_map(open_page(AROUND))
    place = [LAT + 0.0016, LON + 0.0030]
    page.mouse.click(*page.evaluate(ON_SCREEN, place))
    page.locator(".map-pin").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/report/new?*")
    lat, lon = place_in(page.url)
    assert lat > place[0]
    assert lon > place[1]


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["wide", "narrow"])
def test_a_report_begins_on_the_map_by_keys_alone(viewport, open_page, world):
    page = with_map(open_page(AROUND, **({"viewport": viewport} if viewport else {})))
    page.locator(".map-canvas canvas").focus()
    page.keyboard.press("ArrowRight")
    until(page, f"window.heard.moved?.lon > {MIDDLE[1]}")  # a key too soon would cut it short
    page.keyboard.press("ArrowUp")
    until(page, f"window.heard.moved?.lat > {MIDDLE[0]}")
    page.locator(".map-start").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/report/new?*")
    lat, lon = place_in(page.url)
    assert lat > MIDDLE[0]
    assert lon > MIDDLE[1]
