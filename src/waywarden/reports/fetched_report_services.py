"""Stores problems born in a body's system, a handful or a million: staged by COPY, set-based."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.db.models import Field, Model

from waywarden.bodies.models import Body, Category
from waywarden.events.services import Fact, record
from waywarden.geo.many import cells_of
from waywarden.kernel import clock
from waywarden.kernel.text import one_line, paragraphs, shorten
from waywarden.reports.fetched_services import LONGEST_TEXT, Credit
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import OtherReference, Report, ReportBody
from waywarden.reports.states import State

#: The category of what no category of the body fits.
OTHER = "Other"
_STAGE = "fetched_report"
#: Column of the staging table → its type. Text types that PostgreSQL casts stay text here.
_STAGED = {
    "title": "varchar", "detail": "text", "category_name": "varchar", "group": "varchar",
    "lat": "float8", "lon": "float8", "cell": "int8", "nearest_address": "varchar",
    "area_ids": "text", "state": "varchar", "is_private": "bool", "requested_at": "timestamptz",
    "changed_at": "timestamptz", "category_id": "int8", "external_id": "varchar",
    "status": "varchar", "extras": "text",
}  # fmt: skip
#: Column of a table → what of the staging table goes there.
_REPORT = {
    name: f's."{name}"'
    for name in (
        "title", "detail", "category_name", "group", "lat", "lon", "cell", "nearest_address",
        "state", "is_private",
    )
} | {
    "id": "s.id", "area_ids": "s.area_ids::bigint[]", "created": "s.requested_at",
    "confirmed_at": "s.requested_at", "state_changed_at": "s.changed_at",
}  # fmt: skip
_AT_BODY = {
    "report_id": "s.id", "category_id": "s.category_id", "external_id": "s.external_id",
    "sent_at": "s.requested_at", "last_status": "s.status", "last_status_at": "s.changed_at",
    "extras": "s.extras::jsonb",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FetchedReport:
    """A problem born in a body's system. `category_id` None is "Other". Degrees of WGS84."""

    external_id: str
    title: str
    detail: str
    category_name: str
    category_id: int | None
    group: str
    lat: float
    lon: float
    area_ids: tuple[int, ...]
    nearest_address: str
    state: State
    status: str
    is_private: bool
    requested_at: datetime
    changed_at: datetime
    extras: Mapping[str, Any] = field(default_factory=dict)


def store_fetched_reports(
    rows: Sequence[FetchedReport],
    *,
    body: Body,
    credit: Credit,
    source: Report.Source = Report.Source.BACKEND,
    kind: str = "report.fetched",
) -> list[int]:
    """Makes reports of the rows that the body does not have yet; their numbers.

    One transaction (the caller's, where there is one), a few statements however many rows, and one
    fact for all of them, of the given kind. Nothing is mailed and nothing is sent. A row whose id
    the body has, or another run is storing now, makes nothing and spends no number unless that run
    was faster by a moment.
    """
    if not rows:
        return []
    moment = clock.now()
    report = Report(
        user_id=credit.user_id,
        name=body.name,
        is_name_public=True,
        source=source,
        changed=moment,
    )
    at_body = ReportBody(body_id=body.pk, sent_by=credit.sent_by)
    with transaction.atomic():
        _stage(rows)
        made = _insert(report, at_body)
        if made:
            record(
                Fact(
                    kind,
                    "body",
                    body.pk,
                    actor=credit.actor_for(body.pk),
                    data={
                        "reports": made,
                        "photos": sum("media_urls" in row.extras for row in rows),
                    },
                )
            )
    return made


