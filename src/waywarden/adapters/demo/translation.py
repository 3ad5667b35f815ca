"""The works system's things as Open311's, and back. Pure."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from waywarden.adapters.contract import Report, Update
from waywarden.adapters.demo.client import Job, JobType, JobUpdate, Question
from waywarden.adapters.values import answers_in, message_values, report_values
from waywarden.kernel.text import one_line, whole_number
from waywarden.open311 import types

DATATYPES: Mapping[str, str] = {
    "TEXT": "string",
    "NUMBER": "number",
    "ONE_OF": "singlevaluelist",
    "SOME_OF": "multivaluelist",
}
PHOTO_BYTES = 20_000_000
"""Photos of one report beyond this are left out: the report counts more."""
_PICTURES = (
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/gif", b"GIF8"),
)


def service_of(kind: JobType) -> types.Service:
    """A type of job as a service."""
    return types.Service(
        service_code=kind.code,
        service_name=kind.title,
        description=kind.hint,
        metadata=True,
        type="realtime",
        keywords=kind.words,
        group=kind.section,
    )


def attributes_of(kind: JobType) -> tuple[types.Attribute, ...]:
    """The questions of a type of job."""
    return tuple(_question_of(one) for one in kind.questions)


def _question_of(question: Question) -> types.Attribute:
    return types.Attribute(
        code=question.code,
        datatype=DATATYPES.get(question.kind, "string"),
        required=question.mandatory,
        description=question.prompt,
        values=tuple(types.AttributeValue(key, name) for key, name in question.choices.items()),
    )


def request_of(job: Job) -> types.ServiceRequest:
    """A job as a service request; a report of the sender's own carries its number."""
    extras = {"external_status_code": job.state}
    if job.their_ref.isdigit():
        extras["fixmystreet_id"] = job.their_ref
    return types.ServiceRequest(
        service_request_id=str(job.job_no),
        status=job.state,
        status_notes=job.note,
        service_name=job.job_type_title,
        service_code=job.job_type,
        description=job.details,
        requested_datetime=job.created_at,
        updated_datetime=job.changed_at,
        address=job.place,
        lat=job.lat,
        long=job.lon,
        media_urls=job.photo_urls,
        non_public=not job.is_public,
        extras=extras,
    )


def update_of(row: JobUpdate) -> types.ServiceRequestUpdate:
    """A row of the update table as an update; its number is the update's id, for ever."""
    return types.ServiceRequestUpdate(
        update_id=str(row.seq),
        service_request_id=str(row.job_no),
        status=row.state,
        updated_datetime=row.changed_at,
        description=row.note,
        external_status_code=row.state,
        fixmystreet_id=whole_number(row.their_ref),
    )


def job_from(report: Report) -> dict[str, Any]:
    """A report as the works system takes a new job."""
    found = report_values(report)
    return {
        "job_type": report.category,
        "details": found["description"] or found["title"] or "No description.",
        "lat": found["lat"],
        "lon": found["long"],
        "place": found["address"],
        "answers": {code: list(given) for code, given in answers_in(report.new).items()},
        "reporter": found["name"],
        "reporter_email": found["email"],
        "reporter_phone": found["phone"],
        "their_ref": report.ref,
        "photo_urls": found["photo_urls"],
        "photos": list(_photos(report.new.uploads)),
    }


def message_from(update: Update) -> dict[str, Any]:
    """An update from the other side as a message about a job."""
    found = message_values(update)
    return {
        "text": found["text"],
        "their_ref": update.ref,
        "sender": found["name"],
        "wanted": update.status,
        "photo_urls": found["photo_urls"],
    }


def _photos(uploads: tuple[types.Upload, ...]) -> Iterator[dict[str, str]]:
    """Uploads that are pictures, by their first bytes; others never stop a report."""
    left = PHOTO_BYTES
    for upload in uploads:
        kind = next((one for one, start in _PICTURES if upload.data.startswith(start)), "")
        if upload.data[:4] == b"RIFF" and upload.data[8:12] == b"WEBP":
            kind = "image/webp"
        left -= len(upload.data)
        if kind and left >= 0:
            yield {
                "filename": one_line(upload.filename),
                "content_type": kind,
                "base64": base64.b64encode(upload.data).decode(),
            }
