"""Webhooks: who is told, what was said, tests and replays."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import whole_number
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.forms import NewWebhookForm, WebhookForm
from waywarden.staff.pages import page
from waywarden.webhooks import queries
from waywarden.webhooks import services as webhooks
from waywarden.webhooks.models import Call, Endpoint

PAGE = 50
LAST_PAGE = 200
HERE = "webhooks"


def _own(staff: Staff) -> Q:
    """Those of one's bodies; the site's are the operator's."""
    return Q() if staff.is_operator else Q(body__in=list(staff.roles))


def _seen(staff: Staff, endpoint_id: int) -> Endpoint:
    return get_object_or_404(queries.endpoints(_own(staff)), pk=endpoint_id)


def _may_add(staff: Staff) -> bool:
    return staff.is_operator or any(staff.may_administer(body_id) for body_id in staff.roles)


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """The endpoints of one's bodies, and how each does."""
    values = {"endpoints": queries.endpoints(_own(staff))[:500], "may_add": _may_add(staff)}
    return page(request, staff, "staff/webhooks.html", values, here=HERE)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: HttpRequest, staff: Staff) -> HttpResponse:
    """A new endpoint; its secret is shown once."""
    if not _may_add(staff):
        raise PermissionDenied
    form = NewWebhookForm(request.POST or None, staff=staff)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            endpoint, secret = webhooks.new_endpoint(
                body_id=int(given["body"]) if given["body"] else None,
                url=given["url"],
                kinds=given["kinds"],
                description=given["description"],
                by=by(staff),
            )
        except RuleBroken as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            return _shown(request, staff, endpoint, secret=secret)
    status = 422 if form.errors else 200
    values = {"form": form}
    return page(request, staff, "staff/webhook_new.html", values, here=HERE, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, staff: Staff, endpoint_id: int) -> HttpResponse:
    """One endpoint: its log, a test, its settings."""
    endpoint = _seen(staff, endpoint_id)
    if request.method != "POST":
        return _shown(request, staff, endpoint)
    _require(staff, endpoint)
    form = WebhookForm(request.POST)
    if form.is_valid():
        try:
            webhooks.change_endpoint(
                endpoint.pk,
                url=form.cleaned_data["url"],
                kinds=form.cleaned_data["kinds"],
                description=form.cleaned_data["description"],
                is_active=bool(request.POST.get("is_active")),
                by=by(staff),
            )
        except RuleBroken as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, _("It is saved."))
            return redirect("staff:webhook", endpoint_id)
    return _shown(request, staff, endpoint, form=form)


def _require(staff: Staff, endpoint: Endpoint) -> None:
    if not staff.may_administer(endpoint.body_id):
        raise PermissionDenied


def _shown(
    request: HttpRequest,
    staff: Staff,
    endpoint: Endpoint,
    *,
    secret: str = "",
    form: WebhookForm | None = None,
) -> HttpResponse:
    at = min(whole_number(request.GET.get("page", "1")) or 1, LAST_PAGE)
    start = max(at - 1, 0) * PAGE
    calls = list(endpoint.calls.defer("payload").order_by("-id")[start : start + PAGE + 1])
    initial = {"url": endpoint.url, "kinds": endpoint.kinds, "description": endpoint.description}
    values: dict[str, Any] = {
        "endpoint": endpoint,
        "calls": calls[:PAGE],
        "number": max(at, 1),
        "has_next": len(calls) > PAGE,
        "failed": any(call.state == Call.State.FAILED for call in calls),
        "secret": secret,
        "may_change": staff.may_administer(endpoint.body_id),
        "form": form or WebhookForm(initial=initial),
    }
    status = 422 if form is not None else 200
    return page(request, staff, "staff/webhook.html", values, here=HERE, status=status)


@require_POST
@staff_only
def act(request: HttpRequest, staff: Staff, endpoint_id: int) -> HttpResponse:
    """A test, a replay, a new secret, or the end of it."""
    endpoint = _seen(staff, endpoint_id)
    _require(staff, endpoint)
    who = by(staff)
    match request.POST.get("do", ""):
        case "test":
            webhooks.send_test(endpoint.pk, by=who)
            messages.success(request, _("A test is on its way; its line below says how it went."))
        case "replay":
            ids = map(whole_number, request.POST.getlist("call"))
            _say(request, webhooks.replay(filter(None, ids), endpoint_id=endpoint.pk, by=who))
        case "replay_failed":
            _say(request, webhooks.replay_failed(endpoint.pk, by=who))
        case "secret":
            secret = webhooks.renew_secret(endpoint.pk, by=who)
            return _shown(request, staff, endpoint, secret=secret)
        case "remove":
            webhooks.remove_endpoint(endpoint.pk, by=who)
            messages.success(request, _("It is removed, and its log with it."))
            return redirect("staff:webhooks")
        case _:
            raise Http404
    return redirect("staff:webhook", endpoint_id)


def _say(request: HttpRequest, done: int) -> None:
    words = ngettext("%d message is told again.", "%d messages are told again.", done)
    messages.success(request, words % done)


@require_safe
@staff_only
def call(request: HttpRequest, staff: Staff, call_id: int) -> HttpResponse:
    """One message: what was said, and what the endpoint answered."""
    row = get_object_or_404(Call.objects.select_related("endpoint__body"), pk=call_id)
    _seen(staff, row.endpoint_id)
    values = {
        "call": row,
        "endpoint": row.endpoint,
        "payload": json.dumps(row.payload, ensure_ascii=False, indent=2),
        "may_change": staff.may_administer(row.endpoint.body_id),
    }
    return page(request, staff, "staff/webhook_call.html", values, here=HERE)
