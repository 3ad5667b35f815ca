"""Following: find a place, choose what, confirm by mail; and leaving again with one click."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.areas.models import Area
from waywarden.areas.wards import ward_slug
from waywarden.bodies.models import Body
from waywarden.bodies.queries import bodies_of
from waywarden.bodies.words import said
from waywarden.geo.points import Point
from waywarden.kernel.cobrand import Cobrand
from waywarden.kernel.errors import RuleBroken
from waywarden.kernel.text import one_line
from waywarden.notifications.alert_services import (
    Target,
    change_frequency,
    check_target,
    follow,
    stop_alert,
)
from waywarden.notifications.models import Alert
from waywarden.notifications.news import place_of, words_for
from waywarden.notifications.services import mail_follow_link
from waywarden.reports.queries import public_reports
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import still_map
from waywarden.ui.viewers import viewer_of
from waywarden.users.frequency import Frequency
from waywarden.users.models import User
from waywarden.web.alert_forms import RADII, AlertForm, Offered, target_of
from waywarden.web.browse_views import point_in
from waywarden.web.places import find, look_up
from waywarden.web.queries import PAGE, areas_of_place
from waywarden.web.report_views import person
from waywarden.web.services import TooOften, count_try


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """One box to find the place; several matches make a list that keeps the purpose."""
    asked = one_line(request.GET.get("pc", ""))[:200]
    values: dict[str, Any] = {"asked": asked}
    if "pc" not in request.GET:
        return render(request, "web/alert.html", values)
    try:
        found = find(asked, cobrand=cobrand_of(request))
    except RuleBroken as wrong:
        return render(request, "web/alert.html", values | {"error": str(wrong)}, status=422)
    places = [(place.name, place.kind, _for_alerts(place.url)) for place in found]
    if len(places) == 1:
        return redirect(places[0][2])
    return render(request, "web/alert.html", values | {"places": places})


def _for_alerts(address: str) -> str:
    """The page of what can be followed at a place, instead of its map."""
    return address.replace(f"{reverse('around')}?", f"{reverse('alert-list')}?", 1)


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What can be followed at a place, each by mail or as a feed."""
    place = point_in(request, "lat", "lon")
    if place is None:
        return redirect("alert")
    user = person(request)
    initial = {"what": "radius", "frequency": user.frequency if user else Frequency.DAILY}
    form = AlertForm(initial=initial, user=user, is_staff=_is_staff(request))
    return _page(request, place, form)


def _is_staff(request: HttpRequest) -> bool:
    """Who works for a body may ask for news for somebody who calls (FB 1.6)."""
    viewer = viewer_of(request)
    return viewer.is_operator or bool(viewer.body_ids)


def _page(request: HttpRequest, place: Point, form: AlertForm, status: int = 200) -> HttpResponse:
    values = {
        "form": form,
        "place": place,
        "near": look_up(place),
        "offered": _offered(place, cobrand_of(request)),
        "radii": [(metres, metres < 1000) for metres in RADII],
        "radius": form["radius"].value() or 1000,
        "what": form["what"].value() or "radius",
        "frequency": form["frequency"].value(),
        "frequencies": Frequency.choices,
        "still": still_map(place, 14, size=(3, 2)),
    }
    return render(request, "web/alert_list.html", values, status=status)


def _offered(place: Point, cobrand: Cobrand) -> list[Offered]:
    """The areas and bodies of a place, and each body in the areas that are parts of its own."""
    areas = areas_of_place(place)
    bodies = bodies_of(tuple(area.pk for area in areas)).prefetch_related("areas")
    if cobrand.bodies:
        bodies = bodies.filter(slug__in=cobrand.bodies)
    found = [Offered(f"area:{one.pk}", _in_area(one), f"area/{one.pk}") for one in areas]
    for body in bodies:
        words = _("All reports to %(body)s") % {"body": said(body.name)}
        found.append(Offered(f"body:{body.pk}", words, f"reports/{body.slug}"))
        own = {area.pk for area in body.areas.all()}
        for area in areas:
            if area.pk not in own:
                words = _("Reports to %(body)s in %(area)s") % {
                    "body": said(body.name), "area": said(area.name),
                }  # fmt: skip
                feed = f"reports/{body.slug}/{ward_slug(area.name)}"
                found.append(Offered(f"ward:{body.pk}:{area.pk}", words, feed))
    return found


def _in_area(area: Area) -> str:
    return _("All reports in %(area)s") % {"area": said(area.name)}


