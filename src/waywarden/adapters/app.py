"""The adapter server: all deployments of a folder under one address, by jurisdiction."""

import fcntl
import functools
import importlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from waywarden.adapters import deployment as deployments_
from waywarden.adapters import logs, standing_page, status_pages
from waywarden.adapters.alarms import Alarms
from waywarden.adapters.deployment import Loaded
from waywarden.adapters.figures import Figures
from waywarden.adapters.health import Health
from waywarden.adapters.kept import Kept
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.opening import Opening
from waywarden.adapters.status_pages import Standing
from waywarden.adapters.steps import Rounds
from waywarden.adapters.store import Store
from waywarden.adapters.switchboard import Mounted, Switchboard
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured
from waywarden.open311.provider import Provider
from waywarden.open311.server import MAX_BODY, Open311App

ROUNDS_EVERY = timedelta(seconds=5)
TIDY_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """The deployments of a server, and what is done for them from time to time."""

    mounted: tuple[Mounted, ...]
    work: Mapping[str, Callable[[], None]]
    alarms: Mapping[str, Alarms] = field(default_factory=dict)
    """Jurisdiction → who is told of it; only those that tell somebody."""
    places: tuple[Provider, ...] = ()
    """Every provider, those behind another too."""

    def close(self) -> None:
        """Lets go of what the systems hold open."""
        for one in self.places:
            close = getattr(one, "close", None)
            if close is not None:
                close()


class AdapterApp:
    """The Open311 server and, beside it, how it goes. Nothing there asks a system anything.

    `/healthz` says only that the server answers. `/`, `/health.json` and `/metrics` tell of each
    deployment, without secrets and without anything of a reporter's, unless `pages` is off.
    """

    def __init__(
        self, opened: Opened, *, store: Store, pages: bool = True, max_body: int = MAX_BODY
    ) -> None:
        figures = Figures()
        self.is_outdated: Callable[[], bool] = lambda: False
        """Whether it was started with other deployment files than there are now."""
        self.close = opened.close
        self._store, self._mounted, self._figures = store, opened.mounted, figures
        self._open311 = Open311App(Switchboard(opened.mounted, figures), max_body=max_body)
        self._alarms = opened.alarms
        self._work = {**opened.work, "alarms": self._alarm}
        self._tidied = clock.now()
        self.rounds = Rounds(every=ROUNDS_EVERY, work={**self._work, "the store": self._tidy})
        figures.watch(lambda: status_pages.gauges(self._standings(), store_bytes=self._size()))
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

    def go_round(self) -> None:
        """Does once what the rounds do from time to time."""
        for work in self._work.values():
            work()

    def _alarm(self) -> None:
        if self._alarms:
            for standing in self._standings():
                if (alarms := self._alarms.get(standing.jurisdiction)) is not None:
                    alarms.look(standing)

    def _tidy(self) -> None:
        if clock.now() - self._tidied > TIDY_EVERY:
            self._tidied = clock.now()
            self._store.tidy()

    def _alive(self) -> bytes:
        names = [one.deployment.jurisdiction for one in self._mounted]
        return json.dumps({"status": "ok", "jurisdictions": names}).encode()

    def _page(self) -> bytes:
        return standing_page.page(
            self._standings(), store_bytes=self._size(), is_outdated=self.is_outdated()
        )

    def _json(self) -> bytes:
        return status_pages.as_json(
            self._standings(), store_bytes=self._size(), is_outdated=self.is_outdated()
        )

    def _standings(self) -> list[Standing]:
        return [
            status_pages.standing_of(
                self._store, one.health, name=one.deployment.name, kind=one.deployment.kind
            )
            for one in self._mounted
            if one.health is not None
        ]

    def _size(self) -> int:
        path = self._store.path
        parts = (path, path.with_name(path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())


def open_all(
    loaded: Iterable[Loaded], *, store: Store, environ: Mapping[str, str] = os.environ
) -> Opened:
    """Opens deployments: no system is asked anything yet."""
    mounted, work, everywhere = [], {}, list[Provider]()
    alarms: dict[str, Alarms] = {}
    for one in loaded:
        health = Health(store, one.deployment.jurisdiction)
        places: list[Provider] = []
        provider = _opened(one, store, health, environ, places)
        at_once = getattr(one.options, "at_once", 8)
        gate = threading.BoundedSemaphore(at_once)
        mounted.append(Mounted(one.deployment, provider, health, gate))
        if (found := _alarms_of(one, store, environ)) is not None:
            alarms[one.deployment.jurisdiction] = found
        work[one.deployment.jurisdiction] = functools.partial(_go_round, places)
        everywhere += places
    return Opened(tuple(mounted), work, alarms, tuple(everywhere))


def _alarms_of(loaded: Loaded, store: Store, environ: Mapping[str, str]) -> Alarms | None:
    table = loaded.deployment.alarms
    if table.mail is None and table.webhook is None:
        return None
    ways = importlib.import_module("waywarden.adapters.alarm_ways")  # only where it is wanted
    return Alarms(Kept(store, loaded.deployment.jurisdiction), ways.ways_of(table, environ))


def _opened(
    loaded: Loaded,
    store: Store,
    health: Health,
    environ: Mapping[str, str],
    places: list[Provider],
) -> Provider:
    """A deployment's provider; it and those behind it are added to `places`."""
    children = {
        name: _opened(child, store, health, environ, places)
        for name, child in loaded.children.items()
    }
    opening = Opening(
        loaded=loaded,
        store=store,
        environ=environ,
        health=health,
        kept=Kept(store, loaded.deployment.jurisdiction),
        children=children,
    )
    provider: Provider = KINDS[loaded.deployment.kind].opens(opening)
    places.append(provider)
    return provider


def _go_round(places: Sequence[Provider]) -> None:
    for one in places:
        for name in ("collect", "take_steps"):
            work = getattr(one, name, None)
            if work is not None:
                work()


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
    seen = _files_of(directory)
    loaded = deployments_.load_all(directory, KINDS)
    app = build_app(loaded, store=Store(store), pages=pages, max_body=max_body)
    app.is_outdated = lambda: _files_of(directory) != seen
    app.rounds.start()
    return app


def _files_of(directory: Path) -> dict[str, int]:
    """Each deployment file, those of children too, and when it was last written."""
    return {str(path): path.stat().st_mtime_ns for path in directory.rglob("*.toml")}
