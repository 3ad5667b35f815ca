"""What anybody does with a report by one press: me too, a flag; and its picture when shared."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.http import condition, require_http_methods, require_POST, require_safe

from waywarden.bodies.words import said
from waywarden.geo.points import Point
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports.models import Report
from waywarden.reports.privacy import Sight
from waywarden.reports.public_services import flag_report, say_me_too
from waywarden.reports.queries import public_reports
from waywarden.reports.states import PinClass
from waywarden.reports.words import state_in_words
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import map_path
from waywarden.ui.pictures import Card
from waywarden.web.card_services import kept_card
from waywarden.web.error_views import refusal
from waywarden.web.forms import FlagForm
from waywarden.web.report_views import person
from waywarden.web.services import TooOften, count_try
from waywarden.web.update_views import seen_by

#: Where a browser without an account is told from others, in its session.
ME = "me_too"


@require_POST
def me_too(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody else has seen it; counted once for each account or browser."""
    story = seen_by(request, number)
    if isinstance(story, HttpResponse):
        return story
    user = person(request)
    try:
        count_try("me_too", request=request, email=user.email if user else "")
        is_new = say_me_too(number, key=_key_of(request), user=user)
    except NotAllowed:
        return refusal(request, Sight.FORBIDDEN)
    except TooOften as wrong:
        words, status = str(wrong), 429
    else:
        words, status = _("Thank you. You are counted."), 200
        if not is_new:
            words = _("Thank you. You were counted before.")
    if request.htmx:  # type: ignore[attr-defined]  # put there by its middleware
        values = {"words": words, "report": story.report}
        return render(request, "web/me_too_said.html", values)
    if status == 429:
        messages.error(request, words)
    else:
        messages.success(request, words)
    return redirect(story.report)


def _key_of(request: HttpRequest) -> str:
    user = person(request)
    who = f"user {user.pk}" if user else request.session.setdefault(ME, uuid4().hex)
    return salted_hmac("waywarden.web.me_too", who, algorithm="sha256").hexdigest()


@require_http_methods(["GET", "HEAD", "POST"])
def flag(request: HttpRequest, number: int) -> HttpResponse:
    """Something is abusive or wrong: the operator is told."""
    story = seen_by(request, number)
    if isinstance(story, HttpResponse):
        return story
    wanted = request.GET.get("update", "")
    update = next((one for one in story.updates if str(one.pk) == wanted), None)
    user = person(request)
    form = FlagForm(request.POST or None, initial={"email": user.email if user else ""})
    status = 200
    if request.method == "POST":
        if form.data.get("website"):  # nobody sees that field
            return redirect(story.report)
        status = _store_flag(request, form, number, update_id=update.pk if update else None)
    if status == 302:
        messages.success(request, _("Thank you. Somebody will look at it."))
        return redirect(story.report)
    values = {"report": story.report, "update": update, "form": form}
    return render(request, "web/flag.html", values, status=status)


def _store_flag(request: HttpRequest, form: FlagForm, number: int, *, update_id: int | None) -> int:
    """The status of the answer: 302 when it is stored."""
    if not form.is_valid():
        return 422
    given = form.cleaned_data
    told = {name: given[name] for name in ("reason", "words", "email")}
    try:
        count_try("flag", request=request, email=given["email"])
        flag_report(number, update_id=update_id, **told)
    except RuleBroken as wrong:
        form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        return 429 if isinstance(wrong, TooOften) else 422
    return 302


def _shared(number: int) -> Report | None:
    return public_reports().filter(pk=number).first()


def _card_of(request: HttpRequest, report: Report) -> Card:
    cobrand = cobrand_of(request)
    kind = report.pin_class or PinClass.CLOSED
    facts = (state_in_words(report.state), said(report.category_name), report.nearest_address)
    return Card(
        map_path=map_path(),
        place=Point(report.lat, report.lon),
        kind=kind,
        colour=str(getattr(cobrand.pins, kind.value)),
        accent=cobrand.accent,
        title=report.title,
        facts=tuple(filter(None, facts)),
        site=cobrand.site_name,
    )


def _etag(request: HttpRequest, number: int) -> str | None:
    report = _shared(number)
    return f'"{_card_of(request, report).key}"' if report else None


@require_safe
@condition(etag_func=_etag)
def card(request: HttpRequest, number: int) -> HttpResponse:
    """A public report as a picture, for the pages of others that link to it (Open Graph)."""
    report = _shared(number)
    if report is None:
        return refusal(request, Sight.NOT_FOUND)
    drawn = kept_card(number, _card_of(request, report))
    response = HttpResponse(drawn, content_type="image/png")
    response["Cache-Control"] = "public, max-age=3600"
    return response
