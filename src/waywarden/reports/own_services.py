"""What people do with all that they wrote: hide their name, take it with them, leave it behind."""

from django.db import transaction
from django.db.models import Q

from waywarden.events.services import Actor, Fact, record
from waywarden.kernel import clock
from waywarden.reports.locking_services import lock_reports
from waywarden.reports.models import Flag, Photo, Report, Update
from waywarden.reports.photo_services import set_adrift
from waywarden.reports.states import State
from waywarden.users.models import User


def hide_name(*, user: User, report_id: int | None = None) -> int:
    """A person's name shows no more on a report and its updates by them, or on all; how many."""
    reports = Report.objects.filter(user=user, is_name_public=True)
    updates = Update.objects.filter(user=user, is_name_public=True)
    if report_id is not None:
        reports, updates = reports.filter(pk=report_id), updates.filter(report_id=report_id)
    moment = clock.now()
    with transaction.atomic():
        hidden = reports.update(is_name_public=False, changed=moment)
        return hidden + updates.update(is_name_public=False)


def leave_behind(user: User) -> None:
    """Reports and updates stay, without a person: no account, address, name or phone number.

    What was never confirmed goes, its photos too.
    """
    mine = Q(user=user) | Q(user=None, email=user.email)
    moment = clock.now()
    with transaction.atomic():
        lock_reports(
            [
                *Report.objects.filter(mine).values_list("pk", flat=True),
                *Update.objects.filter(mine).values_list("report_id", flat=True),
            ]
        )
        unconfirmed = Report.objects.filter(mine, state=State.UNCONFIRMED)
        unshown = Update.objects.filter(mine, visibility=Update.Visibility.UNCONFIRMED)
        set_adrift(Photo.objects.filter(Q(report__in=unconfirmed) | Q(update__in=unshown)))
        unshown.delete()
        unconfirmed.delete()
        nobody = {"user": None, "email": "", "name": "", "is_name_public": False}
        Update.objects.filter(mine).update(**nobody)
        ids = list(Report.objects.filter(mine).values_list("pk", flat=True))
        Report.objects.filter(pk__in=ids).update(**nobody, phone="", changed=moment)
        Flag.objects.filter(email=user.email).update(email="")
        record(*(Fact("report.anonymised", "report", one, actor=Actor()) for one in ids))
