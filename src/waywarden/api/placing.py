"""Where a report lies that came with an address and no coordinates (open311.md 2.4)."""

from dataclasses import replace
from pathlib import Path

from django.conf import settings

from waywarden.geo.gazetteer import folded, open_gazetteer
from waywarden.kernel.errors import Misconfigured, RuleBroken
from waywarden.open311 import types


def placed(new: types.NewRequest) -> types.NewRequest:
    """The request with `lat` and `long`: as given, else where its address lies.

    Raises RuleBroken where the address is not known here, or fits several places: a guess would
    send somebody to the wrong street.
    """
    if new.lat is not None and new.long is not None:
        return new
    if not new.address_string:
        message = "lat and long are missing: address_id means nothing to this server."
        raise RuleBroken(message)
    try:
        names = open_gazetteer(Path(settings.WAYWARDEN_MAP_DIR) / "gazetteer.json")
    except Misconfigured as error:
        message = "lat and long are missing: this server cannot place address_string."
        raise RuleBroken(message) from error
    alike = names.search(new.address_string)
    same = [match for match in alike if folded(match.name) == folded(new.address_string)]
    found = same or alike
    if len(found) != 1:
        fits = "fits several places" if found else "is not known here"
        message = f"address_string {fits}: give lat and long."
        raise RuleBroken(message)
    point = found[0].point
    return replace(new, lat=point.lat, long=point.lon)
