"""What a site looks like and is called: one frozen value a cobrand, chosen by host."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from waywarden.kernel.errors import Misconfigured

#: What a site may say in its own words: the heading and the sentence of the front page, a
#: paragraph of the pages about it and about privacy, and the line at the foot of each page.
TEXTS = ("promise", "lead", "about", "privacy", "foot")


@dataclass(frozen=True, slots=True)
class PinColours:
    """CSS colours of the four pin classes."""

    open: str = "#b3261e"
    progress: str = "#b26a00"
    fixed: str = "#1b7f3b"
    closed: str = "#5f6368"


@dataclass(frozen=True, slots=True)
class BaseMap:
    """What lies under the pins: a file of the install, or pictures that others serve."""

    file: str = ""
    """A PMTiles file in the install's folder of maps; "" is the first one there."""
    tiles: str = ""
    """The address of pictures of 256 pixels, with {z}, {x} and {y}; "" for none."""
    attribution: str = ""
    """Whose they are, as their licence wants it."""

    @property
    def origin(self) -> str:
        """Scheme and host that browsers fetch the pictures from, "" for our own."""
        return "/".join(self.tiles.split("/")[:3]) if self.tiles else ""


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
    base_map: BaseMap = field(default_factory=BaseMap)
    bodies: tuple[str, ...] = ()
    mail_from: str = ""
    contact: str = ""
    """Where messages of the contact form go; "" means the sender of the site's mails."""
    logo: str = ""
    """A picture in `static`, shown instead of our mark."""
    style: str = ""
    """A style sheet in `static`, read after ours."""
    language_hosts: Mapping[str, str] = field(default_factory=dict)
    """Further host names, each with the language that it speaks."""
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By language, what the site says in its own words (see `TEXTS`)."""
    offers_other_bodies: bool = False
    """Whether a site of some bodies also offers what others take, where one of its own answers."""
    asks_after_four_weeks: bool = True
    """Whether reporters are asked by mail if it is fixed."""
    may_be_found: bool = True
    """Whether search machines may list its pages."""

    @property
    def all_hosts(self) -> frozenset[str]:
        """Every host name it answers on."""
        return frozenset((*self.hosts, *self.language_hosts))

    @property
    def templates(self) -> Path:
        """Where templates that replace the site's own lie."""
        return self.folder / "templates"

    @property
    def static(self) -> Path:
        """Where its logo and styles lie; served under `cobrands/NAME/`."""
        return self.folder / "static"

    @property
    def logo_path(self) -> str:
        """The logo among the static files."""
        return f"cobrands/{self.name}/{self.logo}"

    @property
    def style_path(self) -> str:
        """The style sheet among the static files."""
        return f"cobrands/{self.name}/{self.style}"

    def text(self, name: str, language: str) -> str:
        """Its own words for something in a language, else in its first; "" where it has none."""
        for code in (language, language.partition("-")[0], *self.languages[:1]):
            found = self.texts.get(code, {}).get(name)
            if found:
                return found
        return ""


class Registry:
    """The cobrands of this install; the first one added is the default."""

    def __init__(self) -> None:
        self._cobrands: dict[str, Cobrand] = {}

    def add(self, cobrand: Cobrand) -> None:
        """Makes a cobrand known. Raises Misconfigured when its name or a host of it is taken."""
        if cobrand.name in self._cobrands:
            message = f"Two cobrands are called {cobrand.name!r}."
            raise Misconfigured(message)
        for other in self._cobrands.values():
            for host in sorted(cobrand.all_hosts & other.all_hosts):
                message = (
                    f"The sites {other.name} and {cobrand.name} both answer on {host}. "
                    "Take it out of one of their files."
                )
                raise Misconfigured(message)
        self._cobrands[cobrand.name] = cobrand

    def for_host(self, host: str) -> Cobrand:
        """The cobrand that answers on this host name (port ignored), else the default."""
        bare = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        for cobrand in self._cobrands.values():
            if bare.lower() in cobrand.all_hosts:
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


def luminance(colour: str) -> float:
    """The relative luminance of `#rrggbb` or `#rgb`, 0 to 1 (WCAG 2.2). Raises ValueError."""
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) != 6 or not colour.startswith("#"):
        raise ValueError(f"not a colour: {colour}")
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How well one colour stands out from another, 1 to 21 (WCAG 2.2). Raises ValueError."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


registry = Registry()
