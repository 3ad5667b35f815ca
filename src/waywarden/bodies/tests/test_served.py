"""What is to be had at a point (FB A.1 to A.6), read from the database."""

import json

import pytest

from waywarden.areas.models import Layer
from waywarden.areas.services import import_layer
from waywarden.bodies.models import Category, PlaceRule
from waywarden.bodies.queries import served_at
from waywarden.bodies.routing import Way
from waywarden.connections.models import Connection
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.services import NewReport, create_report
from waywarden.sending.models import Delivery
from waywarden.sending.outgoing import items_of
from waywarden.web.tests import town

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return town.build()


def names(**more):
    served = served_at(lat=town.LAT, lon=town.LON, **more)
    return [choice.name for choice in served.choices]


def choice_of(name):
    served = served_at(lat=town.LAT, lon=town.LON)
    return next(choice for choice in served.choices if choice.name == name)


def test_what_only_staff_may_pick_is_offered_to_staff_of_that_body_and_to_operators(place):
    Category.objects.filter(pk=place.lamp.pk).update(state=Category.State.STAFF)
    assert "Street light" not in names()
    assert "Street light" in names(staff_of={place.county.pk})
    assert "Street light" not in names(staff_of={place.district.pk})  # Oskar's
    assert "Street light" in names(is_operator=True)


@pytest.mark.parametrize("state", [Category.State.INACTIVE, Category.State.DELETED])
def test_what_is_not_in_use_is_offered_to_nobody(place, state):
    Category.objects.filter(pk=place.lamp.pk).update(state=state)
    assert "Street light" not in names(is_operator=True)


def test_a_trunk_road_is_another_bodys(place, tmp_path):
    line = {"type": "LineString", "coordinates": [[24.90, town.LAT], [24.98, town.LAT]]}
    path = tmp_path / "roads.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": line}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    import_layer(path, name="Trunk roads")
    layer = Layer.objects.get()
    highways = Category.objects.create(
        body=place.district, name="Pothole", slug="pothole", emails=["roads@example.org"]
    )
    PlaceRule.objects.create(category=place.pothole, layer=layer, where="outside")
    PlaceRule.objects.create(category=highways, layer=layer, where="within")
    assert choice_of("Pothole").body_names == (place.district.name,)
    beside = served_at(lat=town.LAT + 0.001, lon=town.LON)  # 111 m off the road
    (pothole,) = [choice for choice in beside.choices if choice.name == "Pothole"]
    assert pothole.body_names == (place.county.name,)


def test_a_body_that_offers_nothing_is_named(place):
    Category.objects.filter(body=place.district).update(state="inactive")
    served = served_at(lat=town.LAT, lon=town.LON)
    assert [body.name for body in served.missing] == [place.district.name]
    report = create_report(lamp(), user=place.rosa)
    assert report.missing_body_ids == [place.district.pk]


def test_how_a_body_gets_it_is_told(place):
    assert choice_of("Street light").takers[0].way is Way.EMAIL
    Category.objects.filter(pk=place.lamp.pk).update(emails=[])
    assert choice_of("Street light").takers[0].way is Way.NOWHERE
    assert not choice_of("Street light").is_taken
    place.county.sending_connection = Connection.objects.create(
        name="x", kind="open311", options={"endpoint": "https://county.example.org"}
    )
    place.county.save()
    Category.objects.filter(pk=place.lamp.pk).update(service_code="LAMP")
    assert choice_of("Street light").takers[0].way is Way.SYSTEM


def test_a_body_that_refuses_says_so(place):
    place.county.sending_connection = Connection.objects.create(
        name="x", kind="refuse", options={"reason": "Please phone us."}
    )
    place.county.save()
    (taker,) = choice_of("Street light").refusing
    assert taker.reason == "Please phone us."


def lamp(**change):
    values = {
        "title": "Dark", "detail": "", "category_name": "Street light", "lat": town.LAT,
        "lon": town.LON, "email": "rosa@example.org", "name": "Rosa",
    }  # fmt: skip
    return NewReport(**values | change)


def test_where_nothing_is_offered_a_report_is_public_and_goes_to_nobody(place):
    Category.objects.update(state="inactive")
    report = create_report(lamp(category_name=""), user=place.rosa)
    assert report.category_name == "Other"
    assert report.state == "confirmed"
    assert not report.at_bodies.exists()


def test_outside_of_every_area_nothing_can_be_reported(place):
    with pytest.raises(RuleBroken) as wrong:
        create_report(lamp(lat=10.0, lon=10.0), user=place.rosa)
    assert wrong.value.field == "place"


def test_a_category_with_a_stop_message_takes_no_reports(place):
    Category.objects.filter(pk=place.lamp.pk).update(stop_message="Call 112, at once.")
    with pytest.raises(RuleBroken, match="Call 112"):
        create_report(lamp(), user=place.rosa)


def test_without_a_name_only_where_the_category_allows_it(place):
    with pytest.raises(RuleBroken) as wrong:
        create_report(lamp(is_anonymous=True), user=None)
    assert wrong.value.field == "name"
    Category.objects.filter(pk=place.lamp.pk).update(allows_anonymous=True)
    report = create_report(lamp(is_anonymous=True, phone="1"), user=None)
    assert report.state == "confirmed"
    assert (report.email, report.name, report.phone, report.user) == ("", "", "", None)


def test_a_body_without_a_category_is_named_on_the_page_and_in_the_mail_to_the_others(
    place, client
):
    Category.objects.filter(body=place.district).update(state="inactive")
    report = create_report(lamp(), user=place.rosa)
    words = "Borchester District Council"
    assert f"<strong>{words}</strong> answers for this place too" in page_of(client, report)
    delivery = Delivery.objects.get(report=report)
    mail = items_of([delivery], with_mail=True)[delivery.pk].mail
    assert mail is not None
    assert f"{words} answers for this place too" in mail.text
    assert f"{words} answers for this place too" in mail.html


def page_of(client, report) -> str:
    return client.get(f"/report/{report.pk}").content.decode()
