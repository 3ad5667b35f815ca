"""`make pictures`: a report from the first press to its page, in pictures for the documentation.

Runs against a demo of its own, on a phone's screen, and writes docs/img/report/*.png.
"""

import io
import json
import random
import re
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from tools.find_browser import find

from tests.journeys.steps import ALIKE, PHOTO, WHO, WORDS, choose, go_to
from tests.journeys.walk import CHROMIUM_FLAGS, ROOT, demo
from waywarden.config.demo_pictures import picture

FOLDER = ROOT / "docs" / "img" / "report"
PHONE = {"width": 390, "height": 760}
HOLE = "latitude=60.17021&longitude=24.94118"
PERSON = "paula@demo.example"


@contextmanager
def addresses(given: list[str]):
    """The site and the mailbox of a demo that runs, else of one of its own."""
    if given:
        yield {"site": given[0], "mail": given[1]}
        return
    with demo() as found:
        yield found


def keep(page: Page, name: str) -> None:
    """A picture of what the phone shows, small enough for a repository."""
    if page.evaluate("navigator.onLine"):
        page.wait_for_load_state("networkidle")  # the pictures of the map have come
    page.wait_for_timeout(700)  # the map draws, fades end
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(96, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)
    print(name, flush=True)


def letter(mail: str) -> str:
    """The link in the newest letter to the person."""
    for _try in range(100):
        with urllib.request.urlopen(f"{mail}messages.json", timeout=10) as answer:
            for one in json.load(answer):
                link = re.search(r"http\S+/P/\S+", str(one["text"]))
                if link and PERSON in str(one["to"]):
                    return link.group()
        time.sleep(0.3)
    raise SystemExit("pictures: no letter came")


def report(page: Page, site: str, mail: str) -> None:
    page.goto(site)
    keep(page, "1-front")
    page.goto(f"{site}report/new?{HOLE}")
    page.locator(".has-map").wait_for()
    page.wait_for_timeout(2500)
    keep(page, "2-where")
    choose(page, "Potholes")
    page.locator(".kind:has(:checked)").scroll_into_view_if_needed()
    page.mouse.wheel(0, 160)
    keep(page, "3-what")
    go_to(page, ALIKE)
    keep(page, "4-alike")
    go_to(page, "About")
    page.get_by_role("radio", name="5 cm or more").check()
    keep(page, "5-questions")
    go_to(page, PHOTO)
    photo = picture("Potholes", random.Random(7))  # noqa: S311 - dice of a drawing
    page.locator("#id_photo").set_input_files(
        files=[{"name": "hole.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}]
    )
    keep(page, "6-photo")
    go_to(page, WORDS)
    page.get_by_label("In a few words").fill("Deep hole before the station, van AB12 CDE hit it")
    page.get_by_label("What should they know?").fill("Right where one steps off the tram.")
    page.keyboard.press("Tab")
    page.locator("#words-found .note").wait_for()
    page.locator("#words-found .note").scroll_into_view_if_needed()
    keep(page, "7-words")
    page.get_by_label("In a few words").fill("Deep hole before the station")
    page.keyboard.press("Tab")
    page.locator("#words-found .note").wait_for(state="hidden")
    go_to(page, WHO)
    page.get_by_label("Your name").fill("Paula Park")
    page.get_by_label("Your e-mail").fill(PERSON)
    keep(page, "8-who")
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_url("**/report/check-mail")
    keep(page, "9-mail")
    page.goto(letter(mail))
    keep(page, "10-confirm")
    page.get_by_role("button", name="Confirm my report").click()
    page.wait_for_url(re.compile(r"/report/\d+"))
    page.locator(".sent").scroll_into_view_if_needed()
    page.wait_for_timeout(2500)
    page.reload()
    page.locator(".sent").scroll_into_view_if_needed()
    keep(page, "11-report")


def without_network(page: Page, site: str) -> None:
    page.goto(f"{site}report/new?latitude=60.1712&longitude=24.9440")
    choose(page, "Litter")
    go_to(page, WORDS)
    page.get_by_label("In a few words").fill("Bin is full")
    page.get_by_label("What should they know?").fill("For a week now.")
    go_to(page, WHO)
    page.get_by_label("Your name").fill("Paula Park")
    if page.get_by_label("Your e-mail").count():
        page.get_by_label("Your e-mail").fill(PERSON)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send the report").click()
    page.locator("[data-form-problem]:not([hidden])").wait_for()
    keep(page, "12-no-network")
    page.context.set_offline(False)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with addresses(sys.argv[1:]) as found, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport=PHONE, service_workers="block")
        report(page, found["site"], found["mail"])
        without_network(page, found["site"])
        browser.close()
    print(f"pictures: {len(list(FOLDER.glob('*.png')))} in {Path(FOLDER).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
