"""The `[system]` table of an `sql` deployment: which table and column means what."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from waywarden.adapters import projecting
from waywarden.adapters.contract import SystemOptions
from waywarden.adapters.deployment import DataType, Deployment
from waywarden.adapters.faults import Complaint, SecretRef
from waywarden.adapters.fields import RequestFields, UpdateFields

TableName = Annotated[
    str, Meta(min_length=1, description="The table, with its schema where needed: `works.jobs`.")
]
Zone = Annotated[
    str,
    Meta(description="The zone of its times without one; the deployment's unless named."),
]
TimeFormat = Annotated[
    str,
    Meta(description="How times stand in a column of text (`strftime`); ISO 8601 unless named."),
]


class ReportsTable(RequestFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of reports. Each key but the first few names a column."""

    table: TableName
    zone: Zone = ""
    time_format: TimeFormat = ""
    projection: Annotated[
        str, Meta(description="The projection of easting and northing, such as `EPSG:27700`.")
    ] = ""
    name: Annotated[str, Meta(description="The column for the reporter's name.")] = ""
    email: Annotated[str, Meta(description="The column for the reporter's address.")] = ""
    phone: Annotated[str, Meta(description="The column for the reporter's telephone.")] = ""
    answers: Annotated[
        str, Meta(description="The column for all answers, as JSON: question to list of values.")
    ] = ""
    attributes: Annotated[
        dict[str, str], Meta(description="A question's code to the column for its answer.")
    ] = {}
    constants: Annotated[
        dict[str, str | int | float | bool],
        Meta(description="What else a new row says: column to value."),
    ] = {}


class UpdatesTable(UpdateFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The update table, which a trigger fills; `waywarden adapter sql install` makes one."""

    table: TableName
    zone: Zone = "UTC"
    time_format: TimeFormat = ""


class MessagesTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table that takes what people add to a report. Without it no updates are taken."""

    table: TableName
    id: Annotated[str, Meta(description="The message's own id.")]
    report: Annotated[str, Meta(description="The column for the report's id.")]
    text: Annotated[str, Meta(description="The column for the words.")]
    ref: Annotated[
        str, Meta(description="The column for the sender's number; a lost one is found by it.")
    ] = ""
    status: Annotated[str, Meta(description="The column for the state that people see.")] = ""
    name: Annotated[str, Meta(description="The column for the writer's name.")] = ""
    email: Annotated[str, Meta(description="The column for the writer's address.")] = ""
    photos: Annotated[str, Meta(description="The column for photos' addresses, one a line.")] = ""
    constants: Annotated[
        dict[str, str | int | float | bool],
        Meta(description="What else a new row says: column to value."),
    ] = {}


class ServicesTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of categories. Without it the file's `[services]` are all there are."""

    table: TableName
    code: Annotated[str, Meta(description="The column of its code.")]
    name: Annotated[str, Meta(description="The column of its name.")]
    description: Annotated[str, Meta(description="The column of what it is for.")] = ""
    group: Annotated[str, Meta(description="The column of its heading.")] = ""
    keywords: Annotated[str, Meta(description="The column of its keywords, with commas.")] = ""
    position: Annotated[str, Meta(description="The column it is sorted by.")] = ""


class QuestionsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table of questions."""

    table: TableName
    category: Annotated[str, Meta(description="The column of the category it belongs to.")]
    code: Annotated[str, Meta(description="The column of its code.")]
    text: Annotated[str, Meta(description="The column of its words.")]
    datatype: Annotated[str, Meta(description="The column of its kind.")] = ""
    datatypes: Annotated[
        dict[str, DataType], Meta(description="The system's word for a kind to Open311's.")
    ] = {}
    required: Annotated[str, Meta(description="The column that says whether it is needed.")] = ""
    values: Annotated[
        str, Meta(description="The column of its choices, a JSON object of key to wording.")
    ] = ""
    position: Annotated[str, Meta(description="The column it is sorted by.")] = ""


class PhotosTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table that takes uploaded photos, in the same transaction as report or message."""

    table: TableName
    report: Annotated[str, Meta(description="The column for the report's id.")]
    data: Annotated[str, Meta(description="The column for the photo itself.")]
    filename: Annotated[str, Meta(description="The column for its name.")] = ""
    content_type: Annotated[str, Meta(description="The column for its type.")] = ""


class SqlOptions(SystemOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A problem database reached by SQLAlchemy."""

    database: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9+]+://",
            description=(
                "Its address without a password: `postgresql://works@db.example/works`, "
                "`mariadb://works@db.example/works`, `sqlite:///works.sqlite` (a path seen from "
                "this file's folder, unless it begins with a further `/`)."
            ),
        ),
    ]
    password: Annotated[SecretRef | None, Meta(description="The password of its user.")] = None
    seconds: Annotated[
        float, Meta(gt=0, le=300, description="How long connecting and each statement may take.")
    ] = 20.0
    reports: ReportsTable
    updates: UpdatesTable | None = None
    messages: MessagesTable | None = None
    categories: ServicesTable | None = None
    questions: QuestionsTable | None = None
    photos: PhotosTable | None = None


def faults(deployment: Deployment, options: SqlOptions) -> Iterator[Complaint]:
    """What no single field can tell."""
    reports = options.reports
    yield from _missing("system.reports", reports, ("id", "category", "status", "text"))
    if bool(reports.easting) != bool(reports.projection):
        yield "system.reports.projection", "easting and projection go together"
    if problem := projecting.fault_of(reports.projection):
        yield "system.reports.projection", problem
    if "@" in options.database and ":" in options.database.split("://", 1)[1].split("@")[0]:
        yield "system.database", "no password may stand here; name where it is in `password`"
    if options.updates is not None:
        yield from _missing("system.updates", options.updates, ("id", "report", "status", "at"))
        yield from _zone_faults("system.updates.zone", options.updates.zone)
    yield from _zone_faults("system.reports.zone", reports.zone)
    if options.categories is None and not deployment.services:
        yield "services", "there are none: name them here, or the table in `[system.categories]`"


def placed(options: SqlOptions, folder: Path) -> SqlOptions:
    """The options with SQLite's file seen from the deployment's folder."""
    kind, _, path = options.database.partition(":///")
    if not kind.startswith("sqlite") or not path or path.startswith(("/", ":", "file:")):
        return options
    return msgspec.structs.replace(options, database=f"{kind}:///{folder / path}")


def _missing(at: str, table: msgspec.Struct, names: tuple[str, ...]) -> Iterator[Complaint]:
    for name in names:
        if not getattr(table, name):
            yield f"{at}.{name}", "this is missing"


def _zone_faults(at: str, name: str) -> Iterator[Complaint]:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield at, "this time zone is not known; write it as Europe/London"
