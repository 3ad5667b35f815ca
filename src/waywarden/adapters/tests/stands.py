"""Every kind of adapter before a fake of its system, a line for each."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from waywarden.adapters.demo.fake import Switches as DemoSwitches
from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.works import JobFilter, Works
from waywarden.adapters.files.tests.stands import SCENES as files_scenes  # noqa: N811 - a table
from waywarden.adapters.passthrough.fake import OddServer
from waywarden.adapters.rest.fake import LockingDesk, OneShotDesk, PlainDesk
from waywarden.adapters.rest.fake import Switches as RestSwitches
from waywarden.adapters.rest.tests.files import LOCKING, ONE_SHOT
from waywarden.adapters.rest.tests.odd_desk import ODD, OddDesk
from waywarden.adapters.sql.tests.stands import SCENES as sql_scenes  # noqa: N811 - a table
from waywarden.adapters.tests.stand import OVER_HTTP, Scene, Stand, quick, text_of, write
from waywarden.kernel import clock
from waywarden.open311.tests.memory import served


@contextmanager
def _demo(tmp: Path, _request: Any) -> Iterator[Stand]:
    works = Works(tmp / "works.sqlite3")
    app = WorksApp(works)
    with served(app) as url:
        text = quick(text_of("demo", works_url=url), "read_seconds = 3")

        def switch(**on: Any) -> None:
            app.switches = DemoSwitches(**on)

        def change(number: str) -> None:
            works.change_job(int(number), state="DONE", note="Filled")

        yield Stand(write(tmp / "demo", text), switch, lambda: _jobs(works), change, code="POTH")


def _jobs(works: Works) -> int:
    return len(works.jobs(JobFilter()))


def _rest(desk: Callable[[], Any], text: str | None, *, can_be_asked: bool) -> Any:
    @contextmanager
    def stand(tmp: Path, _request: Any) -> Iterator[Stand]:
        app = desk()
        with served(app) as url:
            whole = text_of("rest")
            if text is not None:
                whole = whole[: whole.index("[system]")] + text
            whole = whole.replace('url = "https://api.vendor.example/v2"', f'url = "{url}"')
            whole = whole.replace("https://login.vendor.example", url)
            whole = quick(whole, 'allow_private = ["127.0.0.1"]', "read_seconds = 3")

            def switch(**on: Any) -> None:
                app.switches = RestSwitches(**on)

            yield Stand(
                write(tmp / "rest", whole),
                switch,
                lambda: len(app.cases),
                lambda number: app.change(number, "Done", "Filled"),
                can_be_asked=can_be_asked,
            )

    return stand


@contextmanager
def _passthrough(tmp: Path, _request: Any) -> Iterator[Stand]:
    server = OddServer()
    with served(server) as url:
        text = text_of("passthrough").replace("https://open311.east.example/v2", url)
        text = text.replace("# api_key", "api_key").replace("Europe/London", "UTC")
        text = quick(text, 'allow_private = ["127.0.0.1"]', "read_seconds = 3")

        def switch(**on: Any) -> None:
            for name in OVER_HTTP:
                setattr(server, name, on.get(name, 0.0 if name == "slow" else False))

        def change(number: str) -> None:
            at = clock.now().strftime("%Y-%m-%dT%H:%M:%S")
            server.tell(number, "CLOSED", "Filled", update_id=f"u{len(server.updates)}", at=at)

        yield Stand(write(tmp / "pass", text), switch, lambda: len(server.cases), change)


@contextmanager
def _multi(tmp: Path, request: Any) -> Iterator[Stand]:
    """Two systems; what is asked of it goes to the one that is not bare."""
    with ExitStack() as stack:
        first = stack.enter_context(_demo(tmp, request))
        second = stack.enter_context(_rest(PlainDesk, None, can_be_asked=True)(tmp, request))
        folder = write(tmp / "multi", text_of("multi"))
        inside = folder / "east"
        inside.mkdir()
        for name, one in (("roads", first), ("trees", second)):
            (inside / f"{name}.toml").write_text((one.folder / "east.toml").read_text())

        def change(number: str) -> None:
            second.change(number.removeprefix("trees-"))

        yield replace(second, folder=folder, change=change, code="trees-POTHOLE")


SCENES: Mapping[str, Scene] = {
    "demo": Scene(_demo),
    "rest-plain": Scene(_rest(PlainDesk, None, can_be_asked=True)),
    "rest-locking": Scene(_rest(LockingDesk, LOCKING, can_be_asked=True)),
    "rest-one-shot": Scene(_rest(OneShotDesk, ONE_SHOT, can_be_asked=False)),
    "rest-odd": Scene(_rest(OddDesk, ODD, can_be_asked=True)),
    "passthrough": Scene(_passthrough),
    "multi": Scene(_multi),
    **sql_scenes,
    **files_scenes,
}
"""A kind, or a kind of a character → its scene. A new kind is one line."""
