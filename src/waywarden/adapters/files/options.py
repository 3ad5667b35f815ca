"""The `[system]` table of a `files` deployment: which folder, which columns."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from waywarden.adapters import projecting
from waywarden.adapters.contract import SystemOptions
from waywarden.adapters.deployment import Deployment
from waywarden.adapters.faults import Complaint, SecretRef, unknown
from waywarden.adapters.fields import RequestFields, UpdateFields
from waywarden.adapters.values import MESSAGE_VALUES, REPORT_VALUES

FolderName = Annotated[
    str, Meta(pattern=r"^(?!.*\.\.)[^/].*$|^$", description="The folder, under the one above.")
]
ANSWER = "answers."
PHOTOS = "photo_files"
"""The names of the files of photos that came as such, beside the report's."""


class Sftp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the folder is, when it is not on this machine."""

    host: Annotated[str, Meta(description="The host.")]
    user: Annotated[str, Meta(description="The user.")]
    host_key: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9@.-]+ [A-Za-z0-9+/=]+$",
            description="The host's public key, as `ssh-keyscan` shows it: `ssh-ed25519 AAAA…`.",
        ),
    ]
    port: Annotated[int, Meta(ge=1, le=65535, description="The port.")] = 22
    password: Annotated[SecretRef | None, Meta(description="The user's password.")] = None
    key_file: Annotated[str, Meta(description="The file of the user's private key, instead.")] = ""
    seconds: Annotated[
        float, Meta(gt=0, le=300, description="How long connecting and each answer may take.")
    ] = 20.0


class OutFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file for each report or message, put whole under its name or not at all."""

    columns: Annotated[
        dict[str, str],
        Meta(min_length=1, description="The heading to the value that stands under it, in order."),
    ]
    folder: FolderName = ""
    prefix: Annotated[str, Meta(pattern=r"^[\w-]*$", description="How its name begins.")] = ""


class UpdatesFiles(UpdateFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files that tell of changes. Each key of a value names a heading."""

    folder: FolderName = ""
    pattern: Annotated[str, Meta(description="Which files: `updates*.csv`.")] = "*.csv"


class ReportsFiles(RequestFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files that tell of reports born in the system. Each key of a value names a heading."""

    folder: FolderName = ""
    pattern: Annotated[str, Meta(description="Which files: `reports*.csv`.")] = "*.csv"


class FilesOptions(SystemOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """CSV files, out and in, over a folder or SFTP."""

    folder: Annotated[
        str,
        Meta(
            min_length=1,
            description="The folder for all of it; one of this machine is seen from this file's.",
        ),
    ]
    sftp: Sftp | None = None
    separator: Annotated[str, Meta(min_length=1, max_length=1, description="Between cells.")] = ","
    encoding: Annotated[
        str,
        Meta(
            description="The charset, such as `cp1252`; a file that begins with a mark of UTF-8 or "
            "UTF-16 is read by that."
        ),
    ] = "utf-8"
    decimal: Annotated[
        Literal[".", ","],
        Meta(description="What stands in numbers that go out; those that come in may have either."),
    ] = "."
    time_format: Annotated[
        str, Meta(description="How times are written (`strftime`); ISO 8601 unless named.")
    ] = ""
    projection: Annotated[
        str, Meta(description="The projection of easting and northing, such as `EPSG:27700`.")
    ] = ""
    quiet_seconds: Annotated[
        float, Meta(ge=0, description="A file that changed later than this may not be whole yet.")
    ] = 5.0
    max_bytes: Annotated[int, Meta(ge=1, description="The largest file that is read.")] = 50_000_000
    report: OutFile
    message: OutFile | None = None
    updates: UpdatesFiles | None = None
    reports: ReportsFiles | None = None


def faults(deployment: Deployment, options: FilesOptions) -> Iterator[Complaint]:
    """What no single field can tell."""
    try:
        codecs.lookup(options.encoding)
    except LookupError:
        yield "system.encoding", "this charset is not known; write it as utf-8 or cp1252"
    yield from _columns("system.report", options.report, (*REPORT_VALUES, PHOTOS))
    if options.message is not None:
        yield from _columns("system.message", options.message, (*MESSAGE_VALUES, PHOTOS))
    if problem := projecting.fault_of(options.projection):
        yield "system.projection", problem
    if not deployment.services:
        yield "services", "there are none: a folder cannot be asked, so name them here"
    yield from _reading_faults(options)
    if options.sftp is not None and not (options.sftp.password or options.sftp.key_file):
        yield "system.sftp.password", "this is missing (or `key_file`)"


def _reading_faults(options: FilesOptions) -> Iterator[Complaint]:
    if options.separator == options.decimal:
        yield "system.decimal", "this stands between cells already (`separator`)"
    updates, reports = options.updates, options.reports
    if updates is not None and not (updates.report or updates.ref):
        yield "system.updates.report", "this is missing (or `ref`)"
    if reports is not None and not reports.id:
        yield "system.reports.id", "this is missing"


def placed(options: FilesOptions, folder: Path) -> FilesOptions:
    """The options with a folder of this machine seen from the deployment's."""
    if options.sftp is not None:
        return options
    return msgspec.structs.replace(options, folder=str(folder / options.folder))


def _columns(at: str, out: OutFile, known: tuple[str, ...]) -> Iterator[Complaint]:
    for heading, value in out.columns.items():
        if value not in known and not value.startswith(ANSWER):
            words = [*known, "answers.QUESTION"]
            yield f"{at}.columns.{heading}", unknown(value, words, "a value")
