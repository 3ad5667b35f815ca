"""A report on its way: the place, the choices there, and all that was filled in so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from waywarden.bodies.queries import Served, served_at
from waywarden.bodies.routing import Choice
from waywarden.bodies.words import said
from waywarden.geo.points import Point
from waywarden.kernel.text import one_line
from waywarden.reports.duplicates import Lookalike, lookalikes
from waywarden.reports.personal_data import Finding
from waywarden.reports.services import NewReport
from waywarden.ui.current import cobrand_of
from waywarden.ui.uploads import Uploads
from waywarden.ui.viewers import viewer_of
from waywarden.web.forms import ReportForm
from waywarden.web.places import look_up
from waywarden.web.questions import AskedQuestion, answers_in, asked_questions, errors_in


@dataclass(frozen=True, slots=True)
class Option:
    """A choice as it stands in one of its groups; `value` is what its field sends."""

    choice: Choice
    group: str
    value: str


@dataclass(frozen=True, slots=True)
class Group:
    """Options that stand together; the name may be ""."""

    name: str
    options: tuple[Option, ...]


@dataclass(slots=True)
class Draft:
    """What the page of a new report shows; nothing of it is stored but the photos."""

    place: Point
    picked: str
    """What the field of the categories holds, "" for nothing that is offered here."""
    answers: Mapping[str, tuple[str, ...]]
    uploads: Uploads = field(default_factory=Uploads)
    errors: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with answers, by question code."""
    near: str = ""
    served: Served = field(default_factory=lambda: Served((), (), ()))
    staff_of: frozenset[int] = frozenset()
    site: str = ""
    came_up: bool = False
    """Whether the page comes again for what the choice brought up."""
    findings: tuple[Finding, ...] = ()
    """What looks personal in the words."""

    @classmethod
    def of(cls, request: HttpRequest, place: Point, uploads: Uploads | None = None) -> "Draft":
        """The draft in a request's fields, at a place."""
        given = request.POST if request.method == "POST" else request.GET
        viewer, cobrand = viewer_of(request), cobrand_of(request)
        draft = cls(
            place=place,
            picked=one_line(given.get("category") or given.get("filter_category", "")),
            answers=answers_in(given),
            uploads=uploads or Uploads(),
            near=look_up(place),
            served=served_at(
                lat=place.lat,
                lon=place.lon,
                staff_of=viewer.body_ids,
                is_operator=viewer.is_operator,
            ).on_site(cobrand.bodies, with_others=cobrand.offers_other_bodies),
            staff_of=viewer.body_ids,
            site=cobrand.name,
        )
        names = [choice.name for choice in draft.served.choices]
        if len(names) == 1:
            draft.picked = names[0]  # nothing to choose from (FB 1.3)
        elif draft.option is None:
            draft.picked = ""
        return draft

    @property
    def option(self) -> Option | None:
        """What was chosen, in its group, if it is offered here."""
        every = [option for group in self.groups for option in group.options]
        exact = (one for one in every if one.value == self.picked)
        named = (one for one in every if one.choice.name == self.picked)
        return next(exact, None) or next(named, None)

    @property
    def choice(self) -> Choice | None:
        """What was chosen, if it is offered here."""
        return self.option.choice if self.option else None

    @property
    def category(self) -> str:
        """The name of what was chosen, "" before that."""
        return self.choice.name if self.choice else ""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The choices in every group of theirs; those alone in one, or in none, come last."""
        members: dict[str, list[Choice]] = {}
        for choice in self.served.choices:
            for name in choice.groups:
                members.setdefault(name, []).append(choice)
        shared = {name: group for name, group in members.items() if len(group) > 1}
        grouped = [
            Group(name, tuple(_option(choice, name, shared) for choice in group))
            for name, group in sorted(shared.items())
        ]
        rest = [one for one in self.served.choices if not shared.keys() & set(one.groups)]
        rest.sort(key=lambda choice: (choice.name == "Other", choice.name))
        heading = _("More") if grouped else ""
        last = Group(heading, tuple(_option(choice, choice.group, shared) for choice in rest))
        return (*grouped, last) if rest else tuple(grouped)

    @property
    def has_many(self) -> bool:
        """Whether there are so many choices that searching them helps."""
        return len(self.served.choices) > 6

    @property
    def questions(self) -> list[AskedQuestion]:
        """The questions and notices of what was chosen."""
        if self.choice is None:
            return []
        return asked_questions(
            self.choice.category_ids, site=self.site, answers=self.answers, errors=self.errors
        )

    @property
    def look_alikes(self) -> list[Lookalike]:
        """Open reports of the same kind near by; of private kinds none is shown."""
        choice = self.choice
        if choice is None or choice.is_private or choice.stop_message:
            return []
        return lookalikes(self.place, categories=(choice.name,), within=choice.look_alike_metres)

    @property
    def form_options(self) -> dict[str, Any]:
        """What the form has to know of the choice."""
        choice = self.choice
        return {
            "needs_category": not self.served.has_nobody,
            "may_be_anonymous": bool(choice and choice.allows_anonymous),
            "title_hint": said(choice.title_hint) if choice else "",
            "detail_hint": said(choice.detail_hint) if choice else "",
            "needs_phone": bool(choice and choice.phone_required),
        }

    def look_at_answers(self) -> bool:
        """Whether the answers are right; what is wrong stands in `errors` then."""
        self.errors = errors_in(self.questions, self.answers)
        return not self.errors

    def as_new_report(self, form: ReportForm) -> NewReport:
        """What is stored when the form is right."""
        given = form.cleaned_data
        is_anonymous = bool(given.get("is_anonymous"))
        return NewReport(
            is_anonymous=is_anonymous,
            staff_of=self.staff_of,
            title=given["title"],
            detail=given["detail"],
            category_name=self.category,
            group=self.option.group if self.option else "",
            lat=self.place.lat,
            lon=self.place.lon,
            email=form.address,
            name=given["name"],
            phone=given["phone"],
            is_name_public=given["show_name"],
            is_placed=not given["is_unplaced"],
            nearest_address=self.near,
            answers=self.answers,
            photo_keys=self.uploads.keys,
            cobrand=self.site,
            language=get_language() or "",
        )


def _option(choice: Choice, group: str, shared: Mapping[str, list[Choice]]) -> Option:
    """Where a choice stands in several groups, the field says which one was meant."""
    stands_in = [name for name in choice.groups if name in shared]
    value = choice.name if len(stands_in) < 2 else f"{choice.name} ({group})"
    return Option(choice, group, value)
