"""Imports, running and done; services that no category has; rules that keep problems out."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.bodies.models import Category
from waywarden.health.queries import connections_of
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.board_views import bodies_of, may_run, seen_connection
from waywarden.staff.pages import page
from waywarden.sync import exclusion_services as exclusions
from waywarden.sync.match_services import match_service
from waywarden.sync.models import ExclusionRule, ImportReject, ImportRun, UnmatchedService

PAGE = 30
#: Rejected rows that a page shows; all of them are in the file.
REJECTS = 50
#: An import that has not moved for this long has stopped.
STILL = timedelta(minutes=2)


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Imports of one's bodies, the services nobody has, and the ways that rules may be set for."""
    runs = ImportRun.objects.filter(staff.only()).select_related("body").order_by("-id")
    unmatched = UnmatchedService.objects.filter(staff.only(), category=None)
    ways = connections_of(bodies_of(staff)).filter(fetches_reports=True).order_by("name")
    ways = ways.annotate(rules=Count("exclusion_rules"))
    moved_since = clock.now() - STILL
    values = {
        "runs": Paginator(runs, PAGE).get_page(request.GET.get("page")),
        "moved_since": moved_since,
        "unmatched": [
            (row, _choices(row), staff.may_administer(row.body_id))
            for row in unmatched.select_related("body").order_by("-rows", "id")[:PAGE]
        ],
        "ways": ways[:PAGE],
    }
    return page(request, staff, "staff/imports.html", values, here="imports")


def _choices(row: UnmatchedService) -> list[Category]:
    usable = Category.objects.filter(body=row.body_id).exclude(state=Category.State.DELETED)
    return list(usable.order_by("name"))


@require_safe
@staff_only
def one(request: HttpRequest, staff: Staff, run_id: int) -> HttpResponse:
    """One import: how far, what came of it, which rows were not taken and why."""
    run = _seen(staff, run_id)
    values = {
        "run": run,
        "is_moving": run.finished_at is None and run.moved_at > clock.now() - STILL,
        "matched": sorted(run.matched.items(), key=lambda one: -one[1]),
        "unmatched": sorted(run.unmatched, key=lambda one: -one[2]),
        "rejects": run.rejects.order_by("id")[:REJECTS],
    }
    return page(request, staff, "staff/import.html", values, here="imports")


def _seen(staff: Staff, run_id: int) -> ImportRun:
    runs = ImportRun.objects.filter(staff.only()).select_related("body", "connection")
    return get_object_or_404(runs, pk=run_id)


@require_safe
@staff_only
def rejects(request: HttpRequest, staff: Staff, run_id: int) -> HttpResponse:
    """Every row that was not taken, with its reason: JSON, one object a line."""
    _ = request
    run = _seen(staff, run_id)

    def lines() -> Iterator[str]:
        rows = ImportReject.objects.filter(run=run).order_by("id")
        for row in rows.iterator(chunk_size=1000):
            plain = {"id": row.key, "reason": row.reason, "row": row.raw}
            yield json.dumps(plain, ensure_ascii=False) + "\n"

    answer: Any = StreamingHttpResponse(lines(), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="rejects-{run.pk}.jsonl"'
    return answer  # type: ignore[no-any-return] # a response as good as any


@require_POST
@staff_only
def match(request: HttpRequest, staff: Staff, unmatched_id: int) -> HttpResponse:
    """A person says which category a service is."""
    row = get_object_or_404(UnmatchedService.objects.filter(staff.only()), pk=unmatched_id)
    if not staff.may_administer(row.body_id):
        raise PermissionDenied
    chosen = request.POST.get("category", "")
    number = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 else 0
    category = Category.objects.filter(body=row.body_id, pk=number).first()
    if category is None:
        messages.error(request, _("Choose a category."))
        return redirect("staff:imports")
    moved = match_service(row, category, user_id=staff.user_id)
    words = ngettext(
        "“%(service)s” is “%(category)s” from now on; %(n)d report moved.",
        "“%(service)s” is “%(category)s” from now on; %(n)d reports moved.",
        moved,
    )
    told = {"service": str(row), "category": category.name, "n": moved}
    messages.success(request, words % told)
    return redirect("staff:imports")


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule as it is typed."""

    class Meta:
        model = ExclusionRule
        fields = ("by", "field", "test", "value", "note")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def rules(request: HttpRequest, staff: Staff, connection_id: int) -> HttpResponse:
    """A connection's rules; a new one is tried on the newest rows before it is stored."""
    way = seen_connection(staff, connection_id)
    may_change = may_run(staff, connection_id)
    is_sent = request.method == "POST"
    if is_sent and not may_change:
        raise PermissionDenied  # a preview, too, shows what other bodies of the connection get
    form = RuleForm(request.POST if is_sent else None)
    preview = None
    if is_sent and form.is_valid():
        rule = form.save(commit=False)
        rule.connection = way
        try:
            if request.POST.get("do") == "save":
                exclusions.save_rule(rule, by=by(staff))
                messages.success(request, _("The rule holds for what comes from now on."))
                return redirect("staff:rules", way.pk)
            preview = exclusions.preview(way, [rule.as_rule()])
        except RuleBroken as wrong:
            form.add_error(wrong.field or None, _(str(wrong)))
        except WaywardenError as wrong:
            form.add_error(None, _(str(wrong)))
    values: dict[str, Any] = {
        "way": way,
        "rules": ExclusionRule.objects.filter(connection=way).order_by("id"),
        "form": form,
        "preview": preview,
        "may_change": may_change,
    }
    status = 400 if form.errors else 200
    return page(request, staff, "staff/rules.html", values, here="imports", status=status)


@require_POST
@staff_only
def change_rule(request: HttpRequest, staff: Staff, rule_id: int) -> HttpResponse:
    """Switches a rule on or off, or takes it away."""
    rule = get_object_or_404(ExclusionRule, pk=rule_id)
    seen_connection(staff, rule.connection_id)
    if not may_run(staff, rule.connection_id):
        raise Http404
    if request.POST.get("do") == "delete":
        exclusions.delete_rule(rule, by=by(staff))
        messages.success(request, _("The rule is gone."))
    else:
        rule.is_on = not rule.is_on
        exclusions.save_rule(rule, by=by(staff))
        messages.success(request, _("The rule holds.") if rule.is_on else _("The rule rests."))
    return redirect("staff:rules", rule.connection_id)
