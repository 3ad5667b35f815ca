"""New reports, and what became of them at their bodies.

Updates are written by `update_services`, what an author changes by `author_services`, what others
add with one press by `public_services`; what bodies' systems say by `fetched_services`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.bodies.answers import check
from waywarden.bodies.models import Category
from waywarden.bodies.queries import (
    Served,
    asked_of,
    questions_for,
    questions_of_site,
    served_at,
)
from waywarden.bodies.routing import Choice
from waywarden.events.bulk_services import write_columns
from waywarden.events.services import Actor, Fact, record
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.reports import states
from waywarden.reports.models import Report, ReportBody
from waywarden.reports.photo_services import actor_of, attach_photos
from waywarden.reports.reference_services import Reference, keep_references
from waywarden.reports.states import State
from waywarden.users.models import User
from waywarden.users.queries import is_banned

#: The category of a report that nobody takes.
OTHER = "Other"


@dataclass(frozen=True, slots=True)
class NewReport:
    """What a person reports; degrees of WGS84; photos by the keys they were stored under."""

    title: str
    detail: str
    category_name: str
    lat: float
    lon: float
    email: str
    name: str
    phone: str = ""
    is_name_public: bool = False
    is_placed: bool = True
    nearest_address: str = ""
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    photo_keys: tuple[str, ...] = ()
    cobrand: str = ""
    language: str = ""
    group: str = ""
    """The one of its category's groups under which it was chosen."""
    is_anonymous: bool = False
    """Neither name nor e-mail, where the category allows it; public at once."""
    staff_of: frozenset[int] = frozenset()
    """The bodies that the reporter works for: what only their staff may pick is theirs too."""
    source: Report.Source = Report.Source.WEB
    """With API, `user` is the application it is credited to, and `email` still the person's."""
    references: Mapping[int, str] = field(default_factory=dict)
    """Body's number → its own reference, where the problem was born in that body's system: it is
    that body's alone, is sent nowhere, and nobody is mailed (integration.md 4)."""


class WrongAnswers(RuleBroken):
    """Some questions are not answered rightly. `errors` maps a question's code to what is wrong."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(_("Please look at the questions again."), field="answers")
        self.errors = errors


def create_report(new: NewReport, *, user: User | None, served: Served | None = None) -> Report:
    """Stores a report: confirmed at once for a signed-in person, else waiting for confirmation.

    `served` saves asking who answers at its place. One that was born in a body's system is public
    at once. Raises RuleBroken naming the field, WrongAnswers for questions. Nothing is stored then.
    """
    found = _found_for(new, served)
    categories = found.categories
    answers = _answers_for(new, categories)
    moment = clock.now()
    with transaction.atomic():
        report = Report.objects.create(
            title=one_line(new.title)[:200],
            detail=paragraphs(new.detail),
            category_name=new.category_name or OTHER,
            group=_group_of(new, categories),
            lat=round(new.lat, 6),
            lon=round(new.lon, 6),
            cell=Point(new.lat, new.lon).cell,
            is_placed=new.is_placed,
            nearest_address=one_line(new.nearest_address)[:300],
            area_ids=list(found.area_ids),
            missing_body_ids=list(found.missing_body_ids),
            is_private=any(category.is_private for category in categories),
            **_person_in(new, user),
            cobrand=new.cobrand,
            language=new.language,
            source=new.source,
            created=moment,
            changed=moment,
        )
        ReportBody.objects.bulk_create(
            ReportBody(
                report=report,
                body_id=category.body_id,
                category=category,
                answers=answers[category.pk],
                external_id=new.references.get(category.body_id, ""),
            )
            for category in categories
        )
        attach_photos(new.photo_keys, report=report)
        if new.references:
            _publish_born_there(report, moment)
        else:
            record(Fact("report.created", "report", report.pk, actor=actor_of(user)))
            if user is not None or new.is_anonymous:
                confirm_report(report.pk, user=user)
    report.refresh_from_db()
    return report


def _publish_born_there(report: Report, moment: datetime) -> None:
    """As a problem that was fetched: nothing follows but that it shows."""
    Report.objects.filter(pk=report.pk).update(
        state=State.CONFIRMED, confirmed_at=moment, state_changed_at=moment
    )
    here = ReportBody.objects.filter(report=report)
    here.update(sent_at=moment, sent_by="push")
    data = {"reports": [report.pk]}
    record(
        *[
            Fact("report.fetched", "body", body_id, actor=Actor("body", body_id), data=data)
            for body_id in here.values_list("body_id", flat=True)
        ]
    )


def _group_of(new: NewReport, categories: list[Category]) -> str:
    """The group it was chosen under, else the first of its category's."""
    groups = [group for category in categories for group in category.groups]
    return new.group if new.group in groups else next(iter(groups), "")


