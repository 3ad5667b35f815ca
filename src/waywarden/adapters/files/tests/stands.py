"""The kind `files` before a folder and before an SFTP server, and what goes wrong with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waywarden.adapters.files.fake import HEADINGS, Exchange
from waywarden.adapters.files.tests.sftp_server import served
from waywarden.adapters.tests.stand import Scene, Stand, quick, text_of, write
from waywarden.kernel import clock
from waywarden.open311.dates import write_date


def _text(folder: str) -> str:
    text = quick(text_of("files"), "quiet_seconds = 0")
    return text.replace('folder = "exchange"', f'folder = "{folder}"', 1)


def _changes(exchange: Exchange) -> Any:
    numbers = iter(range(1000))

    def change(number: str) -> None:
        cells = (number, "Completed", "Filled", write_date(clock.now()))
        row = dict(zip(HEADINGS, cells, strict=True))
        exchange.tell(f"updates-{next(numbers)}.csv", [row])

    return change


@contextmanager
def in_a_folder(tmp: Path, _request: Any) -> Iterator[Stand]:
    """A folder of this machine."""
    exchange = Exchange(tmp / "exchange")
    out, aside = exchange.folder / "out", tmp / "aside"
    away = {"down": exchange.folder, "refuses": out}

    def switch(**on: Any) -> None:
        for place in away.values():
            if place.is_file():
                place.unlink()
                aside.rename(place)
        for fault in on:  # something else is where the folder was
            away[fault].rename(aside)
            away[fault].write_text("in the way")

    yield Stand(
        write(tmp / "files", _text(str(exchange.folder))),
        switch,
        lambda: len(exchange.reports()),
        _changes(exchange),
        takes_at_once=True,
        only_writing=frozenset({"refuses"}),
    )


@contextmanager
def over_sftp(tmp: Path, _request: Any) -> Iterator[Stand]:
    """A folder of another machine."""
    exchange = Exchange(tmp / "exchange")
    with served(exchange.folder) as (port, host_key, switches):
        table = (
            f'[system.sftp]\nhost = "127.0.0.1"\nport = {port}\nuser = "us"\nseconds = 5\n'
            f'host_key = "{host_key}"\npassword = {{ env = "FILES_PASSWORD" }}\n\n'
        )
        text = _text("/").replace("[system.report]\n", table + "[system.report]\n")

        def switch(**on: Any) -> None:
            switches.clear()
            switches.update(on)

        yield Stand(
            write(tmp / "files", text),
            switch,
            lambda: len(exchange.reports()),
            _changes(exchange),
            takes_at_once=True,
            only_writing=frozenset({"refuses", "cut", "lost_reply"}),
        )


SCENES = {
    "files": Scene(in_a_folder, ("down", "refuses")),
    "files-sftp": Scene(over_sftp, ("slow", "refuses", "garbage", "cut", "lost_reply", "down")),
}
