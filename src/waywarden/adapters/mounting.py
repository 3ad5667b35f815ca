"""Deployments that are open: each with its provider, what is done for it, and who is told of it."""

import importlib
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from waywarden.adapters.alarms import Alarms
from waywarden.adapters.deployment import Loaded
from waywarden.adapters.health import Health
from waywarden.adapters.kept import Kept
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.opening import Opening
from waywarden.adapters.store import Store
from waywarden.adapters.switchboard import Mounted
from waywarden.open311.provider import Provider


@dataclass(frozen=True, slots=True)
class Opened:
    """A deployment that calls can reach."""

    mounted: Mounted
    places: tuple[Provider, ...] = ()
    """Its provider, and those behind it."""
    alarms: Alarms | None = None
    """Who is told when it needs a person."""
    loaded: Loaded | None = None
    at_once: int = 8
    """How many calls its gate lets through."""

    @property
    def jurisdiction(self) -> str:
        """What callers name it by."""
        return self.mounted.deployment.jurisdiction

    def go_round(self) -> None:
        """Takes the secondary work that is due, and collects what the systems hand out."""
        for one in self.places:
            for name in ("collect", "take_steps"):
                work = getattr(one, name, None)
                if work is not None:
                    work()

    def is_idle(self) -> bool:
        """Whether no call is at it."""
        gate, taken = self.mounted.gate, 0
        while taken < self.at_once and gate.acquire(blocking=False):
            taken += 1
        for _turn in range(taken):
            gate.release()
        return taken == self.at_once

    def close(self) -> None:
        """Lets go of what its systems hold open."""
        for one in self.places:
            close = getattr(one, "close", None)
            if close is not None:
                close()


def open_all(
    loaded: Iterable[Loaded], *, store: Store, environ: Mapping[str, str] = os.environ
) -> tuple[Opened, ...]:
    """Opens deployments: no system is asked anything yet."""
    return tuple(open_one(one, store=store, environ=environ) for one in loaded)


def open_one(
    loaded: Loaded,
    *,
    store: Store,
    environ: Mapping[str, str] = os.environ,
    health: Health | None = None,
) -> Opened:
    """Opens a deployment. `health` is that of its former self. Raises Misconfigured."""
    health = health or Health(store, loaded.deployment.jurisdiction)
    places: list[Provider] = []
    provider = _opened(loaded, store, health, environ, places)
    at_once: int = getattr(loaded.options, "at_once", 8)
    gate = threading.BoundedSemaphore(at_once)
    return Opened(
        Mounted(loaded.deployment, provider, health, gate),
        places=tuple(places),
        alarms=_alarms_of(loaded, store, environ),
        loaded=loaded,
        at_once=at_once,
    )


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
