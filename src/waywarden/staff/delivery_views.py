"""Deliveries: what waits, what is stuck and why, what was said, and what a person decides."""

import json
from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from waywarden.connections.queries import exchanges_of
from waywarden.events.queries import history_of
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import whole_number
from waywarden.sending import services as sending
from waywarden.sending.models import Delivery
from waywarden.sending.queries import answers_of
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.deliveries import Filter, Slice, bodies_to_choose, groups, page_of
from waywarden.staff.forms import EditForm, RerouteForm
from waywarden.staff.pages import page
from waywarden.staff.people import named
from waywarden.ui.addresses import own_path

#: Rows that one press decides about at most.
AT_ONCE = 500
CALLS_SHOWN = 20
CALLS_IN_FILE = 500


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Deliveries of one's bodies; those that need a person unless asked for others."""
    chosen = Filter.of(request.GET)
    found: Slice = page_of(staff, chosen)
    values = {
        "chosen": chosen,
        "found": found,
        "groups": groups(),
        "bodies": bodies_to_choose(staff),
        "may_decide": any(staff.may_decide(row.body_id) for row in found.rows),
        "stuck_here": _whole_body(staff, chosen) if chosen.group == "stuck" else None,
    }
    return page(request, staff, "staff/deliveries.html", values, here="deliveries")


def _whole_body(staff: Staff, chosen: Filter) -> int | None:
    """The one body that the list is about: the chosen one, or the only one a person works for."""
    only = next(iter(staff.roles)) if len(staff.roles) == 1 and not staff.is_operator else None
    body_id = chosen.body or only
    return body_id if staff.may_decide(body_id) else None


def seen_delivery(staff: Staff, delivery_id: int) -> Delivery:
    """A delivery to one of the person's bodies. Raises Http404: others do not learn it exists."""
    rows = Delivery.objects.filter(staff.only()).select_related(
        "report", "update", "body", "category", "connection"
    )
    return get_object_or_404(rows, pk=delivery_id)


@require_safe
@staff_only
def one(request: HttpRequest, staff: Staff, delivery_id: int) -> HttpResponse:
    """One delivery: where it stands, why, what to do, what was said."""
    return shown(request, staff, seen_delivery(staff, delivery_id))


def shown(
    request: HttpRequest,
    staff: Staff,
    row: Delivery,
    *,
    edit: EditForm | None = None,
    reroute: RerouteForm | None = None,
) -> HttpResponse:
    """The page of a delivery; with a form that was wrong, 422."""
    is_open = row.state in sending.OPEN_TO_HANDS
    values = {
        "delivery": row,
        "calls": exchanges_of("delivery", row.pk)[:CALLS_SHOWN],
        "history": named(history_of("delivery", row.pk)),
        "answers": answers_of(row.report_id, row.body_id),
        "is_open": is_open,
        "may_decide": staff.may_decide(row.body_id),
    }
    can_go_elsewhere = is_open and row.update_id is None and row.moved_by_id is None
    if can_go_elsewhere and staff.may_decide(row.body_id):
        values["edit"] = edit or EditForm(delivery=row)
        values["reroute"] = reroute or RerouteForm(delivery=row)
    status = 422 if edit or reroute else 200
    return page(request, staff, "staff/delivery.html", values, here="deliveries", status=status)


@require_safe
@staff_only
def calls(request: HttpRequest, staff: Staff, delivery_id: int) -> HttpResponse:  # noqa: ARG001 - a view gets it
    """What was asked and what came, masked, as a file for the body's support."""
    row = seen_delivery(staff, delivery_id)
    found = {
        "delivery": row.pk,
        "key": str(row.key),
        "report": row.report_id,
        "state": row.state,
        "reason": row.reason,
        "calls": [
            {
                "at": call.at.isoformat(),
                "seconds": round(call.seconds, 3),
                "method": call.method,
                "url": call.url,
                "request": call.request,
                "status": call.status,
                "response": call.response,
                "error": call.error,
            }
            for call in exchanges_of("delivery", row.pk)[:CALLS_IN_FILE]
        ],
    }
    text = json.dumps(found, ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="delivery-{row.pk}-calls.json"'
    return response


@require_POST
@staff_only
def decide(request: HttpRequest, staff: Staff, delivery_id: int) -> HttpResponse:
    """A person decides about one delivery."""
    row = seen_delivery(staff, delivery_id)
    if not staff.may_decide(row.body_id):
        raise PermissionDenied
    action, done = _action(request, staff)
    try:
        action(row.pk)
    except RuleBroken as wrong:
        messages.error(request, _(str(wrong)))
    else:
        messages.success(request, done)
    return redirect("staff:delivery", delivery_id)


@require_POST
@staff_only
def decide_many(request: HttpRequest, staff: Staff) -> HttpResponse:
    """A person decides about the ticked ones, or has everything that is stuck at a body retried."""
    back = _back(request)
    if body := request.POST.get("all_of_body", ""):
        return _retry_all(request, staff, body, back)
    ids = list(filter(None, map(whole_number, request.POST.getlist("id"))))[:AT_ONCE]
    if not ids:
        messages.warning(request, _("Tick the deliveries first."))
        return redirect(back)
    action, _done = _action(request, staff)
    rows = Delivery.objects.filter(staff.only(), pk__in=ids).values_list("pk", "body_id")
    done, wrong = 0, []
    for delivery_id, body_id in rows.order_by("pk"):
        if not staff.may_decide(body_id):
            raise PermissionDenied
        try:
            action(delivery_id)
        except RuleBroken as error:
            wrong.append(f"{delivery_id}: {_(str(error))}")
        else:
            done += 1
    _say(request, done, wrong)
    return redirect(back)


def _retry_all(request: HttpRequest, staff: Staff, body: str, back: str) -> HttpResponse:
    body_id = whole_number(body)
    if body_id is None or not staff.sees(body_id):
        raise Http404
    if not staff.may_decide(body_id):
        raise PermissionDenied
    sending.retry_all(body_id, by=by(staff))
    messages.success(request, _("Everything that was stuck at this body is sent again."))
    return redirect(back)


def _say(request: HttpRequest, done: int, wrong: list[str]) -> None:
    if done:
        words = ngettext("%d delivery: done.", "%d deliveries: done.", done)
        messages.success(request, words % done)
    for words in wrong[:5]:
        messages.error(request, words)


def _back(request: HttpRequest) -> str:
    """The list as it was filtered."""
    back = request.POST.get("back", "")
    return own_path(back, otherwise=reverse("staff:deliveries"))


def _action(request: HttpRequest, staff: Staff) -> tuple[Callable[[int], object], str]:
    """What the pressed button does, and what is said when it is done. Raises Http404."""
    who = by(staff)
    reason = request.POST.get("reason", "")
    reference = request.POST.get("external_id", "")
    known: dict[str, tuple[Callable[[int], object], str]] = {
        "retry": (lambda pk: sending.retry(pk, by=who), _("It is sent again.")),
        "send_now": (lambda pk: sending.send_now(pk, by=who), _("It is sent now.")),
        "hold": (
            lambda pk: sending.hold(pk, reason=reason, by=who),
            _("It is held until somebody lets it go."),
        ),
        "give_up": (
            lambda pk: sending.give_up(pk, reason=reason, by=who),
            _("It is given up, with your reason."),
        ),
        "mark_sent": (
            lambda pk: sending.mark_sent(pk, external_id=reference, by=who),
            _("It is marked as sent."),
        ),
    }
    try:
        return known[request.POST.get("do", "")]
    except KeyError as error:
        raise Http404 from error
