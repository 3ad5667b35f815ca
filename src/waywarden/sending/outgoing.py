"""Rows made into the plain values that plug-ins see."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.storage import Storage
from django.db.models import Model

from waywarden.areas.address_queries import Numbers, numbers_near
from waywarden.backends.contract import OutgoingPhoto, OutgoingReport, OutgoingUpdate, Person
from waywarden.bodies.models import Body, Question
from waywarden.bodies.question_models import SiteQuestion
from waywarden.geo.points import Point
from waywarden.reports.fetched_ledger import REOPENS
from waywarden.reports.models import Photo, ReportBody, Update
from waywarden.reports.queries import states_after
from waywarden.sending.mails import mail_of_report, mail_of_update
from waywarden.sending.models import AT_A_DESK, Delivery

#: Attributes that are looked up in the gazetteer.
NUMBERS = frozenset({"uprn", "usrn"})
Item = OutgoingReport | OutgoingUpdate
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside some deliveries in other tables, read with one query each."""

    rows: Mapping[tuple[int, int], ReportBody]
    states: Mapping[int, str]
    """The report's state after an update that sets none itself, by the update."""
    photos_of_report: Mapping[int, list[Photo]]
    photos_of_update: Mapping[int, list[Photo]]
    questions: Mapping[int, list[Question]]
    of_sites: Sequence[SiteQuestion]
    numbers: Mapping[int, Numbers]
    """Of the property and the street at reports whose body asks for them."""
    names: Mapping[int, str]
    """Of bodies in whose name an update speaks."""

    def row_of(self, delivery: Delivery) -> ReportBody | None:
        return self.rows.get((delivery.report_id, delivery.body_id))

    def questions_of(self, delivery: Delivery) -> list[Question]:
        return self.questions.get(delivery.category_id or 0, [])


def items_of(deliveries: Sequence[Delivery], *, with_mail: bool) -> dict[int, Item]:
    """What goes out, by delivery id. The deliveries come with report, update, body and category.

    `with_mail` renders the mail too, for back-ends that want it.
    """
    beside = _read_beside(deliveries)
    items: dict[int, Item] = {}
    for delivery in deliveries:
        if delivery.update is None:
            report = _report(delivery, beside)
            if with_mail:
                questions = [*beside.of_sites, *beside.questions_of(delivery)]
                report = replace(report, mail=mail_of_report(delivery, report, questions))
            items[delivery.pk] = report
        else:
            update = _update(delivery, beside)
            if with_mail:
                update = replace(update, mail=mail_of_update(delivery, update))
            items[delivery.pk] = update
    return items


def _read_beside(deliveries: Sequence[Delivery]) -> _Beside:
    new_ids = {one.report_id for one in deliveries if one.update_id is None}
    update_ids = {one.update_id for one in deliveries if one.update_id is not None}
    category_ids = {one.category_id for one in deliveries if one.category_id is not None}
    speaking = {one.update.body_id for one in deliveries if one.update and one.update.body_id}
    rows = ReportBody.objects.filter(report__in={one.report_id for one in deliveries})
    questions = _grouped(Question.objects.filter(category__in=category_ids), "category_id")
    return _Beside(
        rows={(row.report_id, row.body_id): row for row in rows},
        states=states_after([one.update for one in deliveries if one.update is not None]),
        photos_of_report=_grouped(Photo.objects.filter(report__in=new_ids), "report_id"),
        photos_of_update=_grouped(Photo.objects.filter(update__in=update_ids), "update_id"),
        questions=questions,
        of_sites=list(SiteQuestion.objects.all()),
        numbers=_numbers(deliveries, questions),
        names=dict(Body.objects.filter(pk__in=speaking).values_list("pk", "name"))
        if speaking
        else {},
    )


def _numbers(
    deliveries: Sequence[Delivery], questions: Mapping[int, list[Question]]
) -> dict[int, Numbers]:
    """Looked up for new reports whose pin was placed, where the body's system asks for them."""
    asking = {
        category_id
        for category_id, asked in questions.items()
        if any(one.code in NUMBERS and one.automated for one in asked)
    }
    places = {
        one.report_id: Point(one.report.lat, one.report.lon)
        for one in deliveries
        if one.update_id is None and one.category_id in asking and one.report.is_placed
    }
    return numbers_near(places, metres=settings.WAYWARDEN_ADDRESS_METRES)


