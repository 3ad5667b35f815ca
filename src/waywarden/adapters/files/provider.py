"""A folder of CSV files made to look like Open311.

What goes out is kept first and put by a step, so that a report is taken also while the folder is
away. What comes in is kept too, by its id or by its content, and answered from there.
"""

import fnmatch
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from waywarden.adapters import fields, letters
from waywarden.adapters.contract import (
    BadRow,
    Finding,
    NotOffered,
    Report,
    Sent,
    Step,
    StepDraft,
    System,
    Update,
    Wanted,
    each,
)
from waywarden.adapters.deployment import Kind
from waywarden.adapters.fields import REQUEST_FIELDS, UPDATE_FIELDS, Reading
from waywarden.adapters.files import tables
from waywarden.adapters.files.client import PART, Entry, Folder, open_folder
from waywarden.adapters.files.options import (
    ANSWER,
    FilesOptions,
    OutFile,
    ReportsFiles,
    UpdatesFiles,
    faults,
    placed,
)
from waywarden.adapters.kept import Kept
from waywarden.adapters.opening import Opening, over_system
from waywarden.adapters.pictures import is_picture
from waywarden.adapters.values import message_values, report_values
from waywarden.kernel import clock
from waywarden.kernel.errors import BadReply, RuleBroken, WaywardenError
from waywarden.kernel.text import one_line, paragraphs
from waywarden.open311 import types

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
SETTLED_AFTER = 60.0
"""Seconds after which nobody is in the middle of a file's last row any more."""
Row = Mapping[str, str]
Marks = Sequence[tuple[str, str]]


