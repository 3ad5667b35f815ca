"""The demo city: real streets of Helsinki, invented bodies, a past of some hundred reports."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from waywarden.adapters.demo.works import NewJob, Works, stamp
from waywarden.areas.models import Area
from waywarden.areas.queries import areas_at
from waywarden.areas.services import import_geojson
from waywarden.bodies.models import Body, Category, Membership, ResponseTemplate
from waywarden.config import demo_pictures
from waywarden.config.demo_stories import DISTRICT_CATEGORIES, NEIGHBOURS, PAST, STORIES, Story
from waywarden.connections.models import Connection
from waywarden.connections.services import set_secrets
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.reports import photos
from waywarden.reports.figure_services import refresh_figures
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import State
from waywarden.sync.service_lists import sync_services
from waywarden.users.models import User
from waywarden.users.services import create_update_user, get_or_create_user

PASSWORD = "demo"  # noqa: S105 - of a demo that listens on this machine only
#: The same city every time.
SEED = 1664
HOW_MANY = 140


def is_built() -> bool:
    """Whether the city has been built in this database."""
    return Body.objects.filter(slug="borsetshire").exists() and Report.objects.exists()


def build(*, works_database: Path, adapter_url: str, api_key: str) -> None:
    """Builds it all; the county's categories come from the works system's own list."""
    import_geojson(Path(settings.WAYWARDEN_MAP_DIR) / "areas.geojson", kind="area")
    _people()
    county = _county(adapter_url=adapter_url, api_key=api_key)
    district = _district()
    _staff(county, district)
    _past(county, district, Works(works_database), works_database)
    refresh_figures()


def point_connection(*, adapter_url: str) -> None:
    """Tells the connection where the adapter listens this time; nothing else of it changes."""
    connection = Body.objects.get(slug="borsetshire").sending_connection
    if connection is not None and connection.options.get("endpoint") != adapter_url:
        connection.options["endpoint"] = adapter_url
        connection.save(update_fields=["options"])


def _people() -> None:
    if not User.objects.filter(email="operator@demo.example").exists():
        User.objects.create_superuser("operator@demo.example", PASSWORD, name="Olga the operator")
    get_or_create_user(email="rosa@demo.example", name="Rosa Reporter")


def _county(*, adapter_url: str, api_key: str) -> Body:
    body, _ = Body.objects.get_or_create(
        slug="borsetshire",
        defaults={
            "name": "Borsetshire County Council",
            "can_be_devolved": True,
            "cobrand": "borsetshire",
        },
    )
    body.areas.set(Area.objects.filter(name="Borsetshire"))
    if body.sending_connection is None:
        body.sending_connection = _connection(adapter_url=adapter_url, api_key=api_key)
        body.save()
    sync_services(body)
    lighting = Category.objects.get(body=body, name="Street lighting")
    lighting.is_devolved_to_email = True
    lighting.emails = ["lighting@borsetshire.example"]
    lighting.save()
    named = Category.objects.filter(body=body)
    named.filter(name="Potholes").update(target_days=14)
    named.filter(name="Street lighting").update(target_days=5)
    named.filter(name="Fallen trees").update(
        emergency_notice="Does it lie on a wire, or on somebody? Keep away and call 112."
    )
    template, _ = ResponseTemplate.objects.get_or_create(
        body=body,
        title="Fixed",
        defaults={
            "text": "Fixed by Borsetshire Council road crew.",
            "states": [State.FIXED_COUNCIL.value],
        },
    )
    template.categories.clear()
    return body


def _connection(*, adapter_url: str, api_key: str) -> Connection:
    connection = Connection(
        name="Borsetshire Works",
        kind="open311",
        options={"endpoint": adapter_url, "jurisdiction": "borsetshire", "extended_statuses": True},
        sends_updates=True,
        fetches_updates=True,
        fetches_reports=True,
        update_user=create_update_user(
            name="Borsetshire County Council", email="updates@borsetshire.example"
        ),
        zone="Europe/Helsinki",
        poll_seconds=10,
    )
    set_secrets(connection, {"api_key": api_key})
    connection.save()
    return connection


def _district() -> Body:
    body, _ = Body.objects.get_or_create(
        slug="borchester", defaults={"name": "Borchester District Council"}
    )
    body.areas.set(Area.objects.filter(name="Borchester"))
    for name, group, description in DISTRICT_CATEGORIES:
        Category.objects.get_or_create(
            body=body,
            name=name,
            defaults={
                "slug": name.lower().replace(" ", "-"),
                "groups": [group],
                "description": description,
                "emails": ["streets@borchester.example"],
            },
        )
    return body


def _staff(county: Body, district: Body) -> None:
    for email, name, body in (
        ("ines@borsetshire.example", "Ines Inspector", county),
        ("oskar@borchester.example", "Oskar Officer", district),
    ):
        user = get_or_create_user(email=email, name=name)
        Membership.objects.get_or_create(user=user, body=body)


def _places() -> Iterator[tuple[str, float, float]]:
    """Addresses of the demo city in a random order that is the same every time."""
    path = Path(settings.WAYWARDEN_MAP_DIR) / "gazetteer.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    streets = [
        (f"{entry['street']} {entry['number']}", float(entry["lat"]), float(entry["lon"]))
        for entry in found["addresses"]
    ]
    random.Random(SEED).shuffle(streets)  # noqa: S311 - a demo's dice
    while True:
        yield from streets


def _past(county: Body, district: Body, works: Works, works_database: Path) -> None:
    dice = random.Random(SEED)  # noqa: S311 - a demo's dice
    _number_from(works_database, 4711)
    places = _places()
    district_areas = set(district.areas.values_list("pk", flat=True))
    made = 0
    while made < HOW_MANY:
        story = STORIES[made % len(STORIES)]
        name, lat, lon = next(places)
        body = (
            county
            if Category.objects.filter(body=county, name=story.category).exists()
            else district
        )
        area_ids = areas_at(lat=lat, lon=lon)
        wanted = (
            district_areas if body == district else set(county.areas.values_list("pk", flat=True))
        )
        if not wanted & set(area_ids):
            continue
        age = timedelta(days=dice.uniform(0.2, 60))
        report = _report(story, body, dice, Point(lat, lon), name, area_ids, clock.now() - age)
        if story.job_type:
            _at_works(report, story, county, works, works_database, dice)
        made += 1


def _report(
    story: Story,
    body: Body,
    dice: random.Random,
    point: Point,
    near: str,
    area_ids: tuple[int, ...],
    at: datetime,
) -> Report:
    category = Category.objects.get(body=body, name=story.category)
    person = get_or_create_user(
        email=f"neighbour{dice.randint(1, 30)}@demo.example", name=dice.choice(NEIGHBOURS)
    )
    report = Report.objects.create(
        title=story.title,
        detail=story.detail,
        category_name=story.category,
        group=category.groups[0] if category.groups else "",
        lat=round(point.lat, 6),
        lon=round(point.lon, 6),
        cell=point.cell,
        nearest_address=near,
        area_ids=list(area_ids),
        state=State.CONFIRMED,
        user=person,
        email=person.email,
        name=person.name,
        is_name_public=dice.random() < 0.4,
        cobrand="default",
        language="en",
        created=at,
        confirmed_at=at,
        state_changed_at=at,
        changed=at,
    )
    ReportBody.objects.create(
        report=report, body=body, category=category, sent_at=at + timedelta(minutes=2),
        sent_by="email" if category.connection_for_sending is None else "open311",
    )  # fmt: skip
    if dice.random() < 0.6:
        photo = photos.take_in(demo_pictures.picture(story.category, dice))
        photo.report = report
        photo.save()
    return report


def _at_works(
    report: Report,
    story: Story,
    county: Body,
    works: Works,
    works_database: Path,
    dice: random.Random,
) -> None:
    """The report's job in the works system, as if it had been sent at the time."""
    job_no = works.add_job(
        NewJob(
            job_type=story.job_type,
            details=f"{report.title}\n\n{report.detail}",
            lat=report.lat,
            lon=report.lon,
            place=report.nearest_address,
            reporter=report.name,
            reporter_email=report.email,
            their_ref=str(report.pk),
            origin="OPEN311",
        )
    )
    external_id = str(job_no)
    sent_at = report.created + timedelta(minutes=2)
    changed_at = sent_at
    if dice.random() < 0.6:
        state, job_state, words = dice.choice(PAST)
        changed_at = sent_at + (clock.now() - sent_at) * dice.uniform(0.2, 0.9)
        works.change_job(job_no, state=job_state, note=words)
        _news(report, county, state, words, changed_at, external_id)
    ReportBody.objects.filter(report=report, body=county).update(external_id=external_id)
    _backdate(works_database, job_no, sent_at, changed_at)


