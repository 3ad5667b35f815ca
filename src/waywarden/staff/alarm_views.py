"""Alarms: what is broken now and was lately, and whether one is mailed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from waywarden.bodies.models import Body
from waywarden.health import alarm_services, queries
from waywarden.health.letters import page_of
from waywarden.health.models import Alarm, AlarmReader
from waywarden.health.verdicts import Kind, Trouble
from waywarden.health.wording import name_of
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import whole_number
from waywarden.staff.access import Staff, staff_only
from waywarden.staff.board_views import bodies_of
from waywarden.staff.deliveries import bodies_to_choose
from waywarden.staff.pages import page

SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Open alarms first, then those that are over; a box for each body to be mailed about."""
    if request.method == "POST":
        return _choose(request, staff)
    heard = set(AlarmReader.objects.filter(user=staff.user_id).values_list("body_id", flat=True))
    values = {
        "alarms": [_line(alarm) for alarm in _seen(staff)],
        "everything": None in heard,
        "bodies": [(body, body.pk in heard) for body in _offered(staff)],
    }
    return page(request, staff, "staff/alarms.html", values, here="alarms")


def _seen(staff: Staff) -> list[Alarm]:
    rows = Alarm.objects.select_related("connection", "body")
    if not staff.is_operator:
        own = queries.connections_of(bodies_of(staff)).values("pk")
        of_connection = Q(body=None, connection__in=own)
        rows = rows.filter(of_connection | Q(body__in=list(staff.roles)))
    order = F("closed_at").desc(nulls_first=True)
    return list(rows.order_by(order, "-opened_at")[:SHOWN])


def _line(alarm: Alarm) -> dict[str, object]:
    trouble = Trouble(Kind(alarm.kind), alarm.count, alarm.detail)
    return {
        "alarm": alarm,
        "name": name_of(alarm),
        "trouble": trouble,
        "address": page_of(alarm),
    }


def _offered(staff: Staff) -> list[Body]:
    """Operators hear of everything or nothing; others choose by body."""
    return [] if staff.is_operator else list(bodies_to_choose(staff))


def _choose(request: HttpRequest, staff: Staff) -> HttpResponse:
    given = request.POST.get("body", "")
    body_id = whole_number(given)
    if given and body_id is None:
        raise Http404
    if not staff.sees(body_id):
        raise PermissionDenied
    try:
        if request.POST.get("do") == "stop":
            alarm_services.hear_no_more(user_id=staff.user_id, body_id=body_id)
            messages.success(request, _("You are not mailed any more."))
        else:
            alarm_services.hear(user_id=staff.user_id, body_id=body_id)
            messages.success(request, _("You are mailed when something breaks and mends."))
    except RuleBroken as wrong:
        messages.error(request, _(str(wrong)))
    return redirect("staff:alarms")