def _person_in(new: NewReport, user: User | None) -> dict[str, object]:
    """Who it is by; of an anonymous one nothing is kept."""
    if new.is_anonymous:
        return {"user": None}
    is_web = user is not None and new.source == Report.Source.WEB
    return {
        "user": user,
        "email": user.email if user is not None and is_web else new.email.strip().lower(),
        "name": one_line(new.name)[:200],
        "phone": one_line(new.phone)[:40],
        "is_name_public": new.is_name_public,
    }


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a report goes: the chosen category of each body, and who answers there without one."""

    categories: list[Category]
    area_ids: tuple[int, ...]
    missing_body_ids: tuple[int, ...]


def _found_for(new: NewReport, served: Served | None) -> _Found:
    _check_words(new)
    if served is None:
        served = served_at(lat=new.lat, lon=new.lon, staff_of=new.staff_of)
    missing = tuple(body.pk for body in served.missing)
    if served.is_outside or (served.has_nobody and new.source != Report.Source.WEB):
        raise RuleBroken(_("Nobody on this site answers for that place."), field="place")
    if served.has_nobody:  # public, and sent to nobody (FB A.6)
        return _Found([], served.area_ids, missing)
    chosen = next((choice for choice in served.choices if choice.name == new.category_name), None)
    if chosen is None:
        raise RuleBroken(
            _("Please choose a category that is offered at this place."), field="category"
        )
    _check_choice(new, chosen)
    rows = Category.objects.filter(pk__in=chosen.category_ids).select_related("body")
    categories = list(rows.order_by("body_id"))
    if new.references:
        categories = [one for one in categories if one.body_id in new.references]
        missing = ()
        if not categories:
            raise RuleBroken(_("This body does not answer for that place."), field="place")
    return _Found(categories, served.area_ids, missing)


def _check_words(new: NewReport) -> None:
    wanted = [("title", new.title)] + ([] if new.is_anonymous else [("name", new.name)])
    for name, value in wanted:
        if not one_line(value):
            raise RuleBroken(_("Please fill this in."), field=name)
    if "@" in one_line(new.title):
        raise RuleBroken(_("Please leave e-mail addresses out of the title."), field="title")
    if len(new.detail) > 4000:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="detail")


def _check_choice(new: NewReport, chosen: Choice) -> None:
    if chosen.stop_message:
        raise RuleBroken(chosen.stop_message, field="category")
    if chosen.photo_required and not new.photo_keys:
        raise RuleBroken(_("Please add a photo; this category needs one."), field="photo")
    is_reachable = one_line(new.phone) or new.is_anonymous
    # The protocol has no way to tell a machine of it beforehand.
    if chosen.phone_required and not is_reachable and new.source == Report.Source.WEB:
        raise RuleBroken(_("Please give a phone number; this category needs one."), field="phone")
    if new.is_anonymous and not chosen.allows_anonymous:
        raise RuleBroken(_("This cannot be reported without a name."), field="name")


def _answers_for(new: NewReport, categories: list[Category]) -> dict[int, dict[str, list[str]]]:
    """Each category's own clean answers. Raises WrongAnswers."""
    found: dict[int, dict[str, list[str]]] = {}
    errors: dict[str, str] = {}
    is_web = new.source == Report.Source.WEB
    of_site = questions_of_site(new.cobrand, new.language) if is_web else ()
    for category in categories:
        asked = {one.code: one for one in (*questions_for((category.pk,)), *of_site)}
        questions = [
            asked_of(question)
            for question in asked.values()
            if question.variable and question.automated != "server_set"
        ]
        checked = check(questions, new.answers)
        found[category.pk] = checked.answers
        errors |= checked.errors
    if errors:
        raise WrongAnswers(errors)
    return found


