"""What a kind of adapter is given to open a deployment, and how most kinds are opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from waywarden.adapters.contract import System
from waywarden.adapters.deployment import Loaded
from waywarden.adapters.health import Health
from waywarden.adapters.kept import Kept
from waywarden.adapters.provider import Frame, SystemProvider
from waywarden.adapters.store import Store
from waywarden.open311.provider import Provider


@dataclass(frozen=True, slots=True)
class Opening:
    """A deployment to be opened."""

    loaded: Loaded
    store: Store
    environ: Mapping[str, str]
    health: Health
    kept: Kept
    children: Mapping[str, Provider] = field(default_factory=dict)


def over_system(opens: Callable[[Opening], System]) -> Callable[[Opening], SystemProvider]:
    """The opener of a kind that is a System."""

    def opened(opening: Opening) -> SystemProvider:
        frame = Frame(
            deployment=opening.loaded.deployment,
            options=opening.loaded.options,
            store=opening.store,
            health=opening.health,
            kept=opening.kept,
        )
        return SystemProvider(frame, opens(opening))

    return opened
