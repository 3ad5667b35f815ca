"""Which property and which street lie at a place, by the gazetteer that was taken in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from waywarden.areas.models import Address
from waywarden.geo.cells import spans_of_box
from waywarden.geo.points import Box, Point

#: Spans of cells that a circle is read by.
MOST_SPANS = 8


@dataclass(frozen=True, slots=True)
class Numbers:
    """The number of the nearest property and of the nearest street, "" where none is near."""

    uprn: str = ""
    usrn: str = ""

    def as_known(self) -> dict[str, str]:
        """Those that there are, by name."""
        found = {"uprn": self.uprn, "usrn": self.usrn}
        return {name: value for name, value in found.items() if value}


def has_addresses() -> bool:
    """Whether a gazetteer was taken in."""
    return Address.objects.exists()


def numbers_near(places: Mapping[int, Point], *, metres: float) -> dict[int, Numbers]:
    """The nearest numbers within some metres of places, by the places' keys; one question."""
    keys: list[int] = []
    firsts: list[int] = []
    lasts: list[int] = []
    for key, place in places.items():
        for span in spans_of_box(Box.around(place, metres), MOST_SPANS):
            keys.append(key)
            firsts.append(span.first)
            lasts.append(span.last)
    if not keys:
        return {}
    table = Address._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.key, a.uprn, a.usrn, a.lat, a.lon"  # noqa: S608 - our own table
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS p(key, first, last)"
            f" JOIN {table} a ON a.cell BETWEEN p.first AND p.last",
            [keys, firsts, lasts],
        )
        near: dict[int, list[tuple[float, str, str]]] = {}
        for key, uprn, usrn, lat, lon in cursor.fetchall():
            away = places[key].distance_m(Point(lat, lon))
            if away <= metres:
                near.setdefault(key, []).append((away, uprn, usrn))
    return {key: _nearest(found) for key, found in near.items()}


def _nearest(found: Sequence[tuple[float, str, str]]) -> Numbers:
    """Of two as near as each other the one with the lower number, so that it stays the same."""
    ordered = sorted(found)
    return Numbers(
        uprn=next((uprn for _away, uprn, _usrn in ordered if uprn), ""),
        usrn=next((usrn for _away, _uprn, usrn in sorted(found, key=_by_street) if usrn), ""),
    )


def _by_street(one: tuple[float, str, str]) -> tuple[float, str]:
    return one[0], one[2]
