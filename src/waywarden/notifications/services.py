"""The mails to people; each is one function the jobs call. No mail where none is wanted."""

from email.utils import formataddr

from django.utils.translation import get_language

from waywarden.bodies.models import Body
from waywarden.kernel.cobrand import registry
from waywarden.notifications.alert_services import Target, check_target
from waywarden.notifications.letters import Letter, address_of, contact_of, send
from waywarden.notifications.news import words_for
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import State
from waywarden.users.models import MailedLink
from waywarden.users.services import LIVES, issue_link


def send_sign_in_link(*, email: str, next_url: str, cobrand_name: str, code: str = "") -> None:
    """Mails a link that signs in and then opens `next_url`, and a code that does it where the mail
    was asked for. Raises TooManyLinks.
    """
    purpose = MailedLink.Purpose.SIGN_IN
    token = issue_link(purpose=purpose, email=email, data={"next": next_url})
    send(
        Letter(
            to=email.strip().lower(),
            template="sign_in",
            cobrand_name=cobrand_name,
            language=get_language() or "",
            values={
                "link": address_of(f"/M/{token}", cobrand_name=cobrand_name),
                "hours": int(LIVES[purpose].total_seconds() // 3600),
                "code": code,
            },
        )
    )


def mail_report_confirmation(report_id: int) -> bool:
    """Mails the link that publishes a report; False when it does not wait for one (any more)."""
    report = Report.objects.filter(pk=report_id, state=State.UNCONFIRMED).exclude(email="").first()
    if report is None:
        return False
    purpose = MailedLink.Purpose.CONFIRM_REPORT
    token = issue_link(
        purpose=purpose,
        email=report.email,
        subject_id=report.pk,
        data={"name": report.name, "phone": report.phone},
    )
    bodies = Body.objects.filter(report_rows__report=report).order_by("name")
    send(
        Letter(
            to=report.email,
            template="confirm_report",
            cobrand_name=report.cobrand,
            language=report.language,
            values={
                "report": report,
                "bodies": [body.name for body in bodies],
                "photos": report.photos.count(),
                "link": address_of(f"/P/{token}", cobrand_name=report.cobrand),
                "days": LIVES[purpose].days,
            },
            thread=_thread(report),
        )
    )
    return True


def mail_update_confirmation(update_id: int) -> bool:
    """Mails the link that shows an update; False when it does not wait for one (any more)."""
    update = (
        Update.objects.filter(pk=update_id, visibility=Update.Visibility.UNCONFIRMED)
        .exclude(email="")
        .select_related("report")
        .first()
    )
    if update is None:
        return False
    purpose = MailedLink.Purpose.CONFIRM_UPDATE
    token = issue_link(
        purpose=purpose, email=update.email, subject_id=update.pk, data={"name": update.name}
    )
    cobrand_name = update.report.cobrand
    send(
        Letter(
            to=update.email,
            template="confirm_update",
            cobrand_name=cobrand_name,
            language=update.report.language,
            values={
                "report": update.report,
                "update": update,
                "photos": update.photos.count(),
                "link": address_of(f"/C/{token}", cobrand_name=cobrand_name),
                "days": LIVES[purpose].days,
            },
        )
    )
    return True


def mail_report_sent(report_id: int, body_id: int) -> bool:
    """Tells the reporter that a body has it, and its reference; False when nobody is told."""
    row = (
        ReportBody.objects.filter(report_id=report_id, body_id=body_id, sent_at__isnull=False)
        .select_related("report__user", "body")
        .first()
    )
    address = _reporter_of(row.report) if row else ""
    if row is None or not address:
        return False
    _send_news(
        row.report,
        to=address,
        template="report_sent",
        message_id=f"report.{report_id}.at.{body_id}",
        values={"body": row.body, "reference": row.reference},
    )
    return True


def mail_follow_link(target: Target, *, email: str, cobrand_name: str, frequency: str = "") -> None:
    """Mails the link with which somebody not signed in begins to follow something.

    Raises CannotBeFollowed, TooManyLinks. Nothing is kept of the wish but the link itself.
    """
    check_target(target)
    purpose = MailedLink.Purpose.FOLLOW
    wish = {"target": target.as_data(), "frequency": frequency, "cobrand": cobrand_name}
    token = issue_link(purpose=purpose, email=email, data=wish)
    send(
        Letter(
            to=email.strip().lower(),
            template="confirm_follow",
            cobrand_name=cobrand_name,
            language=get_language() or "",
            values={
                "place": words_for(target),
                "link": address_of(f"/A/{token}", cobrand_name=cobrand_name),
                "days": LIVES[purpose].days,
            },
        )
    )


def mail_message(
    *, cobrand_name: str, name: str, email: str, subject: str, message: str, report_id: int | None
) -> None:
    """Mails what somebody wrote to the people who run a site; an answer goes to that person."""
    cobrand = registry.named(cobrand_name)
    page = address_of(f"/report/{report_id}", cobrand_name=cobrand_name) if report_id else ""
    send(
        Letter(
            to=contact_of(cobrand),
            template="contact",
            cobrand_name=cobrand_name,
            values={
                "name": name,
                "email": email,
                "subject": subject,
                "message": message,
                "report_link": page,
            },
            headers={"Reply-To": formataddr((name, email))},
        )
    )


def _send_news(
    report: Report, *, to: str, template: str, message_id: str, values: dict[str, object]
) -> None:
    """A mail about a report that is known here; its id is the same when it is sent twice."""
    page = address_of(report.get_absolute_url(), cobrand_name=report.cobrand)
    send(
        Letter(
            to=to,
            template=template,
            cobrand_name=report.cobrand,
            language=(report.user.language if report.user else "") or report.language,
            values={"report": report, "link": page, **values},
            message_id=message_id,
            thread=_thread(report),
            # Lets people sort by report; there is nothing to leave, so no List-Unsubscribe.
            headers={"List-Id": f"<report-{report.pk}.{page.split('/')[2].partition(':')[0]}>"},
        )
    )


def _thread(report: Report) -> str:
    return f"report.{report.pk}"


def _reporter_of(report: Report) -> str:
    """Where the reporter reads mail; "" where there is no person, or the report is taken down."""
    user = report.user
    if user is None or not user.is_active or user.is_update_user or not user.wants_news:
        return ""
    if not report.is_visible:
        return ""
    return user.email