@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Follows at once for a signed-in person, else mails a link; nothing is kept before that."""
    user = person(request)
    form = AlertForm(request.POST, user=user, is_staff=_is_staff(request))
    if form.is_machine:
        return redirect("check-mail")
    if not form.is_valid():
        return _wrong(request, form)
    try:
        target = form.target()
        email = form.cleaned_data.get("email", "")
        if user is not None and not email:
            return _follow(request, target, user, form.cleaned_data["frequency"])
        count_try("follow", request=request, email=email)
        mail_follow_link(
            target,
            email=email,
            cobrand_name=cobrand_of(request).name,
            frequency=form.cleaned_data["frequency"],
        )
    except RuleBroken as wrong:
        form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
        return _wrong(request, form, status=429 if isinstance(wrong, TooOften) else 422)
    request.session["mailed"] = {"to": email, "about": "follow"}
    return redirect("check-mail")


def _follow(request: HttpRequest, target: Target, user: User, frequency: str) -> HttpResponse:
    follow(
        target,
        user=user,
        frequency=frequency,
        cobrand=cobrand_of(request).name,
        language=get_language() or "",
    )
    messages.success(request, _("You follow this now. News comes by mail."))
    if target.report_id:
        return redirect("report", target.report_id)
    return redirect("my-alerts")


@require_safe
def one(request: HttpRequest) -> HttpResponse:
    """One thing to follow that a page has named: how often, and where to."""
    user = person(request)
    initial = {"frequency": user.frequency if user else Frequency.DAILY}
    form = AlertForm(initial=initial, user=user, is_staff=_is_staff(request))
    what = request.GET.get("what", "")
    try:
        check_target(target_of(what), user=user)
    except RuleBroken:
        raise Http404 from None
    return _of_one(request, form, what)


def _of_one(request: HttpRequest, form: AlertForm, what: str, status: int = 200) -> HttpResponse:
    """Its page; without a name where there is nothing that this person may follow."""
    values = {
        "form": form,
        "what": what,
        "frequencies": Frequency.choices,
        "frequency": form["frequency"].value() or Frequency.DAILY,
    }
    with suppress(RuleBroken):
        target = target_of(what)
        check_target(target, user=person(request))
        values |= {"about": words_for(target), "feed": _feed_of(target)}
    return render(request, "web/alert_one.html", values, status=status)


def _feed_of(target: Target) -> str:
    """The address of the same as a feed, without the kind before it; "" where there is none."""
    if target.report_id:
        is_public = public_reports().filter(pk=target.report_id).exists()
        return str(target.report_id) if is_public else ""
    if target.body_id is None:
        return f"area/{target.area_id}"
    slug = Body.objects.values_list("slug", flat=True).get(pk=target.body_id)
    areas = target.area_ids or ([target.area_id] if target.area_id else [])
    names = Area.objects.filter(pk__in=areas).order_by("name").values_list("name", flat=True)
    wards = quote("|".join(map(ward_slug, names)))
    return f"reports/{slug}/{wards}" if wards else f"reports/{slug}"


def _wrong(request: HttpRequest, form: AlertForm, status: int = 422) -> HttpResponse:
    """The page the form came from, with what is wrong."""
    lat, lon = form.cleaned_data.get("lat"), form.cleaned_data.get("lon")
    if lat is None or lon is None:
        return _of_one(request, form, form.data.get("what", ""), status)
    return _page(request, Point(lat, lon), form, status)


@never_cache
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, key: UUID) -> HttpResponse:
    """Opening shows a button; a press, or the mail program's own (RFC 8058), ends the alert.

    The key is in the mail alone, so the press needs no session and no token of a form.
    """
    alert = Alert.objects.select_related("report", "area", "body").filter(key=key).first()
    if alert is None:
        raise Http404
    if request.method == "POST":
        stop_alert(alert.pk)
        alert.refresh_from_db()
    values = {"alert": alert, "place": place_of(alert), "is_stopped": alert.stopped_at is not None}
    return render(request, "web/alert_leave.html", values)


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """All that a person follows, newest first."""
    rows = (
        Alert.objects.filter(user=person(request), stopped_at=None)
        .select_related("report", "area", "body")
        .order_by("-created", "-id")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    alerts = [(alert, place_of(alert)) for alert in page.object_list]
    values = {"page": page, "alerts": alerts, "frequencies": Frequency.choices}
    return render(request, "web/alerts.html", values)


@login_required
@require_POST
def change(request: HttpRequest, number: int) -> HttpResponse:
    """How often one's own alert is mailed, or that it stops."""
    alert = Alert.objects.filter(pk=number, user=person(request)).first()
    if alert is None:
        raise Http404
    wanted = request.POST.get("frequency", "")
    if "stop" in request.POST:
        stop_alert(alert.pk)
        messages.success(request, _("You do not follow this any more."))
    elif wanted in Frequency.values:
        change_frequency(alert.pk, Frequency(wanted))
        messages.success(request, _("Changed."))
    return redirect("my-alerts")


@require_safe
def feed_of_place(request: HttpRequest, form: str, name: str, km: str = "") -> HttpResponse:
    """To the feed of a place by its name: a post code, coordinates, a street (FB 3)."""
    try:
        found = find(one_line(name)[:200], cobrand=cobrand_of(request))
    except RuleBroken:
        raise Http404 from None
    _path, _mark, query = found[0].url.partition("?")
    place = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
    if "lat" not in place or "lon" not in place:
        raise Http404
    tail = f"/{km}" if km else ""
    kept = f"?{urlencode(request.GET)}" if request.GET else ""
    return redirect(f"/{form}/l/{place['lat']},{place['lon']}{tail}{kept}")
