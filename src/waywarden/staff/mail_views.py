"""E-mail as bodies without a connection have it: what goes, and what they answer."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from waywarden.connections.models import Exchange
from waywarden.connections.queries import latest_by_email
from waywarden.health import queries
from waywarden.health.verdicts import standing_of
from waywarden.kernel import clock
from waywarden.reports.queries import bodies_of_report
from waywarden.sending.models import Answer, Delivery
from waywarden.staff.access import Staff, staff_only
from waywarden.staff.board_views import bodies_of
from waywarden.staff.pages import page

PAGE = 50
#: The last mails that are shown, and among how many those of one's bodies are looked for.
SHOWN, LOOKED_AT = 20, 500
ANSWERS = 5


@require_safe
@staff_only
def email(request: HttpRequest, staff: Staff) -> HttpResponse:
    """How e-mail does: what is wrong, what went lately, what came back."""
    facts = queries.facts_of_email(body_ids=bodies_of(staff))
    values = {
        "standing": standing_of(facts, now=clock.now()),
        "facts": facts,
        "calls": _calls(staff),
        "answers": _answers(staff)[:ANSWERS],
    }
    return page(request, staff, "staff/email.html", values, here="board")


def _calls(staff: Staff) -> list[Exchange]:
    """The last mails that were about deliveries to one's bodies."""
    latest = list(latest_by_email(LOOKED_AT))
    if staff.is_operator:
        return latest[:SHOWN]
    ids = [one.subject_id for one in latest if one.subject_id and one.subject_kind == "delivery"]
    own = set(Delivery.objects.filter(staff.only(), pk__in=ids).values_list("pk", flat=True))
    return [one for one in latest if one.subject_id in own][:SHOWN]


@require_safe
@staff_only
def answers(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Mails from one's bodies, newest first; what belongs to nothing is the operator's."""
    chosen = request.GET.get("kind", "")
    rows = _answers(staff)
    if chosen in Answer.Kind.values:
        rows = rows.filter(kind=chosen)
    values = {
        "rows": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "kinds": [
            choice for choice in Answer.Kind.choices
            if staff.is_operator or choice[0] != Answer.Kind.UNKNOWN
        ],
        "kind": chosen,
    }  # fmt: skip
    return page(request, staff, "staff/answers.html", values, here="answers")


@require_safe
@staff_only
def answer(request: HttpRequest, staff: Staff, answer_id: int) -> HttpResponse:
    """One mail in its own words."""
    row = get_object_or_404(_answers(staff), pk=answer_id)
    has_page = row.report_id is not None and row.body_id in bodies_of_report(row.report_id)
    values = {"answer": row, "has_page": has_page}
    return page(request, staff, "staff/answer.html", values, here="answers")


@require_safe
@staff_only
def raw(request: HttpRequest, staff: Staff, answer_id: int) -> HttpResponse:  # noqa: ARG001 - a view gets it
    """The mail as it came, as a file for a mail program."""
    row = get_object_or_404(Answer.objects.filter(staff.only()), pk=answer_id)
    response = HttpResponse(bytes(row.raw), content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="mail-{row.pk}.eml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _answers(staff: Staff) -> QuerySet[Answer]:
    rows = Answer.objects.filter(staff.only()).select_related("report", "body", "delivery")
    return rows.defer("raw").order_by("-id")
