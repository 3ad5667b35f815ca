"""Making a report: one page of steps; it works without scripts and loses nothing on an error."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from waywarden.geo.points import Point
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.services import WrongAnswers, create_report
from waywarden.reports.states import PinClass
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import EXACT_ZOOM, clicked_place, map_settings, still_map
from waywarden.users.models import User
from waywarden.web.browse_views import point_in
from waywarden.web.drafts import Draft
from waywarden.web.forms import ReportForm
from waywarden.web.services import TooOften, count_try, store_once
from waywarden.web.uploads import uploads_of


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form; a click on the map of pictures moves the place and keeps all else."""
    if request.method == "POST":
        return _submit(request)
    clicked = clicked_place(request.GET)
    if clicked is not None:
        return redirect(_address(clicked))
    place = point_in(request, "latitude", "longitude")
    if place is None:
        messages.info(request, _("First choose the place, please."))
        return redirect("around")
    form = ReportForm(initial=request.GET.dict(), user=person(request))
    return _page(request, Draft.of(request, place), form)


def person(request: HttpRequest) -> User | None:
    """Who is signed in."""
    return request.user if isinstance(request.user, User) else None


def _address(place: Point) -> str:
    values = {"latitude": f"{place.lat:.6f}", "longitude": f"{place.lon:.6f}"}
    return f"{reverse('report-new')}?{urlencode(values)}"


def _page(request: HttpRequest, draft: Draft, form: ReportForm, status: int = 200) -> HttpResponse:
    place = draft.place
    centre = (place.lat, place.lon, float(EXACT_ZOOM))
    values = {
        "draft": draft,
        "form": form,
        "map": map_settings(request, mode="pick", centre=centre),
        "still": still_map(
            place, EXACT_ZOOM, size=(4, 3), pins=[(0, _("Your place"), PinClass.OPEN, place)]
        ),
    }
    return render(request, "web/report_new.html", values, status=status)


@require_safe
def part(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the form for a place or a category just chosen: `kind` or `questions`."""
    place = point_in(request, "latitude", "longitude")
    if place is None:
        return HttpResponse(status=400)
    draft = Draft.of(request, place)
    return render(request, f"web/report_{name}.html", {"draft": draft, "is_part": True})


def _submit(request: HttpRequest) -> HttpResponse:
    data = request.POST
    form = ReportForm(data, user=person(request))
    place = _posted_place(form)
    if place is None:
        messages.info(request, _("First choose the place, please."))
        return redirect("around")
    if form.is_machine:
        return redirect("check-mail")
    clicked = clicked_place(data)
    draft = Draft.of(request, clicked or place, uploads_of(request))
    if clicked or _is_only_a_step(request, draft):
        return _page(request, draft, ReportForm(initial=data.dict(), user=person(request)))
    return _store(request, draft, form)


def _posted_place(form: ReportForm) -> Point | None:
    try:
        return Point(float(form.data["latitude"]), float(form.data["longitude"])).rounded()
    except (KeyError, ValueError):
        return None


def _is_only_a_step(request: HttpRequest, draft: Draft) -> bool:
    """Whether the page must come again first: asked for, or for questions not shown before."""
    if "step" in request.POST:
        return True
    unseen = draft.category != request.POST.get("asked", "")
    return unseen and any(one.question.variable for one in draft.questions)


def _store(request: HttpRequest, draft: Draft, form: ReportForm) -> HttpResponse:
    status = 422
    # All are looked at, so that everything wrong is said at once.
    if all((form.is_valid(), draft.look_at_answers(), not draft.uploads.error)):
        try:
            count_try("report", request=request, email=form.address)
            new = draft.as_new_report(request, form)
            number = store_once(form.key, lambda: create_report(new, user=person(request)).pk)
        except WrongAnswers as wrong:
            draft.errors = wrong.errors
        except RuleBroken as wrong:
            _blame(form, draft, wrong)
            status = 429 if isinstance(wrong, TooOften) else 422
        else:
            return _done(request, number, form)
    return _page(request, draft, form, status)


def _blame(form: ReportForm, draft: Draft, wrong: RuleBroken) -> None:
    """Puts an error beside the field that it is about."""
    if wrong.field == "photo":
        draft.uploads = type(draft.uploads)(draft.uploads.keys, str(wrong))
    else:
        form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))


def _done(request: HttpRequest, number: int, form: ReportForm) -> HttpResponse:
    if person(request):
        messages.success(request, _("Thank you. Your report is public now, and on its way."))
        return redirect("report", number)
    request.session["mailed"] = {"to": form.address, "about": "report"}
    return redirect("check-mail")


@require_safe
def check_mail(request: HttpRequest) -> HttpResponse:
    """Says that a mail is on its way, and to where."""
    mailed = request.session.get("mailed", {})
    return render(request, "web/check_mail.html", {"mailed": mailed, "site": cobrand_of(request)})