class FilesSystem(System):
    """One folder. Threads may share it."""

    tells_kept = True

    def __init__(self, options: FilesOptions, folder: Folder, *, kept: Kept, zone: str) -> None:
        self._options, self._folder, self._kept = options, folder, kept
        self._reading = Reading(
            zone=ZoneInfo(zone), time_format=options.time_format, projection=options.projection
        )
        self._collecting = threading.Lock()
        self._by = letters.content_id([options, zone])[:8]

    def send_report(self, report: Report) -> Sent:
        number, new, now = _number_of(report.ref or report.key), report.new, clock.now()
        mirrored = types.ServiceRequest(
            service_request_id=number,
            status="",
            service_code=report.category,
            description=paragraphs(new.description),
            requested_datetime=now,
            updated_datetime=now,
            lat=new.lat,
            long=new.long,
            address=one_line(new.address_string),
            extras={"fixmystreet_id": report.ref} if report.ref.isdigit() else {},
        )
        self._kept.opened(None, requests=[mirrored])
        return Sent(id=number)

    def find_report(self, _report: Report, _since: datetime) -> Iterable[str]:
        return ()  # to send is only to keep, so nothing can have arrived unseen

    def report_steps(self, report: Report) -> Sequence[StepDraft]:
        photos = _photos(self._options.report, report, number=report.ref or report.key)
        row = self._report_row(report, photos)
        return [*photos, StepDraft("file", {"row": row})]

    def send_update(self, update: Update) -> Sent:
        if self._options.message is None:
            raise NotOffered
        return Sent(id=_number_of(update.ref or update.key))

    def find_update(self, _update: Update, _since: datetime) -> Iterable[str]:
        return ()

    def update_steps(self, update: Update) -> Sequence[StepDraft]:
        if self._options.message is None:
            return ()
        out = self._options.message
        photos = _photos(out, update, number=update.new.service_request_id)
        row = self._row(out, message_values(update), update.new, photos)
        steps = (*photos, StepDraft("file", {"row": row}))
        return [replace(one, data={**one.data, "is_message": True}) for one in steps]

    def take_step(self, step: Step) -> None:
        out = self._options.message if step.data.get("is_message") else self._options.report
        if out is None:
            raise NotOffered
        if photo := step.data.get("photo"):
            self._folder.put(out.folder, photo, step.blob)
            return
        content = tables.written(
            step.data["row"],
            separator=self._options.separator,
            encoding=self._options.encoding,
            decimal=self._options.decimal,
        )
        # The same step puts the same file under the same name, however often it is taken.
        name = f"{out.prefix}{_number_of(step.report_id)}-{letters.content_id(step.key)[:8]}.csv"
        self._folder.put(out.folder, name, content)

    def requests(self, wanted: Wanted) -> Iterable[types.ServiceRequest | BadRow]:
        self.collect()
        if wanted.ids:
            return self._kept.requests_by_id(wanted.ids)
        return self._kept.requests(wanted.created_from, wanted.created_to)

    def updates(
        self, since: datetime, until: datetime
    ) -> Iterable[types.ServiceRequestUpdate | BadRow]:
        if self._options.updates is None:
            raise NotOffered
        self.collect()
        return self._kept.updates(since, until)

    def collect(self) -> None:
        """Reads the files that are new or have changed; each row is kept once."""
        with self._collecting:
            if (reports := self._options.reports) is not None:
                self._take_in("reports", reports, self._keep_reports)
            if (updates := self._options.updates) is not None:
                self._take_in("updates", updates, self._keep_updates)

    def look(self) -> Iterable[Finding]:
        """Whether the folders are there, and may be used; the files are looked into elsewhere."""
        parts = ("report", "message", "updates", "reports")
        for name in parts:
            table = getattr(self._options, name)
            if table is None:
                continue
            try:
                self._folder.look(table.folder, writes=name in ("report", "message"))
            except WaywardenError as error:
                key = f"system.{name}.folder" if table.folder else "system.folder"
                yield Finding(key, str(error))

    def preview_report(self, report: Report) -> str:
        row = self._report_row(report, ())
        return f"a file with the row\n{json.dumps(row, indent=2, ensure_ascii=False)}"

    def preview_update(self, update: Update) -> str:
        if self._options.message is None:
            raise NotOffered
        row = self._row(self._options.message, message_values(update), update.new, ())
        return f"a file with the row\n{json.dumps(row, indent=2, ensure_ascii=False)}"

    def sample_change(self, state: str) -> Mapping[str, Any]:
        named = self._options.updates
        if named is None:
            raise NotOffered
        return fields.made_up(named, self._reading, state)

    def read_change(self, row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        named = self._options.updates
        if named is None:
            raise NotOffered
        return self._update_of(named, row)

    def _take_in(
        self,
        source: str,
        named: UpdatesFiles | ReportsFiles,
        keep: Callable[[Any, Iterator[Row], Marks], None],
    ) -> None:
        now = clock.now().timestamp()
        for entry in self._folder.entries(named.folder):
            # Read by another file, the same rows may say something else.
            mark = (f"{source}/{entry.name}", f"{entry.size} {entry.changed} {self._by}")
            is_quiet = entry.changed <= now - self._options.quiet_seconds
            if not _is_meant(entry, named.pattern) or not is_quiet:
                continue
            if self._kept.mark(mark[0]) == mark[1]:
                continue
            content = self._folder.read(named.folder, entry.name, max_bytes=self._options.max_bytes)
            if content is None:
                continue
            is_settled = tables.is_ended(content) or entry.changed <= now - SETTLED_AFTER
            try:
                rows = tables.rows_in(
                    content,
                    separator=self._options.separator,
                    encoding=self._options.encoding,
                    needed=_needed(named),
                    is_settled=is_settled,
                )
                keep(named, rows, [mark] if is_settled else [])
            except BadReply as error:
                # Without a mark: it is read again, by a mended deployment file perhaps.
                bad = BadRow(f"{source}/{entry.name}", str(error))
                self._kept.opened(None, bad=[bad])

    def _keep_updates(self, named: UpdatesFiles, rows: Iterator[Row], marks: Marks) -> None:
        good: list[types.ServiceRequestUpdate] = []
        bad: list[BadRow] = []
        now = clock.now()
        for row in each(rows, lambda one: self._update_of(named, one), key=letters.content_id):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                good.append(letters.as_told(row, taken_at=now))
        changed = self._changed_requests(good)
        self._kept.opened(None, updates=good, requests=changed, bad=bad, marks=marks)

    def _keep_reports(self, named: ReportsFiles, rows: Iterator[Row], marks: Marks) -> None:
        found = list(each(rows, lambda one: self._request_of(named, one), key=letters.content_id))
        bad = [row for row in found if isinstance(row, BadRow)]
        good = [row for row in found if not isinstance(row, BadRow)]
        self._kept.opened(None, requests=good, bad=bad, marks=marks)

    def _changed_requests(
        self, updates: list[types.ServiceRequestUpdate]
    ) -> list[types.ServiceRequest]:
        """The kept reports of these updates, in the state that they now have."""
        latest = {update.service_request_id: update for update in updates}
        return [
            replace(
                row,
                status=latest[row.service_request_id].status,
                updated_datetime=latest[row.service_request_id].updated_datetime,
            )
            for row in self._kept.requests_by_id(latest)
        ]

    def _update_of(self, named: UpdatesFiles, row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        values = fields.picked(named, UPDATE_FIELDS, _whole(row).get)
        found = fields.update_of(values, self._reading, made_up_id=letters.content_id(row))
        if found.service_request_id:
            return found
        return replace(found, service_request_id=_number_of(str(values["ref"])))

    def _request_of(self, named: ReportsFiles, row: Mapping[str, Any]) -> types.ServiceRequest:
        found = fields.request_of(
            fields.picked(named, REQUEST_FIELDS, _whole(row).get), self._reading
        )
        if found.requested_datetime is None:
            now = clock.now()
            return replace(found, requested_datetime=now, updated_datetime=now)
        return found

    def _report_row(self, report: Report, photos: Sequence[StepDraft]) -> dict[str, Any]:
        found = report_values(report, projection=self._options.projection)
        found["ref"] = report.ref or report.key
        return self._row(self._options.report, found, report.new, photos)

    def _row(
        self,
        out: OutFile,
        found: Mapping[str, Any],
        new: types.NewRequest | types.NewUpdate,
        photos: Sequence[StepDraft],
    ) -> dict[str, Any]:
        """A heading to its cell, in order."""
        given = {
            **found,
            "at": fields.written(found["at"], self._reading),
            "photo_urls": " ".join(found["photo_urls"]),
            "photo_files": " ".join(str(one.data["photo"]) for one in photos),
            **{f"{ANSWER}{code}": ", ".join(said) for code, said in new.attributes.items()},
        }
        return {heading: given.get(value, "") for heading, value in out.columns.items()}


def _photos(out: OutFile, sent: Report | Update, *, number: str) -> list[StepDraft]:
    """A file for each photo that came as such; they are put before the row that names them."""
    stem = f"{out.prefix}{_number_of(number)}-{letters.content_id(sent.key)[:8]}"
    pictures = [one.data for one in sent.new.uploads if is_picture(one.data)]
    return [
        StepDraft(f"photo {turn}", {"photo": f"{stem}-{turn}.jpg"}, data)
        for turn, data in enumerate(pictures, start=1)
    ]


def _whole(row: Mapping[str, Any]) -> Mapping[str, Any]:
    if tables.CUT_OFF in row:
        raise RuleBroken("the file ends in the middle of this row")
    if tables.UNREADABLE in row:
        raise RuleBroken("the row has letters of another charset than the file names")
    return row


def _needed(named: UpdatesFiles | ReportsFiles) -> list[str]:
    """The headings without which no row can be used, or would say nothing."""
    places = ("id", "report", "ref", "status", "at", "category", "created")
    return [place for one in places if (place := getattr(named, one, ""))]


def _is_meant(entry: Entry, pattern: str) -> bool:
    is_whole = not entry.name.endswith((PART, ".tmp")) and not entry.name.startswith(".")
    return is_whole and fnmatch.fnmatch(entry.name, pattern)


def _number_of(text: str) -> str:
    """A number that can be a file's name and an id."""
    return _NOT_A_NAME.sub("-", text).strip("-.")[:80] or "x"


def _opened(opening: Opening) -> FilesSystem:
    options: FilesOptions = opening.loaded.options
    secret = options.sftp.password if options.sftp else None
    password = secret.read(opening.environ) if secret else ""
    folder = open_folder(options, password=password)
    zone = opening.loaded.deployment.zone
    return FilesSystem(options, folder, kept=opening.kept, zone=zone)


KIND = Kind(
    options_type=FilesOptions,
    opens=over_system(_opened),
    sample=Path(__file__).with_name("sample.toml"),
    faults=faults,
    placed=placed,
)
