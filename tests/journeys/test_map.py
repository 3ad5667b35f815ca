"""The map's views: addresses that can be shared, back and forward, clusters, the keyboard."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.test_with_scripts import AROUND, MIDDLE, until, with_map

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
FAR = f"/around?lat={MIDDLE[0]}&lon={MIDDLE[1]}&zoom=11"
CLUSTERS = "window.heard.map?.map.queryRenderedFeatures({ layers: ['clusters'] }).length"


def test_back_and_forward_lead_through_the_views(open_page, world):
    page = with_map(open_page(AROUND))
    page.get_by_text("Filter and sort").click()
    chip = page.locator("[name=status][value=closed]")
    page.locator("label.chip", has=chip).click()
    expect(page).to_have_url(re.compile("status=closed"))
    expect(page.locator("#list .row")).to_have_count(6)
    page.go_back()
    expect(page).not_to_have_url(re.compile("status=closed"))
    expect(chip).not_to_be_checked()
    expect(page.locator("#list .row")).not_to_have_count(6)
    page.go_forward()
    expect(chip).to_be_checked()
    expect(page.locator("#list .row")).to_have_count(6)


def test_a_shared_address_opens_the_same_view(open_page, world):
    page = with_map(open_page(f"{AROUND}&status=closed&q=dark&sort=oldest"))
    expect(page.locator("[name=status][value=closed]")).to_be_checked()
    expect(page.locator("#filter-text")).to_have_value("dark")
    expect(page.locator("#filter-sort")).to_have_value("oldest")
    until(page, "Boolean(window.heard.pins)")
    assert page.evaluate("window.heard.pins.count") == page.locator("#list > .rows .row").count()


def test_an_order_stands_in_the_address_unless_it_is_the_pages_own(open_page, world):
    page = with_map(open_page(f"/reports/{world.county.slug}"))
    page.get_by_text("Filter and sort").click()
    page.select_option("#filter-sort", "updates")
    expect(page).to_have_url(re.compile("sort=updates"))
    page.select_option("#filter-sort", "newest")
    expect(page).to_have_url(re.compile("sort=newest"))
    page.select_option("#filter-sort", "changed")
    expect(page).not_to_have_url(re.compile("sort="))
    page.go_back()
    expect(page.locator("#filter-sort")).to_have_value("newest")


def test_words_narrow_map_and_list(open_page, world):
    page = with_map(open_page(AROUND))
    page.get_by_text("Filter and sort").click()
    page.evaluate("window.heard.pins = null")
    page.fill("#filter-text", "no such words")
    page.keyboard.press("Enter")
    expect(page.locator("#list")).to_contain_text("No report here fits")
    until(page, "window.heard.pins?.count === 0")
    expect(page).to_have_url(re.compile(r"q=no\+such\+words"))


def test_from_far_reports_are_clusters_that_open_with_the_enter_key(open_page, world):
    page = with_map(open_page(FAR))
    until(page, f"{CLUSTERS} > 0")
    canvas = page.locator(".map canvas.maplibregl-canvas")
    canvas.focus()
    canvas.press("Enter")
    until(page, "window.heard.map?.map.getZoom() > 12.5")
    expect(page).to_have_url(re.compile("zoom=13"))
    page.go_back()
    until(page, "window.heard.map?.map.getZoom() < 11.5")


def test_the_map_is_there_as_pictures_before_its_script_and_the_script_takes_over(open_page, world):
    page = open_page("/offline", fresh=True)
    page.route("**/map.js", lambda route: route.abort())  # as if it never came
    page.goto(AROUND)
    pictures = page.locator(".split-map .still")
    expect(pictures.get_by_role("link").first).to_be_visible()
    assert pictures.locator("img").first.evaluate("image => image.decode().then(() => true)")
    page = with_map(open_page(AROUND))
    expect(page.locator(".split-map.is-drawn")).to_have_count(1)
    expect(page.locator(".split-map .still")).to_be_hidden()


def test_the_pictures_stay_where_the_browser_cannot_draw_a_map(open_page, world):
    page = open_page("/offline", fresh=True)
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    page.goto(AROUND)
    expect(page.locator(".split-map .still")).to_be_visible()
    expect(page.locator(".split-map input[type=image]").first).to_be_attached()


def test_the_button_to_where_one_is_has_its_name_before_the_browser_says_what_is_allowed(open_page):
    """A reader of the screen meets no button without a name, however long that takes."""
    page = open_page(AROUND)
    page.add_init_script("navigator.permissions.query = () => new Promise(() => {});")
    page.reload()
    button = with_map(page).locator(".maplibregl-ctrl-geolocate")
    expect(button).to_be_disabled()
    expect(button).to_have_accessible_name("Go to where I am")
