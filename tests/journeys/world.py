"""The town that the browser walks through: two bodies, their categories, a report in each state."""

import io
from dataclasses import dataclass, field
from datetime import timedelta

import shapely
from PIL import Image, ImageDraw

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body, Category, Membership, Question, ResponseTemplate
from waywarden.kernel import clock
from waywarden.reports import photos, states
from waywarden.reports.figure_services import refresh_figures
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.services import NewReport, create_report
from waywarden.reports.states import State
from waywarden.reports.update_services import NewUpdate, create_update
from waywarden.staff.tests.desk import Desk
from waywarden.staff.tests.desk import build as build_desk
from waywarden.users.models import User

LAT, LON = 60.1690, 24.9400
#: A place inside the town where nothing is reported yet.
FREE = {"latitude": "60.176500", "longitude": "24.955500"}
YES_NO = [{"key": "yes", "name": "Yes"}, {"key": "no", "name": "No"}]
DEEP = {"shown_if": "depth", "shown_if_values": ["deep"], "required": True}
LONG_TITLE = "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung ist locker"
#: The states that a report of the public's can be shown in.
SHOWN = [state for state in State if state in states.VISIBLE]


@dataclass
class World:
    """What the journeys speak of by name."""

    rosa: User
    ines: User
    nia: User
    county: Body
    by_state: dict[str, Report] = field(default_factory=dict)
    private: Report | None = None
    hidden: Report | None = None
    desk: Desk | None = None


def build() -> World:
    """The town, in the database."""
    area = _area("Borsetshire", "county", 24.90, 60.15, 24.98, 60.19)
    _area("Ambridge on the Long Shore by Felpersham", "ward", 24.93, 60.16, 24.97, 60.18)
    county = _body("Borsetshire County Council", "borsetshire", area)
    district = _body("Borchester District Council", "borchester", area)
    rosa = User.objects.create_user("rosa@example.org", name="Rosa Weber")
    ines = User.objects.create_user("ines@example.org", name="Ines Lind")
    nia = User.objects.create_user("nia.signs@example.org", name="Nia Okafor")
    Membership.objects.create(user=ines, body=county, role="administrator")
    _templates(county)
    _categories(county, district)
    world = World(rosa=rosa, ines=ines, nia=nia, county=county)
    for number, state in enumerate(SHOWN):
        world.by_state[state.value] = _report_in(world, state, number)
    world.private = _report(rosa, "Abandoned vehicle", "Van without plates", number=20)
    world.hidden = _report(rosa, "Street light", "Something rude", number=21)
    Report.objects.filter(pk=world.hidden.pk).update(state=State.HIDDEN)
    world.desk = build_desk(county, district, list(world.by_state.values()), world.private)
    refresh_figures()
    return world


def _templates(county: Body) -> None:
    """Two of them would speak at once, which their pages say."""
    for title, text, spoken_for, codes in (
        ("Mended", "Fixed by the road crew of {{body}}. {{description}}", ["fixed - council"], []),
        ("Mended again", "It is mended.", ["fixed - council"], ["DONE,*"]),
        ("On the list", "We know of it as {{reference}}.", ["confirmed"], []),
    ):
        ResponseTemplate.objects.create(
            body=county, title=title, text=text, states=spoken_for, external_codes=codes
        )


def _area(name: str, kind: str, *bounds: float) -> Area:
    west, south, east, north = bounds
    area = Area.objects.create(
        name=name, kind=kind, code=name, boundary=shapely.to_wkb(shapely.box(*bounds)),
        west=west, south=south, east=east, north=north,
    )  # fmt: skip
    forget_shapes()
    return area


def _body(name: str, slug: str, area: Area) -> Body:
    body = Body.objects.create(name=name, slug=slug, external_url="https://council.example")
    body.areas.add(area)
    return body


