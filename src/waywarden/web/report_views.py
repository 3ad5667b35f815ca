"""Making a report: one page of steps; it works without scripts and loses nothing on an error."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from waywarden.geo.points import Point
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.personal_data import personal_data
from waywarden.reports.photos import place_of
from waywarden.reports.services import WrongAnswers, create_report
from waywarden.reports.states import PinClass
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import EXACT_ZOOM, clicked_place, map_settings, still_map
from waywarden.ui.uploads import Uploads, kept_photos, uploads_of
from waywarden.users.models import User
from waywarden.web.browse_views import point_in
from waywarden.web.drafts import Draft
from waywarden.web.forms import ReportForm
from waywarden.web.services import TooOften, count_try, store_once, tell_stored

#: Where a photo that was sent first waits for its form, in the session.
FIRST_PHOTO = "first_photo"


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
    draft = Draft.of(request, place, _first_photo(request))
    form = ReportForm(initial=request.GET.dict(), user=person(request), **draft.form_options)
    return _page(request, draft, form)


def person(request: HttpRequest) -> User | None:
    """Who is signed in."""
    return request.user if isinstance(request.user, User) else None


def _address(place: Point) -> str:
    values = {"latitude": f"{place.lat:.6f}", "longitude": f"{place.lon:.6f}"}
    return f"{reverse('report-new')}?{urlencode(values)}"


def _first_photo(request: HttpRequest) -> Uploads:
    return Uploads(kept_photos([str(request.session.get(FIRST_PHOTO, ""))]))


def _page(request: HttpRequest, draft: Draft, form: ReportForm, status: int = 200) -> HttpResponse:
    place = draft.place
    centre = (place.lat, place.lon, float(EXACT_ZOOM))
    values = {
        "draft": draft,
        "form": form,
        "texts": texts_of_steps(),
        "map": map_settings(request, mode="pick", centre=centre),
        "still": still_map(
            place, EXACT_ZOOM, size=(4, 3), pins=[(0, _("Your place"), PinClass.OPEN, place)]
        ),
    }
    return render(request, "web/report_new.html", values, status=status)


def texts_of_steps() -> dict[str, str]:
    """What the scripts of a long form say."""
    return {
        "step": _("Step {n} of {m}"),
        "missing": _("Please fill this in."),
        "category": _("Please choose what it is about."),
        "email": _("This is not an e-mail address we can write to, such as rosa@example.org."),
        "offline": _(
            "There is no network just now. This is kept on your device, and goes by itself when"
            " you are back, as soon as this site is open again. You may close this page."
        ),
    }


@require_safe
def part(request: HttpRequest, name: str) -> HttpResponse:
    """One part of the form for a place or a category just chosen: `kind` or `questions`."""
    place = point_in(request, "latitude", "longitude")
    if place is None:
        return HttpResponse(status=400)
    draft = Draft.of(request, place)
    form = ReportForm(initial=request.GET.dict(), user=person(request), **draft.form_options)
    values = {"draft": draft, "form": form, "is_part": True}
    return render(request, f"web/report_{name}.html", values)


@require_http_methods(["GET", "HEAD", "POST"])
def begin_with_photo(request: HttpRequest) -> HttpResponse:
    """A photo first: its place, if the camera wrote it down, begins the report (FB 1.1)."""
    error = ""
    file = request.FILES.get("photo")
    if request.method == "POST" and file is not None:
        place = place_of(cast("BinaryIO", file))  # before the photo loses what the camera wrote
        uploads = uploads_of(request)
        if uploads.keys:
            request.session[FIRST_PHOTO] = uploads.keys[0]
            if place is not None:
                return redirect(_address(place))
            messages.info(request, _("This photo does not say where it was taken. Please show us."))
            return redirect("around")
        error = uploads.error
    elif request.method == "POST":
        error = _("Please choose a photo.")
    values = {"error": error}
    return render(request, "web/photo_first.html", values, status=422 if error else 200)


def _submit(request: HttpRequest) -> HttpResponse:
    data = request.POST
    place = _posted_place(request)
    if place is None:
        messages.info(request, _("First choose the place, please."))
        return redirect("around")
    if data.get("website"):  # nobody sees that field
        return redirect("check-mail")
    clicked = clicked_place(data)
    draft = Draft.of(request, clicked or place, uploads_of(request))
    user, options = person(request), draft.form_options
    if clicked or _is_only_a_step(request, draft):
        return _page(request, draft, ReportForm(initial=data.dict(), user=user, **options))
    return _store(request, draft, ReportForm(data, user=user, **options))


def _posted_place(request: HttpRequest) -> Point | None:
    try:
        lat, lon = float(request.POST["latitude"]), float(request.POST["longitude"])
        return Point(lat, lon).rounded()
    except (KeyError, ValueError):
        return None


def _is_only_a_step(request: HttpRequest, draft: Draft) -> bool:
    """Whether the page must come again first: asked for, or for what was not shown before."""
    if "step" in request.POST:
        return True
    if draft.choice is None or draft.category == request.POST.get("asked", ""):
        return False
    has_questions = any(one.question.variable for one in draft.questions)
    draft.came_up = has_questions or bool(draft.choice.notices or draft.look_alikes)
    return draft.came_up


def _store(request: HttpRequest, draft: Draft, form: ReportForm) -> HttpResponse:
    status = 422
    # All are looked at, so that everything wrong is said at once.
    checks = (
        form.is_valid(),
        draft.look_at_answers(),
        not draft.uploads.error,
        _words_are_allowed(draft, form),
    )
    if all(checks):
        try:
            count_try("report", request=request, email=form.address)
            new = draft.as_new_report(form)
            number = store_once(form.key, lambda: create_report(new, user=person(request)).pk)
        except WrongAnswers as wrong:
            draft.errors = wrong.errors
        except RuleBroken as wrong:
            _blame(form, draft, wrong)
            status = 429 if isinstance(wrong, TooOften) else 422
        else:
            return _done(request, number, form)
    return _page(request, draft, form, status)


def _words_are_allowed(draft: Draft, form: ReportForm) -> bool:
    """Whether nothing personal stands in public words, or its author means it to."""
    if draft.choice and draft.choice.is_private:
        return True
    draft.findings = personal_data(form.data.get("title", ""), form.data.get("detail", ""))
    if not draft.findings or form.data.get("keeps_words"):
        return True
    form.add_error("keeps_words", _("Please look at the words again, or tick this."))
    return False


def _blame(form: ReportForm, draft: Draft, wrong: RuleBroken) -> None:
    """Puts an error beside the field that it is about."""
    if wrong.field == "photo":
        draft.uploads = type(draft.uploads)(draft.uploads.keys, str(wrong))
    else:
        form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))


def _done(request: HttpRequest, number: int, form: ReportForm) -> HttpResponse:
    request.session.pop(FIRST_PHOTO, None)
    if person(request) or form.cleaned_data.get("is_anonymous"):
        messages.success(request, _("Thank you. Your report is public now, and on its way."))
        return tell_stored(redirect("report", number), form.key)
    request.session["mailed"] = {"to": form.address, "about": "report"}
    return tell_stored(redirect("check-mail"), form.key)


@require_safe
def check_mail(request: HttpRequest) -> HttpResponse:
    """Says that a mail is on its way, and to where."""
    mailed = request.session.get("mailed", {})
    return render(request, "web/check_mail.html", {"mailed": mailed, "site": cobrand_of(request)})