def _grouped(rows: Iterable[Row], name: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _report(delivery: Delivery, beside: _Beside) -> OutgoingReport:
    report, row = delivery.report, beside.row_of(delivery)
    answers: Mapping[str, Any] = row.answers if row else {}
    return OutgoingReport(
        key=str(delivery.key),
        report_id=report.pk,
        report_url=_absolute(report.get_absolute_url()),
        title=report.title,
        description=report.detail,
        category=report.category_name,
        group=report.group,
        lat=report.lat,
        lon=report.lon,
        is_placed=report.is_placed,
        nearest_address=report.nearest_address,
        person=Person(name=report.name, email=report.email, phone=report.phone),
        is_private=report.is_private,
        created_at=report.confirmed_at or report.created,
        photos=_photos(delivery, beside.photos_of_report.get(report.pk, [])),
        answers={code: tuple(str(one) for one in values) for code, values in answers.items()},
        server_set=tuple(
            question.code
            for question in beside.questions_of(delivery)
            if question.automated == Question.Automated.SERVER_SET
        ),
        id_field=delivery.category.id_field if delivery.category else "",
        service_code=delivery.category.service_code if delivery.category else "",
        emails=_emails(delivery),
        external_id=row.external_id if row else "",
        known=beside.numbers.get(report.pk, Numbers()).as_known() | _known(row),
    )


def _known(row: ReportBody | None) -> dict[str, str]:
    """What the page or the body's system told of the place beside the answers (a `uprn`, …)."""
    if row is None:
        return {}
    told = {code: values[0] for code, values in row.answers.items() if len(values) == 1}
    extras = {name: value for name, value in row.extras.items() if isinstance(value, str)}
    return {**told, **extras}


def _update(delivery: Delivery, beside: _Beside) -> OutgoingUpdate:
    report, update, row = delivery.report, delivery.update, beside.row_of(delivery)
    if update is None:
        message = f"delivery {delivery.pk} is of no update"
        raise ValueError(message)
    return OutgoingUpdate(
        key=str(delivery.key),
        update_id=update.pk,
        report_id=report.pk,
        report_url=_absolute(report.get_absolute_url()),
        external_id=_reference(delivery, row),
        title=report.title,
        text=update.text,
        state=update.state or beside.states.get(update.pk, report.state),
        reopens=bool(update.extras.get(REOPENS)),
        person=_author(update, beside),
        created_at=update.confirmed_at or update.created,
        photos=_photos(delivery, beside.photos_of_update.get(update.pk, [])),
        service_code=delivery.category.service_code if delivery.category else "",
        emails=_emails(delivery),
    )


def _reference(delivery: Delivery, row: ReportBody | None) -> str:
    """What the body calls the report; a desk that is told by mail has no number for it."""
    if delivery.told_as == AT_A_DESK:
        return ""
    return delivery.told_as or (row.external_id if row else "")


def _author(update: Update, beside: _Beside) -> Person:
    """Who says it to the body: the person, or the body in whose name its staff wrote."""
    if update.body_id is not None:
        return Person(name=beside.names.get(update.body_id, ""), is_body=True)
    return Person(name=update.name, email=update.email)


def _emails(delivery: Delivery) -> tuple[str, ...]:
    return tuple(delivery.category.emails) if delivery.category else ()


def _photos(delivery: Delivery, photos: Iterable[Photo]) -> tuple[OutgoingPhoto, ...]:
    """The photos; those of a private report have no address that anybody could follow."""
    return tuple(
        OutgoingPhoto(
            url="" if delivery.report.is_private else _absolute(f"/photo/{photo.key}.jpg"),
            filename=f"{delivery.update_id or delivery.report_id}.{number}.full.jpg",
            content_type="image/jpeg",
            read=partial(_read, photo.file.storage, photo.file.name or ""),
        )
        for number, photo in enumerate(photos)
    )


def _read(storage: Storage, name: str) -> bytes:
    with storage.open(name) as file:
        data: bytes = file.read()
    return data


def _absolute(path: str) -> str:
    return f"{settings.WAYWARDEN_BASE_URL}{path}"
