"""Service lists: when they were looked at, and what a list that waits would change."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.bodies.models import Body
from waywarden.kernel.errors import RuleBroken
from waywarden.staff.access import Staff, staff_only
from waywarden.staff.pages import page
from waywarden.sync import proposal_services, watch_services
from waywarden.sync.models import ServiceProposal, ServiceWatch
from waywarden.sync.proposals import Changed, Proposal

PAGE = 50
#: Lines of one kind on a page; a list may hold thousands.
SHOWN = 200
State = ServiceProposal.State


@dataclass(frozen=True, slots=True)
class Line:
    """One body's list on the page."""

    body: Body
    watch: ServiceWatch | None
    proposal: ServiceProposal | None
    may_change: bool


@require_safe
@staff_only
def listed(request: HttpRequest, staff: Staff) -> HttpResponse:
    """The service lists of one's bodies; those that wait for a person first."""
    waiting = ServiceProposal.objects.filter(state=State.WAITING)
    bodies = (
        Body.objects.filter(staff.only("pk"), is_deleted=False, service_watch__isnull=False)
        .select_related("service_watch")
        .prefetch_related(Prefetch("service_proposals", queryset=waiting, to_attr="waiting"))
    )
    if words := request.GET.get("q", "").strip():
        bodies = bodies.filter(name__icontains=words)
    lines = [_line(body, staff) for body in bodies.order_by("name")]
    lines.sort(key=lambda one: one.proposal is None)
    values = {"lines": Paginator(lines, PAGE).get_page(request.GET.get("page")), "q": words}
    return page(request, staff, "staff/service_lists.html", values, here="services")


def _line(body: Any, staff: Staff) -> Line:
    return Line(
        body=body,
        watch=body.service_watch,
        proposal=next(iter(body.waiting), None),
        may_change=staff.may_administer(body.pk),
    )


@require_POST
@staff_only
def switch(request: HttpRequest, staff: Staff, body_id: int) -> HttpResponse:
    """Looks at a list soon, or lets the clock look at it or not."""
    body = get_object_or_404(Body.objects.filter(staff.only("pk"), is_deleted=False), pk=body_id)
    if not staff.may_administer(body.pk):
        raise PermissionDenied
    if request.POST.get("do") == "look":
        watch_services.look_soon(body)
        words = _("The list of %s is asked for within five minutes.")
    else:
        is_on = request.POST.get("do") == "on"
        watch_services.watch(body, is_on=is_on)
        words = _("The list of %s is looked at by itself.") if is_on else _("The list of %s rests.")
    messages.success(request, words % body.name)
    return redirect("staff:service-lists")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, staff: Staff, proposal_id: int) -> HttpResponse:
    """What a list would change, field by field; a person applies or refuses it."""
    seen = ServiceProposal.objects.filter(staff.only()).select_related("body")
    kept = get_object_or_404(seen, pk=proposal_id)
    if request.method == "POST":
        return _decide(request, staff, kept)
    proposal = proposal_services.proposal_of(kept)
    values = {
        "kept": kept,
        "proposal": proposal,
        "added": proposal.added[:SHOWN],
        "changed": [(one, _lines_of(one)) for one in proposal.changed[:SHOWN]],
        "gone": proposal.gone[:SHOWN],
        "more": _more(proposal),
        "may_decide": staff.may_administer(kept.body_id) and kept.state == State.WAITING,
    }
    return page(request, staff, "staff/proposal.html", values, here="services")


def _more(proposal: Proposal) -> int:
    sizes = (len(proposal.added), len(proposal.changed), len(proposal.gone))
    return sum(max(size - SHOWN, 0) for size in sizes)


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One field of one category, in words."""

    field: str
    old: str
    new: str
    is_protected: bool


_FIELDS = {
    "name": gettext_lazy("name"),
    "service_code": gettext_lazy("service code"),
    "groups": gettext_lazy("groups"),
    "description": gettext_lazy("description"),
    "keywords": gettext_lazy("keywords"),
    "is_private": gettext_lazy("private"),
    "state": gettext_lazy("state"),
    "questions": gettext_lazy("questions"),
}


def _lines_of(changed: Changed) -> list[ChangeLine]:
    return [
        ChangeLine(
            field=str(_FIELDS.get(one.field, one.field)),
            old=_in_words(one.old),
            new=_in_words(one.new),
            is_protected=one.is_protected,
        )
        for one in changed.changes
    ]


def _in_words(value: object) -> str:
    """A field's value as a person reads it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_question(one) if isinstance(one, dict) else str(one) for one in value)
    return str(value)


def _question(question: dict[str, Any]) -> str:
    """A question with its choices, so that what changed in it can be seen."""
    words = str(question.get("description") or question.get("code") or "")
    names = [str(one.get("name", "")) for one in question.get("values") or ()]
    return f"{words} ({' / '.join(names)})" if names else words


def _decide(request: HttpRequest, staff: Staff, kept: ServiceProposal) -> HttpResponse:
    if not staff.may_administer(kept.body_id):
        raise PermissionDenied
    is_agreed = request.POST.get("do") == "apply"
    note = request.POST.get("note", "").strip()
    try:
        proposal_services.decide(kept, is_agreed=is_agreed, user_id=staff.user_id, note=note)
    except RuleBroken as wrong:
        messages.error(request, _(str(wrong)))
    else:
        done = _("The list is applied.") if is_agreed else _("The list is refused; all stays.")
        messages.success(request, done)
    return redirect("staff:service-lists")
