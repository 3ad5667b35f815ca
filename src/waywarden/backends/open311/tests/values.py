"""Plain values that tests send."""

from zoneinfo import ZoneInfo

from waywarden.backends.contract import (
    OutgoingPhoto,
    OutgoingReport,
    OutgoingUpdate,
    Person,
)
from waywarden.backends.open311.options import Open311Options, Open311Secrets
from waywarden.backends.open311.plugin import Open311Backend
from waywarden.kernel import clock
from waywarden.kernel.http import Way


def backend_at(url, *, api_key="k3y-of-ours", **values) -> Open311Backend:
    return Open311Backend(
        options=Open311Options(endpoint=url, **values),
        secrets=Open311Secrets(api_key=api_key),
        way=Way(allowed_private={"127.0.0.1"}),
        zone=ZoneInfo("Europe/London"),
    )


def photo(number, *, url=""):
    return OutgoingPhoto(
        url=url,
        filename=f"7.{number}.full.jpg",
        content_type="image/jpeg",
        read=lambda: b"\xff\xd8",
    )


def report(**values) -> OutgoingReport:
    return OutgoingReport(
        **{
            "key": "0e8a2b4c-0000-4000-8000-000000000001",
            "report_id": 7,
            "report_url": "https://example.org/report/7",
            "title": "Deep pothole",
            "description": "By the bus stop.",
            "category": "Potholes",
            "group": "Roads",
            "service_code": "POT",
            "emails": (),
            "lat": 52.2,
            "lon": -1.5,
            "is_placed": True,
            "nearest_address": "12 High Street",
            "person": Person(name="Rosa van Dale", email="rosa@example.org", phone="123"),
            "is_private": False,
            "created_at": clock.now(),
            **values,
        }
    )


def update(**values) -> OutgoingUpdate:
    return OutgoingUpdate(
        **{
            "key": "0e8a2b4c-0000-4000-8000-000000000002",
            "update_id": 3,
            "report_id": 7,
            "report_url": "https://example.org/report/7",
            "external_id": "4711",
            "title": "Deep pothole",
            "text": "It grows.",
            "state": "in progress",
            "reopens": False,
            "service_code": "POT",
            "emails": (),
            "person": Person(name="Rosa"),
            "created_at": clock.now(),
            **values,
        }
    )


#: The worked example of the Ordnance Survey's transformation (OSTN15).
WATER_TOWER = {"lat": 52.658007833, "lon": 1.716073972}


ANY = Open311Options(endpoint="http://example.org")


def options(**values):
    return Open311Options(endpoint="http://example.org", **values)
