"""One report's page, and what people add to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from waywarden.bodies.queries import body_names, may_speak_for
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.cobrand import registry
from waywarden.kernel.errors import RuleBroken
from waywarden.notifications.letters import site_address
from waywarden.reports.allowed import Act
from waywarden.reports.duplicates import open_near
from waywarden.reports.lists import Listed, listed
from waywarden.reports.models import Photo, Report, Update
from waywarden.reports.personal_data import Finding, personal_data
from waywarden.reports.privacy import Sight, sight_of
from waywarden.reports.queries import acts_of, duplicates_of, public_reports, public_version_of
from waywarden.reports.states import PinClass
from waywarden.reports.story_queries import Story, story_of
from waywarden.reports.update_services import NewUpdate, create_update
from waywarden.sending.queries import held_updates, is_report_held
from waywarden.ui.current import cobrand_of
from waywarden.ui.maps import EXACT_ZOOM, map_settings, still_map
from waywarden.ui.uploads import Uploads, uploads_of
from waywarden.ui.viewers import viewer_of
from waywarden.web.error_views import refusal
from waywarden.web.forms import UpdateForm
from waywarden.web.kept_pages import kept
from waywarden.web.outlook import outlook_of
from waywarden.web.queries import ways_of
from waywarden.web.report_views import person, texts_of_steps
from waywarden.web.services import TooOften, count_try, store_once, tell_stored

#: Metres around a report that others are named from, and how many.
NEAR, MOST_NEAR = 400, 3
#: Reports of the same problem that are named.
MOST_DUPLICATES = 20


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
    version = "" if request.method == "POST" else public_version_of(number)
    if version:
        return kept(request, version, lambda: _look(request, number))
    return _look(request, number)


def _look(request: HttpRequest, number: int) -> HttpResponse:
    story = seen_by(request, number)
    if isinstance(story, HttpResponse):
        return story
    acts = acts_of(story.report, viewer_of(request), story.at_bodies)
    if request.method == "POST":
        return _submit(request, story, acts)
    return _page(request, story, _Filled(UpdateForm(user=person(request))), acts=acts)


@dataclass(frozen=True, slots=True)
class _Filled:
    """The form for an update, as far as it was filled in."""

    form: UpdateForm
    uploads: Uploads = Uploads()  # noqa: RUF009 - frozen
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Blank:
    """What the empty fields for an update of somebody who is not signed in are drawn from."""

    fix: bool
    reopen: bool

    @property
    def form(self) -> UpdateForm:
        """A form that nobody has filled in."""
        return UpdateForm()


def _blank(form: UpdateForm, acts: frozenset[Act]) -> _Blank | None:
    """None where the fields have something of a person in them."""
    if form.is_bound or form.user is not None:
        return None
    return _Blank(Act.FIX in acts, Act.REOPEN in acts)


def _page(
    request: HttpRequest,
    story: Story,
    filled: _Filled,
    *,
    acts: frozenset[Act],
    status: int = 200,
) -> HttpResponse:
    shown = story.report
    ways = ways_of(story)
    days = [row.category.target_days or 0 for row in story.at_bodies if row.category]
    is_mine = shown.user_id is not None and shown.user_id == getattr(request.user, "pk", None)
    desks = _desks_of(request, story)
    values: dict[str, Any] = {
        "story": story,
        "report": shown,
        "ways": ways,
        "outlook": outlook_of(shown, ways, target_days=max(days, default=0) or None),
        "updates": _told(request, story),
        "born_with": story.born_with,
        "due_there": _due_there(story),
        "form": filled.form,
        "blank": _blank(filled.form, acts),
        "uploads": filled.uploads,
        "findings": filled.findings,
        "texts": texts_of_steps(),
        "is_mine": is_mine,
        "may": {act.value: act in acts for act in Act},
        "desks": desks,
        "is_ours": bool(desks),
        "may_change": is_mine and shown.is_open and is_report_held(shown),
        "address": request.build_absolute_uri(shown.get_absolute_url()),
        **_beside(story),
        **_map(request, story),
    }
    response = render(request, "web/report.html", values, status=status)
    if shown.is_private:
        response["Cache-Control"] = "private, no-store"
    return response


@dataclass(frozen=True, slots=True)
class Desk:
    """A body of the report that the reader works for."""

    slug: str
    name: str
    may_answer: bool


def _desks_of(request: HttpRequest, story: Story) -> list[Desk]:
    user, viewer = person(request), viewer_of(request)
    return [
        Desk(row.body.slug, row.body.name, may_speak_for(user, row.body_id))
        for row in story.at_bodies
        if user and (viewer.is_operator or row.body_id in viewer.body_ids)
    ]


def _beside(story: Story) -> dict[str, Any]:
    """Other reports: the original of a duplicate, its duplicates, and those near by."""
    shown = story.report
    return {
        "original": _original(shown),
        "duplicates": listed(duplicates_of(shown.pk, most=MOST_DUPLICATES)),
        "near": [] if shown.is_private else _near(shown),
        "also_there": body_names(shown.missing_body_ids),
    }


def _original(shown: Report) -> Report | None:
    if shown.duplicate_of_id is None:
        return None
    return public_reports().filter(pk=shown.duplicate_of_id).first()


def _near(shown: Report) -> list[Listed]:
    place = Point(shown.lat, shown.lon)
    return open_near(place, within=NEAR, most=MOST_NEAR, besides=shown.pk)


def _map(request: HttpRequest, story: Story) -> dict[str, Any]:
    shown = story.report
    place = Point(shown.lat, shown.lon)
    kind = shown.pin_class or PinClass.CLOSED
    return {
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


def _due_there(story: Story) -> datetime | None:
    """By when the body's own system expects to deal with an open problem; None once it is past."""
    born = story.born_with
    if born is None or not story.report.is_open:
        return None
    return born.expected if born.expected is not None and born.expected > clock.now() else None


