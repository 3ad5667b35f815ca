"""A problem database made to look like Open311."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from waywarden.adapters import fields
from waywarden.adapters.contract import (
    BadRow,
    CannotAsk,
    Finding,
    NotKnown,
    NotOffered,
    Report,
    Sent,
    System,
    Update,
    Wanted,
    each,
)
from waywarden.adapters.deployment import Kind
from waywarden.adapters.fields import REQUEST_FIELDS, UPDATE_FIELDS, Reading
from waywarden.adapters.opening import Opening, over_system
from waywarden.adapters.pictures import is_picture
from waywarden.adapters.sql import columns, looking
from waywarden.adapters.sql.client import Database, Row
from waywarden.adapters.sql.errors import Unstorable
from waywarden.adapters.sql.options import MessagesTable, SqlOptions, UpdatesTable, faults, placed
from waywarden.adapters.values import answers_in, message_values, report_values
from waywarden.kernel.text import one_line, paragraphs
from waywarden.open311 import types

CLOCK_SLACK = timedelta(days=1)
"""How far the database's clock may be from ours when a lost report is looked for."""
LINE = "\n"


class SqlSystem(System):
    """One database. Threads may share it."""

    def __init__(self, options: SqlOptions, database: Database, *, zone: str) -> None:
        self._options, self._database = options, database
        reports = options.reports
        self.needs_place = bool(reports.lat or reports.easting)
        self._reading = Reading(
            zone=ZoneInfo(reports.zone or zone),
            time_format=reports.time_format,
            projection=reports.projection,
        )

    def services(self) -> Sequence[types.Service] | None:
        named = self._options.categories
        if named is None:
            return None
        places = [named.code, named.name, named.description, named.group, named.keywords]
        table = self._database.table(named.table, [*places, named.position])
        order = table.c[named.position or named.name]
        wanted = sa.select(*(table.c[one] for one in dict.fromkeys(places) if one)).order_by(order)
        return [
            types.Service(
                service_code=str(row[named.code]),
                service_name=one_line(str(row[named.name])),
                description=paragraphs(str(row.get(named.description) or "")),
                group=one_line(str(row.get(named.group) or "")),
                keywords=columns.words_in(row.get(named.keywords)),
            )
            for row in self._database.all(wanted)
        ]

    def attributes(self, category: str) -> tuple[types.Attribute, ...]:
        named = self._options.questions
        if named is None:
            return ()
        table = self._database.table(named.table, [named.category, named.code, named.text])
        key = columns.key_for(table.c[named.category], category)
        order = table.c[named.position or named.code]
        found = self._database.all(
            sa.select(table).where(table.c[named.category] == key).order_by(order)
        )
        return tuple(columns.question_of(row, named) for row in found)

    def send_report(self, report: Report) -> Sent:
        named = self._options.reports
        values = self._row_of(report)
        table = self._database.table(named.table, [named.id, *values])

        def work(connection: sa.Connection, fitting: Mapping[str, Any]) -> str:
            made = connection.execute(sa.insert(table).values(fitting))
            number = columns.made_id(connection, table, named.id, made, fitting)
            self._add_photos(connection, number, report.new.uploads)
            return str(number)

        return Sent(id=self._written(columns.fitting(table, values), work))

    def find_report(self, report: Report, since: datetime) -> Iterator[str]:
        named = self._options.reports
        if not named.ref or not report.ref:
            raise CannotAsk
        table = self._database.table(named.table, [named.id, named.ref, named.created])
        asked = sa.select(table.c[named.id]).where(
            table.c[named.ref] == columns.key_for(table.c[named.ref], report.ref)
        )
        if named.created:
            start = columns.moment_for(table.c[named.created], since - CLOCK_SLACK, self._reading)
            asked = asked.where(table.c[named.created] >= start)
        for row in self._database.all(asked.order_by(table.c[named.id])):
            yield str(row[named.id])

    def send_update(self, update: Update) -> Sent:
        named = self._messages()
        values = self._message_of(update, named)
        table = self._database.table(named.table, [named.id, named.report, *values])
        number = self._report_key(update.new.service_request_id)
        fitting = {named.report: number, **columns.fitting(table, values)}

        def work(connection: sa.Connection, fitting: Mapping[str, Any]) -> str:
            made = connection.execute(sa.insert(table).values(fitting))
            self._add_photos(connection, number, update.new.uploads)
            return str(columns.made_id(connection, table, named.id, made, fitting))

        return Sent(id=self._written(fitting, work))

    def find_update(self, update: Update, _since: datetime) -> Iterator[str]:
        named = self._messages()
        if not named.ref:
            raise CannotAsk
        table = self._database.table(named.table, [named.id, named.report, named.ref])
        asked = sa.select(table.c[named.id]).where(
            table.c[named.report] == self._report_key(update.new.service_request_id),
            table.c[named.ref] == columns.key_for(table.c[named.ref], update.ref),
        )
        for row in self._database.all(asked.order_by(table.c[named.id])):
            yield str(row[named.id])

    def requests(self, wanted: Wanted) -> Iterable[types.ServiceRequest | BadRow]:
        named = self._options.reports
        places = {name: place for name in REQUEST_FIELDS if (place := getattr(named, name))}
        table = self._database.table(named.table, list(places.values()))
        asked = sa.select(*(table.c[place].label(name) for name, place in places.items()))
        return each(
            self._report_rows(asked, table, wanted),
            lambda row: fields.request_of(row, self._reading),
            key=lambda row: str(row["id"]),
        )

    def updates(
        self, since: datetime, until: datetime
    ) -> Iterable[types.ServiceRequestUpdate | BadRow]:
        named = self._options.updates
        if named is None:
            raise NotOffered
        reading = _reading_of(named)
        return each(
            self._update_rows(named, reading, since, until),
            lambda row: fields.update_of(row, reading),
            key=lambda row: str(row["id"]),
        )

    def look(self) -> Iterable[Finding]:
        return looking.findings(self._options, self._database)

    def close(self) -> None:
        self._database.close()

    def preview_report(self, report: Report) -> str:
        return columns.shown(self._options.reports.table, self._row_of(report))

    def preview_update(self, update: Update) -> str:
        named = self._messages()
        values = {named.report: update.new.service_request_id}
        return columns.shown(named.table, values | self._message_of(update, named))

    def sample_change(self, state: str) -> Mapping[str, Any]:
        named = self._options.updates
        if named is None:
            raise NotOffered
        return fields.made_up(named, _reading_of(named), state)

    def read_change(self, row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        named = self._options.updates
        if named is None:
            raise NotOffered
        return fields.update_of(fields.picked(named, UPDATE_FIELDS, row.get), _reading_of(named))

    def _row_of(self, report: Report) -> dict[str, Any]:
        """A report as a row, column by column, before it is fitted to their types."""
        new, named = report.new, self._options.reports
        found = report_values(report, projection=named.projection)
        values: dict[str, Any] = {
            named.ref: report.ref or None,
            named.category: report.category,
            named.text: found["description"] or found["title"] or "No description.",
            named.title: found["title"],
            named.address: found["address"],
            named.name: found["name"],
            named.email: found["email"],
            named.phone: found["phone"],
            named.photos: LINE.join(found["photo_urls"]),
            named.answers: {code: list(given) for code, given in answers_in(new).items()},
            **named.constants,
        }
        if found["lat"] is not None and found["long"] is not None:
            values |= {named.lat: found["lat"], named.long: found["long"]}
            values |= {named.easting: found["easting"], named.northing: found["northing"]}
        for code, column in named.attributes.items():
            values[column] = ", ".join(new.attributes.get(code, ())) or None
        values.pop("", None)
        return values

    def _written(
        self,
        values: Mapping[str, Any],
        work: Callable[[sa.Connection, Mapping[str, Any]], str],
    ) -> str:
        """Writes a row; with plainer letters where the database's charset has no others."""
        for plainer in (None, columns.without_pictures, columns.as_latin_1):
            row = {name: plainer(v) for name, v in values.items()} if plainer else values
            try:
                return self._database.write(lambda connection, row=row: work(connection, row))  # type: ignore[misc] # bound now
            except Unstorable:
                if plainer is columns.as_latin_1:
                    raise
        raise Unstorable

    def _message_of(self, update: Update, named: MessagesTable) -> dict[str, Any]:
        found = message_values(update)
        values: dict[str, Any] = {
            named.ref: update.ref,
            named.text: found["text"],
            named.status: update.status,
            named.name: found["name"],
            named.email: found["email"],
            named.photos: LINE.join(found["photo_urls"]),
            **named.constants,
        }
        values.pop("", None)
        return values

    def _messages(self) -> MessagesTable:
        if self._options.messages is None:
            raise NotOffered
        return self._options.messages

    def _report_key(self, number: str) -> Any:
        """A report's id as the database has it. Raises NotKnown when it has none such."""
        named = self._options.reports
        table = self._database.table(named.table, [named.id])
        key = columns.key_for(table.c[named.id], number)
        asked = sa.select(table.c[named.id]).where(table.c[named.id] == key)
        if key is None or not self._database.all(asked):
            raise NotKnown
        return key

    def _add_photos(
        self, connection: sa.Connection, number: Any, uploads: tuple[types.Upload, ...]
    ) -> None:
        named = self._options.photos
        pictures = [one for one in uploads if is_picture(one.data)]
        if named is None or not pictures:
            return
        table = self._database.table(named.table, [named.report, named.data])
        for one in pictures:
            values: dict[str, Any] = {
                named.filename: one_line(one.filename),
                named.content_type: one.content_type,
            }
            values.pop("", None)
            given = {named.report: number, named.data: one.data, **columns.fitting(table, values)}
            connection.execute(sa.insert(table).values(given))

    def _report_rows(self, asked: sa.Select[Any], table: sa.Table, wanted: Wanted) -> Iterator[Row]:
        named = self._options.reports
        if wanted.ids:
            keys = [columns.key_for(table.c[named.id], one) for one in wanted.ids]
            known = [one for one in keys if one is not None]
            yield from self._database.all(asked.where(table.c[named.id].in_(known)))
            return
        if not named.created:
            raise NotOffered
        bounds = (
            (named.created, wanted.created_from, True),
            (named.created, wanted.created_to, False),
            (named.changed or named.created, wanted.changed_from, True),
            (named.changed or named.created, wanted.changed_to, False),
        )
        for place, moment, is_start in bounds:
            if place and moment is not None:
                edge = columns.moment_for(table.c[place], moment, self._reading)
                asked = asked.where(table.c[place] >= edge if is_start else table.c[place] <= edge)
        for place, words in ((named.category, wanted.categories), (named.status, wanted.states)):
            if words:
                keys = [columns.key_for(table.c[place], word) for word in words]
                asked = asked.where(table.c[place].in_([one for one in keys if one is not None]))
        by = {"created": table.c[named.created], "id": table.c[named.id]}
        yield from self._database.pages(asked, by=by)

    def _update_rows(
        self, named: UpdatesTable, reading: Reading, since: datetime, until: datetime
    ) -> Iterator[Row]:
        places = {name: place for name in UPDATE_FIELDS if (place := getattr(named, name))}
        table = self._database.table(named.table, list(places.values()))
        asked = sa.select(*(table.c[place].label(name) for name, place in places.items()))
        reports = self._options.reports
        if reports.ref and not named.ref:
            theirs = self._database.table(reports.table, [reports.id, reports.ref])
            asked = asked.add_columns(theirs.c[reports.ref].label("ref")).select_from(
                table.outerjoin(theirs, theirs.c[reports.id] == table.c[named.report])
            )
        at = table.c[named.at]
        asked = asked.where(
            at >= columns.moment_for(at, since, reading),
            at <= columns.moment_for(at, until, reading),
        )
        by = {"at": at, "id": table.c[named.id]}
        yield from self._database.pages(asked, by=by)


def _reading_of(named: UpdatesTable) -> Reading:
    return Reading(zone=ZoneInfo(named.zone), time_format=named.time_format)


def database_of(options: SqlOptions, environ: Mapping[str, str], *, zone: str = "UTC") -> Database:
    """The database of a deployment whose zone this is; it is not connected to yet."""
    password = options.password.read(environ) if options.password else ""
    return Database(
        options.database,
        password=password,
        seconds=options.seconds,
        at_once=options.at_once,
        zone=options.reports.zone or zone,
    )


def _opened(opening: Opening) -> SqlSystem:
    options: SqlOptions = opening.loaded.options
    zone = opening.loaded.deployment.zone
    return SqlSystem(options, database_of(options, opening.environ, zone=zone), zone=zone)


KIND = Kind(
    options_type=SqlOptions,
    opens=over_system(_opened),
    sample=Path(__file__).with_name("sample.toml"),
    faults=faults,
    placed=placed,
)
