"""The adapter server: all deployments of a folder under one address, by jurisdiction."""

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from waywarden.adapters import deployment as deployments_
from waywarden.adapters import logs, standing_page, status_pages
from waywarden.adapters.deployment import Fault, Loaded
from waywarden.adapters.figures import Figures
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.mounting import Opened, open_all
from waywarden.adapters.reloading import Reloading, stamps_of
from waywarden.adapters.status_pages import Files, Standing
from waywarden.adapters.steps import Rounds
from waywarden.adapters.store import Store
from waywarden.adapters.switchboard import Switchboard
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured
from waywarden.open311.server import MAX_BODY, Open311App

ROUNDS_EVERY = timedelta(seconds=5)
TIDY_EVERY = timedelta(days=1)


class AdapterApp:
    """The Open311 server and, beside it, how it goes. Nothing there asks a system anything.

    `/healthz` says only that the server answers. `/`, `/health.json` and `/metrics` tell of each
    deployment, without secrets and without anything of a reporter's, unless `pages` is off.
    """

    def __init__(
        self,
        opened: Iterable[Opened],
        *,
        store: Store,
        pages: bool = True,
        max_body: int = MAX_BODY,
    ) -> None:
        figures = Figures()
        self.opened = tuple(opened)
        self._store, self._figures = store, figures
        self._files = Files(clock.now())
        self._board = Switchboard((one.mounted for one in self.opened), figures)
        self._open311 = Open311App(self._board, max_body=max_body)
        self._reloading: Reloading | None = None
        self._tidied = clock.now()
        self.rounds = Rounds(every=ROUNDS_EVERY, work=self._work)
        figures.watch(
            lambda: status_pages.gauges(
                self._standings(), store_bytes=self._size(), files=self._files
            )
        )
        self._pages: dict[str, tuple[str, Callable[[], bytes]]] = {
            "/healthz": ("application/json", self._alive),
        }
        if pages:
            self._pages |= {
                "/": ("text/html; charset=utf-8", self._page),
                "/health.json": ("application/json", self._json),
                "/metrics": ("text/plain; version=0.0.4; charset=utf-8", figures.text),
            }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        page = self._pages.get(environ.get("PATH_INFO", "") or "/")
        if page is None:
            return self._open311(environ, start_response)
        kind, body = page[0], page[1]()
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response("200 OK", headers)
        return [body]

    def watch(self, reloading: Reloading) -> None:
        """Lets changed deployment files be taken from now on."""
        self._reloading = reloading

    def replace(self, opened: tuple[Opened, ...], refused: tuple[Fault, ...]) -> None:
        """Serves these from the next call on; `refused` is what was wrong in files."""
        is_same = {id(one) for one in opened} == {id(one) for one in self.opened}
        taken_at = self._files.taken_at if is_same else clock.now()
        self.opened = opened
        self._board.mount(one.mounted for one in opened)
        self._files = Files(taken_at, tuple(str(fault) for fault in refused))

    def go_round(self) -> None:
        """Does once what the rounds do from time to time."""
        for work in self._work().values():
            work()

    def close(self) -> None:
        """Lets go of what the systems hold open."""
        for one in self.opened:
            one.close()

    def _work(self) -> Mapping[str, Callable[[], None]]:
        """What is to be done now and then. Each deployment's is under a name of its own."""
        work = {f"deployment {one.jurisdiction}": one.go_round for one in self.opened}
        work |= {"alarms": self._alarm, "the store": self._tidy}
        return work | ({"files": self._reloading.look} if self._reloading else {})

    def _alarm(self) -> None:
        for one, standing in self._each_standing():
            if one.alarms is not None:
                one.alarms.look(standing)

    def _tidy(self) -> None:
        if clock.now() - self._tidied > TIDY_EVERY:
            self._tidied = clock.now()
            self._store.tidy()

    def _alive(self) -> bytes:
        names = [one.jurisdiction for one in self.opened]
        return json.dumps({"status": "ok", "jurisdictions": names}).encode()

    def _page(self) -> bytes:
        return standing_page.page(self._standings(), store_bytes=self._size(), files=self._files)

    def _json(self) -> bytes:
        return status_pages.as_json(self._standings(), store_bytes=self._size(), files=self._files)

    def _standings(self) -> list[Standing]:
        return [standing for _one, standing in self._each_standing()]

    def _each_standing(self) -> Iterator[tuple[Opened, Standing]]:
        for one in self.opened:
            health, named = one.mounted.health, one.mounted.deployment
            if health is not None:
                yield (
                    one,
                    status_pages.standing_of(self._store, health, name=named.name, kind=named.kind),
                )

    def _size(self) -> int:
        path = self._store.path
        parts = (path, path.with_name(path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())


def build_app(
    loaded: Iterable[Loaded],
    *,
    store: Store,
    environ: Mapping[str, str] = os.environ,
    pages: bool = True,
    max_body: int = MAX_BODY,
) -> AdapterApp:
    """The server of these deployments. `store` belongs to this process alone."""
    opened = open_all(loaded, store=store, environ=environ)
    return AdapterApp(opened, store=store, pages=pages, max_body=max_body)


def hold(store: Path) -> None:
    """Keeps other servers from the same store, until this process ends. Raises Misconfigured."""
    store.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(store.with_name(f"{store.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        message = f"Another adapter server uses the store {store}; name another with --store."
        raise Misconfigured(message) from error


def load(directory: Path, *, store: Path, pages: bool, max_body: int = MAX_BODY) -> AdapterApp:
    """The server of a folder, with its rounds begun. Raises BadDeployment with every fault."""
    logs.configure()
    hold(store)
    before = stamps_of(directory)
    loaded = deployments_.load_all(directory, KINDS)
    kept = Store(store)
    app = build_app(loaded, store=kept, pages=pages, max_body=max_body)
    stamps = {**stamps_of(directory, app.opened), **before}  # children may be elsewhere
    app.watch(Reloading(directory, app.opened, stamps=stamps, store=kept, swap=app.replace))
    app.rounds.start()
    return app
