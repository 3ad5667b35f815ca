"""The default site: every body, an invented town's streets in the middle of its map."""

from pathlib import Path

from waywarden.kernel.cobrand import Cobrand

COBRAND = Cobrand(
    name="default",
    site_name="Waywarden",
    tagline="Tell the people who mend it.",
    hosts=("localhost", "127.0.0.1"),
    accent="#0b5f73",
    accent_dark="#7fcbdd",
    folder=Path(__file__).parent,
    languages=("en", "fr", "ar"),
    centre=(60.1695, 24.9440, 15.0),
)
