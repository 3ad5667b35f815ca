"""Signing in by mailed links, and confirming by them; the other ways in are allauth's."""

from collections.abc import Callable
from dataclasses import dataclass

from allauth.socialaccount.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.alert_services import Target, follow
from waywarden.reports.models import Update
from waywarden.reports.services import confirm_report
from waywarden.reports.update_services import confirm_update
from waywarden.users.models import MailedLink, User
from waywarden.users.queries import find_link, was_just_used
from waywarden.users.services import LinkUnusable, get_or_create_user, redeem_link
from waywarden.web.forms import SignInForm
from waywarden.web.report_views import person
from waywarden.web.services import count_try
from waywarden.web.sign_in import enter, mail_link_and_code, prove_again, safe_address

Purpose = MailedLink.Purpose


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for the address that a link is mailed to. Says the same whether it is known or not."""
    wanted = safe_address(request.POST.get("next") or request.GET.get("next", ""))
    if person(request) and request.method != "POST":
        return redirect(wanted)
    form = SignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            count_try("sign_in", request=request, email=email)
            mail_link_and_code(request, email)
        except RuleBroken as wrong:
            form.add_error("email", _(str(wrong)))
        else:
            wanted_next = urlencode({"next": wanted})
            return redirect(f"{reverse('account_confirm_login_code')}?{wanted_next}")
    status = 422 if form.errors else 200
    values = {"form": form, "next": wanted, "providers": get_adapter().list_providers(request)}
    return render(request, "web/sign_in.html", values, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    logout(request)
    messages.info(request, _("You are signed out."))
    return redirect("front")


@dataclass(frozen=True, slots=True)
class _Doing:
    """What a pressed link of one purpose does; gives the page it leads to."""

    name: str
    do: Callable[[HttpRequest, MailedLink, User], str]


def _publish_report(request: HttpRequest, link: MailedLink, user: User) -> str:
    if confirm_report(link.subject_id or 0, user=user):
        messages.success(request, _("Thank you. Your report is public now, and on its way."))
    return f"/report/{link.subject_id}"


def _publish_update(request: HttpRequest, link: MailedLink, user: User) -> str:
    number = link.subject_id or 0
    report_id = Update.objects.values_list("report_id", flat=True).get(pk=number)
    if confirm_update(number, user=user):
        messages.success(request, _("Thank you. Your update is shown below."))
    return f"/report/{report_id}#update-{number}"


def _enter(_request: HttpRequest, link: MailedLink, _user: User) -> str:
    return safe_address(str(link.data.get("next", "")))


def _follow(request: HttpRequest, link: MailedLink, user: User) -> str:
    try:
        follow(
            Target.of_data(link.data["target"]),
            user=user,
            frequency=link.data.get("frequency", ""),
            cobrand=link.data.get("cobrand", ""),
            language=get_language() or "",
        )
    except RuleBroken as gone:
        messages.error(request, str(gone))
    else:
        messages.success(request, _("You follow this now. News comes by mail."))
    return "/my/alerts"


_DOINGS = {
    Purpose.CONFIRM_REPORT: _Doing("report", _publish_report),
    Purpose.CONFIRM_UPDATE: _Doing("update", _publish_update),
    Purpose.SIGN_IN: _Doing("sign_in", _enter),
    Purpose.FOLLOW: _Doing("follow", _follow),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mailed_link(request: HttpRequest, token: str, purpose: MailedLink.Purpose) -> HttpResponseBase:
    """Opening a mailed link shows a button; pressing it does the thing, once.

    Programs that look into mails open links but press nothing (FB 1.3, *Confirm*).
    """
    link = find_link(token=token, purpose=purpose)
    doing = _DOINGS[purpose]
    if link is None:
        return render(request, "web/link_dead.html", {"about": doing.name}, status=404)
    if request.method != "POST":
        is_used = link.used_at is not None
        values = {"about": doing.name, "link": link, "is_used": is_used}
        return render(request, "web/link.html", values, status=410 if is_used else 200)
    try:
        user = redeem_link(token=token, purpose=purpose).user
    except LinkUnusable:
        if not was_just_used(link):
            return render(request, "web/link_dead.html", {"about": doing.name}, status=410)
        user = get_or_create_user(email=link.email)  # pressed twice
        if not user.is_active or user.is_update_user:
            return render(request, "web/link_dead.html", {"about": doing.name}, status=410)
    wanted = doing.do(request, link, user)
    if request.user != user:
        return enter(request, user, to=wanted)
    prove_again(request, user)
    return redirect(wanted)
