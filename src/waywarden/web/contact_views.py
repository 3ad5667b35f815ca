"""The contact form: to the people who run the site, by mail; nothing of it is kept."""

import logging
from smtplib import SMTPException
from typing import Any

from anymail.exceptions import AnymailError
from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line, paragraphs
from waywarden.notifications.services import mail_message
from waywarden.reports.models import Report
from waywarden.reports.queries import public_reports
from waywarden.ui.current import cobrand_of
from waywarden.web.forms import MISSING, EmailField
from waywarden.web.report_views import person
from waywarden.web.services import TooOften, count_try

log = logging.getLogger(__name__)
#: Seconds between opening and sending that no person stays below, and that a page is good for.
TOO_QUICK, TOO_LATE = 3, 60 * 60 * 12
_SALT = "waywarden.contact"


class ContactForm(forms.Form):
    """Who, about what, and the words."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": MISSING},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = EmailField(label=_("Your e-mail"), help_text=_("So that we can answer."))
    subject = forms.CharField(
        label=_("In a few words"), max_length=150, error_messages={"required": MISSING}
    )
    message = forms.CharField(
        label=_("Your message"),
        max_length=5000,
        error_messages={"required": MISSING},
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    opened = forms.CharField(required=False)
    """When the page was opened, signed: programs are too quick, or bring none."""
    report = forms.IntegerField(required=False)
    website = forms.CharField(required=False)
    """Nobody sees this field; machines fill it in."""

    @property
    def is_machine(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.data.get("website"))

    def clean_opened(self) -> str:
        """That a person could have written it in that time."""
        given = str(self.cleaned_data["opened"])
        signer = signing.TimestampSigner(salt=_SALT)
        try:
            signer.unsign(given, max_age=TOO_LATE)
        except signing.BadSignature:
            raise forms.ValidationError(
                _("This page was open too long. Please send again.")
            ) from None
        try:
            signer.unsign(given, max_age=TOO_QUICK)
        except signing.SignatureExpired:
            return given
        raise forms.ValidationError(_("That was very quick. Please send again."))


def _fresh() -> str:
    return signing.TimestampSigner(salt=_SALT).sign("contact")


def _report(number: Any) -> Report | None:
    text = str(number or "")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        return None
    return public_reports().filter(pk=int(text)).first()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """The form; `?report=N` says what it is about."""
    if request.method == "POST":
        return _submit(request)
    user = person(request)
    initial = {"name": user.name, "email": user.email} if user else {}
    about = _report(request.GET.get("report"))
    values = {"form": ContactForm(initial=initial), "report": about, "opened": _fresh()}
    return render(request, "web/contact.html", values)


def _submit(request: HttpRequest) -> HttpResponse:
    form = ContactForm(request.POST)
    if form.is_machine:
        return redirect("contact-sent")
    about = _report(request.POST.get("report"))
    status = 422
    if form.is_valid():
        given = form.cleaned_data
        try:
            count_try("contact", request=request, email=given["email"])
            mail_message(
                cobrand_name=cobrand_of(request).name,
                name=one_line(given["name"]),
                email=given["email"],
                subject=one_line(given["subject"]),
                message=paragraphs(given["message"]),
                report_id=about.pk if about else None,
            )
            return redirect("contact-sent")
        except TooOften as wrong:
            form.add_error(None, str(wrong))
            status = 429
        except RuleBroken as wrong:
            form.add_error(None, str(wrong))
        except (SMTPException, AnymailError, OSError) as failure:
            log.warning("a message of the contact form did not go: %s", type(failure).__name__)
            form.add_error(None, _("It could not be sent just now. Please try again later."))
            status = 503
    if "opened" in form.errors:
        for error in form.errors.pop("opened"):
            form.add_error(None, error)
    values = {"form": form, "report": about, "opened": _fresh()}
    return render(request, "web/contact.html", values, status=status)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Thanks."""
    return render(request, "web/contact_sent.html")
