"""`make walk`: the main job in a real browser, against the real processes.

Everything is what `waywarden demo` starts: site, worker, works system, adapter, mail catcher,
PostgreSQL, on free ports and a home of its own. Prints each step; a screenshot of each lies under
var/walk/shots/. Exits 1 with the step that failed.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright
from tools.find_browser import find

from tests.journeys.steps import WHO, WORDS, choose, go_to
from waywarden.config.demo_pictures import picture

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "walk"
SHOTS = HOME / "shots"
WAIT = 30.0
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOLE = {"latitude": 60.17021, "longitude": 24.94118}
LAMP = {"latitude": 60.16860, "longitude": 24.94480}


@dataclass
class Walk:
    """The four addresses, the browser, and what was found on the way."""

    site: str
    works: str
    mail: str
    browser: Browser
    page: Page
    steps: int = 0
    report: str = ""
    job: str = ""
    known: set[str] = field(default_factory=set)

    def step(self, words: str, page: Page | None = None) -> None:
        """Says that a step is done, and keeps a picture of it."""
        self.steps += 1
        slug = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:60]
        (page or self.page).screenshot(path=SHOTS / f"{self.steps:02d}-{slug}.png", full_page=True)
        print(f"{self.steps:3}. {words}", flush=True)


@contextmanager
def demo() -> Iterator[dict[str, str]]:
    """The demo in a fresh home; its addresses."""
    shutil.rmtree(HOME, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    environment = os.environ | {
        "WAYWARDEN_HOME": str(HOME / "home"),
        "WAYWARDEN_MAP_DIR": str(ROOT / "var" / "map"),
    }
    command = [sys.executable, "-m", "waywarden.config.cli", "demo", "--free-ports", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit("walk: the demo did not start")
        yield json.loads(line)
    finally:
        process.send_signal(signal.SIGINT)
        if process.wait(30) != 0:
            print(f"walk: the demo ended with {process.returncode}", file=sys.stderr)


def wait_for(look: Callable[[], object], what: str) -> object:
    """What `look` finds as soon as it finds something."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError(f"within {WAIT:.0f} s there was no {what}")


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def mails(walk: Walk) -> list[dict[str, str]]:
    return json.loads(fetch(f"{walk.mail}messages.json"))


def mail_to(walk: Walk, address: str, words: str) -> dict[str, str]:
    """The newest mail to an address whose text holds some words."""

    def look() -> object:
        return next(
            (one for one in mails(walk) if address in str(one["to"]) and words in str(one["text"])),
            None,
        )

    return wait_for(look, f"mail to {address}")  # type: ignore[return-value]


def reload_until(page: Page, words: str) -> None:
    """Reloads a page until it says something."""

    def look() -> bool:
        page.reload()
        return words in page.inner_text("body")

    wait_for(look, f"“{words}” on {page.url}")


def fill_and_send(
    walk: Walk, *, category: str, title: str, detail: str, place: dict[str, float]
) -> None:
    page = walk.page
    page.goto(f"{walk.site}report/new?latitude={place['latitude']}&longitude={place['longitude']}")
    choose(page, category)
    if category == "Potholes":
        go_to(page, "About")
        page.get_by_role("radio", name="5 cm or more").check()
    go_to(page, WORDS)
    page.locator("[name=title]").fill(title)
    page.locator("[name=detail]").fill(detail)
    go_to(page, WHO)
    page.locator("[name=name]").fill("Wanda Walker")
    if page.locator("[name=email]").count():  # not asked of somebody who has signed in
        page.locator("[name=email]").fill("wanda@demo.example")


def the_front_page(walk: Walk) -> None:
    walk.page.goto(walk.site)
    walk.step("the front page")
    walk.page.goto(f"{walk.site}around")
    walk.page.wait_for_timeout(2500)
    walk.step("the map with the pins of the city")


