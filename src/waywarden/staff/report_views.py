"""A report as a body's staff see it: what the body's system says of it, and an answer to it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from waywarden.bodies.models import ResponseTemplate
from waywarden.bodies.queries import templates_to_pick
from waywarden.bodies.templates import fill
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports.fetched_ledger import ASSIGNED_EMAIL, ASSIGNED_NAME, OWN_NAMES, WRITTEN_HERE
from waywarden.reports.models import ReportBody, Update
from waywarden.reports.reply_services import FOR_STAFF, LONGEST, Reply, reply_as_body
from waywarden.reports.state_words import STATE_CHOICES
from waywarden.reports.update_services import correct_update, withdraw_update
from waywarden.sending.queries import answers_of, held_updates, history_of
from waywarden.staff.access import Staff, staff_only
from waywarden.staff.pages import page
from waywarden.ui.uploads import Uploads, uploads_of
from waywarden.users.models import User

#: Updates that the page tells.
MOST_UPDATES = 200
#: Extras that the page has a line of its own for.
_SAID_APART = OWN_NAMES | {
    ASSIGNED_EMAIL, ASSIGNED_NAME, "detailed_information", "category", "group",
}  # fmt: skip


class ReplyForm(forms.Form):
    """An answer in the body's name."""

    text = forms.CharField(
        label=gettext_lazy("What people will read"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("The report is now"),
        required=False,
        choices=[
            ("", gettext_lazy("as before")),
            *((value, words) for value, words in STATE_CHOICES if value in FOR_STAFF),
        ],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, staff: Staff, report_id: int, slug: str) -> HttpResponse:
    """What a report is at a body; those who inspect answer in its name."""
    row = get_object_or_404(_rows_of(staff), report=report_id, body__slug=slug)
    may_reply = staff.may_decide(row.body_id) and row.report.is_visible
    form, picked, uploads = ReplyForm(), None, Uploads()
    if request.method == "POST":
        if not may_reply:
            raise PermissionDenied
        form, uploads = ReplyForm(request.POST), uploads_of(request)
        if form.is_valid() and not uploads.error and _is_stored(request, row, form, uploads):
            return redirect(request.path)
    elif number := request.GET.get("template", ""):
        picked = _picked(row, number)
        if picked is not None:
            form = ReplyForm(initial=_filled(row, picked))
    values = {
        "row": row,
        "report": row.report,
        "extras": sorted(_said(row).items()),
        "assigned_there": row.extras.get(ASSIGNED_NAME) or row.extras.get(ASSIGNED_EMAIL, ""),
        "detailed_information": row.extras.get("detailed_information", ""),
        "updates": _updates_of(row),
        "answers": answers_of(row.report_id, row.body_id),
        "deliveries": history_of(row.report_id).filter(body=row.body_id),
        "form": form,
        "uploads": uploads,
        "may_reply": may_reply,
        "templates": templates_to_pick(row.body_id, row.category_id) if may_reply else (),
        "picked": picked,
    }
    status = 422 if form.errors or uploads.error else 200
    return page(request, staff, "staff/report.html", values, here="", status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def change(
    request: HttpRequest, staff: Staff, report_id: int, slug: str, update_id: int
) -> HttpResponse:
    """An answer in the body's name is worded anew or taken back, until a body has it."""
    row = get_object_or_404(_rows_of(staff), report=report_id, body__slug=slug)
    answers = Update.objects.filter(visibility=Update.Visibility.SHOWN, report=report_id)
    answer = get_object_or_404(
        answers, pk=update_id, body=row.body_id, extras__has_key=WRITTEN_HERE
    )
    if not staff.may_decide(row.body_id) or not isinstance(request.user, User):
        raise PermissionDenied
    error = ""
    if request.method == "POST":
        try:
            _change(request, answer, request.user)
        except NotAllowed as wrong:
            raise PermissionDenied from wrong
        except RuleBroken as wrong:
            error = str(wrong)
        else:
            return redirect("staff:report", report_id, slug)
    values = {
        "row": row,
        "report": row.report,
        "answer": answer,
        "photos": answer.photos.all(),
        "text": request.POST.get("text", answer.text),
        "error": error,
    }
    return page(
        request, staff, "staff/answer_change.html", values, here="", status=422 if error else 200
    )


def _change(request: HttpRequest, answer: Update, user: User) -> None:
    if "withdraw" in request.POST:
        withdraw_update(answer.pk, user=user)
        messages.success(request, _("The answer is taken back."))
    else:
        correct_update(answer.pk, request.POST.get("text", ""), user=user)
        messages.success(request, _("Changed. This is how it goes out."))


def _rows_of(staff: Staff) -> QuerySet[ReportBody]:
    rows = ReportBody.objects.filter(staff.only(), body__is_deleted=False, left_at=None)
    return rows.select_related("report", "body", "category", "assigned_to")


def _updates_of(row: ReportBody) -> list[Update]:
    """The report's updates in order, hidden ones of this body too: another's stay its own."""
    shown = row.report.updates.filter(visibility=Update.Visibility.SHOWN)
    hidden = row.report.updates.filter(visibility=Update.Visibility.HIDDEN, body=row.body_id)
    found = (shown | hidden).select_related("body", "user").order_by("-confirmed_at", "-id")
    updates = list(found.prefetch_related("photos")[:MOST_UPDATES])[::-1]
    written = [one for one in updates if one.body_id == row.body_id and WRITTEN_HERE in one.extras]
    held = held_updates([one for one in written if one.visibility == Update.Visibility.SHOWN])
    for update in updates:
        update.may_change = update.pk in held  # type: ignore[attr-defined]  # for the template
        update.written_by = (  # type: ignore[attr-defined]  # for the template
            update.user.name or update.user.email if update.user and update in written else ""
        )
    return updates


def _said(row: ReportBody) -> dict[str, str]:
    return {
        name: value
        for name, value in row.extras.items()
        if name not in _SAID_APART and isinstance(value, str) and value
    }


def _picked(row: ReportBody, number: str) -> ResponseTemplate | None:
    found = templates_to_pick(row.body_id, row.category_id)
    return next((one for one in found if str(one.pk) == number), None)


def _filled(row: ReportBody, template: ResponseTemplate) -> dict[str, Any]:
    states = [state for state in template.states if state in FOR_STAFF]
    return {
        "text": fill(template.text, _placeholders(row)),
        "state": states[0] if len(states) == 1 else "",
    }


def _placeholders(row: ReportBody) -> dict[str, str]:
    return {
        "reference": row.reference,
        "report": str(row.report_id),
        "title": row.report.title,
        "category": row.report.category_name,
        "body": row.body.name,
        "external_status_code": str(row.extras.get("external_status_code", "")),
        **{f"extras.{name}": value for name, value in _said(row).items()},
    }


def _is_stored(request: HttpRequest, row: ReportBody, form: ReplyForm, uploads: Uploads) -> bool:
    """Stores the answer; False when it was wrong, which the form then says."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    template = _picked(row, request.POST.get("template", ""))
    text = form.cleaned_data["text"].replace("\r\n", "\n").strip()
    mail_text = ""
    if template is not None and text == fill(template.text, _placeholders(row)):
        mail_text = fill(template.email_text, _placeholders(row))
    new = Reply(
        report_id=row.report_id,
        body_id=row.body_id,
        text=text,
        state=form.cleaned_data["state"],
        mail_text=mail_text,
        photo_keys=uploads.keys,
    )
    try:
        reply_as_body(new, user=request.user)
    except RuleBroken as wrong:
        form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        return False
    except NotAllowed as wrong:
        raise PermissionDenied from wrong
    messages.success(request, _("It is said in the name of %s.") % row.body.name)
    return True
