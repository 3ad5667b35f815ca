"""An invented county’s own site, on its own host; the reports also show on the main site."""

from pathlib import Path

from waywarden.kernel.cobrand import Cobrand

COBRAND = Cobrand(
    name="borsetshire",
    site_name="Borsetshire Streets",
    tagline="Your county, mended.",
    hosts=("borsetshire.localhost",),
    accent="#7a2e5d",
    accent_dark="#e6a3cb",
    folder=Path(__file__).parent,
    languages=("en",),
    centre=(60.1695, 24.9440, 15.0),
    bodies=("borsetshire",),
)
