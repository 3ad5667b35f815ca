"""The page behind the mail that asks whether it is fixed: opening changes nothing, a press does."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from waywarden.kernel.errors import RuleBroken
from waywarden.notifications import questionnaire_services as services
from waywarden.notifications.models import Questionnaire
from waywarden.reports.verdict_services import Verdict
from waywarden.ui.uploads import Uploads, uploads_of

_YES_NO = [("yes", _("Yes")), ("no", _("No"))]
_CHOOSE = {"required": _("Please choose one.")}


def _choice(label: Any, choices: Any, *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=required,
        error_messages=_CHOOSE,
        widget=forms.RadioSelect,
    )


class QuestionnaireForm(forms.Form):
    """Fixed or not, in words if one likes, and whether to be asked again."""

    been_fixed = _choice(
        _("Has it been fixed?"),
        [
            (Verdict.YES.value, _("Yes")),
            (Verdict.NO.value, _("No")),
            (Verdict.UNKNOWN.value, _("I do not know")),
        ],
    )
    ever = _choice(_("Had you ever reported a problem to a body before this one?"), _YES_NO)
    text = forms.CharField(
        label=_("Would you like to say more?"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("It shows on the report’s page."),
    )
    another = _choice(
        _("May we ask again in four weeks, if it is not fixed?"), _YES_NO, required=False
    )

    def __init__(self, *given: Any, asks_ever: bool, **more: Any) -> None:
        super().__init__(*given, **more)
        if not asks_ever:
            del self.fields["ever"]

    def clean(self) -> dict[str, Any] | None:
        """Whether to ask again must be said where it is not fixed (FB A.37)."""
        cleaned = super().clean() or {}
        verdict = cleaned.get("been_fixed")
        if verdict and verdict != Verdict.YES and not cleaned.get("another"):
            self.add_error("another", _CHOOSE["required"])
        return cleaned

    def answer(self, uploads: Uploads) -> services.Answer:
        """What was said, once it is valid."""
        given = self.cleaned_data
        return services.Answer(
            verdict=Verdict(given["been_fixed"]),
            ever_reported=given["ever"] == "yes" if "ever" in given else None,
            text=given["text"],
            photo_keys=uploads.keys,
            another=given.get("another") == "yes",
        )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def questionnaire(request: HttpRequest, key: UUID) -> HttpResponse:
    """Asks, takes the answer once, and thanks."""
    row = Questionnaire.objects.select_related("report", "user").filter(key=key).first()
    if row is None:
        raise Http404
    changes = "change" in (request.POST if request.method == "POST" else request.GET)
    if services.was_just_answered(row) and not changes:
        values = {"report": row.report, "key": row.key}
        return render(request, "web/questionnaire_done.html", values)
    is_late = not (services.was_just_answered(row) or services.is_open(row))
    if is_late or not row.report.is_visible:
        values = {"report": row.report}
        status = 400 if row.answered_at else 410  # FB A.37
        return render(request, "web/questionnaire_late.html", values, status=status)
    if request.method == "POST":
        return _submit(request, row)
    wanted = request.GET.get("been_fixed", row.verdict)
    form = QuestionnaireForm(initial={"been_fixed": wanted}, asks_ever=services.asks_ever(row))
    return _page(request, row, form, Uploads())


def _submit(request: HttpRequest, row: Questionnaire) -> HttpResponse:
    form = QuestionnaireForm(request.POST, asks_ever=services.asks_ever(row))
    uploads = uploads_of(request)
    if form.is_valid() and not uploads.error:
        try:
            take = services.correct if "change" in request.POST else services.answer
            take(row, form.answer(uploads))
        except RuleBroken as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, _(str(wrong)))
        else:
            return redirect("questionnaire", row.key)
    return _page(request, row, form, uploads, status=422)


def _page(
    request: HttpRequest,
    row: Questionnaire,
    form: QuestionnaireForm,
    uploads: Uploads,
    status: int = 200,
) -> HttpResponse:
    changes = services.was_just_answered(row)
    values = {"report": row.report, "form": form, "uploads": uploads, "changes": changes}
    return render(request, "web/questionnaire.html", values, status=status)
