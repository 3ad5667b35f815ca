"""Connections in shadow: what would have been sent, and the one click that goes live."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from waywarden.bodies import services as bodies
from waywarden.bodies.models import Body
from waywarden.kernel.errors import RuleBroken
from waywarden.sending.queries import rehearsed
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.pages import page

PAGE = 50


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """The bodies with a connection in shadow, and how its rehearsals go."""
    good = Q(shadow_requests__findings=[])
    its_own = Q(shadow_requests__connection=F("shadow_connection"))
    rows = (
        Body.objects.filter(staff.only("pk"), is_deleted=False)
        .exclude(shadow_connection=None)
        .select_related("shadow_connection", "sending_connection")
        .annotate(
            built=Count("shadow_requests", filter=its_own),
            good=Count("shadow_requests", filter=its_own & good),
            reports_built=Count(
                "shadow_requests", filter=its_own & Q(shadow_requests__update=None)
            ),
            updates_built=Count("shadow_requests__update", filter=its_own),
        )
        .order_by("name")
    )
    values = {"bodies": Paginator(rows, PAGE).get_page(request.GET.get("page"))}
    return page(request, staff, "staff/shadow.html", values, here="shadow")


def _seen(staff: Staff, body_id: int) -> Body:
    rows = Body.objects.filter(staff.only("pk"), is_deleted=False)
    return get_object_or_404(rows.select_related("shadow_connection"), pk=body_id)


@require_safe
@staff_only
def one(request: HttpRequest, staff: Staff, body_id: int) -> HttpResponse:
    """What one body's connection in shadow would have been told."""
    body = _seen(staff, body_id)
    rows = rehearsed(body.pk).filter(connection=body.shadow_connection_id)
    if request.GET.get("wrong"):
        rows = rows.exclude(findings=[])
    values = {
        "body": body,
        "only_wrong": bool(request.GET.get("wrong")),
        "rows": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "may_go_live": staff.may_administer(body.pk) and body.shadow_connection_id is not None,
    }
    return page(request, staff, "staff/shadow_body.html", values, here="shadow")


@require_POST
@staff_only
def live(request: HttpRequest, staff: Staff, body_id: int) -> HttpResponse:
    """The connection in shadow takes over."""
    body = _seen(staff, body_id)
    if not staff.may_administer(body.pk):
        raise PermissionDenied
    try:
        connection = bodies.go_live(body.pk, by=by(staff))
    except RuleBroken as wrong:
        messages.error(request, _(str(wrong)))
        return redirect("staff:shadow-body", body_id)
    messages.success(request, _("New reports go through “%s” now.") % connection.name)
    return redirect("staff:connection", connection.pk)
