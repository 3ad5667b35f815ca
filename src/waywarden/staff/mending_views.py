"""Mending what a body did not take: other words, another place, another category or body."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from waywarden.kernel.errors import RuleBroken
from waywarden.sending import moving_services as moving
from waywarden.sending.models import Delivery
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.delivery_views import seen_delivery, shown
from waywarden.staff.forms import EditForm, RerouteForm


def _decided(staff: Staff, delivery_id: int) -> Delivery:
    row = seen_delivery(staff, delivery_id)
    if not staff.may_decide(row.body_id):
        raise PermissionDenied
    return row


@require_POST
@staff_only
def edit(request: HttpRequest, staff: Staff, delivery_id: int) -> HttpResponse:
    """Mends the report and sends it again; nothing is changed if any part is wrong."""
    row = _decided(staff, delivery_id)
    form = EditForm(request.POST, delivery=row)
    if form.is_valid():
        try:
            moving.edit_and_retry(
                row.pk, changes=form.changes, category_id=form.category_id, by=by(staff)
            )
        except RuleBroken as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, _(str(wrong)))
        else:
            messages.success(request, _("It is mended, and sent again."))
            return redirect("staff:delivery", delivery_id)
    return shown(request, staff, seen_delivery(staff, delivery_id), edit=form)


@require_POST
@staff_only
def reroute(request: HttpRequest, staff: Staff, delivery_id: int) -> HttpResponse:
    """Sends the report to another body instead."""
    row = _decided(staff, delivery_id)
    form = RerouteForm(request.POST, delivery=row)
    if form.is_valid():
        try:
            moving.reroute(row.pk, category_id=form.cleaned_data["category"].pk, by=by(staff))
        except RuleBroken as wrong:
            form.add_error("category", _(str(wrong)))
        else:
            name = form.cleaned_data["category"].body.name
            messages.success(request, _("It goes to %s now.") % name)
            return redirect("staff:delivery", delivery_id)
    return shown(request, staff, seen_delivery(staff, delivery_id), reroute=form)
