"""The mails that carry a report or an update to a body, rendered from templates."""

from collections.abc import Iterable, Sequence
from email.utils import parseaddr
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template.backends.django import DjangoTemplates
from django.utils import translation

from waywarden.backends.contract import Mail, OutgoingReport, OutgoingUpdate, Person
from waywarden.bodies.queries import body_names
from waywarden.bodies.question_models import Asking
from waywarden.kernel.cobrand import Cobrand, registry
from waywarden.kernel.text import one_line
from waywarden.sending.models import Delivery
from waywarden.sending.return_paths import address_for


def mail_of_report(delivery: Delivery, report: OutgoingReport, questions: Sequence[Asking]) -> Mail:
    """The mail that carries a report, in the site's own language."""
    values = {
        "report": report,
        "body": delivery.body,
        "answers": list(_answers(report, questions)),
        "map_url": _map_url(report),
        "photos": [photo.url for photo in report.photos if photo.url],
        "has_attached_photos": any(not photo.url for photo in report.photos),
        "answers_are_filed": bool(settings.WAYWARDEN_MAIL_ANSWERS),
        "also_there": body_names(delivery.report.missing_body_ids),
    }
    return _mail(delivery, "report_mail", values, report.person)


def mail_of_update(delivery: Delivery, update: OutgoingUpdate) -> Mail:
    """The mail that carries a person's update, or a reopening, to a body that has the report."""
    values = {
        "update": update,
        "body": delivery.body,
        "state": delivery.update.get_state_display() if delivery.update else "",
        "photos": [photo.url for photo in update.photos if photo.url],
        "has_attached_photos": any(not photo.url for photo in update.photos),
    }
    return _mail(delivery, "update_mail", values, update.person)


def _mail(delivery: Delivery, template: str, values: dict[str, object], person: Person) -> Mail:
    cobrand = registry.named(delivery.report.cobrand)
    sender = cobrand.mail_from or settings.DEFAULT_FROM_EMAIL
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    answers = address_for(delivery.pk, domain=settings.WAYWARDEN_MAIL_ANSWERS)
    with translation.override(settings.LANGUAGE_CODE):
        return Mail(
            subject=one_line(_rendered(cobrand, f"{template}.subject.txt", values)),
            text=_rendered(cobrand, f"{template}.txt", values).strip() + "\n",
            html=_rendered(cobrand, f"{template}.html", values),
            sender=sender,
            # Both: the reporter reads the answer, and the site files it with the report.
            reply_to=", ".join(address for address in (person.email, answers) if address),
            envelope_sender=answers,
            # The same on every attempt, so that a mail that goes twice can be told for one.
            message_id=f"<{delivery.key}@{domain}>",
            headers={
                "X-Waywarden-Report": str(delivery.report_id),
                "X-Waywarden-Delivery": str(delivery.key),
            },
        )


def _rendered(cobrand: Cobrand, name: str, values: dict[str, object]) -> str:
    engine = _engine(cobrand.templates, is_html=name.endswith(".html"))
    return str(engine.get_template(f"sending/{name}").render(dict(values)))


@cache
def _engine(folder: Path, *, is_html: bool) -> DjangoTemplates:
    """The templates of this room, those of a cobrand's folder before them; text is not escaped."""
    return DjangoTemplates(
        {
            "NAME": f"sending-{folder.parent.name}",
            "DIRS": [folder],
            "APP_DIRS": True,
            "OPTIONS": {"autoescape": is_html},
        }
    )


def _map_url(report: OutgoingReport) -> str:
    place = f"lat={report.lat:.6f}&lon={report.lon:.6f}&zoom=17"
    return f"{settings.WAYWARDEN_BASE_URL}/around?{place}"


def _answers(report: OutgoingReport, questions: Iterable[Asking]) -> Iterable[tuple[str, str]]:
    """Question and answer in words, as they were asked; answers to no question at the end."""
    left = dict(report.answers)
    for question in questions:
        values = left.pop(question.code, ())
        if values and question.variable:
            names = {str(value["key"]): str(value.get("name", "")) for value in question.values}
            words = ", ".join(names.get(value) or value for value in values)
            yield question.description or question.code, words
    for code, values in left.items():
        yield code, ", ".join(values)