def _stage(rows: Sequence[FetchedReport]) -> None:
    """The rows into the session's staging table; each takes its number as it goes in."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in _STAGED.items())
    names = ", ".join(f'"{name}"' for name in _STAGED)
    key = f"pg_get_serial_sequence('{Report._meta.db_table}', 'id')"
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS {_STAGE}"
            f" (id bigint NOT NULL DEFAULT nextval({key}::regclass), {columns})"
            " ON COMMIT DELETE ROWS"
        )
        cursor.execute(f"TRUNCATE {_STAGE}")
        with cursor.copy(f"COPY {_STAGE} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(list(_STAGED.values()))
            for values in _values_of(rows):
                copy.write_row(values)


def _values_of(rows: Sequence[FetchedReport]) -> Iterable[tuple[Any, ...]]:
    """Each row's values in the order of the staging table's columns, cut to what fits."""
    lats = [round(row.lat, 6) for row in rows]
    lons = [round(row.lon, 6) for row in rows]
    encode = msgspec.json.Encoder().encode
    for row, lat, lon, cell in zip(rows, lats, lons, cells_of(lats, lons), strict=True):
        yield (
            shorten(one_line(row.title), 200),
            shorten(paragraphs(row.detail), LONGEST_TEXT),
            row.category_name[:200],
            row.group[:120],
            lat,
            lon,
            cell,
            one_line(row.nearest_address)[:300],
            "{" + ",".join(map(str, row.area_ids)) + "}",
            row.state.value,
            row.is_private,
            row.requested_at,
            row.changed_at,
            row.category_id,
            row.external_id,
            row.status[:60],
            encode(row.extras).decode(),
        )


def _insert(report: Report, at_body: ReportBody) -> list[int]:
    """The staged rows into both tables; what another run has taken in meanwhile is left out.

    The body's row goes first: its unique id decides who makes the report (its key to the report
    is checked at the end of the transaction).
    """
    there = ReportBody._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {_STAGE} s USING {there} b"  # noqa: S608 - names of our own tables
            " WHERE b.body_id = %s AND b.external_id = s.external_id",
            [at_body.body_id],
        )
        names, parts, values = _columns(at_body, _AT_BODY)
        report_names, report_parts, report_values = _columns(report, _REPORT)
        cursor.execute(
            f"WITH here AS (INSERT INTO {there} ({names}) SELECT {parts} FROM {_STAGE} s"  # noqa: S608 - the same
            " ON CONFLICT (body_id, external_id) WHERE NOT (external_id = '') DO NOTHING"
            " RETURNING report_id)"
            f" INSERT INTO {Report._meta.db_table} ({report_names})"
            f" SELECT {report_parts} FROM {_STAGE} s WHERE s.id IN (SELECT report_id FROM here)"
            " RETURNING id",
            [*values, *report_values],
        )
        return sorted(row[0] for row in cursor.fetchall())


def _columns(usual: Model, staged: Mapping[str, str]) -> tuple[str, str, list[Any]]:
    """A table's columns, what goes into each, and the values of those that no row tells."""
    names, parts, values = [], [], []
    for column in usual._meta.concrete_fields:
        if not _is_written(column, staged):
            continue
        name = column.column or ""
        names.append(connection.ops.quote_name(name))
        if name in staged:
            parts.append(staged[name])
            continue
        value = column.get_db_prep_save(getattr(usual, column.attname), connection)
        parts.append(f"%s::{column.rel_db_type(connection)}")
        values.append(value)
    return ", ".join(names), ", ".join(parts), values


def _is_written(column: "Field[Any, Any]", staged: Mapping[str, str]) -> bool:
    """Not a number that the table gives by itself, nor a column that is computed from others."""
    if getattr(column, "generated", False):
        return False
    return not column.primary_key or column.column in staged


def adopt_external_ids(
    mirrored: Mapping[int, str], *, body_ids: Collection[int]
) -> dict[str, bool]:
    """Reports of ours that came back in a body's list: number → id there.

    Gives each id that is a report of ours at one of the bodies, and whether it was news: a
    reference is stored where there was none, and never replaced.
    """
    found: dict[str, bool] = {}
    facts: list[Fact] = []
    with transaction.atomic():
        lock_reports(mirrored)
        here = ReportBody.objects.filter(report__in=mirrored, body__in=body_ids).order_by("id")
        earlier = OtherReference.objects.filter(
            body__in=body_ids, external_id__in=set(mirrored.values())
        )
        known = set(earlier.values_list("report_id", "external_id"))
        for at_body in here.select_for_update():
            external_id = mirrored[at_body.report_id]
            is_earlier = (at_body.report_id, external_id) in known
            is_new = at_body.external_id == "" and not is_earlier
            if is_new:
                data = {"body": at_body.body_id, "external_id": external_id}
                facts.append(Fact("report.referenced", "report", at_body.report_id, data=data))
                ReportBody.objects.filter(pk=at_body.pk).update(external_id=external_id)
            found[external_id] = found.get(external_id, False) or is_new
        record(*facts)
    return found


def move_from_other(*, body_id: int, service: tuple[str, str], category: Category) -> int:
    """Moves a body's fetched reports without a category, of one service (code, name), to one.

    Gives how many moved. In the caller's transaction.
    """
    code, name = service
    rows = ReportBody.objects.filter(body=body_id, report__category_name=OTHER)
    for field_name, value in (("service_code", code), ("service_name", name)):
        path = f"extras__{field_name}"
        rows = rows.filter(**({path: value} if value else {f"{path}__isnull": True}))
    report_ids = list(rows.values_list("report_id", flat=True))
    group = next(iter(category.groups), "")
    moment = clock.now()
    for start in range(0, len(report_ids), 5000):
        ids = sorted(report_ids[start : start + 5000])
        lock_reports(ids)
        moved = Report.objects.filter(pk__in=ids)
        moved.update(category_name=category.name, group=group, changed=moment)
        if category.is_private:  # as for one that people report there
            moved.update(is_private=True)
        ReportBody.objects.filter(report__in=ids, body=body_id).update(category=category)
    return len(report_ids)
