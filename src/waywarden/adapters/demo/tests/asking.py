"""Ways to ask the adapter before the works system, for the tests of this room."""

from datetime import timedelta

from waywarden.adapters.demo.tests.conftest import KEY
from waywarden.adapters.demo.works import JobFilter
from waywarden.kernel import clock

JPEG = b"\xff\xd8\xff\xe0 a photo"
KEYED = {"api_key": KEY}


def jobs(works):
    return works.jobs(JobFilter())


def update(**changed):
    return {
        "api_key": KEY,
        "service_request_id": "1",
        "update_id": "900",
        "status": "OPEN",
        "updated_datetime": "2026-11-25T09:30:00Z",
        "description": "Still there",
        **changed,
    }


def multipart(fields, files):
    """A multipart body; files are (name, filename, type, data)."""
    lines = []
    for name, value in fields.items():
        lines += [
            b"--b",
            f'Content-Disposition: form-data; name="{name}"'.encode(),
            b"",
            value.encode(),
        ]
    for name, filename, kind, data in files:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
        lines += [b"--b", head.encode(), f"Content-Type: {kind}".encode(), b"", data]
    return b"\r\n".join([*lines, b"--b--", b""])


def window(minutes=60):
    near = timedelta(minutes=minutes)
    return {
        "start_date": (clock.now() - near).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end_date": (clock.now() + near).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **KEYED,
    }
