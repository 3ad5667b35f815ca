"""What a new site begins with: a folder with a `cobrand.toml` that says what each line is for."""

from pathlib import Path

from waywarden.cobrands.reading import FILE, read
from waywarden.kernel.cobrand import Cobrand
from waywarden.kernel.errors import Misconfigured

_BEGINNING = """\
# A site of this install. Change what you like and start the site anew; what is wrong is said then.
# `waywarden cobrand check` says it at once.

site_name = "{title}"
tagline = ""

# On which host names it answers. Names below .localhost reach your own machine, to try it.
hosts = ["{host}"]

# The first one is spoken where a browser asks for none of them.
languages = ["en"]

# Short names of the bodies whose reports show here; without any, all reports do.
bodies = []

# The sender of its mails, and where messages of its contact form go; without, the install's own.
# mail_from = "{title} <reports@ways.example>"
# contact = "help@ways.example"

# Files in the folder `static` beside this one.
# logo = "logo.svg"
# style = "style.css"

[colours]
# For links and buttons, on light and on dark paper. Both are checked to be readable.
accent = "#0b5f73"
accent_dark = "#7fcbdd"

# [pins]
# open = "#b3261e"
# progress = "#b26a00"
# fixed = "#1b7f3b"
# closed = "#5f6368"

# Where its map begins, in degrees.
# [map]
# latitude = 60.1695
# longitude = 24.9440
# zoom = 14

# [policies]
# asks_after_four_weeks = true
# may_be_found = true

# Its own words: promise and lead on the front page, about, privacy, foot.
# [texts.en]
# promise = "Something broken?"
"""


def begin(name: str, *, within: Path) -> Cobrand:
    """Makes the folder of a new site. Raises Misconfigured when there is one, or for the name."""
    folder = within / name
    if folder.exists():
        message = f"{folder} is there already."
        raise Misconfigured(message)
    title = name.replace("_", " ").title()
    host = f"{name.replace('_', '-')}.localhost"
    (folder / "static").mkdir(parents=True)
    (folder / "templates").mkdir()
    text = _BEGINNING.replace("{title}", title).replace("{host}", host)
    (folder / FILE).write_text(text, encoding="utf-8")
    return read(folder)
