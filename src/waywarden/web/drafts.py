"""A report on its way: the place, the choices there, and all that was filled in so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils.translation import get_language

from waywarden.bodies.queries import Served, served_at
from waywarden.bodies.routing import Choice
from waywarden.geo.points import Point
from waywarden.kernel.text import one_line
from waywarden.reports.services import NewReport
from waywarden.ui.current import cobrand_of
from waywarden.web.forms import ReportForm
from waywarden.web.places import look_up
from waywarden.web.questions import AskedQuestion, answers_in, asked_questions, errors_in
from waywarden.web.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Group:
    """Choices that stand together; the name may be ""."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(slots=True)
class Draft:
    """What the page of a new report shows; nothing of it is stored but the photos."""

    place: Point
    category: str
    answers: Mapping[str, tuple[str, ...]]
    uploads: Uploads = field(default_factory=Uploads)
    errors: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with answers, by question code."""
    near: str = ""
    served: Served = field(default_factory=lambda: Served((), (), ()))

    @classmethod
    def of(cls, request: HttpRequest, place: Point, uploads: Uploads | None = None) -> "Draft":
        """The draft in a request's fields, at a place."""
        given = request.POST if request.method == "POST" else request.GET
        draft = cls(
            place=place,
            category=one_line(given.get("category", "")),
            answers=answers_in(given),
            uploads=uploads or Uploads(),
            near=look_up(place),
            served=served_at(lat=place.lat, lon=place.lon),
        )
        names = [choice.name for choice in draft.served.choices]
        if len(names) == 1:
            draft.category = names[0]  # nothing to choose from (FB 1.3)
        elif draft.category not in names:
            draft.category = ""
        return draft

    @property
    def choice(self) -> Choice | None:
        """What was chosen, if it is offered here."""
        return next((one for one in self.served.choices if one.name == self.category), None)

    @property
    def groups(self) -> tuple[Group, ...]:
        """The choices by group, those of no group last."""
        names = dict.fromkeys(choice.group for choice in self.served.choices)
        ordered = sorted(names, key=lambda name: (name == "", name))
        return tuple(
            Group(name, tuple(one for one in self.served.choices if one.group == name))
            for name in ordered
        )

    @property
    def questions(self) -> list[AskedQuestion]:
        """The questions and notices of what was chosen."""
        if self.choice is None:
            return []
        return asked_questions(self.choice.category_ids, answers=self.answers, errors=self.errors)

    def look_at_answers(self) -> bool:
        """Whether the answers are right; what is wrong stands in `errors` then."""
        self.errors = errors_in(self.questions, self.answers)
        return not self.errors

    def as_new_report(self, request: HttpRequest, form: ReportForm) -> NewReport:
        """What is stored when the form is right."""
        given = form.cleaned_data
        return NewReport(
            title=given["title"],
            detail=given["detail"],
            category_name=self.category,
            lat=self.place.lat,
            lon=self.place.lon,
            email=form.address,
            name=given["name"],
            phone=given["phone"],
            is_name_public=given["show_name"],
            nearest_address=self.near,
            answers=self.answers,
            photo_keys=self.uploads.keys,
            cobrand=cobrand_of(request).name,
            language=get_language() or "",
        )
