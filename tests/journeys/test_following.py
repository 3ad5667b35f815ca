"""Following, answering, leaving in a browser without scripts."""

import re

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from waywarden.kernel import clock
from waywarden.notifications.models import Alert, Questionnaire
from waywarden.reports.models import Report

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def plain(open_page):
    """Opens a page in a browser without scripts, in which nothing was done before."""
    return lambda address, **more: open_page(address, fresh=True, java_script_enabled=False, **more)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def path_in_last_mail(letter: str) -> str:
    return re.search(rf"/{letter}/[\w-]+", mail.outbox[-1].body)[0]


def test_nia_follows_a_place_changes_how_often_and_leaves(plain):
    page = plain("/alert")
    page.get_by_label("Street, place or coordinates").fill("60.1690, 24.9400")
    press(page, "Go")
    expect(page.locator("h1")).to_have_text("What would you like to follow?")
    page.get_by_label("How far?").select_option("500")
    page.get_by_label("once a week").check()
    page.get_by_label("Your e-mail").fill("nia.follows@example.org")
    press(page, "Send me news")
    expect(page.locator("h1")).to_have_text("Now check your mail")
    assert not Alert.objects.filter(kind="radius").exists()

    page.goto(path_in_last_mail("A"))
    press(page, "Yes, send me news")
    expect(page.locator("h1")).to_have_text("All that you follow")
    alert = Alert.objects.get(kind="radius")
    assert (alert.radius_m, alert.frequency) == (500, "weekly")
    page.locator(".thing select").select_option("daily")
    page.get_by_role("button", name=re.compile("^Save")).click()
    alert.refresh_from_db()
    assert alert.frequency == "daily"

    stranger = plain(f"/A/leave/{alert.key}")
    expect(stranger.locator("h1")).to_have_text("No more mails of this?")
    press(stranger, "No more mails")
    expect(stranger.locator("h1")).to_have_text("No more mails of this")
    alert.refresh_from_db()
    assert alert.stopped == "left"


def test_rosa_answers_after_four_weeks(plain, world):
    report = Report.objects.get(pk=world.by_state["investigating"].pk)
    asked = Questionnaire.objects.create(
        report=report, user=world.rosa, state="sent", due_at=clock.now(), sent_at=clock.now()
    )
    page = plain(f"/Q/{asked.key}?been_fixed=Yes")
    report.refresh_from_db()
    assert report.state == "investigating", "opening the link changes nothing"
    press(page, "Send my answer")
    expect(page.locator("#errors")).to_contain_text("before this one")
    page.get_by_role("group", name="Had you ever reported").get_by_label("No").check()
    press(page, "Send my answer")
    expect(page.locator("h1")).to_have_text("Thank you")
    report.refresh_from_db()
    assert report.state == "fixed - user"


def test_a_site_speaks_arabic_without_scripts(plain):
    page = plain("/about")
    page.get_by_role("link", name="العربيّة").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("h1")).to_have_text("عن هذا الموقع")
