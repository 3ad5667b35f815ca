"""Every write to reports and updates by people, and what became of a report at a body.

What bodies' systems say is written by `fetched_services`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from waywarden.bodies.answers import asked, check
from waywarden.bodies.models import Category
from waywarden.bodies.queries import questions_for, served_at
from waywarden.events.services import NOBODY, Actor, Fact, record
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.reports import states
from waywarden.reports.bulk_services import write_columns
from waywarden.reports.models import Photo, Report, ReportBody, Update
from waywarden.reports.states import State
from waywarden.users.models import User
from waywarden.users.queries import is_banned

MAX_PHOTOS = 3


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
    source: Report.Source = Report.Source.WEB
    """With API, `user` is the application it is credited to, and `email` still the person's."""
    references: Mapping[int, str] = field(default_factory=dict)
    """Body's number → its own reference, where the body knows the problem already: it is not sent
    there again."""


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """What a person adds to a report."""

    report_id: int
    text: str
    email: str
    name: str
    is_name_public: bool = False
    says_fixed: bool = False
    reopens: bool = False
    photo_keys: tuple[str, ...] = ()


class WrongAnswers(RuleBroken):
    """Some questions are not answered rightly. `errors` maps a question's code to what is wrong."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(_("Please look at the questions again."), field="answers")
        self.errors = errors


def create_report(new: NewReport, *, user: User | None) -> Report:
    """Stores a report: confirmed at once for a signed-in person, else waiting for confirmation.

    Raises RuleBroken naming the field, WrongAnswers for questions. Nothing is stored then.
    """
    categories, area_ids = _categories_for(new)
    answers = _answers_for(new, categories)
    moment = clock.now()
    with transaction.atomic():
        report = Report.objects.create(
            title=one_line(new.title)[:200],
            detail=paragraphs(new.detail),
            category_name=new.category_name,
            group=next((category.groups[0] for category in categories if category.groups), ""),
            lat=round(new.lat, 6),
            lon=round(new.lon, 6),
            cell=Point(new.lat, new.lon).cell,
            is_placed=new.is_placed,
            nearest_address=one_line(new.nearest_address)[:300],
            area_ids=list(area_ids),
            user=user,
            email=_email_of(new, user),
            name=one_line(new.name)[:200],
            phone=one_line(new.phone)[:40],
            is_name_public=new.is_name_public,
            is_private=any(category.is_private for category in categories),
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
        _attach_photos(new.photo_keys, report=report)
        record(Fact("report.created", "report", report.pk, actor=_actor(user)))
        if user is not None:
            confirm_report(report.pk, user=user)
    report.refresh_from_db()
    return report


def _email_of(new: NewReport, user: User | None) -> str:
    if user is not None and new.source == Report.Source.WEB:
        return user.email
    return new.email.strip().lower()


def _categories_for(new: NewReport) -> tuple[list[Category], tuple[int, ...]]:
    for name, value in (("title", new.title), ("name", new.name)):
        if not one_line(value):
            raise RuleBroken(_("Please fill this in."), field=name)
    if "@" in one_line(new.title):
        raise RuleBroken(_("Please leave e-mail addresses out of the title."), field="title")
    if len(new.detail) > 4000:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="detail")
    served = served_at(lat=new.lat, lon=new.lon)
    if served.has_nobody:
        raise RuleBroken(_("Nobody on this site answers for that place."), field="place")
    chosen = next((choice for choice in served.choices if choice.name == new.category_name), None)
    if chosen is None:
        raise RuleBroken(
            _("Please choose a category that is offered at this place."), field="category"
        )
    categories = list(
        Category.objects.filter(pk__in=chosen.category_ids)
        .select_related("body")
        .order_by("body_id")
    )
    if any(category.photo_required for category in categories) and not new.photo_keys:
        raise RuleBroken(_("Please add a photo; this category needs one."), field="photo")
    return categories, served.area_ids


def _answers_for(new: NewReport, categories: list[Category]) -> dict[int, dict[str, list[str]]]:
    """Each category's own clean answers. Raises WrongAnswers."""
    found: dict[int, dict[str, list[str]]] = {}
    errors: dict[str, str] = {}
    for category in categories:
        questions = [
            asked(
                code=question.code,
                datatype=question.datatype,
                required=question.required and not question.automated,
                values=question.values,
            )
            for question in questions_for((category.pk,))
            if question.variable and question.automated != "server_set"
        ]
        checked = check(questions, new.answers)
        found[category.pk] = checked.answers
        errors |= checked.errors
    if errors:
        raise WrongAnswers(errors)
    return found


def _attach_photos(
    keys: tuple[str, ...], *, report: Report | None = None, update: Update | None = None
) -> None:
    """Gives stored photos that belong to nothing yet to a report or an update, in order."""
    for order, key in enumerate(dict.fromkeys(keys)):
        if order >= MAX_PHOTOS:
            raise RuleBroken(_("Three photos fit."), field="photo")
        Photo.objects.filter(key=key, report=None, update=None).update(
            report=report, update=update, order=order
        )


