"""One's own pages: reports, updates, preferences, one's data to take along, the account's end."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import activate
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.person_services import forget_person
from waywarden.reports.own_services import hide_name
from waywarden.reports.queries import reports_of
from waywarden.ui.languages import languages_of, remember_language
from waywarden.users.account_services import set_preferences
from waywarden.users.models import User
from waywarden.web.export import archive_of
from waywarden.web.my_forms import PreferencesForm
from waywarden.web.queries import PAGE, updates_by
from waywarden.web.services import TooOften, count_try


def _me(request: HttpRequest) -> User:
    """Who is signed in; `login_required` stands before."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - what the decorator has seen to
    return user


@never_cache
@login_required
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """One's own reports, newest first."""
    page = Paginator(reports_of(_me(request).pk), PAGE).get_page(request.GET.get("page"))
    return render(request, "web/mine.html", {"page": page})


@never_cache
@login_required
@require_safe
def updates(request: HttpRequest) -> HttpResponse:
    """One's own updates, newest first."""
    page = Paginator(updates_by(_me(request).pk), PAGE).get_page(request.GET.get("page"))
    return render(request, "web/my_updates.html", {"page": page})


@login_required
@require_POST
def hide(request: HttpRequest) -> HttpResponse:
    """One's name shows no more: on the report named, else everywhere."""
    number = request.POST.get("report", "")
    report_id = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else None
    if number and report_id is None:
        return redirect("mine")
    hide_name(user=_me(request), report_id=report_id)
    messages.success(request, _("Your name does not show there any more."))
    return redirect("report", report_id) if report_id else redirect("my-account")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Preferences, and the ways to all else about the account."""
    me = _me(request)
    choices = languages_of(request)
    form = PreferencesForm(request.POST or None, user=me, languages=choices)
    if request.method == "POST" and form.is_valid():
        set_preferences(me, **form.cleaned_data)
        language = form.cleaned_data["language"]
        if language:
            activate(language)
        messages.success(request, _("Changed."))
        response = redirect("my-account")
        if language:
            remember_language(response, language)
        return response
    values: dict[str, Any] = {"form": form, "has_password": me.has_usable_password()}
    return render(request, "web/account.html", values, status=422 if form.errors else 200)


@never_cache
@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """Everything that the site has of a person, as one file."""
    me = _me(request)
    try:
        count_try("export", request=request, email=me.email)
    except TooOften as wrong:
        messages.error(request, str(wrong))
        return redirect("my-account")
    return FileResponse(archive_of(me), as_attachment=True, filename="my-data.zip")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """The end of the account: told in full, ticked, pressed."""
    error = ""
    if request.method == "POST":
        if not request.POST.get("sure"):
            error = _("Please tick that you are sure.")
        else:
            try:
                forget_person(_me(request))
            except RuleBroken as wrong:
                error = _(str(wrong))
            else:
                logout(request)
                messages.success(request, _("Your account is deleted."))
                return redirect("front")
    status = 422 if error else 200
    return render(request, "web/account_delete.html", {"error": error}, status=status)
