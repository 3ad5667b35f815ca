"""A city of as many reports as wanted, copied into the database; and what sending needs."""

import json
import random
import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Model

from bench.bare import CODE
from bench.home import HOST
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.reports.count_services import fold_pin_counts
from waywarden.reports.models import Photo, Report, ReportBody, Update
from waywarden.reports.states import State

MIDDLE = Point(60.17, 24.94)
#: Half of 30 km in degrees, north and east of the middle.
HALF = (0.135, 0.27)
CATEGORIES = ("Potholes", "Street lighting", "Graffiti", "Fly-tipping", "Trees", "Rare thing")
_WEIGHTS = (30, 25, 20, 15, 10, 0.02)
_STATES = (State.CONFIRMED, State.IN_PROGRESS, State.FIXED_COUNCIL, State.CLOSED)
SEED = 1664


def empty() -> None:
    """Takes everything of an earlier run out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE reports_report, reports_pincount, bodies_body, connections_connection,"
            " events_event, procrastinate_jobs RESTART IDENTITY CASCADE"
        )


def empty_queue() -> None:
    """Takes out what earlier figures left for the workers to do, such as mails."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


def body() -> Body:
    """The city's body, with a connection to the slow back-end and its categories."""
    found = Body.objects.filter(slug="bench").first()
    if found is not None:
        return found
    way = Connection.objects.create(
        name="Bench", kind="open311", options={"endpoint": f"http://{HOST}:1/"}, zone="UTC"
    )
    found = Body.objects.create(name="The city", slug="bench", sending_connection=way)
    Category.objects.bulk_create(
        Category(body=found, name=name, slug=name.lower().replace(" ", "-"), service_code=CODE)
        for name in CATEGORIES
    )
    return found


def grow_to(count: int) -> float:
    """Adds reports until there are so many; rows a second of the COPY (0: none were missing)."""
    first = (Report.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    if first > count:
        return 0.0
    ids = range(first, count + 1)
    city, began = body(), time.perf_counter()
    categories = dict(city.categories.values_list("name", "pk"))
    chosen = random.Random(SEED + first)  # noqa: S311 - the same city every time
    names = chosen.choices(CATEGORIES, _WEIGHTS, k=len(ids))
    copy(Report, _reports(ids, names, chosen))
    copy(ReportBody, rows_of(ids, names, body_id=city.pk, categories=categories))
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('reports_report_id_seq', %s)", [count])
    fold_pin_counts()
    vacuum()
    return len(ids) / seconds


def vacuum() -> None:
    """What a server in use does by itself after a while."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def copy(model: type[Model], rows: Iterable[dict[str, Any]]) -> None:
    """Rows by COPY; all name the same columns, and the model's defaults stand for the others."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    usual = _defaults(model, but=first)
    columns = ", ".join(f'"{name}"' for name in (*first, *usual))
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{model._meta.db_table}" ({columns}) FROM STDIN') as out,
    ):
        for row in chain([first], rows):
            out.write_row([*row.values(), *usual.values()])


def _defaults(model: type[Model], *, but: Iterable[str]) -> dict[str, Any]:
    """What the model gives a column that is not named and may not be null."""
    found = {}
    for field in model._meta.concrete_fields:
        if field.column in but or field.primary_key or field.null or field.generated:
            continue
        found[field.column] = field.get_db_prep_save(field.get_default(), connection)
    return found


def reports_of(ids: Sequence[int], names: Sequence[str]) -> Iterable[dict]:
    """Rows of reports, made up, with their numbers and categories."""
    return _reports(ids, names, random.Random(SEED))  # noqa: S311 - the same places every time


def _reports(ids: Sequence[int], names: Sequence[str], chosen: random.Random) -> Iterable[dict]:
    moment = clock.now()
    usual = {
        "detail": "It has been like this for a while. " * 4,
        "group": "",
        "is_placed": True,
        "nearest_address": "Aleksanterinkatu 12",
        "area_ids": [1, 2],
        "email": "rosa@example.org",
        "name": "Rosa",
        "phone": "",
        "is_name_public": False,
        "is_private": False,
        "source": "web",
        "cobrand": "",
        "language": "en",
    }
    for number, name in zip(ids, names, strict=True):
        lat = MIDDLE.lat + chosen.uniform(-HALF[0], HALF[0])
        lon = MIDDLE.lon + chosen.uniform(-HALF[1], HALF[1])
        at = moment - timedelta(minutes=chosen.random() * 60 * 24 * 700)
        yield usual | {
            "id": number,
            "title": f"{name}, number {number}",
            "category_name": name,
            "lat": lat,
            "lon": lon,
            "cell": Point(lat, lon).cell,
            "state": chosen.choice(_STATES).value,
            "created": at,
            "confirmed_at": at,
            "state_changed_at": at + timedelta(minutes=3),
            "changed": at,
        }


def rows_of(
    ids: Sequence[int], names: Sequence[str], *, body_id: int, categories: dict[str, int]
) -> Iterable[dict]:
    """The same reports' rows at a body; `categories` are its own, by name."""
    nothing, moment = json.dumps({}), clock.now()
    for number, name in zip(ids, names, strict=True):
        yield {
            "report_id": number,
            "body_id": body_id,
            "category_id": categories[name],
            "answers": nothing,
            "external_id": f"B{number}",
            "customer_reference": "",
            "sent_at": moment,
            "sent_by": "open311",
            "last_status": "",
            "extras": nothing,
        }


def stories(count: int = 3000) -> list[int]:
    """Gives some reports three updates and a photo each; their numbers."""
    city, moment = body(), clock.now()
    untold = Report.objects.filter(updates=None).order_by("pk")
    ids = list(untold.values_list("pk", flat=True)[:count])
    Update.objects.bulk_create(
        Update(
            report_id=number,
            body=city,
            text=f"The crew was there, {turn}.",
            visibility=Update.Visibility.SHOWN,
            created=moment,
            confirmed_at=moment + timedelta(minutes=turn),
        )
        for number in ids
        for turn in range(3)
    )
    Photo.objects.bulk_create(
        Photo(
            key=uuid.uuid4(),
            report_id=number,
            file="photos/none.jpg",
            thumbnail="photos/none.jpg",
            width=1200,
            height=900,
            created=moment,
        )
        for number in ids
    )
    return ids


def unsent(count: int) -> list[int]:
    """New confirmed reports that have not gone to the body; their numbers."""
    city = body()
    category = city.categories.get(name="Potholes")
    first = (Report.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    ids = range(first, first + count)
    rows = list(_reports(ids, ["Potholes"] * count, random.Random(first)))  # noqa: S311
    reports = [Report(**row | {"state": State.CONFIRMED.value}) for row in rows]
    Report.objects.bulk_create(reports)
    ReportBody.objects.bulk_create(
        ReportBody(report=report, body=city, category=category) for report in reports
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('reports_report_id_seq', %s)", [ids[-1]])
    return list(ids)


def news(count: int) -> list[int]:
    """Updates by people of reports that the back-end has, one each; their numbers."""
    moment = clock.now()
    sent = ReportBody.objects.exclude(external_id="").order_by("-report_id")
    made = Update.objects.bulk_create(
        Update(
            report_id=report_id,
            text="It grows.",
            name="Rosa",
            email="rosa@example.org",
            visibility=Update.Visibility.SHOWN,
            created=moment,
            confirmed_at=moment,
        )
        for report_id in sent.values_list("report_id", flat=True)[:count]
    )
    return [update.pk for update in made]
