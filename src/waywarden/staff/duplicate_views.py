"""Says that a report is the same as another, and takes that back: staff of its body."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from waywarden.geo.points import Point
from waywarden.kernel.errors import RuleBroken
from waywarden.reports import states
from waywarden.reports.duplicates import FURTHEST, lookalikes
from waywarden.reports.models import Report
from waywarden.reports.public_services import mark_duplicate, unmark_duplicate
from waywarden.reports.queries import bodies_of_report, public_reports
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.pages import page

#: Reports near by that are offered, and digits that a number may have.
OFFERED, DIGITS = 12, 17


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def duplicate(request: HttpRequest, staff: Staff, report_id: int) -> HttpResponse:
    """Pick the original among those near by, or by its number; or take it back."""
    report = get_object_or_404(Report, pk=report_id, state__in=states.VISIBLE)
    if not any(staff.may_decide(one) for one in bodies_of_report(report.pk)):
        raise PermissionDenied
    error = ""
    if request.method == "POST":
        error = _decide(request, staff, report)
        if not error:
            return redirect(report)
    values = {
        "report": report,
        "original": public_reports().filter(pk=report.duplicate_of_id or 0).first(),
        "near": lookalikes(
            Point(report.lat, report.lon), within=FURTHEST, most=OFFERED, besides=report.pk
        ),
        "typed": request.POST.get("number", ""),
        "error": error,
    }
    status = 422 if error else 200
    return page(request, staff, "staff/duplicate.html", values, here="", status=status)


def _decide(request: HttpRequest, staff: Staff, report: Report) -> str:
    """What is wrong with what was asked for, "" when it was done."""
    if request.POST.get("do") == "apart":
        unmark_duplicate(report.pk, by=by(staff))
        messages.success(request, _("It is a report of its own again, and open."))
        return ""
    original = _named(request.POST.get("original") or request.POST.get("number", ""))
    if original is None:
        return _("There is no such report.")
    try:
        mark_duplicate(report.pk, original_id=original.pk, by=by(staff))
    except RuleBroken as wrong:
        return str(wrong)
    messages.success(request, _("Tied together. Whoever followed it follows the other one now."))
    return ""


def _named(text: str) -> Report | None:
    """The public report of a number, as people type it: what others may not see is not told."""
    digits = text.strip().lstrip("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS):
        return None
    return public_reports().filter(pk=int(digits)).first()
