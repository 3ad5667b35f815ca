"""What the storm goes over: a body, its connection and category, a key; and the counting after."""

from dataclasses import dataclass

import shapely
from django.db import connection

from tests.chaos.backend import CODE
from tests.chaos.world import HOST, World
from waywarden.areas.models import Area
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.reports.models import Update
from waywarden.sending.models import Delivery
from waywarden.sync.models import SetAside
from waywarden.users.key_services import create_key
from waywarden.users.models import ApiKey

LAT, LON = 60.17, 24.94
#: Where a delivery has come to rest, and where a person must look.
RESTS = ("sent", "held", "refused", "cancelled")
STANDS = ("held", "refused")


def build(world: World, *, looks_up: bool) -> str:
    """The body with its connection; the key that reports are posted with."""
    square = shapely.box(LON - 0.3, LAT - 0.2, LON + 0.3, LAT + 0.2)
    west, south, east, north = square.bounds
    area = Area.objects.create(
        name="Town", kind="town", code="town", boundary=shapely.to_wkb(square),
        west=west, south=south, east=east, north=north,
    )  # fmt: skip
    way = Connection.objects.create(
        name="Works",
        kind="open311",
        options={
            "endpoint": f"http://{HOST}:{world.backend}/open311/v2/",
            "already_exists": "already exists",
            "lists_requests": looks_up,
        },
        fetches_updates=True,
        poll_seconds=5,
        overlap_minutes=10,
        retry_minutes=[1],
        zone="UTC",
    )
    body = Body.objects.create(name="Town", slug="town", sending_connection=way)
    body.areas.add(area)
    Category.objects.create(body=body, name="Potholes", slug="potholes", service_code=CODE)
    return create_key(
        ApiKey(
            name="Storm", scopes=["requests:write"], confirms=ApiKey.Confirms.AT_ONCE,
            rate_per_minute=10**9,
        )
    )  # fmt: skip


def unsettled() -> int:
    """Deliveries that are still on their way."""
    return Delivery.objects.exclude(state__in=RESTS).count()


def taken_in() -> int:
    """Updates of the body that stand here."""
    return Update.objects.exclude(body=None).exclude(external_id="").count()


def aside() -> set[str]:
    """The body's updates that stand on the board, set aside."""
    return set(SetAside.objects.filter(settled_at=None).values_list("key", flat=True))


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the reports: each is in exactly one of the first three."""

    arrived: int
    held: int
    lost: tuple[int, ...]
    twice: tuple[int, ...]
    """Arrived, and more than once."""
    crossed: tuple[int, ...]
    """Known here by a reference that is another report's there."""

    @property
    def is_good(self) -> bool:
        """Nothing lost, nothing twice, nothing mixed up."""
        return not (self.lost or self.twice or self.crossed)


def count(numbers: list[int], arrived: dict[str, list[str]]) -> Count:
    """Compares our reports with what stands in the body's system."""
    held = set(Delivery.objects.filter(state__in=STANDS).values_list("report_id", flat=True))
    sent = dict(Delivery.objects.filter(state="sent").values_list("report_id", "external_id"))
    there = {number: arrived.get(str(number), []) for number in numbers}
    return Count(
        arrived=sum(1 for ids in there.values() if ids),
        held=sum(1 for number, ids in there.items() if not ids and number in held),
        lost=tuple(n for n, ids in there.items() if not ids and n not in held),
        twice=tuple(n for n, ids in there.items() if len(ids) > 1),
        crossed=tuple(n for n, ref in sent.items() if n in there and ref not in there[n]),
    )


@dataclass(frozen=True, slots=True)
class UpdateCount:
    """What became of the body's updates."""

    once: int
    aside: int
    """Not taken in, and on the board: of a number there that no report here is known by."""
    lost: tuple[str, ...]
    twice: tuple[str, ...]


def count_updates(made: list[str]) -> UpdateCount:
    """Compares the updates that were made with those that stand here."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT external_id, count(*) FROM {Update._meta.db_table}"  # noqa: S608 - our table
            " WHERE body_id IS NOT NULL AND external_id <> '' GROUP BY external_id"
        )
        found = dict(cursor.fetchall())
    on_board = aside() - set(found)
    return UpdateCount(
        aside=sum(1 for one in made if one in on_board),
        once=sum(1 for one in made if found.get(one) == 1),
        lost=tuple(one for one in made if one not in found and one not in on_board),
        twice=tuple(one for one in made if found.get(one, 0) > 1),
    )
