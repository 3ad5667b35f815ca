"""Every kind of adapter before a fake of its system, a line for each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from waywarden.adapters.app import AdapterApp, build_app
from waywarden.adapters.demo.fake import Switches as DemoSwitches
from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.works import JobFilter, Works
from waywarden.adapters.deployment import load_all
from waywarden.adapters.files.fake import HEADINGS, Exchange
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.passthrough.fake import KEY as THEIR_KEY
from waywarden.adapters.passthrough.fake import OddServer
from waywarden.adapters.rest.fake import LockingDesk, OneShotDesk, PlainDesk
from waywarden.adapters.rest.fake import Switches as RestSwitches
from waywarden.adapters.rest.tests.files import LOCKING, ONE_SHOT
from waywarden.adapters.sql import install
from waywarden.adapters.sql.provider import database_of
from waywarden.adapters.sql.tests.conftest import schema_for
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY
from waywarden.kernel import clock
from waywarden.kernel.secrets import hash_token
from waywarden.open311.dates import write_date
from waywarden.open311.tests.memory import served

ENVIRON = {"VENDOR_SECRET": "s3cret", "BODY_API_KEY": THEIR_KEY}
FAULTS = ("slow", "refuses", "garbage", "html", "lost_reply", "down")


@dataclass
class Stand:
    """A system, and the deployments before it."""

    folder: Path
    switch: Callable[..., None]
    """Makes the system misbehave; without arguments it is well again."""
    count: Callable[[], int]
    """How many reports the system has."""
    change: Callable[[str], None]
    """A clerk changes the report of this id."""
    code: str = "POTHOLE"
    can_be_asked: bool = True
    """Whether a report can be found again by our number."""
    can_fail: bool = True
    """Whether the system can misbehave at all."""

    def app(self) -> AdapterApp:
        """An adapter, with what earlier ones have stored."""
        loaded = load_all(self.folder, KINDS, environ=ENVIRON)
        return build_app(loaded, store=Store(self.folder / "store"), environ=ENVIRON)


def _text(kind: str, **words: str) -> str:
    return filled(
        KINDS[kind], jurisdiction="east", name="East", api_key_hash=hash_token(KEY), **words
    )


def _quick(text: str, *lines: str) -> str:
    told = "\n".join([*lines, "services_seconds = 0", "settle_seconds = 0"])
    return text.replace("[system]\n", f"[system]\n{told}\n", 1)


def _write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "east.toml").write_text(text)
    return folder


@contextmanager
def _demo(tmp: Path) -> Iterator[Stand]:
    works = Works(tmp / "works.sqlite3")
    app = WorksApp(works)
    with served(app) as url:
        text = _quick(_text("demo", works_url=url), "read_seconds = 1.5")

        def switch(**on: Any) -> None:
            app.switches = DemoSwitches(**on)

        def change(number: str) -> None:
            works.change_job(int(number), state="DONE", note="Filled")

        yield Stand(_write(tmp / "demo", text), switch, lambda: _jobs(works), change, code="POTH")


def _jobs(works: Works) -> int:
    return len(works.jobs(JobFilter()))


@contextmanager
def _sql(tmp: Path) -> Iterator[Stand]:
    text = _quick(_text("sql")).replace("sqlite:///reports.sqlite", f"sqlite:///{tmp}/p.sqlite")
    folder = _write(tmp / "sql", text)
    (loaded,) = load_all(folder, KINDS, environ={})
    database = database_of(loaded.options, {})
    schema_for(database.engine)
    install.install(loaded.options, database)

    def count() -> int:
        with database.engine.connect() as connection:
            return connection.execute(sa.text("SELECT count(*) FROM reports")).scalar_one()

    def change(number: str) -> None:
        with database.engine.begin() as connection:
            done = sa.text("UPDATE reports SET status = 'DONE', note = 'Filled' WHERE id = :n")
            connection.execute(done, {"n": int(number)})

    yield Stand(folder, lambda **_on: None, count, change, can_fail=False)
    database.close()


def _rest(desk: Callable[[], Any], text: str | None, *, can_be_asked: bool) -> Any:
    @contextmanager
    def stand(tmp: Path) -> Iterator[Stand]:
        app = desk()
        with served(app) as url:
            whole = _text("rest")
            if text is not None:
                whole = whole[: whole.index("[system]")] + text
            whole = whole.replace('url = "https://api.vendor.example/v2"', f'url = "{url}"')
            whole = whole.replace("https://login.vendor.example", url)
            whole = _quick(whole, 'allow_private = ["127.0.0.1"]', "read_seconds = 1.5")

            def switch(**on: Any) -> None:
                app.switches = RestSwitches(**on)

            yield Stand(
                _write(tmp / "rest", whole),
                switch,
                lambda: len(app.cases),
                lambda number: app.change(number, "Done", "Filled"),
                can_be_asked=can_be_asked,
            )

    return stand


@contextmanager
def _files(tmp: Path) -> Iterator[Stand]:
    exchange = Exchange(tmp / "exchange")
    text = _quick(_text("files"), "quiet_seconds = 0")
    text = text.replace('folder = "exchange"', f'folder = "{exchange.folder}"', 1)
    numbers = iter(range(1000))

    def change(number: str) -> None:
        row = dict(
            zip(HEADINGS, (number, "Completed", "Filled", write_date(clock.now())), strict=True)
        )
        exchange.tell(f"updates-{next(numbers)}.csv", [row])

    def count() -> int:
        return len(exchange.reports())

    yield Stand(_write(tmp / "files", text), lambda **_on: None, count, change, can_fail=False)


@contextmanager
def _passthrough(tmp: Path) -> Iterator[Stand]:
    server = OddServer()
    with served(server) as url:
        text = _text("passthrough").replace("https://open311.east.example/v2", url)
        text = text.replace("# api_key", "api_key").replace("Europe/London", "UTC")
        text = _quick(text, 'allow_private = ["127.0.0.1"]', "read_seconds = 1.5")

        def switch(**on: Any) -> None:
            for name in FAULTS:
                setattr(server, name, on.get(name, 0.0 if name == "slow" else False))

        def change(number: str) -> None:
            at = clock.now().strftime("%Y-%m-%dT%H:%M:%S")
            server.tell(number, "CLOSED", "Filled", update_id=f"u{len(server.updates)}", at=at)

        yield Stand(_write(tmp / "pass", text), switch, lambda: len(server.cases), change)


@contextmanager
def _multi(tmp: Path) -> Iterator[Stand]:
    """Two systems; what is asked of it goes to the one that is not bare."""
    with ExitStack() as stack:
        first = stack.enter_context(_demo(tmp))
        second = stack.enter_context(_rest(PlainDesk, None, can_be_asked=True)(tmp))
        folder = _write(tmp / "multi", _text("multi"))
        inside = folder / "east"
        inside.mkdir()
        for name, one in (("roads", first), ("trees", second)):
            (inside / f"{name}.toml").write_text((one.folder / "east.toml").read_text())

        def change(number: str) -> None:
            second.change(number.removeprefix("trees-"))

        yield replace(second, folder=folder, change=change, code="trees-POTHOLE")


STANDS = {
    "demo": _demo,
    "sql": _sql,
    "rest-plain": _rest(PlainDesk, None, can_be_asked=True),
    "rest-locking": _rest(LockingDesk, LOCKING, can_be_asked=True),
    "rest-one-shot": _rest(OneShotDesk, ONE_SHOT, can_be_asked=False),
    "files": _files,
    "passthrough": _passthrough,
    "multi": _multi,
}
"""A kind, or a kind of a character → its stand. A new kind is one line."""
