"""Reporting where there is no network: nothing is lost, and it goes by itself later."""

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import PHOTO, WHO, choose, go_to
from tests.journeys.test_form import FORM, KEPT, OFFER, photos, words
from tests.journeys.test_with_scripts import until, with_map
from tests.journeys.world import FREE
from waywarden.reports.models import Report

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def fresh(open_page):
    """Opens a page in a browser in which nothing was done before."""
    return lambda address, **more: with_map(open_page(address, fresh=True, **more))


def test_off_line_it_waits_on_the_device_and_goes_when_the_network_is_back(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Litter")
    go_to(page, PHOTO)
    photos(page, 4)
    words(page, "Written in a tunnel")
    go_to(page, WHO)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("There is no network just now.")).to_be_focused()
    assert page.evaluate(KEPT) == [{"title": "Written in a tunnel", "files": 1, "ready": True}]
    assert not Report.objects.filter(title="Written in a tunnel").exists()
    page.context.set_offline(False)
    expect(page.locator("h1")).to_have_text("Written in a tunnel")
    report = Report.objects.get(title="Written in a tunnel")
    assert report.photos.count() == 1
    until(page, f"({KEPT})().then((all) => all.length === 0)")


@pytest.mark.every  # it waits as long as a page waits before it tries again
def test_where_the_site_does_not_answer_the_open_page_tries_again_by_itself(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Litter")
    words(page, "Written in a lift shaft")
    go_to(page, WHO)
    page.route("**/healthz", lambda route: route.abort())
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("There is no network just now.")).to_be_focused()
    page.unroute("**/healthz")
    expect(page.locator("h1")).to_have_text("Written in a lift shaft")
    assert Report.objects.filter(title="Written in a lift shaft").count() == 1


#: A telephone that is put into a pocket hides the page; what it keeps then is kept after this.
PUT_AWAY = """async () => {
  Object.defineProperty(document, "hidden", { value: true });
  document.dispatchEvent(new Event("visibilitychange"));
  const opened = indexedDB.open("waywarden", 1);
  opened.onsuccess = () => {
    const after = opened.result.transaction("drafts", "readwrite");
    after.oncomplete = () => { opened.result.close(); window.isKept = true; };
  };
}"""


def test_what_waits_is_sent_from_any_page_when_its_own_was_closed(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Litter")
    words(page, "Written in a lift")
    go_to(page, WHO)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("There is no network just now.")).to_be_focused()
    context = page.context
    page.evaluate(PUT_AWAY)
    until(page, "window.isKept")
    page.close()
    context.set_offline(False)
    later = context.new_page()
    later.goto("/help")
    expect(later.get_by_role("link", name="Sent now: Written in a lift")).to_be_visible()
    assert Report.objects.filter(title="Written in a lift").count() == 1
    later.close()


def test_without_a_network_there_is_a_page_to_write_it_down(open_page, world):
    page = open_page("/", fresh=True, service_workers="allow")
    until(page, "navigator.serviceWorker.ready.then((one) => one.active.state === 'activated')")
    page.context.set_offline(True)
    page.goto("/around", wait_until="domcontentloaded")
    expect(page.locator("h1")).to_have_text("There is no network just now")
    page.get_by_label("In a few words").fill("Seen from the bus")
    expect(page.get_by_text("Kept on this device.")).to_be_visible()
    page.context.set_offline(False)
    page.goto("/")
    expect(page.locator(OFFER)).to_contain_text("Seen from the bus")
    page.goto(FORM)
    page.get_by_role("button", name="Go on with it").click()
    expect(page.locator("[name=title]")).to_have_value("Seen from the bus")
    expect(page.locator("[name=latitude]")).to_have_value(FREE["latitude"])
