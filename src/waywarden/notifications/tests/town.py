"""What the tests of this room make: people, bodies, areas, reports, updates."""

from datetime import UTC, datetime

import shapely

from waywarden.areas.models import Area
from waywarden.bodies.models import Body
from waywarden.geo.points import Point
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import State
from waywarden.users.models import User

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HERE = Point(60.17, 24.94)


def a_person(name: str, **changed) -> User:
    return User.objects.create_user(f"{name.lower()}@example.org", name=name, **changed)


def a_body(name: str) -> Body:
    return Body.objects.create(name=name, slug=name.lower().replace(" ", "-"))


def an_area(name: str) -> Area:
    square = shapely.to_wkb(shapely.box(24, 60, 25, 61))
    return Area.objects.create(
        name=name, kind="ward", code=name, boundary=square, west=24, south=60, east=25, north=61
    )


def a_report(*, at: Point = HERE, bodies=(), **changed) -> Report:
    values = {
        "title": "Deep pothole",
        "detail": "By the bus stop.",
        "category_name": "Potholes",
        "lat": at.lat,
        "lon": at.lon,
        "cell": at.cell,
        "email": "rosa@example.org",
        "name": "Rosa",
        "state": State.CONFIRMED,
        "created": NOON,
        "confirmed_at": NOON,
        "changed": NOON,
    }
    report = Report.objects.create(**(values | changed))
    ReportBody.objects.bulk_create(ReportBody(report=report, body=body) for body in bodies)
    return report


def an_update(report: Report, **changed) -> Update:
    values = {
        "report": report,
        "text": "A crew is on its way.",
        "visibility": Update.Visibility.SHOWN,
        "created": NOON,
        "confirmed_at": NOON,
    }
    return Update.objects.create(**(values | changed))
