"""The mails that carry a report or an update to a body, rendered from templates."""

from collections.abc import Iterable, Sequence
from email.utils import parseaddr

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from waywarden.backends.contract import Mail, OutgoingReport, OutgoingUpdate, Person
from waywarden.bodies.models import Question
from waywarden.kernel.cobrand import registry
from waywarden.kernel.text import one_line
from waywarden.sending.models import Delivery


def mail_of_report(
    delivery: Delivery, report: OutgoingReport, questions: Sequence[Question]
) -> Mail:
    """The mail that carries a report, in the site's own language."""
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("%(title)s – %(category)s (report %(number)d)") % {
            "title": report.title,
            "category": report.category,
            "number": report.report_id,
        }
        context = {
            "report": report,
            "body": delivery.body,
            "answers": list(_answers(report, questions)),
            "map_url": _map_url(report),
            "photos": [photo.url for photo in report.photos if photo.url],
            "has_attached_photos": any(not photo.url for photo in report.photos),
        }
        return _mail(delivery, subject, "sending/report_mail", context, report.person)


def mail_of_update(delivery: Delivery, update: OutgoingUpdate) -> Mail:
    """The mail that carries a person's update to a body that has the report."""
    with translation.override(settings.LANGUAGE_CODE):
        subject = _("%(title)s (news of report %(number)d)") % {
            "title": update.title,
            "number": update.report_id,
        }
        context = {
            "update": update,
            "body": delivery.body,
            "state": delivery.update.get_state_display() if delivery.update else "",
            "photos": [photo.url for photo in update.photos if photo.url],
            "has_attached_photos": any(not photo.url for photo in update.photos),
        }
        return _mail(delivery, subject, "sending/update_mail", context, update.person)


def _mail(
    delivery: Delivery, subject: str, template: str, context: dict[str, object], person: Person
) -> Mail:
    sender = _sender(delivery.report.cobrand)
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return Mail(
        subject=one_line(subject),
        text=render_to_string(f"{template}.txt", context).strip() + "\n",
        html=render_to_string(f"{template}.html", context),
        sender=sender,
        reply_to=person.email,
        # The same on every attempt, so that a mail that goes twice can be told for one.
        message_id=f"<{delivery.key}@{domain}>",
        headers={
            "X-Waywarden-Report": str(delivery.report_id),
            "X-Waywarden-Delivery": str(delivery.key),
        },
    )


def _sender(cobrand_name: str) -> str:
    own = next((one.mail_from for one in registry.all() if one.name == cobrand_name), "")
    return own or settings.DEFAULT_FROM_EMAIL


def _map_url(report: OutgoingReport) -> str:
    place = f"lat={report.lat:.6f}&lon={report.lon:.6f}&zoom=17"
    return f"{settings.WAYWARDEN_BASE_URL}/around?{place}"


def _answers(report: OutgoingReport, questions: Iterable[Question]) -> Iterable[tuple[str, str]]:
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
