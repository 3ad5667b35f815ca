"""A small invented town for tests: two bodies, their categories, and the people."""

import io
from dataclasses import dataclass
from datetime import timedelta

import shapely
from PIL import Image

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body, Category, Membership, Question
from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.reports import photos
from waywarden.reports.models import Report, ReportBody
from waywarden.users.models import User

LAT, LON = 60.1690, 24.9400
PLACE = {"latitude": "60.169000", "longitude": "24.940000"}

ROSA = {"name": "Rosa Weber", "email": "rosa@example.org", "phone": "", "show_name": "on"}
LAMP = {
    **PLACE, **ROSA, "category": "Street light", "asked": "Street light",
    "title": "Lamp dark", "detail": "Since Tuesday",
}  # fmt: skip


def page(response) -> str:
    """A page's text."""
    return response.content.decode()


@dataclass
class Town:
    """What the tests speak of by name."""

    county: Body
    district: Body
    pothole: Category
    lamp: Category
    vehicle: Category
    rosa: User
    ines: User
    oskar: User

    def report(self, *, category=None, user=None, lat=LAT, lon=LON, **values) -> Report:
        """A public report at its body."""
        category = category or self.lamp
        moment = clock.now() - timedelta(hours=2)
        values = {
            "title": "Lamp is dark",
            "detail": "Since Tuesday.",
            "state": "confirmed",
            "name": "Rosa Weber",
            "confirmed_at": moment,
            "state_changed_at": moment,
            **values,
        }
        report = Report.objects.create(
            category_name=category.name,
            lat=lat,
            lon=lon,
            cell=Point(lat, lon).cell,
            user=user or self.rosa,
            created=moment,
            changed=moment,
            **values,
        )
        ReportBody.objects.create(report=report, body=category.body, category=category)
        return report


def build() -> Town:
    """The town, in the database."""
    square = shapely.box(24.90, 60.15, 24.98, 60.19)
    west, south, east, north = square.bounds
    area = Area.objects.create(
        name="Borsetshire", kind="county", code="b", boundary=shapely.to_wkb(square),
        west=west, south=south, east=east, north=north,
    )  # fmt: skip
    forget_shapes()
    county = Body.objects.create(name="Borsetshire County Council", slug="borsetshire")
    district = Body.objects.create(name="Borchester District Council", slug="borchester")
    for body in (county, district):
        body.areas.add(area)
    people = {
        name: User.objects.create_user(f"{name}@example.org", name=name.title())
        for name in ("rosa", "ines", "oskar")
    }
    Membership.objects.create(user=people["ines"], body=county)
    Membership.objects.create(user=people["oskar"], body=district)
    pothole = _category(county, "Pothole", groups=["Roads"])
    _questions(pothole)
    return Town(
        county=county,
        district=district,
        pothole=pothole,
        lamp=_category(county, "Street light", groups=["Lights"]),
        vehicle=_category(district, "Abandoned vehicle", is_private=True),
        **people,
    )


def _category(body: Body, name: str, **values) -> Category:
    slug = name.lower().replace(" ", "-")
    return Category.objects.create(
        body=body, name=name, slug=slug, emails=["desk@example.org"], **values
    )


def _questions(category: Category) -> None:
    depths = [{"key": "1", "name": "Shallow"}, {"key": "2", "name": "Deep"}]
    Question.objects.create(
        category=category, code="depth", datatype="singlevaluelist", description="How deep?",
        required=True, values=depths, order=1,
    )  # fmt: skip
    Question.objects.create(
        category=category, code="danger", variable=False, description="In danger call 112.", order=0
    )


def picture(colour: str = "#888888") -> io.BytesIO:
    """A photo as a browser uploads it."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "JPEG")
    file.seek(0)
    file.name = "hole.jpg"
    return file


def stored_photo(**owner) -> photos.Photo:
    """A photo taken in, given to a report or an update if one is named."""
    photo = photos.take_in(picture())
    type(photo).objects.filter(pk=photo.pk).update(**owner)
    return photo
