"""The board: how each connection does, and what a person does about one."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from waywarden.connections import services as connections
from waywarden.connections.models import Connection
from waywarden.health import queries
from waywarden.health import self_test_services as self_tests
from waywarden.health.models import SelfTest
from waywarden.health.verdicts import Level, Standing, standing_of
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line
from waywarden.staff.access import Staff, by, staff_only
from waywarden.staff.pages import page
from waywarden.sync.models import ImportRun
from waywarden.sync.queries import last_runs

#: Lines of one page.
PAGE = 50
IMPORTS = 10


def bodies_of(staff: Staff) -> list[int] | None:
    """The bodies whose things are counted; None for all."""
    return None if staff.is_operator else list(staff.roles)


@require_safe
@staff_only
def board(request: HttpRequest, staff: Staff) -> HttpResponse:
    """One line for each connection, the worst first."""
    found = queries.standings(bodies_of(staff))
    words = request.GET.get("q", "").strip().casefold()
    only_troubled = bool(request.GET.get("need"))
    shown = [
        one
        for one in found
        if _matches(one, words) and (not only_troubled or one.level is not Level.WELL)
    ]
    lines = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    values = {
        "lines": lines,
        "needing": sum(one.level is Level.PERSON for one in found),
        "watched": sum(one.level is Level.WATCH for one in found),
        "count": len(found),
        "only_troubled": only_troubled,
        "q": request.GET.get("q", ""),
        "imports": _imports(staff),
    }
    return page(request, staff, "staff/board.html", values, here="board")


def _imports(staff: Staff) -> list[ImportRun]:
    """Imports that run, and those of the last day."""
    lately = Q(finished_at=None) | Q(finished_at__gt=clock.now() - timedelta(days=1))
    rows = ImportRun.objects.filter(staff.only(), lately).select_related("body")
    return list(rows.order_by("-id")[:IMPORTS])


def _matches(standing: Standing, words: str) -> bool:
    facts = standing.facts
    names = [facts.name, *(name for _id, name in facts.bodies)]
    return any(words in name.casefold() for name in names)


def seen_connection(staff: Staff, connection_id: int) -> Connection:
    """A connection that one of the person's bodies uses. Raises Http404."""
    return get_object_or_404(queries.connections_of(bodies_of(staff)), pk=connection_id)


def may_run(staff: Staff, connection_id: int) -> bool:
    """Whether they may change a connection: it serves no body that they do not administer."""
    if staff.is_operator:
        return True
    every = queries.facts_of(Connection.objects.filter(pk=connection_id))
    return all(staff.may_administer(body_id) for facts in every for body_id, _name in facts.bodies)


@require_safe
@staff_only
def connection(request: HttpRequest, staff: Staff, connection_id: int) -> HttpResponse:
    """One connection: what is wrong, what to do, what it did lately."""
    row = seen_connection(staff, connection_id)
    bodies = bodies_of(staff)
    (facts,) = queries.facts_of([row], body_ids=bodies)
    values: dict[str, Any] = {
        "connection": row,
        "standing": standing_of(facts, now=clock.now()),
        "facts": facts,
        "may_run": may_run(staff, connection_id),
        "runs": last_runs(connection_id, most=5),
        "tests": SelfTest.objects.filter(connection=row).order_by("-asked_at")[:3],
        "can_be_tested": row.kind in self_tests.JUDGED,
    }
    return page(request, staff, "staff/connection.html", values, here="board")


@require_POST
@staff_only
def resume(request: HttpRequest, staff: Staff, connection_id: int) -> HttpResponse:
    """Lets a paused connection send again."""
    row = _run(staff, connection_id)
    if connections.resume(row.pk, by=by(staff)):
        messages.success(request, _("“%s” sends again.") % row.name)
    return redirect("staff:connection", connection_id)


@require_POST
@staff_only
def pause(request: HttpRequest, staff: Staff, connection_id: int) -> HttpResponse:
    """Stops a connection until a person resumes it."""
    row = _run(staff, connection_id)
    reason = one_line(request.POST.get("reason", "")) or _("Paused by hand.")
    if connections.pause(row.pk, reason=reason, by=by(staff)):
        messages.success(request, _("“%s” is paused. Nothing gets lost: it waits.") % row.name)
    return redirect("staff:connection", connection_id)


@require_POST
@staff_only
def ask_test(request: HttpRequest, staff: Staff, connection_id: int) -> HttpResponse:
    """Has the queue judge the connection's endpoint; it posts no report."""
    row = seen_connection(staff, connection_id)
    if not any(staff.may_decide(body_id) for body_id in _own_bodies(staff, row)):
        raise PermissionDenied
    try:
        test = self_tests.ask(row.pk, by=by(staff))
    except RuleBroken as wrong:
        messages.error(request, _(str(wrong)))
        return redirect("staff:connection", connection_id)
    return redirect("staff:self-test", test.pk)


def _own_bodies(staff: Staff, row: Connection) -> list[int | None]:
    (facts,) = queries.facts_of([row], body_ids=bodies_of(staff))
    return [body_id for body_id, _name in facts.bodies]


@require_safe
@staff_only
def self_test(request: HttpRequest, staff: Staff, test_id: int) -> HttpResponse:
    """What the conformance kit found."""
    test = get_object_or_404(SelfTest.objects.select_related("connection"), pk=test_id)
    seen_connection(staff, test.connection_id)
    checks = test.found.get("checks", [])
    values = {
        "test": test,
        "failed": [one for one in checks if one["outcome"] == "failed"],
        "passed": sum(one["outcome"] == "passed" for one in checks),
        "skipped": sum(one["outcome"] == "not tested" for one in checks),
        "count": len(checks),
        "levels": [(level, test.found["levels"][level]) for level in test.found.get("levels", {})],
    }
    return page(request, staff, "staff/self_test.html", values, here="board")


def _run(staff: Staff, connection_id: int) -> Connection:
    """A connection that the person may change. Raises Http404, PermissionDenied."""
    row = seen_connection(staff, connection_id)
    if not may_run(staff, connection_id):
        raise PermissionDenied
    return row
