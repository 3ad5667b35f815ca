"""A site with a town in it, and a browser before it: once for each module of journeys.

Not pytest-django's `live_server`, which empties the database after each test, nor the browser of
pytest-playwright, whose loop would run on under the tests of other rooms.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client, override_settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer
from tools.find_browser import find

from tests.journeys import world as town
from tests.journeys.walk import CHROMIUM_FLAGS
from waywarden.areas.queries import forget_shapes
from waywarden.users.models import User

MAP = Path(__file__).resolve().parents[2] / "var" / "map"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
MIDDLE = {"width": 768, "height": 1024}
#: Milliseconds after which what should be on a page is missing; a loaded machine takes its time.
WAIT = 60_000
expect.set_options(timeout=WAIT)
#: Keeps what the map tells the page, from the very beginning.
LISTEN = """
window.heard = {};
for (const name of ["map", "pins", "picked", "moved"])
  document.addEventListener(`waywarden:${name}`, ({ detail }) => { window.heard[name] = detail; });
"""

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The tests' database for a whole module, emptied at its end.

    The name is pytest-django's: by it, it knows that a database is needed.
    """
    with django_db_blocker.unblock():
        assert connection.settings_dict["NAME"].startswith("test_")
        yield
        call_command("flush", verbosity=0, interactive=False)
        # A flush leaves the queue, whose jobs would mean whoever has their numbers next.
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
        forget_shapes()


@pytest.fixture(scope="module")
def site(db) -> Iterator[str]:
    """The address of the running site, without a slash at its end."""
    if not next(MAP.glob("*.pmtiles"), None):
        pytest.fail("There is no map. `make setup` builds it.", pytrace=False)
    server = LiveServer("127.0.0.1", start=False)
    with (
        override_settings(WAYWARDEN_MAP_DIR=MAP),
        # The browser's driver keeps a loop in this thread, beside which we read the database.
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        try:
            server.start()
            with override_settings(WAYWARDEN_BASE_URL=server.url):
                yield server.url
        finally:
            server.stop()
            _wait_for_requests()


def _wait_for_requests() -> None:
    """The threads of the server end with their connections, which would hold the database."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(WAIT / 1000)


@pytest.fixture(scope="module")
def world(site: str) -> town.World:
    """The people, bodies and reports there."""
    return town.build()


@pytest.fixture(scope="module")
def chromium(world: town.World) -> Iterator[Browser]:
    """The browser."""
    path = find()
    if path is None:
        pytest.fail("There is no Chromium. `make browser` installs it.", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
        connections.close_all()  # beside the driver's loop Django opens a connection of its own


@pytest.fixture(scope="module")
def profile(chromium: Browser, site: str) -> Iterator[Callable[..., BrowserContext]]:
    """A browser profile of a kind: the same one again unless it is to be `fresh`."""
    kept: dict[str, BrowserContext] = {}

    def profile(*, fresh: bool, who: User | None, **more) -> BrowserContext:
        key = f"{who} {sorted(more.items())}"
        if key in kept and not fresh:
            return kept[key]
        usual = {"base_url": site, "viewport": WIDE, "service_workers": "block"}
        context = chromium.new_context(**{**usual, **more})
        context.set_default_timeout(WAIT)
        context.add_init_script(LISTEN)
        if who is not None:
            context.add_cookies([{"name": "sessionid", "value": _session_of(who), "url": site}])
        kept[f"{len(kept)} fresh" if fresh else key] = context
        return context

    yield profile
    for context in kept.values():
        context.close()


@pytest.fixture
def open_page(profile) -> Iterator[Opener]:
    """Opens an address in a browser; `who` is signed in there.

    What the page's policy forbids, or a script breaks, is an error of the test at its end.
    """
    pages: list[Page] = []
    complaints: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error" and "Failed to load resource" not in said.text:
            complaints.append(f"{said.location.get('url')}: {said.text}")

    def opened(address: str, *, fresh: bool = False, who: User | None = None, **more) -> Page:
        page = profile(fresh=fresh, who=who, **more).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", heard)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status < 500, f"{address} is broken"
        return page

    yield opened
    for page in pages:
        page.close()
    assert not complaints


def _session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value
