"""What comes back: polls, and rows that could not be used."""

import json

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from waywarden.kernel.errors import WaywardenError
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.board_views import bodies_of, seen_connection
from waywarden.staff.pages import page
from waywarden.sync import aside_services as aside
from waywarden.sync.models import SetAside, What
from waywarden.sync.queries import last_runs, set_aside_aged, set_aside_now

PAGE = 50
RUNS = 200
#: Digits that a report's number may have.
DIGITS = 18


@require_safe
@staff_only
def polls(request: HttpRequest, staff: Staff, connection_id: int) -> HttpResponse:
    """The last polls of a connection and what came of each."""
    row = seen_connection(staff, connection_id)
    runs = Paginator(last_runs(connection_id, most=RUNS), PAGE)
    values = {"connection": row, "runs": runs.get_page(request.GET.get("page"))}
    return page(request, staff, "staff/polls.html", values, here="board")


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Rows that wait for something, newest first."""
    gone = set_aside_aged(bodies_of(staff))
    shows_gone = request.GET.get("gone") == "age"
    rows = gone if shows_gone else set_aside_now(bodies_of(staff))
    reason = request.GET.get("reason", "")
    if reason in SetAside.Reason.values:
        rows = rows.filter(reason=reason)
    values = {
        "rows": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "reasons": SetAside.Reason.choices,
        "reason": reason,
        "gone": gone.count(),
        "shows_gone": shows_gone,
        "days": settings.WAYWARDEN_ASIDE_DAYS,
    }
    return page(request, staff, "staff/set_aside.html", values, here="aside")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, staff: Staff, row_id: int) -> HttpResponse:
    """One row as it came; a person applies it, or drops it with a reason."""
    seen = SetAside.objects.filter(staff.only()).select_related("connection", "body")
    row = get_object_or_404(seen, pk=row_id)
    if request.method == "POST":
        return _decide(request, staff, row)
    values = {
        "row": row,
        "raw": json.dumps(row.raw, ensure_ascii=False, indent=2, sort_keys=True),
        "may_decide": staff.may_decide(row.body_id) and row.settled_at is None,
        "takes_number": row.what == What.UPDATES,
    }
    return page(request, staff, "staff/aside_row.html", values, here="aside")


def _decide(request: HttpRequest, staff: Staff, row: SetAside) -> HttpResponse:
    if not staff.may_decide(row.body_id):
        raise PermissionDenied
    try:
        if request.POST.get("do") == "drop":
            aside.drop_set_aside(row.pk, reason=request.POST.get("reason", ""), by=by(staff))
            messages.success(request, _("It is dropped and does not come back."))
            return redirect("staff:set-aside")
        if _apply(request, staff, row):
            messages.success(request, _("It is applied."))
            return redirect("staff:set-aside")
        messages.warning(request, _("It still cannot be used; see why below."))
    except WaywardenError as wrong:
        messages.error(request, _(str(wrong)))
    return redirect("staff:aside-row", row.pk)


def _apply(request: HttpRequest, staff: Staff, row: SetAside) -> bool:
    if row.what != What.UPDATES:
        aside.apply_set_aside([row.pk])
        return not SetAside.objects.filter(pk=row.pk, settled_at=None).exists()
    given = request.POST.get("report_id", "").strip()
    number = int(given) if given.isascii() and given.isdigit() and len(given) < DIGITS else None
    return aside.apply_by_hand(row.pk, report_id=number, by=by(staff))
