"""A fake of a system, and a deployment before it, as the tests of every kind want them."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waywarden.adapters.app import AdapterApp, build_app
from waywarden.adapters.deployment import load_all
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.new_file import filled
from waywarden.adapters.passthrough.fake import KEY as THEIR_KEY
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY
from waywarden.kernel.secrets import hash_token

ENVIRON = {"VENDOR_SECRET": "s3cret", "BODY_API_KEY": THEIR_KEY, "FILES_PASSWORD": "s3cret"}
OVER_HTTP = ("slow", "refuses", "garbage", "html", "lost_reply", "down")
"""What can go wrong with a system that speaks HTTP."""


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
    takes_at_once: bool = False
    """Whether a report is taken while the system is away, and handed on later."""
    only_writing: frozenset[str] = frozenset()
    """Faults that leave its lists alone."""

    def app(self) -> AdapterApp:
        """An adapter, with what earlier ones have stored."""
        loaded = load_all(self.folder, KINDS, environ=ENVIRON)
        return build_app(loaded, store=Store(self.folder / "store"), environ=ENVIRON)

    def go_round(self, app: AdapterApp) -> None:
        """The rounds, with every pause over."""
        with Store(self.folder / "store", is_ours=False).connect() as db:
            db.execute("update steps set next_at = ''")
        app.go_round()


@dataclass(frozen=True)
class Scene:
    """How a stand is set up, by a folder and a test's request, and what can go wrong there."""

    stand: Callable[[Path, Any], AbstractContextManager[Stand]]
    faults: tuple[str, ...] = OVER_HTTP


def text_of(kind: str, **words: str) -> str:
    """A kind's sample for the jurisdiction `east`."""
    key = hash_token(KEY)
    return filled(KINDS[kind], jurisdiction="east", name="East", api_key_hash=key, **words)


def quick(text: str, *lines: str) -> str:
    """The same, with lines in `[system]` and without patience."""
    told = "\n".join([*lines, "services_seconds = 0", "settle_seconds = 0"])
    return text.replace("[system]\n", f"[system]\n{told}\n", 1)


def write(folder: Path, text: str) -> Path:
    """The folder, with that deployment in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "east.toml").write_text(text)
    return folder
