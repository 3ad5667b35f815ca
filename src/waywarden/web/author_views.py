"""What the author of a report or an update may still change, until it is sent."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports.author_services import Correction, correct_report, withdraw_report
from waywarden.reports.models import Report, Update
from waywarden.reports.personal_data import personal_data
from waywarden.reports.privacy import Sight
from waywarden.reports.update_services import correct_update, withdraw_update
from waywarden.ui.uploads import Uploads, uploads_of
from waywarden.users.models import User
from waywarden.web.error_views import refusal
from waywarden.web.forms import CorrectionForm
from waywarden.web.report_views import person
from waywarden.web.update_views import seen_by

View = Callable[..., HttpResponse]


def _by_author(view: Callable[[HttpRequest, Report, User], HttpResponse]) -> View:
    """A view of one's own report; for others the page that says why not."""

    @wraps(view)
    def guarded(request: HttpRequest, number: int) -> HttpResponse:
        story = seen_by(request, number)
        if isinstance(story, HttpResponse):
            return story
        user = person(request)
        if user is None or story.report.user_id != user.pk:
            return refusal(request, Sight.FORBIDDEN)
        try:
            return view(request, story.report, user)
        except NotAllowed:
            return refusal(request, Sight.FORBIDDEN)

    return guarded


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_by_author
def correct(request: HttpRequest, report: Report, user: User) -> HttpResponse:
    """The author's words and photos, to be changed while the report is held."""
    if request.method != "POST":
        form = CorrectionForm(
            initial={
                "title": report.title,
                "detail": report.detail,
                "show_name": report.is_name_public,
            }
        )
        keys = tuple(str(photo.key) for photo in report.photos.all())
        return _page(request, report, form, Uploads(keys))
    form = CorrectionForm(request.POST)
    uploads = uploads_of(request, of=report)
    findings = personal_data(form.data.get("title", ""), form.data.get("detail", ""))
    if findings and not form.data.get("keeps_words") and not report.is_private:
        form.add_error("keeps_words", _("Please look at the words again, or tick this."))
    if form.is_valid() and not uploads.error:
        try:
            correct_report(report.pk, _correction(form, uploads), user=user)
        except RuleBroken as wrong:
            if wrong.field == "photo":
                uploads = Uploads(uploads.keys, str(wrong))
            else:
                form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        else:
            messages.success(request, _("Changed. This is how it goes out."))
            return redirect(report)
    return _page(request, report, form, uploads, findings=findings, status=422)


def _correction(form: CorrectionForm, uploads: Uploads) -> Correction:
    given = form.cleaned_data
    return Correction(
        title=given["title"],
        detail=given["detail"],
        is_name_public=given["show_name"],
        photo_keys=uploads.keys,
    )


def _page(
    request: HttpRequest,
    report: Report,
    form: CorrectionForm,
    uploads: Uploads,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    values = {"report": report, "form": form, "uploads": uploads, **more}
    return render(request, "web/report_correct.html", values, status=status)


@require_POST
@_by_author
def withdraw(request: HttpRequest, report: Report, user: User) -> HttpResponse:
    """The author takes a report back."""
    try:
        withdraw_report(report.pk, user=user)
    except RuleBroken as late:
        messages.error(request, str(late))
    else:
        messages.success(request, _("Your report is withdrawn."))
    return redirect(report)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_update(request: HttpRequest, number: int, update: int) -> HttpResponse:
    """The author's update, to be worded anew or taken back while it is held."""
    story = seen_by(request, number)
    if isinstance(story, HttpResponse):
        return story
    found = next((one for one in story.updates if one.pk == update), None)
    if found is None:
        raise Http404
    user = person(request)
    if user is None or found.user_id != user.pk or found.body_id is not None:
        return refusal(request, Sight.FORBIDDEN)
    error = ""
    if request.method == "POST":
        try:
            _change(request, found, user)
        except NotAllowed:
            return refusal(request, Sight.FORBIDDEN)
        except RuleBroken as wrong:
            error = str(wrong)
        else:
            return redirect(story.report)
    values = {
        "report": story.report,
        "update": found,
        "text": request.POST.get("text", found.text),
        "error": error,
    }
    return render(request, "web/update_change.html", values, status=422 if error else 200)


def _change(request: HttpRequest, update: Update, user: User) -> None:
    if "withdraw" in request.POST:
        withdraw_update(update.pk, user=user)
        messages.success(request, _("Your update is withdrawn."))
    else:
        correct_update(update.pk, request.POST.get("text", ""), user=user)
        messages.success(request, _("Changed. This is how it goes out."))