def _news(
    report: Report, county: Body, state: State, words: str, at: datetime, external_id: str
) -> None:
    connection = county.sending_connection
    Update.objects.create(
        report=report,
        user=connection.update_user if connection else None,
        body=county,
        text=words,
        state=state,
        visibility=Update.Visibility.SHOWN,
        external_id=f"past-{external_id}",
        created=at,
        confirmed_at=at,
    )
    Report.objects.filter(pk=report.pk).update(state=state, state_changed_at=at, changed=at)


def _number_from(works_database: Path, number: int) -> None:
    """Lets the works system's numbers begin where ours will not be for a while."""
    with closing(sqlite3.connect(works_database)) as connection, connection:
        connection.execute("update sqlite_sequence set seq = ? where name = 'jobs'", (number - 1,))


def _backdate(works_database: Path, job_no: int, sent_at: datetime, changed_at: datetime) -> None:
    """Moves a job's times into the past, as only the owner of a database can."""
    with closing(sqlite3.connect(works_database)) as connection, connection:
        connection.execute(
            "update jobs set created_at = ?, changed_at = ? where job_no = ?",
            (stamp(sent_at), stamp(changed_at), job_no),
        )
        connection.execute(
            "update job_updates set changed_at = ? where job_no = ?", (stamp(changed_at), job_no)
        )
