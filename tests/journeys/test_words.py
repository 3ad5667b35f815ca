"""Public words that look personal are asked about before they go, as the server asks about them."""

import pytest
from playwright.sync_api import expect

from tests.journeys.steps import WHO, WORDS, choose, go_on, go_to
from tests.journeys.test_form import FORM, words
from tests.journeys.test_with_scripts import with_map
from waywarden.reports.personal_data import personal_data

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

#: Some of each kind, some that only look like it, and other scripts than Latin.
PERSONAL = (
    "Ring 020 7946 0958 or +358 40 123 4567, or write to rosa.w@mail.example.",
    "AB12 CDE, ab12cde, ABC-123, B-CD 1234, AA-123-BB and 1234 BCD",
    "Lamp 4711 is dark since 01.02.2026, post 12/345",
    "Since 2026-03-01; job COUNCIL-12; 10 000 litres; flat 3b",
    "اتصل على 0401234567 أو اكتب إلى rosa@mail.example",
    "ÅÄÖ-123 vor dem Haus, Ähre020 7946 0958, Straße@beispiel.example",
    "Twice 020 7946 0958 and again 020 7946 0958",
)


@pytest.fixture
def fresh(open_page):
    """Opens a page in a browser in which nothing was done before."""
    return lambda address, **more: with_map(open_page(address, fresh=True, **more))


def test_words_that_look_personal_are_asked_about(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Litter")
    words(page, "Bags beside AB12 CDE")
    page.get_by_label("What should they know?").press("Tab")
    expect(page.locator("#words-found")).to_contain_text("looks like a number plate")
    go_on(page)
    expect(page.locator("#words-found")).to_contain_text("look at the words again")
    expect(page.get_by_label("These words may be public")).to_be_focused()
    page.get_by_label("These words may be public").check()
    expect(page.locator("#words-found")).not_to_contain_text("look at the words again")
    go_to(page, WHO)
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("h1")).to_have_text("Bags beside AB12 CDE")


def test_browser_and_server_find_the_same_in_words(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Litter")
    go_to(page, WORDS)
    field = page.get_by_label("What should they know?")
    for text in PERSONAL:
        field.fill(text)
        wanted = [f"“{one.text}” looks like" for one in personal_data(text)]
        expect(page.locator("#words-found li")).to_contain_text(wanted)


def test_an_update_with_a_phone_number_is_asked_about_before_it_goes(fresh, world):
    page = fresh(f"/report/{world.by_state['confirmed'].pk}", who=world.nia)
    page.get_by_label("What have you seen?").fill("Ring me: 020 7946 0958")
    page.get_by_role("button", name="Send the update").click()
    expect(page.locator("#words-found")).to_contain_text("looks like a phone number")
    page.get_by_label("What have you seen?").fill("Still so")
    expect(page.locator("#words-found .note")).to_be_hidden()