def _actor(user: User | None) -> Actor:
    return Actor("user", user.pk) if user else NOBODY


def confirm_report(report_id: int, *, user: User) -> bool:
    """Publishes a report that waited for its reporter; False when it was confirmed before.

    The same transaction writes the fact that plans its deliveries. A banned reporter's report is
    hidden and goes nowhere.
    """
    moment = clock.now()
    with transaction.atomic():
        banned = is_banned(email=user.email, phone=user.phone)
        done = Report.objects.filter(pk=report_id, state=State.UNCONFIRMED).update(
            state=State.HIDDEN if banned else State.CONFIRMED,
            user=user,
            confirmed_at=moment,
            state_changed_at=moment,
            changed=moment,
        )
        if done:
            kind = "report.banned" if banned else "report.confirmed"
            record(Fact(kind, "report", report_id, actor=_actor(user)))
    return bool(done)


def withdraw_report(report_id: int, *, user: User) -> None:
    """The reporter takes a report back. Raises NotAllowed for anybody else."""
    moment = clock.now()
    with transaction.atomic():
        done = Report.objects.filter(pk=report_id, user=user, state__in=states.OPEN).update(
            state=State.CANCELLED, state_changed_at=moment, changed=moment
        )
        if not done:
            raise NotAllowed
        record(Fact("report.withdrawn", "report", report_id, actor=_actor(user)))


def create_update(new: NewUpdate, *, user: User | None) -> Update:
    """Stores a person's update: shown at once when signed in, else waiting for confirmation."""
    report = Report.objects.filter(pk=new.report_id, state__in=states.VISIBLE).first()
    if report is None:
        raise RuleBroken(_("This report is not there any more."))
    if not paragraphs(new.text):
        raise RuleBroken(_("Please write what you saw."), field="text")
    if len(new.text) > 4000:
        raise RuleBroken(_("This is too long; 4,000 characters fit."), field="text")
    if not one_line(new.name):
        raise RuleBroken(_("Please give your name; it is shown only if you say so."), field="name")
    moment = clock.now()
    with transaction.atomic():
        update = Update.objects.create(
            report=report,
            user=user,
            email=user.email if user else new.email.strip().lower(),
            name=one_line(new.name)[:200],
            is_name_public=new.is_name_public,
            text=paragraphs(new.text),
            state=_state_wished(new, report),
            created=moment,
        )
        _attach_photos(new.photo_keys, update=update)
        record(Fact("update.created", "update", update.pk, actor=_actor(user)))
        if user is not None:
            confirm_update(update.pk, user=user)
    update.refresh_from_db()
    return update


def _state_wished(new: NewUpdate, report: Report) -> str:
    if new.says_fixed and report.is_open:
        return State.FIXED_USER
    if new.reopens and not report.is_open:
        return State.CONFIRMED
    return ""


def confirm_update(update_id: int, *, user: User) -> bool:
    """Shows an update and sets the state it asks for, where its author may; False if done before.

    Anybody may say "fixed" of an open report; only the reporter reopens (FB 1.4).
    """
    moment = clock.now()
    with transaction.atomic():
        update = Update.objects.select_for_update().get(pk=update_id)
        if update.visibility != Update.Visibility.UNCONFIRMED:
            return False
        report = Report.objects.select_for_update().get(pk=update.report_id)
        banned = is_banned(email=user.email, phone=user.phone)
        update.visibility = Update.Visibility.HIDDEN if banned else Update.Visibility.SHOWN
        update.user, update.confirmed_at = user, moment
        if banned or not _may_set(update.state, report, user):
            update.state = ""
        update.save()
        if not banned:
            _apply_state(report, update.state, moment)
            record(
                Fact(
                    "update.confirmed",
                    "update",
                    update.pk,
                    actor=_actor(user),
                    data={"report": report.pk, "state": update.state},
                )
            )
    return True


def _may_set(state: str, report: Report, user: User) -> bool:
    if state == State.FIXED_USER:
        return report.is_open
    if state == State.CONFIRMED:
        return report.user_id == user.pk and not report.is_open
    return False


def _apply_state(report: Report, state: str, moment: datetime) -> None:
    report.changed = moment
    if state and state != report.state:
        report.state, report.state_changed_at = state, moment
    report.save(update_fields=["state", "state_changed_at", "changed"])


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

    Set-based, one transaction, one batch of facts. Raises IntegrityError when another report has
    one of the references at the body, and then nothing of it is written.
    """
    if not sent:
        return
    with transaction.atomic():
        rows = _locked_rows(sent)
        facts = [_sent_fact(one, rows[one.report_id, one.body_id]) for one in sent]
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
    row.sent_by = row.sent_by or sent.sent_by
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
            record(Fact("report.hidden", "report", report_id, actor=_actor(user)))
