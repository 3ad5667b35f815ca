"""One report's page, and what people add to it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from waywarden.geo.points import Point
from waywarden.kernel.cobrand import registry
from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.notifications.letters import site_address
from waywarden.reports.author_services import withdraw_report
from waywarden.reports.models import Update
from waywarden.reports.privacy import Sight, sight_of
from waywarden.reports.queries import Story, story_of
from waywarden.reports.states import PinClass
from waywarden.reports.update_services import NewUpdate, create_update
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import EXACT_ZOOM, map_settings, still_map
from waywarden.ui.viewers import viewer_of
from waywarden.web.error_views import refusal
from waywarden.web.forms import UpdateForm
from waywarden.web.queries import ways_of
from waywarden.web.report_views import person
from waywarden.web.services import TooOften, count_try, store_once
from waywarden.web.uploads import Uploads, uploads_of


def seen_by(request: HttpRequest, number: int) -> Story | HttpResponse:
    """A report that this person may see, else the page that says why not (FB 1.4)."""
    story = story_of(number)
    if story is None:
        return refusal(request, Sight.NOT_FOUND)
    sight = sight_of(
        state=story.report.state,
        is_private=story.report.is_private,
        reporter_id=story.report.user_id,
        body_ids=frozenset(row.body_id for row in story.at_bodies),
        viewer=viewer_of(request),
    )
    if sight is not Sight.FULL:
        return refusal(request, sight)
    return story if _is_of_this_site(request, story) else redirect(_on_the_main_site(story))


def _is_of_this_site(request: HttpRequest, story: Story) -> bool:
    """Whether a site of some bodies has this report: it went to one of them."""
    bodies = set(cobrand_of(request).bodies)
    return not bodies or any(row.body.slug in bodies for row in story.at_bodies)


def _on_the_main_site(story: Story) -> str:
    return site_address(registry.default) + story.report.get_absolute_url()


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, number: int) -> HttpResponse:
    """A report's page; an update is posted to the same address."""
    story = seen_by(request, number)
    if isinstance(story, HttpResponse):
        return story
    if request.method == "POST":
        return _submit(request, story)
    return _page(request, story, UpdateForm(user=person(request)))


def _page(
    request: HttpRequest,
    story: Story,
    form: UpdateForm,
    *,
    uploads: Uploads | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = story.report
    place = Point(shown.lat, shown.lon)
    kind = shown.pin_class or PinClass.CLOSED
    is_mine = shown.user_id is not None and shown.user_id == getattr(request.user, "pk", None)
    ways = ways_of(story)
    values: dict[str, Any] = {
        "story": story,
        "report": shown,
        "ways": ways,
        "updates": _told(story.updates),
        "form": form,
        "uploads": uploads or Uploads(),
        "is_mine": is_mine,
        "address": request.build_absolute_uri(shown.get_absolute_url()),
        "may_withdraw": is_mine and shown.is_open and not any(w.standing == "sent" for w in ways),
        "map": map_settings(
            request,
            mode="report",
            centre=(shown.lat, shown.lon, float(EXACT_ZOOM)),
            pin_class=kind.value,
            title=shown.title,
        ),
        "still": still_map(
            place, EXACT_ZOOM, size=(4, 3), pins=[(shown.pk, shown.title, kind, place)]
        ),
    }
    response = render(request, "web/report.html", values, status=status)
    if shown.is_private:
        response["Cache-Control"] = "private, no-store"
    return response


def _told(updates: tuple[Update, ...]) -> list[tuple[Update, bool]]:
    """Each update, and whether it says a state that differs from the one said before."""
    told, last = [], ""
    for update in updates:
        is_change = bool(update.state) and update.state != last
        last = update.state or last
        told.append((update, is_change))
    return told


def _submit(request: HttpRequest, story: Story) -> HttpResponse:
    user = person(request)
    form = UpdateForm(request.POST, user=user)
    if form.is_machine:
        return redirect("check-mail")
    uploads = uploads_of(request)
    status = 422
    if form.is_valid() and not uploads.error:
        try:
            count_try("update", request=request, email=form.address)
            new = _new(story, form, uploads)
            update_id = store_once(form.key, lambda: create_update(new, user=user).pk)
        except RuleBroken as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
            status = 429 if isinstance(wrong, TooOften) else 422
        else:
            return _done(request, story, form, update_id)
    return _page(request, story, form, uploads=uploads, status=status)


def _new(story: Story, form: UpdateForm, uploads: Uploads) -> NewUpdate:
    given = form.cleaned_data
    return NewUpdate(
        report_id=story.report.pk,
        text=given["text"],
        email=form.address,
        name=given["name"],
        is_name_public=given["show_name"],
        says_fixed=given["says_fixed"],
        reopens=given["reopens"],
        photo_keys=uploads.keys,
    )


def _done(request: HttpRequest, story: Story, form: UpdateForm, update_id: int) -> HttpResponse:
    if person(request):
        messages.success(request, _("Thank you. Your update is shown below."))
        return redirect(f"/report/{story.report.pk}#update-{update_id}")
    request.session["mailed"] = {"to": form.address, "about": "update"}
    return redirect("check-mail")


@require_safe
def from_broken_link(_request: HttpRequest, number: str) -> HttpResponse:
    """To the report that an address was meant to lead to: mail programs break links (FB 1.4)."""
    return redirect("report", int(number), permanent=True)


@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """The reporter takes a report back."""
    story = seen_by(request, number)
    if isinstance(story, HttpResponse):
        return story
    user = person(request)
    if user is None:
        return refusal(request, Sight.FORBIDDEN)
    try:
        withdraw_report(number, user=user)
    except NotAllowed:
        return refusal(request, Sight.FORBIDDEN)
    except RuleBroken as late:
        messages.error(request, str(late))
    else:
        messages.success(request, _("Your report is withdrawn."))
    return redirect(story.report)
