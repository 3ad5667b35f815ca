"""Asks the install's geocoder: what it answered is kept, and it is never asked too fast."""

import hashlib
import time
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from waywarden.geo.gazetteer import Match, folded
from waywarden.geo.geocoders import Geocoder, parse_geocoder, question, read_answer
from waywarden.geo.points import Box, Point
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.kernel.http import Limits, Way
from waywarden.web.models import GeocoderAnswer

LIMITS = Limits(connect_seconds=3, read_seconds=6, max_bytes=1_000_000)
#: How long an answer is kept, one with no places in it shorter.
KEPT, KEPT_EMPTY = timedelta(days=30), timedelta(days=1)
#: Seconds between two calls of all processes together, and what a person waits at most.
PACE, PATIENCE = 1.0, 4.0
MOST = 20

_TURN = (
    "INSERT INTO web_geocoderturn (id, free_at) VALUES (1, %(now)s + %(pace)s)"
    " ON CONFLICT (id) DO UPDATE SET"
    " free_at = greatest(web_geocoderturn.free_at, %(now)s) + %(pace)s"
    " WHERE web_geocoderturn.free_at <= %(now)s + %(patience)s"
    " RETURNING free_at - %(pace)s"
)


def ask_geocoder(text: str, *, language: str, within: Box | None) -> list[Match]:
    """Places of a name, likeliest first; [] without a geocoder. Raises RuleBroken when it fails."""
    geocoder = parse_geocoder(settings.WAYWARDEN_GEOCODER)
    if geocoder is None or not text:
        return []
    key = _key(geocoder, text, language, within)
    held = GeocoderAnswer.objects.filter(key=key, kept_until__gt=clock.now()).first()
    if held is not None:
        return [_match(row) for row in held.places]
    _wait_for_turn()
    found = _ask(geocoder, text, language, within)
    _keep(key, found)
    return found


def _key(geocoder: Geocoder, text: str, language: str, within: Box | None) -> str:
    """What was asked is kept as a hash only."""
    asked = "\n".join((geocoder.kind, geocoder.address, language, str(within), folded(text)))
    return hashlib.sha256(asked.encode()).hexdigest()


def _wait_for_turn() -> None:
    """Takes the next free moment, or raises RuleBroken when too many are waiting."""
    now = clock.now()
    values: dict[str, Any] = {
        "now": now,
        "pace": timedelta(seconds=PACE),
        "patience": timedelta(seconds=PATIENCE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TURN, values)
        row = cursor.fetchone()
    if row is None:
        raise RuleBroken(
            _("Many people are searching just now. Please try again in a moment."), field="pc"
        )
    time.sleep(max((row[0] - now).total_seconds(), 0.0))


def _ask(geocoder: Geocoder, text: str, language: str, within: Box | None) -> list[Match]:
    asked = question(geocoder, text, within=within, language=language, most=MOST)
    way = Way(limits=LIMITS, allowed_private=frozenset(settings.WAYWARDEN_PRIVATE_HOSTS))
    try:
        answer = way.get(asked.url, params=list(asked.params.items()))
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        return read_answer(geocoder, answer.body, within=within)
    except (WaywardenError, ValueError) as trouble:
        raise RuleBroken(
            _("The search for places does not answer just now. Please start on the map."),
            field="pc",
        ) from trouble


def _keep(key: str, found: list[Match]) -> None:
    now = clock.now()
    GeocoderAnswer.objects.filter(kept_until__lt=now).delete()
    places = [asdict(match) for match in found]
    until = now + (KEPT if found else KEPT_EMPTY)
    GeocoderAnswer.objects.update_or_create(
        key=key, defaults={"places": places, "kept_until": until}
    )


def _match(row: dict[str, object]) -> Match:
    point = row["point"]
    if not isinstance(point, dict):
        message = "a kept place has no point"
        raise TypeError(message)
    return Match(str(row["name"]), str(row["kind"]), Point(point["lat"], point["lon"]))