def report_a_pothole(walk: Walk) -> None:
    page = walk.page
    fill_and_send(
        walk, category="Potholes", title="Hole in front of the station", place=HOLE,
        detail="Right where people step off the tram. It is full of water when it rains.",
    )  # fmt: skip
    photo = picture("Potholes", random.Random(7))  # noqa: S311 - dice of a drawing
    page.locator("input[type=file]").first.set_input_files(
        files=[{"name": "hole.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}]
    )
    walk.step("the form, filled in, with a photo")
    page.locator("[name=email]").fill("wanda@demo")  # good enough for the browser, not for us
    page.get_by_role("button", name="Send the report").click()
    expect(page.locator("#errors")).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value("Hole in front of the station")
    walk.step("a mistake: the form comes back with everything kept")
    page.locator("[name=email]").fill("wanda@demo.example")
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_url("**/report/check-mail*")
    walk.step("sent: look into your mail")


def confirm(walk: Walk, title: str) -> None:
    page = walk.page
    mail = mail_to(walk, "wanda@demo.example", title)
    link = re.search(r"http\S+/P/\S+", str(mail["text"]))
    assert link, "the mail has a link"
    fetch(link.group())  # as a link scanner does: nothing is confirmed by looking
    page.goto(link.group())
    walk.step(f"the link of the mail about “{title}” shows a button")
    page.get_by_role("button", name="Confirm my report").click()
    page.wait_for_url(re.compile(r"/report/\d+"))
    walk.report = re.search(r"/report/(\d+)", page.url).group(1)  # type: ignore[union-attr]
    expect(page.locator("h1")).to_contain_text(title)
    walk.step(f"confirmed: report {walk.report} is public")


def it_arrives_with_our_id(walk: Walk) -> None:
    def look() -> object:
        found = json.loads(fetch(f"{walk.works}api/jobs?their_ref={walk.report}"))
        return found["jobs"] if isinstance(found, dict) else found

    jobs: list[dict[str, object]] = wait_for(look, "job in the works system")  # type: ignore[assignment]
    assert len(jobs) == 1, f"one job, not {len(jobs)}"
    walk.job = str(jobs[0]["job_no"])
    clerk = walk.browser.new_page()
    clerk.goto(f"{walk.works}jobs/{walk.job}")
    expect(clerk.locator("body")).to_contain_text("Hole in front of the station")
    expect(clerk.locator("body")).to_contain_text(walk.report)
    walk.step(f"it arrived in the works system as job {walk.job}, with our number", clerk)
    clerk.close()


def its_reference_shows(walk: Walk) -> None:
    reload_until(walk.page, f"reference {walk.job}")
    walk.step(f"the report shows the body's reference {walk.job}")
    walk.page.goto(f"{walk.site}around?pc=ref:{walk.job}")
    assert walk.page.url.endswith(f"/report/{walk.report}"), walk.page.url
    walk.step("the reference finds the report")


def the_clerk_marks_it_done(walk: Walk) -> None:
    clerk = walk.browser.new_page()
    clerk.goto(f"{walk.works}jobs/{walk.job}")
    clerk.get_by_label("What we say to the reporter").fill("Filled this morning. Thank you, Wanda.")
    clerk.get_by_role("button", name="Mark done").click()
    walk.step("the clerk marks the job done, with a note", clerk)
    clerk.close()


def it_is_green_here(walk: Walk) -> None:
    page = walk.page
    page.goto(f"{walk.site}report/{walk.report}")
    reload_until(page, "Filled this morning")
    expect(page.locator("body")).to_contain_text("Borsetshire County Council")
    expect(page.locator(".banner")).to_contain_text("Fixed")
    walk.step("the report is fixed, with the council's words")
    box = "24.93,60.16,24.96,60.18"
    pins = json.loads(fetch(f"{walk.site}api/pins?bbox={box}&zoom=17"))["pins"]
    (pin,) = [one for one in pins if str(one["id"]) == walk.report]
    assert pin["class"] == "fixed", pin
    page.goto(f"{walk.site}around?lat={HOLE['latitude']}&lon={HOLE['longitude']}&zoom=17")
    page.wait_for_timeout(2500)
    walk.step("its pin is green")
    mail_to(walk, "wanda@demo.example", "Filled this morning")
    walk.step("the reporter got a mail about it")


def street_lighting_goes_by_mail(walk: Walk) -> None:
    fill_and_send(
        walk, category="Street lighting", title="Lamp out at the corner", place=LAMP,
        detail="Dark since Monday.",
    )  # fmt: skip
    walk.page.get_by_role("button", name="Send the report").click()
    walk.page.wait_for_url(re.compile(r"/report/(\d+|check-mail)"))
    if "check-mail" in walk.page.url:
        confirm(walk, "Lamp out at the corner")
    else:
        walk.report = walk.page.url.rstrip("/").rpartition("/")[2].partition("?")[0]
    mail = mail_to(walk, "lighting@borsetshire.example", "Lamp out at the corner")
    assert walk.report in str(mail["text"])
    found = json.loads(fetch(f"{walk.works}api/jobs?their_ref={walk.report}"))
    assert not (found["jobs"] if isinstance(found, dict) else found), (
        "lighting is not in the works system"
    )
    reload_until(walk.page, "Sent to Borsetshire County Council")
    walk.step("street lighting went by e-mail, not into the works system")


def a_job_of_the_clerk_appears_here(walk: Walk) -> None:
    clerk = walk.browser.new_page()
    clerk.goto(f"{walk.works}jobs/add")
    clerk.get_by_label("What is wrong").fill("Kerb stone loose beside the stairs, found on patrol.")
    clerk.get_by_label("Or latitude").fill("60.1707")
    clerk.get_by_label("and longitude").fill("24.9431")
    clerk.get_by_role("button", name="Add the job").click()
    job = clerk.url.rpartition("/")[2]
    walk.step(f"the clerk adds job {job}", clerk)
    clerk.close()

    def look() -> bool:
        walk.page.goto(f"{walk.site}around?pc=ref:{job}")
        return "Kerb stone loose" in walk.page.inner_text("body")

    wait_for(look, f"report for job {job}")
    walk.step(f"job {job} is a report here")


STEPS = (
    the_front_page,
    report_a_pothole,
    lambda walk: confirm(walk, "Hole in front of the station"),
    it_arrives_with_our_id,
    its_reference_shows,
    the_clerk_marks_it_done,
    it_is_green_here,
    street_lighting_goes_by_mail,
    a_job_of_the_clerk_appears_here,
)


def main() -> None:
    started = time.monotonic()
    with demo() as addresses, sync_playwright() as playwright:
        print(f"walk: the demo answers after {time.monotonic() - started:.0f} s", flush=True)
        browser = playwright.chromium.launch(executable_path=find(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        walk = Walk(
            site=addresses["site"], works=addresses["works"], mail=addresses["mail"],
            browser=browser, page=page,
        )  # fmt: skip
        try:
            for step in STEPS:
                step(walk)
        except Exception:
            page.screenshot(path=SHOTS / "failed.png", full_page=True)
            raise
        finally:
            browser.close()
    print(f"walk: {walk.steps} steps passed")


if __name__ == "__main__":
    main()