def _categories(county: Body, district: Body) -> None:
    def add(body: Body, name: str, *groups: str, **values) -> Category:
        slug = name.lower().replace(" ", "-")
        return Category.objects.create(
            body=body, name=name, slug=slug, groups=list(groups), emails=["desk@example.org"],
            **values,
        )  # fmt: skip

    _questions(add(county, "Pothole", "Roads", description="A hole in a carriageway or path."))
    add(county, "Worn road marking", "Roads")
    add(county, "Street light", "Lights")
    add(district, "Litter")
    add(district, "Abandoned vehicle", is_private=True)
    add(district, "Bench", keywords=["seat"], allows_anonymous=True, target_days=10)
    add(
        district, "Fallen tree", photo_required=True,
        emergency_notice="Does it lie on a wire? Keep away and call 112.",
    )  # fmt: skip
    add(county, "Smell of gas", stop_message="Go outside, then call 0800 111 999.")


def _questions(category: Category) -> None:
    """A notice, and a question of each kind."""
    depths = [{"key": "shallow", "name": "Less than 5 cm"}, {"key": "deep", "name": "5 cm or more"}]
    lanes = [{"key": str(n), "name": f"Lane {n}"} for n in range(1, 10)]
    users = [{"key": "foot", "name": "On foot"}, {"key": "bike", "name": "By bicycle"}]
    for order, (code, datatype, words, more) in enumerate(
        (
            ("danger", "string", "Is somebody in danger? Call 112 instead.", {"variable": False}),
            ("depth", "singlevaluelist", "How deep is it?", {"values": depths, "required": True}),
            ("water", "singlevaluelist", "Is there water in it?", {"values": YES_NO, **DEEP}),
            ("lane", "singlevaluelist", "Which lane?", {"values": lanes}),
            ("users", "multivaluelist", "Who is hindered?", {"values": users, "hint": "All."}),
            ("width", "number", "How wide is it, in centimetres?", {"hint": "A guess will do."}),
            ("since", "datetime", "When did you see it?", {}),
            ("asset", "string", "Number on the nearest post", {}),
            ("more", "text", "What else should the crew know?", {}),
        )
    ):
        Question.objects.create(
            category=category, code=code, datatype=datatype, description=words, order=order, **more
        )


def _report(user: User, category: str, title: str, *, number: int, **more) -> Report:
    return create_report(
        NewReport(
            title=title, detail="Right where people step off the tram.\n\nSince Tuesday.",
            category_name=category,
            lat=LAT + 0.0004 * (number % 5), lon=LON + 0.0009 * (number // 5),
            email=user.email, name=user.name, is_name_public=True,
            nearest_address="Mannerheimintie 10", **more,
        ),
        user=user,
    )  # fmt: skip


def _report_in(world: World, state: State, number: int) -> Report:
    """A report with a photo, an update of the public's and one of the body's that set the state."""
    title = LONG_TITLE if state is State.FIXED_COUNCIL else f"Lamp {number} is dark"
    report = _report(
        world.rosa, "Street light", title,
        number=number, photo_keys=(str(photos.take_in(picture(number)).key),),
    )  # fmt: skip
    create_update(
        NewUpdate(
            report_id=report.pk, text="Still dark. See https://example.org/a-rather-long-address",
            email="", name="Ines Lind", is_name_public=True,
            photo_keys=(str(photos.take_in(picture(number + 40)).key),),
        ),
        user=world.ines,
    )  # fmt: skip
    moment = clock.now()
    Update.objects.create(
        report=report, body=world.county, text="Thank you.\nOur crew knows.", state=state.value,
        visibility=Update.Visibility.SHOWN, created=moment, confirmed_at=moment,
        external_id=f"u{number}",
    )  # fmt: skip
    Report.objects.filter(pk=report.pk).update(
        state=state.value, state_changed_at=moment, confirmed_at=moment - timedelta(hours=number)
    )
    ReportBody.objects.filter(report=report).update(
        sent_at=moment, sent_by="open311", external_id=f"BCC-{number}"
    )
    report.refresh_from_db()
    return report


def picture(number: int = 0) -> io.BytesIO:
    """A photo as a browser uploads it."""
    file = io.BytesIO()
    image = Image.new("RGB", (320, 240), (90, 100 + number % 100, 120))
    ImageDraw.Draw(image).ellipse((80, 60, 240, 180), fill="#222222")
    image.save(file, "JPEG")
    file.seek(0)
    return file