@dataclass(frozen=True, slots=True)
class Told:
    """An update as the story tells it."""

    update: Update
    photos: list[Photo]
    is_change: bool
    """Whether it says a state that differs from the one said before."""
    may_change: bool
    """Whether the reader wrote it and it has gone nowhere yet."""


def _told(request: HttpRequest, story: Story) -> list[Told]:
    user, updates = person(request), story.updates
    mine = [one for one in updates if user and one.user_id == user.pk and one.body_id is None]
    held = held_updates(mine) if mine else frozenset()
    told, last = [], ""
    for update in updates:
        is_change = bool(update.state) and update.state != last
        last = update.state or last
        told.append(Told(update, story.photos_of(update), is_change, update.pk in held))
    return told


def _submit(request: HttpRequest, story: Story, acts: frozenset[Act]) -> HttpResponse:
    user = person(request)
    form = UpdateForm(request.POST, user=user)
    if form.is_machine:
        return redirect("check-mail")
    uploads = uploads_of(request)
    findings = () if story.report.is_private else personal_data(form.data.get("text", ""))
    status = 422
    if Act.UPDATE not in acts:
        form.add_error(None, _("Nothing can be added to this report."))
    elif all((form.is_valid(), not uploads.error, _words_are_allowed(form, findings))):
        try:
            count_try("update", request=request, email=form.address)
            new = _new(story, form, uploads)
            update_id = store_once(form.key, lambda: create_update(new, user=user).pk)
        except RuleBroken as wrong:
            form.add_error(wrong.field if wrong.field in form.fields else None, str(wrong))
            status = 429 if isinstance(wrong, TooOften) else 422
        else:
            return tell_stored(_done(request, story, form, update_id), form.key)
    return _page(request, story, _Filled(form, uploads, findings), acts=acts, status=status)


def _words_are_allowed(form: UpdateForm, findings: tuple[Finding, ...]) -> bool:
    """Whether nothing personal stands in public words, or their author means it to."""
    if not findings or form.data.get("keeps_words"):
        return True
    form.add_error("keeps_words", _("Please look at the words again, or tick this."))
    return False


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
        follows=given["follows"],
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
