"""A site that is written from the right, on a host of its own: reported on, and looked at."""

import pytest
from django.utils import translation
from django.utils.translation import gettext as _
from playwright.sync_api import Page, expect

from tests.journeys.mails import links_for
from tests.journeys.test_every_page import EVERYTHING, LOOKS, SIDEWAYS, look_at
from tests.journeys.world import FREE
from waywarden.bodies.translations import Translation
from waywarden.bodies.words import forget_words
from waywarden.cobrands.reading import read
from waywarden.cobrands.tests.test_install import SAHEL
from waywarden.kernel.cobrand import registry
from waywarden.reports.models import Report
from waywarden.reports.states import State

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = f"latitude={FREE['latitude']}&longitude={FREE['longitude']}"
NARROW_AND_WIDE = ((LOOKS[0][0], "light", EVERYTHING), LOOKS[1], LOOKS[-1])
WORDS = {"Pothole": "حفرة", "Borsetshire County Council": "مجلس بورستشر"}


@pytest.fixture(scope="module")
def sahel(site, world):
    """The site's address; it is there for this module only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_cobrands", dict(registry._cobrands))
        registry.add(read(SAHEL))
        for original, text in WORDS.items():
            Translation.objects.create(original=original, language="ar", text=text)
        forget_words()
        yield site.replace("127.0.0.1", "sahel.localhost")
    forget_words()


@pytest.fixture(autouse=True)
def arabic():
    """The words that pages are found by."""
    with translation.override("ar"):
        yield


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=_(name)).click()


def test_somebody_reports_and_confirms_in_arabic_without_scripts(sahel, open_page):
    page = open_page(f"{sahel}/report/new?{PLACE}", fresh=True, java_script_enabled=False)
    assert page.locator("html").get_attribute("dir") == "rtl"
    page.get_by_role("radio", name="حفرة").check()
    press(page, "Choose, and see its questions")
    expect(page.locator("#about")).to_contain_text("مجلس بورستشر")
    page.get_by_label("5 cm or more").check()
    page.get_by_role("group", name="Is there water in it?").get_by_label("Yes").check()
    page.get_by_label(_("In a few words")).fill("حفرة عميقة")
    page.get_by_label(_("What should they know?")).fill("أمام المدرسة.")
    page.get_by_label(_("Your name")).fill("ليلى")
    page.get_by_label(_("Your e-mail")).fill("layla@example.org")
    press(page, "Send the report")
    expect(page.locator("h1")).to_have_text(_("Now check your mail"))
    report = Report.objects.get(title="حفرة عميقة")
    assert (report.cobrand, report.language) == ("sahel", "ar")
    (link,) = links_for("layla@example.org", "mail_report_confirmation")
    page = open_page(link.replace("127.0.0.1", "sahel.localhost"), fresh=True)
    press(page, "Confirm my report")
    expect(page.locator("h1")).to_have_text("حفرة عميقة")
    expect(page.locator(".facts").first).to_contain_text("حفرة")
    report.refresh_from_db()
    assert report.state == State.CONFIRMED


@pytest.mark.parametrize(
    "address",
    ["/", "/around", f"/report/new?{PLACE}&category=Pothole", "/reports", "/auth", "/alert",
     "/about", "/contact"],
)  # fmt: skip
def test_everybody_can_use_the_site_that_is_written_from_the_right(address, sahel, open_page):
    page = open_page(f"{sahel}{address}", viewport=LOOKS[0][0])
    assert page.locator("html").get_attribute("lang") == "ar"
    assert page.locator("html").get_attribute("dir") == "rtl"
    expect(page.locator(".brand")).to_have_text("طرق الساحل")
    expect(page.locator("footer")).to_contain_text("بلدية الساحل")
    assert page.evaluate(SIDEWAYS) == []
    assert not look_at(page, NARROW_AND_WIDE)
