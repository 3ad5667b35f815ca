"""What a site looks like and is called: one frozen value a cobrand, chosen by host."""

from dataclasses import dataclass, field
from pathlib import Path

from waywarden.kernel.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class PinColours:
    """CSS colours of the four pin classes."""

    open: str = "#b3261e"
    progress: str = "#b26a00"
    fixed: str = "#1b7f3b"
    closed: str = "#5f6368"


@dataclass(frozen=True, slots=True)
class Cobrand:
    """One site on the install. `bodies` are slugs; empty means every body's reports show."""

    name: str
    site_name: str
    tagline: str
    hosts: tuple[str, ...]
    accent: str
    accent_dark: str
    folder: Path
    languages: tuple[str, ...] = ("en",)
    centre: tuple[float, float, float] = (0.0, 0.0, 2.0)
    """Latitude and longitude in degrees, zoom."""
    pins: PinColours = field(default_factory=PinColours)
    bodies: tuple[str, ...] = ()
    mail_from: str = ""
    asks_after_four_weeks: bool = True
    """Whether reporters are asked by mail if it is fixed."""

    @property
    def templates(self) -> Path:
        """Where templates that replace the site's own lie."""
        return self.folder / "templates"


class Registry:
    """The cobrands of this install; the first one added is the default."""

    def __init__(self) -> None:
        self._cobrands: dict[str, Cobrand] = {}

    def add(self, cobrand: Cobrand) -> None:
        """Makes a cobrand known. Raises Misconfigured when its name is taken."""
        if cobrand.name in self._cobrands:
            message = f"Two cobrands are called {cobrand.name!r}."
            raise Misconfigured(message)
        self._cobrands[cobrand.name] = cobrand

    def for_host(self, host: str) -> Cobrand:
        """The cobrand that answers on this host name (port ignored), else the default."""
        bare = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        for cobrand in self._cobrands.values():
            if bare.lower() in cobrand.hosts:
                return cobrand
        return self.default

    def named(self, name: str) -> Cobrand:
        """The cobrand of that name, else the default."""
        return self._cobrands.get(name, self.default)

    @property
    def default(self) -> Cobrand:
        """The first cobrand. Raises Misconfigured when there is none."""
        try:
            return next(iter(self._cobrands.values()))
        except StopIteration:
            message = "No cobrand is installed."
            raise Misconfigured(message) from None

    def all(self) -> tuple[Cobrand, ...]:
        """Every cobrand, the default first."""
        return tuple(self._cobrands.values())


registry = Registry()