def confirm_report(report_id: int, *, user: User | None) -> bool:
    """Publishes a report that waited for its reporter; False when it was confirmed before.

    The same transaction writes the fact that plans its deliveries. A banned reporter's report is
    hidden and goes nowhere. `user` None is an anonymous report's.
    """
    moment = clock.now()
    with transaction.atomic():
        banned = user is not None and _is_banned(report_id, user)
        done = Report.objects.filter(pk=report_id, state=State.UNCONFIRMED).update(
            state=State.HIDDEN if banned else State.CONFIRMED,
            user=user,
            confirmed_at=moment,
            state_changed_at=moment,
            changed=moment,
        )
        if done:
            kind = "report.banned" if banned else "report.confirmed"
            record(Fact(kind, "report", report_id, actor=actor_of(user)))
    return bool(done)


def _is_banned(report_id: int, user: User) -> bool:
    """By the account, or by the phone number that the report itself gives."""
    given = Report.objects.filter(pk=report_id).values_list("phone", flat=True).first() or ""
    return any(is_banned(email=user.email, phone=one) for one in {user.phone, given})


@dataclass(frozen=True, slots=True)
class Sent:
    """That a body accepted a report; `external_id` is its reference, "" when it gave none."""

    report_id: int
    body_id: int
    sent_by: str
    sent_at: datetime
    external_id: str = ""


def record_sent(
    *, report_id: int, body_id: int, sent_by: str, sent_at: datetime, external_id: str = ""
) -> None:
    """A body accepted the report; its reference is stored once and never replaced."""
    record_sent_many(
        [
            Sent(
                report_id=report_id,
                body_id=body_id,
                sent_by=sent_by,
                sent_at=sent_at,
                external_id=external_id,
            )
        ]
    )


def record_sent_many(sent: Sequence[Sent]) -> None:
    """Bodies accepted reports; a reference is stored once and never replaced.

    The reference of a copy that was sent on purpose is kept beside it. Set-based, one transaction,
    one batch of facts. Raises IntegrityError when another report has one of the references at the
    body, and then nothing of it is written.
    """
    if not sent:
        return
    with transaction.atomic():
        rows = _locked_rows(sent)
        facts = [_sent_fact(one, rows[one.report_id, one.body_id]) for one in sent]
        copies = [
            Reference(one.report_id, one.body_id, one.external_id)
            for one in sent
            if one.external_id != rows[one.report_id, one.body_id].external_id
        ]
        if copies:
            keep_references(copies)
        write_columns(rows.values(), ["sent_at", "sent_by", "external_id"])
        record(*facts)


def _locked_rows(sent: Sequence[Sent]) -> dict[tuple[int, int], ReportBody]:
    """The rows by report and body, locked in order, so that two writers never wait in a circle."""
    wanted = {(one.report_id, one.body_id) for one in sent}
    rows = ReportBody.objects.select_for_update().filter(
        report__in={report_id for report_id, _body_id in wanted},
        body__in={body_id for _report_id, body_id in wanted},
    )
    found = {(row.report_id, row.body_id): row for row in rows.order_by("id")}
    return {pair: found[pair] for pair in found if pair in wanted}


def _sent_fact(sent: Sent, row: ReportBody) -> Fact:
    """Notes it in the row, and the fact of it."""
    row.sent_at = row.sent_at or sent.sent_at
    if not row.sent_by or (sent.external_id and not row.external_id):
        row.sent_by = sent.sent_by  # the way that brought the reference, where one did
    row.external_id = row.external_id or sent.external_id
    return Fact(
        "report.sent",
        "report",
        sent.report_id,
        actor=Actor("body", sent.body_id),
        data={"body": sent.body_id, "external_id": row.external_id, "by": sent.sent_by},
    )


def hide_report(report_id: int, *, user: User) -> None:
    """Takes a report down."""
    moment = clock.now()
    with transaction.atomic():
        if Report.objects.filter(pk=report_id, state__in=states.VISIBLE).update(
            state=State.HIDDEN, state_changed_at=moment, changed=moment
        ):
            record(Fact("report.hidden", "report", report_id, actor=actor_of(user)))
