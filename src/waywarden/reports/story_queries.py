"""Reading one report with all that its page shows.

In the database's own words and with only the columns that are shown: it is the page that is asked
for most, and Django takes longer to write these questions than PostgreSQL to answer them.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from waywarden.bodies.models import Body, Category
from waywarden.kernel.text import one_line
from waywarden.reports.models import Photo, Report, ReportBody, Update
from waywarden.reports.pins import Sql

M = TypeVar("M", bound=Model)

_REPORT = tuple(field.attname for field in Report._meta.concrete_fields)
_ROW = (
    *("id", "report_id", "body_id", "category_id", "external_id", "customer_reference"),
    *("sent_at", "left_at", "sent_by", "last_status", "last_status_at"),
)
#: What a body's system said of a problem when it came, in the row's extras. Longer words are cut.
_BORN_WITH = ("status_notes", "agency_responsible", "expected_datetime")
_LONGEST = 4000
_BODY = ("id", "name", "slug")
_CATEGORY = ("id", "name", "target_days")
_UPDATE = (
    *("id", "report_id", "user_id", "body_id", "name", "is_name_public", "text", "state"),
    *("visibility", "extras", "created", "confirmed_at"),
)
_PHOTO = ("id", "key", "report_id", "update_id", "width", "height")


@dataclass(frozen=True, slots=True)
class BornWith:
    """What the body's system said of a problem that was born there, when it came here."""

    body: Body
    words: str = ""
    agency: str = ""
    """Who deals with it there."""
    expected: datetime | None = None
    """By when."""


@dataclass(frozen=True, slots=True)
class Story:
    """One report's page: the report, its row at each body, its shown updates and photos in order.

    Of all but the report only the columns that pages show were read.
    """

    report: Report
    at_bodies: tuple[ReportBody, ...]
    updates: tuple[Update, ...]
    all_photos: tuple[Photo, ...] = ()
    born_with: BornWith | None = None

    @property
    def photos(self) -> list[Photo]:
        """The report's own."""
        return [photo for photo in self.all_photos if photo.report_id is not None]

    def photos_of(self, update: Update) -> list[Photo]:
        """Those of one of its updates."""
        return [photo for photo in self.all_photos if photo.update_id == update.pk]


def story_of(report_id: int) -> Story | None:
    """A report with all that its page shows, whatever its state; None when there is none."""
    rows = Sql(f"{_select(r=_REPORT)} FROM reports_report r WHERE r.id = %s", [report_id]).rows()
    if not rows:
        return None
    updates = _updates_of(report_id)
    report = _made(Report, _REPORT, rows[0])
    at_bodies, born_with = _rows_of(report_id)
    return Story(
        report=report,
        at_bodies=at_bodies,
        born_with=born_with if report.is_born_there else None,
        updates=updates,
        all_photos=_photos_of(report_id, [one.pk for one in updates]),
    )


def _rows_of(report_id: int) -> tuple[tuple[ReportBody, ...], BornWith | None]:
    said = ", ".join(f"left(r.extras ->> '{name}', {_LONGEST})" for name in _BORN_WITH)
    asked = Sql(
        f"{_select(r=_ROW, b=_BODY, c=_CATEGORY)}, {said} FROM reports_reportbody r"
        " JOIN bodies_body b ON b.id = r.body_id"
        " LEFT JOIN bodies_category c ON c.id = r.category_id"
        " WHERE r.report_id = %s AND r.left_at IS NULL ORDER BY r.id",
        [report_id],
    )
    found, born_with = [], None
    for values in asked.rows():
        row = _made(ReportBody, _ROW, values)
        row.body = _made(Body, _BODY, values[len(_ROW) :])
        if row.category_id is not None:
            row.category = _made(Category, _CATEGORY, values[len(_ROW) + len(_BODY) :])
        found.append(row)
        born_with = born_with or _born_with(row.body, *values[-len(_BORN_WITH) :])
    return tuple(found), born_with


def _born_with(
    body: Body, words: str | None, agency: str | None, expected: str | None
) -> BornWith | None:
    if not (words or agency or expected):
        return None
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(expected or "")
    if moment is not None and moment.tzinfo is None:
        moment = None
    agency = one_line(agency or "")
    return BornWith(
        body=body,
        words=(words or "").strip(),
        agency="" if agency.casefold() == body.name.casefold() else agency,
        expected=moment,
    )


def _updates_of(report_id: int) -> tuple[Update, ...]:
    asked = Sql(
        f"{_select(u=_UPDATE, b=_BODY)} FROM reports_update u"
        " LEFT JOIN bodies_body b ON b.id = u.body_id"
        " WHERE u.report_id = %s AND u.visibility = %s ORDER BY u.confirmed_at, u.id",
        [report_id, Update.Visibility.SHOWN.value],
    )
    found = []
    for values in asked.rows():
        update = _made(Update, _UPDATE, values)
        if update.body_id is not None:
            update.body = _made(Body, _BODY, values[len(_UPDATE) :])
        found.append(update)
    return tuple(found)


def _photos_of(report_id: int, updates: list[int]) -> tuple[Photo, ...]:
    asked = Sql(
        f"{_select(p=_PHOTO)} FROM reports_photo p"
        ' WHERE p.report_id = %s OR p.update_id = ANY(%s) ORDER BY p."order", p.id',
        [report_id, updates],
    )
    return tuple(_made(Photo, _PHOTO, values) for values in asked.rows())


def _select(**columns: Iterable[str]) -> str:
    named = (f'{table}."{name}"' for table, names in columns.items() for name in names)
    return f"SELECT {', '.join(named)}"


def _made(model: type[M], names: tuple[str, ...], values: Iterable[Any]) -> M:
    """A row as its model; columns that were not read are fetched when somebody asks for them."""
    read = [*values][: len(names)]
    for place, reader in _readers(model, names):
        read[place] = reader(read[place], None, connection)
    found: M = model.from_db(connection.alias, names, read)
    return found


@cache
def _readers(model: type[Model], names: tuple[str, ...]) -> list[tuple[int, Callable[..., Any]]]:
    """What must be read from the database's form of it, such as JSON: place and reader."""
    fields = [model._meta.get_field(name) for name in names]
    readers = [getattr(field, "from_db_value", None) for field in fields]
    return [(place, reader) for place, reader in enumerate(readers) if reader is not None]
