"""Making a report where scripts run: step by step, nothing lost, off-line too."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NARROW
from tests.journeys.steps import ALIKE, KIND, PHOTO, WHERE, WHO, WORDS, choose, go_on, go_to
from tests.journeys.test_with_scripts import until, with_map
from tests.journeys.world import FREE, picture
from waywarden.reports.models import Report
from waywarden.reports.states import State

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PLACE = f"latitude={FREE['latitude']}&longitude={FREE['longitude']}"
FORM = f"/report/new?{PLACE}"
OFFER = "[data-draft-offer]"
#: What lies in the browser's own database.
KEPT = """() => new Promise((done) => {
  const asked = indexedDB.open("waywarden");
  asked.onsuccess = () => {
    const all = asked.result.transaction("drafts").objectStore("drafts").getAll();
    all.onsuccess = () => { asked.result.close(); done(all.result.map(({ title, files, ready }) =>
      ({ title, files: files.length, ready: Boolean(ready) }))); };
  };
})"""


@pytest.fixture
def fresh(open_page):
    """Opens a page in a browser in which nothing was done before."""
    return lambda address, **more: with_map(open_page(address, fresh=True, **more))


def shown(page: Page) -> str:
    return page.locator("[data-step].is-now h2").inner_text()


def words(page: Page, title: str) -> None:
    go_to(page, WORDS)
    page.get_by_label("In a few words").fill(title)
    page.get_by_label("What should they know?").fill("Since Tuesday.")


def photos(page: Page, *numbers: int) -> None:
    page.locator("#id_photo").set_input_files(
        files=[
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(n).getvalue()}
            for n in numbers
        ]
    )
    expect(page.locator("#chosen-photos li")).to_have_count(len(numbers))


def test_one_step_is_shown_and_the_way_on_is_in_sight(fresh, world):
    page = fresh(FORM, viewport=NARROW)
    assert shown(page) == WHERE
    expect(page.locator("[data-progress-words]")).to_have_text(re.compile(r"Step 1 of \d"))
    for heading in (KIND, PHOTO, WORDS, WHO):
        expect(page.get_by_role("button", name=re.compile("Next|Send"))).to_be_in_viewport()
        if heading == PHOTO:
            page.get_by_role("radio", name="Litter").check()
        go_to(page, heading)
        if heading == WORDS:
            words(page, "Bags on the path")
        expect(page.locator("[data-step].is-now")).to_have_count(1)


def test_one_cannot_go_on_without_what_is_needed_and_is_told_so(fresh, world):
    page = fresh(FORM)
    go_to(page, KIND)
    go_on(page)
    assert shown(page) == KIND
    expect(page.get_by_text("Please choose what it is about.")).to_be_visible()
    choose(page, "Litter")
    expect(page.get_by_text("Please choose what it is about.")).to_have_count(0)
    go_to(page, WORDS)
    go_on(page)
    expect(page.get_by_label("In a few words")).to_be_focused()
    expect(page.get_by_label("In a few words")).to_have_attribute("aria-invalid", "true")


def test_the_browsers_back_button_goes_a_step_back_and_keeps_all(fresh, world):
    page = fresh(FORM)
    choose(page, "Litter")
    words(page, "Bags on the path")
    page.go_back()
    expect(page.get_by_role("heading", name=PHOTO)).to_be_visible()
    page.go_forward()
    expect(page.get_by_label("In a few words")).to_have_value("Bags on the path")


def test_the_enter_key_goes_on_and_sends_nothing(fresh, world):
    page = fresh(FORM)
    choose(page, "Litter")
    words(page, "Bags on the path")
    page.get_by_label("In a few words").press("Enter")
    expect(page.get_by_role("heading", name=WHO)).to_be_focused()
    assert not Report.objects.filter(title="Bags on the path").exists()


def test_choosing_a_category_brings_its_questions_without_a_reload(fresh, world):
    page = fresh(FORM)
    page.evaluate("window.isStillHere = true")
    choose(page, "Pothole")
    expect(page.locator("#questions")).to_contain_text("How deep is it?")
    choose(page, "Street light")
    expect(page.locator("#questions")).not_to_contain_text("How deep is it?")
    assert page.evaluate("window.isStillHere")


def test_a_question_comes_only_with_the_answer_it_hangs_on(fresh, world):
    page = fresh(FORM)
    choose(page, "Pothole")
    go_to(page, "About")
    water = page.get_by_role("group", name="Is there water in it?")
    expect(water).not_to_be_visible()
    page.get_by_label("5 cm or more").check()
    expect(water).to_be_visible()
    go_on(page)
    expect(page.get_by_role("radio", name="Yes")).to_be_focused()  # it is needed now
    page.get_by_label("Less than 5 cm").check()
    expect(water).not_to_be_visible()
    go_to(page, PHOTO)


def test_a_notice_stands_beside_the_choice_and_a_stop_lets_nobody_on(fresh, world):
    page = fresh(FORM)
    choose(page, "Fallen tree")
    expect(page.locator(".kind:has(:checked) + #about")).to_contain_text("call 112")
    choose(page, "Smell of gas")
    expect(page.get_by_text("0800 111 999")).to_be_visible()
    go_on(page)
    assert shown(page) == KIND
    expect(page.locator("#stop")).to_be_focused()


def test_a_category_that_needs_a_photo_asks_for_one(fresh, world):
    page = fresh(FORM)
    choose(page, "Fallen tree")
    go_to(page, PHOTO)
    go_on(page)
    expect(page.get_by_text("Please add a photo")).to_be_visible()
    photos(page, 1)
    go_to(page, WORDS)


def test_the_categories_are_searched_as_one_types(fresh, world):
    page = fresh(FORM)
    go_to(page, KIND)
    search = page.get_by_label("Search in the list")
    search.fill("litt")
    expect(page.locator(".kind:visible")).to_have_count(1)
    expect(page.get_by_role("radio", name="Litter")).to_be_visible()
    search.fill("road")  # a group's name
    expect(page.locator(".kind:visible")).to_have_count(2)
    search.fill("seat")  # a keyword
    expect(page.get_by_role("radio", name="Bench")).to_be_visible()
    search.fill("moon dust")
    expect(page.get_by_text("Nothing is called so.")).to_be_visible()


def test_look_alikes_are_offered_before_one_writes(fresh, world):
    known = world.by_state["confirmed"]
    page = fresh(f"/report/new?latitude={known.lat}&longitude={known.lon}")
    choose(page, "Street light")
    go_to(page, ALIKE)
    first = page.locator(".alike").first
    expect(first).to_contain_text(known.title)
    first.get_by_role("button", name="I have seen this too").click()
    expect(first).to_contain_text("Thank you")
    known.refresh_from_db()
    assert known.me_too_count == 1
    go_to(page, PHOTO)  # one may still go on


def test_a_question_of_choices_says_what_is_missing_under_its_words(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Pothole")
    go_to(page, "About")
    go_on(page)
    missing = page.get_by_text("Please fill this in.")
    expect(missing).to_be_visible()
    below = page.get_by_text("How deep is it?", exact=True).bounding_box()
    first = page.get_by_role("radio").first.bounding_box()
    said = missing.bounding_box()
    assert below["y"] < said["y"] < first["y"]
    page.get_by_role("radio", name="5 cm or more").check()
    expect(missing).to_have_count(0)


def test_a_signed_in_person_reports_with_a_photo_in_one_go(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Pothole")
    go_to(page, "About")
    page.get_by_role("radio", name="5 cm or more").check()
    page.get_by_role("radio", name="No", exact=True).check()
    go_to(page, PHOTO)
    photos(page, 1, 2)
    page.get_by_role("button", name="Remove photo 1").click()
    expect(page.locator("#chosen-photos li")).to_have_count(1)
    words(page, "Hole before the station")
    go_to(page, WHO)
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("h1")).to_have_text("Hole before the station")
    report = Report.objects.get(title="Hole before the station")
    assert report.state == State.CONFIRMED
    assert report.photos.count() == 1
    assert (f"{report.lat:.6f}", f"{report.lon:.6f}") == tuple(FREE.values())
    assert report.at_bodies.get().answers == {"depth": ["deep"], "water": ["no"]}
    until(page, f"({KEPT})().then((all) => all.length === 0)")  # it is no draft any more


def test_a_large_photo_is_made_smaller_before_it_is_sent(fresh, world):
    page = fresh(FORM)
    choose(page, "Litter")
    go_to(page, PHOTO)
    file = io.BytesIO()
    Image.effect_noise((3000, 2000), 90).convert("RGB").save(file, "JPEG", quality=95)
    large = {"name": "street.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    page.locator("#id_photo").set_input_files(files=[large])
    expect(page.locator("#chosen-photos li")).to_have_count(1)
    sides, size = page.evaluate("""async () => {
      const [file] = document.getElementById("id_photo").files;
      const { width, height } = await createImageBitmap(file);
      return [[width, height], file.size];
    }""")
    assert sides == [2048, 1365]
    assert size < len(file.getvalue())


def test_photos_that_do_not_fit_are_not_left_out_in_silence(fresh, world):
    page = fresh(FORM, who=world.ines)
    choose(page, "Litter")
    go_to(page, PHOTO)
    photos(page, 1, 2)
    full = page.get_by_text("Three photos fit; the first three are kept.")
    expect(full).to_have_count(0)
    page.locator("#id_photo").set_input_files(
        files=[
            {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": picture(n).getvalue()}
            for n in (3, 4)
        ]
    )
    expect(page.locator("#chosen-photos li")).to_have_count(3)
    expect(full).to_be_visible()
    page.get_by_role("button", name="Remove photo 1").click()
    expect(full).to_have_count(0)


def test_a_photo_is_dragged_onto_its_place(fresh, world):
    page = fresh(FORM)
    choose(page, "Litter")
    go_to(page, PHOTO)
    page.evaluate("""async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([blob], "dragged.jpg", { type: "image/jpeg" }));
      const place = document.querySelector(".photos-field");
      place.dispatchEvent(new DragEvent("drop", { dataTransfer }));
    }""")
    expect(page.get_by_alt_text("dragged.jpg")).to_be_visible()


def test_an_update_that_was_not_finished_is_there_again(fresh, world):
    address = f"/report/{world.by_state['planned'].pk}"
    page = fresh(address)
    page.get_by_label("What have you seen?").fill("Half a sentence")
    until(page, f"({KEPT})().then((all) => all.length === 1)")
    page.reload()
    page.get_by_role("button", name="Go on with it").click()
    page.wait_for_url("**draft=1")
    expect(page.get_by_label("What have you seen?")).to_have_value("Half a sentence")


def test_without_a_name_where_the_category_allows_it(fresh, world):
    page = fresh(FORM)
    choose(page, "Bench")
    expect(page.locator("#about")).to_contain_text("within 10 days")
    words(page, "Bench without a back")
    go_to(page, WHO)
    page.get_by_label("Report without my name").check()
    expect(page.get_by_label("Your e-mail")).not_to_be_visible()
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("h1")).to_have_text("Bench without a back")


def test_moving_the_map_under_the_pin_changes_the_place_and_what_is_offered(fresh, world):
    page = fresh(FORM)
    page.evaluate("window.heard.map.map.jumpTo({ center: [25.1000, 60.3000] })")
    expect(page.locator("[name=latitude]")).to_have_value("60.300000")
    expect(page.locator("#kind-part")).to_contain_text("Nobody on this site answers")


def test_what_was_typed_is_there_again_after_the_tab_was_closed(fresh, world):
    page = fresh(FORM)
    choose(page, "Pothole")
    go_to(page, "About")
    page.get_by_label("5 cm or more").check()
    page.get_by_role("radio", name="Yes").check()
    go_to(page, PHOTO)
    photos(page, 3)
    words(page, "Hole that was not finished")
    until(page, f"({KEPT})().then((all) => all[0]?.title === 'Hole that was not finished')")
    again = page.context.new_page()
    page.close()
    again.goto("/")
    expect(again.locator(OFFER)).to_contain_text("Hole that was not finished")
    again.get_by_role("button", name="Go on with it").click()
    again.wait_for_url("**/report/new?*draft=1")
    expect(again.locator("#chosen-photos li")).to_have_count(1)
    expect(again.locator("[name=title]")).to_have_value("Hole that was not finished")
    expect(again.locator("[name='q.depth'][value=deep]")).to_be_checked()
    expect(again.locator("[name='q.water'][value=yes]")).to_be_checked()
    expect(again.locator("[name=category]:checked")).to_have_value("Pothole")


def test_an_unfinished_report_can_be_thrown_away(fresh, world):
    page = fresh(FORM)
    choose(page, "Litter")
    until(page, f"({KEPT})().then((all) => all.length === 1)")
    page.goto("/")
    page.get_by_role("button", name="Throw it away").click()
    expect(page.locator(OFFER)).not_to_be_visible()
    assert page.evaluate(KEPT) == []


def test_whoever_signs_out_leaves_no_draft_behind(fresh, world):
    page = fresh(FORM, who=world.nia)
    choose(page, "Litter")
    until(page, f"({KEPT})().then((all) => all.length === 1)")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator(".messages")).to_contain_text("You are signed out.")
    assert page.evaluate(KEPT) == []
