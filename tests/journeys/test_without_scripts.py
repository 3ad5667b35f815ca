"""From the front page to the confirmed report in a browser that runs no scripts."""

import re
import urllib.request

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from tests.journeys.mails import links_for
from tests.journeys.world import FREE, picture
from waywarden.reports.models import Report, Update
from waywarden.reports.states import State

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = f"latitude={FREE['latitude']}&longitude={FREE['longitude']}"


@pytest.fixture
def plain(open_page):
    """Opens a page in a browser without scripts, in which nothing was done before."""
    return lambda address, **more: open_page(address, fresh=True, java_script_enabled=False, **more)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def fill_in(page: Page, title: str, email: str = "") -> None:
    page.get_by_label("In a few words").fill(title)
    page.get_by_label("What should they know?").fill("Since Tuesday.\nIt is getting worse.")
    page.get_by_label("Your name").fill("Nia Okafor")
    page.get_by_label("Your e-mail").fill(email)


def add_photo(page: Page) -> None:
    file = {"name": "hole.jpg", "mimeType": "image/jpeg", "buffer": picture(7).getvalue()}
    page.locator("input[type=file]").set_input_files(files=[file])


def look(address: str, method: str = "GET") -> int:
    """Opens an address as a program does that looks into mails."""
    request = urllib.request.Request(address, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


def test_nia_finds_the_place_reports_and_confirms(plain, site):
    page = plain("/")
    page.get_by_label("Street, place or reference").fill("Kaivokatu")
    press(page, "Go")
    page.get_by_role("link", name="Report a problem here").click()
    expect(page.locator("h1")).to_have_text("Report a problem")

    page.get_by_role("radio", name="Pothole").check()
    press(page, "Choose, and see its questions")
    expect(page.locator("#questions")).to_contain_text("Is somebody in danger? Call 112 instead.")
    page.get_by_label("On foot").check()
    page.get_by_label("How wide is it").fill("about 40")
    fill_in(page, "Deep hole at the stop")
    add_photo(page)
    press(page, "Send the report")

    expect(page.locator("#errors li")).to_have_count(3)  # e-mail, the depth, the width
    expect(page.get_by_alt_text("Photo 1, kept")).to_be_visible()
    expect(page.get_by_label("In a few words")).to_have_value("Deep hole at the stop")
    expect(page.get_by_label("What should they know?")).to_have_value(re.compile("getting worse"))
    expect(page.get_by_label("On foot")).to_be_checked()
    page.get_by_label("5 cm or more").check()
    page.get_by_role("group", name="Is there water in it?").get_by_label("Yes").check()
    page.get_by_label("How wide is it").fill("40")
    page.get_by_label("Your e-mail").fill("nia@example.org")
    press(page, "Send the report")

    expect(page.locator("h1")).to_have_text("Now check your mail")
    expect(page.locator("main")).to_contain_text("nia@example.org")
    report = Report.objects.get(title="Deep hole at the stop")
    assert report.state == State.UNCONFIRMED
    assert plain(f"/report/{report.pk}").locator("h1").inner_text() != report.title

    (link,) = links_for("nia@example.org", "mail_report_confirmation")
    assert link.startswith(f"{site}/P/")
    assert [look(link), look(link, "HEAD"), look(link)] == [200, 200, 200]
    report.refresh_from_db()
    assert report.state == State.UNCONFIRMED  # looking confirms nothing

    page = plain(link)
    press(page, "Confirm my report")
    expect(page).to_have_url(f"{site}/report/{report.pk}")
    expect(page.locator("h1")).to_have_text("Deep hole at the stop")
    expect(page.locator(".messages")).to_contain_text("Thank you")
    expect(page.locator("main")).to_contain_text("Borsetshire County Council")
    expect(page.locator("article img")).to_have_count(1)
    (row,) = report.at_bodies.all()
    assert row.answers == {
        "depth": ["deep"], "water": ["yes"], "users": ["foot"], "width": ["40"],
    }  # fmt: skip
    expect(plain(link).locator("h1")).to_have_text("This link was used before")


def test_a_click_on_the_map_of_pictures_begins_a_report_there(plain, site):
    page = plain("/around?lat=60.1700&lon=24.9400&zoom=16")
    tile = page.locator("input.tile").nth(7)
    zoom, x, y = (int(part) for part in tile.get_attribute("name").split("_")[1:])
    tile.click(position={"x": 128, "y": 64})
    expect(page.locator("h1")).to_have_text("Report a problem")
    lon = (x + 0.5) / 2**zoom * 360 - 180
    assert float(page.locator("[name=longitude]").input_value()) == pytest.approx(lon, abs=2e-5)
    south, north = (latitude_of((y + part) / 2**zoom) for part in (0.30, 0.20))
    assert south < float(page.locator("[name=latitude]").input_value()) < north


def latitude_of(part: float) -> float:
    """The latitude in degrees at a part of the world's map, 0 being its upper edge."""
    from math import atan, degrees, pi, sinh

    return degrees(atan(sinh(pi * (1 - 2 * part))))


def test_a_click_on_the_forms_map_moves_the_place_and_keeps_the_rest(plain):
    page = plain(f"/report/new?{PLACE}&category=Pothole")
    fill_in(page, "A hole")
    add_photo(page)
    page.locator("input.tile").nth(5).click(position={"x": 200, "y": 200})
    expect(page.locator("[name=latitude]")).not_to_have_value(FREE["latitude"])
    expect(page.get_by_label("In a few words")).to_have_value("A hole")
    expect(page.get_by_role("radio", name="Pothole")).to_be_checked()
    expect(page.get_by_alt_text("Photo 1, kept")).to_be_visible()


def test_a_photo_that_was_kept_can_be_left_out_again(plain):
    page = plain(f"/report/new?{PLACE}")
    add_photo(page)
    press(page, "Send the report")
    page.get_by_label("Leave out").check()
    press(page, "Send the report")
    expect(page.locator("#errors")).to_be_visible()
    expect(page.get_by_alt_text("Photo 1, kept")).to_have_count(0)


def test_a_category_is_searched_for_by_nobody_who_has_no_scripts(plain):
    page = plain(f"/report/new?{PLACE}")
    expect(page.get_by_label("Search in the list")).not_to_be_visible()
    expect(page.locator(".has-map")).to_have_count(0)
    expect(page.locator("input.tile").first).to_be_visible()


def test_nia_says_that_a_lamp_is_mended_and_confirms(plain, world, site):
    report = world.by_state["in progress"]
    page = plain(f"/report/{report.pk}")
    page.get_by_label("What have you seen?").fill("It shines again.")
    page.get_by_label("This is fixed").check()
    page.get_by_label("Your name").fill("Nia Okafor")
    press(page, "Send the update")
    expect(page.locator("#errors li")).to_have_count(1)
    page.locator("#id_email").fill("nia.update@example.org")
    press(page, "Send the update")
    expect(page.locator("h1")).to_have_text("Now check your mail")

    (link,) = links_for("nia.update@example.org", "mail_update_confirmation")
    look(link)
    assert Update.objects.get(text="It shines again.").visibility == "unconfirmed"
    page = plain(link)
    press(page, "Confirm my update")
    expect(page.locator(".updates")).to_contain_text("It shines again.")
    expect(page.locator(".banner")).to_contain_text("Fixed")


def test_a_mailed_link_signs_in_and_leads_on(plain, world, site):
    page = plain("/my")
    expect(page.locator("h1")).to_have_text("Sign in")
    page.get_by_label("Your e-mail").fill("rosa@example.org")
    press(page, "Mail me a link")
    expect(page.locator("h1")).to_have_text("Now check your mail")
    (link,) = re.findall(r"http\S+/M/\S+", mail.outbox[-1].body)
    look(link)
    page = plain(link)
    press(page, "Sign in")
    expect(page).to_have_url(f"{site}/my")
    expect(page.locator("main")).to_contain_text(world.by_state["confirmed"].title)


def test_the_list_is_narrowed_by_a_button(plain, world):
    page = plain("/around")
    page.get_by_text("Filter and sort").click()
    page.locator("label.chip", has=page.locator("[value=closed]")).click()
    press(page, "Apply")
    rows = page.locator(".rows .row")
    expect(rows).to_have_count(6)  # the states of the closed family
    expect(page).to_have_url(re.compile("status=closed"))
