"""A county with two bodies and a few categories, as the services see them."""

from types import SimpleNamespace

import pytest
import shapely

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body, Category, Question
from waywarden.users.services import get_or_create_user


@pytest.fixture
def place(db):
    """Two bodies at 1.5, 1.5; people named as in all tests of the house."""
    forget_shapes()
    square = shapely.box(1, 1, 2, 2)
    area = Area.objects.create(
        name="County", kind="area", code="county", boundary=shapely.to_wkb(square),
        west=1, south=1, east=2, north=2,
    )  # fmt: skip
    county = Body.objects.create(name="The county", slug="county")
    town = Body.objects.create(name="The town", slug="town")
    for body in (county, town):
        body.areas.add(area)
    potholes = Category.objects.create(body=county, name="Potholes", slug="potholes")
    Question.objects.create(
        category=potholes, code="depth", datatype="singlevaluelist", required=True,
        values=[{"key": "deep", "name": "Deep"}, {"key": "flat", "name": "Flat"}],
    )  # fmt: skip
    for body in (county, town):
        Category.objects.create(body=body, name="Litter", slug="litter")
    yield SimpleNamespace(
        county=county, town=town, potholes=potholes,
        rosa=get_or_create_user(email="rosa@example.org", name="Rosa"),
        oskar=get_or_create_user(email="oskar@example.org", name="Oskar"),
    )  # fmt: skip
    forget_shapes()
