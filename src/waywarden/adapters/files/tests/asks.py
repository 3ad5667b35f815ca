"""What is asked of it."""

from datetime import timedelta

from waywarden.adapters.tests.memory import KEY
from waywarden.kernel import clock
from waywarden.open311.dates import write_date

ENVIRON = {"FILES_PASSWORD": "s3cret"}


def report(**changed):
    return {
        "api_key": KEY,
        "service_code": "POTHOLE",
        "lat": "60.17",
        "long": "24.94",
        "description": 'A hole, "deep"\nsee 漢',
        "first_name": "Rosa",
        "attribute[fixmystreet_id]": "77",
        **changed,
    }


def go_round(adapter):
    adapter.app.go_round()


def updates(adapter, hours=1.0):
    now = clock.now()
    start, end = write_date(now - timedelta(hours=hours)), write_date(now + timedelta(minutes=1))
    asked = {"api_key": KEY, "start_date": start, "end_date": end}
    got = adapter.get("/servicerequestupdates.json", **asked)
    assert got.status == 200, got.text
    return got.json


def change(status="Completed", note="Filled", at=None, ref="77"):
    when = write_date(at or clock.now() - timedelta(minutes=5))
    return {"Reference": ref, "Status": status, "Note": note, "When": when}
