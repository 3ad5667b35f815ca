"""A report's page: what it tells, and what one does there; with scripts and without."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import NARROW
from tests.journeys.world import FREE
from waywarden.notifications.models import Alert
from waywarden.reports.models import Flag, Report
from waywarden.reports.public_services import mark_duplicate
from waywarden.reports.services import NewReport, create_report

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def report_of(user, title: str, **more) -> Report:
    lat, lon = float(FREE["latitude"]), float(FREE["longitude"])
    new = NewReport(
        title=title, detail="By the door.", category_name="Street light", lat=lat, lon=lon,
        email=user.email, name=user.name, **more,
    )  # fmt: skip
    return create_report(new, user=user)


@pytest.fixture
def plain(open_page):
    """Opens a page in a browser without scripts, in which nothing was done before."""
    return lambda address, **more: open_page(address, fresh=True, java_script_enabled=False, **more)


def test_photos_are_shown_large_and_turned_by_keys(open_page, world):
    report = world.by_state["confirmed"]
    page = open_page(f"/report/{report.pk}")
    page.locator("article .photos a").click()
    box = page.locator("dialog[open]")
    expect(box.locator("img")).to_have_attribute("src", re.compile(r"/photo/[-0-9a-f]+\.jpg"))
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(page.locator("article .photos a")).to_be_focused()


def test_one_press_says_me_too_and_a_second_counts_nothing(plain, world):
    report = world.by_state["in progress"]
    page = plain(f"/report/{report.pk}")
    for words in ("You are counted.", "You were counted before."):
        page.get_by_role("button", name="I have seen this too").click()
        expect(page.locator(".messages")).to_contain_text(words)
    expect(page.locator("article")).to_contain_text("one other has seen it")


def test_somebody_with_an_account_follows_and_is_not_asked_for_more(plain, world):
    report = world.by_state["planned"]
    page = plain(f"/report/{report.pk}", who=world.ines)
    page.locator("summary", has_text="Follow").click()
    page.get_by_role("button", name="Send me news of this report").click()
    expect(page.locator(".messages")).to_contain_text("You follow this now")
    assert Alert.objects.filter(user=world.ines, report=report).exists()


def test_the_link_of_a_look_alike_opens_the_way_to_follow(open_page, world):
    page = open_page(f"/report/{world.by_state['planned'].pk}#follow", viewport=NARROW)
    expect(page.get_by_role("button", name="Send me news of this report")).to_be_visible()


def test_where_the_device_cannot_share_there_is_an_address_to_copy(plain, world, site):
    report = world.by_state["confirmed"]
    page = plain(f"/report/{report.pk}")
    page.locator("summary", has_text="Share").click()
    expect(page.get_by_label("Address of this page")).to_have_value(f"{site}/report/{report.pk}")


def test_what_is_abusive_is_told_to_the_operators(plain, world):
    report = world.by_state["closed"]
    page = plain(f"/report/{report.pk}")
    page.get_by_role("link", name="Abusive or wrong?").click()
    page.get_by_role("button", name="Tell the operators").click()
    expect(page.locator("#errors")).to_contain_text("Please say what is wrong with it.")
    page.get_by_label("It shows personal data").check()
    page.get_by_role("button", name="Tell the operators").click()
    expect(page.locator(".messages")).to_contain_text("Somebody will look at it.")
    assert Flag.objects.get(report=report).reason == "personal"


def test_rosa_corrects_her_report_until_it_goes_out_and_takes_it_back(plain, world):
    report = report_of(world.rosa, "Lamp dakr")
    page = plain(f"/report/{report.pk}", who=world.rosa)
    page.get_by_role("link", name="Correct it").click()
    page.get_by_label("In a few words").fill("Lamp dark")
    page.get_by_role("button", name="Keep the changes").click()
    expect(page.locator("h1")).to_have_text("Lamp dark")
    page.get_by_role("button", name="Withdraw this report").click()
    expect(page.locator(".banner")).to_contain_text("Withdrawn")
    expect(page.get_by_role("link", name="Correct it")).to_have_count(0)


def test_rosa_says_that_it_is_still_a_problem_and_nobody_else_can(plain, world):
    report = world.by_state["unable to fix"]
    page = plain(f"/report/{report.pk}")
    expect(page.get_by_label("This is still a problem")).to_have_count(0)
    page = plain(f"/report/{report.pk}", who=world.rosa)
    page.get_by_label("What have you seen?").fill("It is dark again.")
    page.get_by_label("This is still a problem").check()
    page.get_by_role("button", name="Send the update").click()
    expect(page.locator(".banner")).to_contain_text("Open")
    page.get_by_role("link", name="Change or withdraw").click()
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.locator(".banner")).to_contain_text("No further action")
    expect(page.locator(".updates")).not_to_contain_text("It is dark again.")


def test_a_duplicate_leads_to_its_original_and_back(plain, world):
    original, copy = report_of(world.rosa, "Lamp 1"), report_of(world.ines, "The same lamp")
    mark_duplicate(copy.pk, original_id=original.pk)
    page = plain(f"/report/{copy.pk}")
    expect(page.get_by_role("button", name="Send the update")).to_have_count(0)
    page.get_by_role("link", name="Lamp 1", exact=True).click()
    page.get_by_role("link", name="The same lamp", exact=True).click()
    expect(page.locator("h1")).to_have_text("The same lamp")


def test_on_paper_there_is_the_report_and_nothing_to_press(open_page, world):
    page = open_page(f"/report/{world.by_state['fixed - council'].pk}")
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".updates")).to_be_visible()
    for pressed in (".tools", ".add", "header nav", ".near"):
        expect(page.locator(pressed).first).not_to_be_visible()
