"""Pins for the map: what is in the box, never what is not public."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.reports.models import Report
from waywarden.web.tests.town import LAT, LON

pytestmark = pytest.mark.django_db
BOX = f"{LON - 0.01},{LAT - 0.01},{LON + 0.01},{LAT + 0.01}"


def pins(client, **more):
    """The answer for the box around the town's middle."""
    answer = client.get("/api/pins", {"bbox": BOX, **more})
    assert answer.status_code == 200
    return answer.json()


def test_a_pin_says_where_what_and_of_which_class(client, town):
    report = town.report(state="in progress")
    assert pins(client) == {
        "pins": [
            {"id": report.pk, "lat": LAT, "lon": LON, "class": "progress", "title": "Lamp is dark"}
        ],
        "clusters": [],
        "more": False,
    }


@pytest.mark.parametrize(
    "values",
    [{"is_private": True}, {"state": "hidden"}, {"state": "unconfirmed"}, {"lat": LAT + 0.015}],
)
def test_what_is_not_public_or_not_in_the_box_has_no_pin_for_anybody(client, town, values):
    town.report(**values)
    for user in (None, town.oskar, town.ines, town.rosa):
        if user:
            client.force_login(user)
        assert pins(client)["pins"] == []


def test_pins_are_narrowed_by_class_category_and_body(client, town):
    lamp = town.report()
    hole = town.report(category=town.pothole, state="fixed")
    van = town.report(category=town.vehicle)
    ids = lambda **more: {pin["id"] for pin in pins(client, **more)["pins"]}  # noqa: E731
    assert ids() == {lamp.pk, hole.pk, van.pk}
    assert ids(status="fixed") == {hole.pk}
    assert ids(status=["fixed", "open"]) == {lamp.pk, hole.pk, van.pk}
    assert ids(category="Pothole") == {hole.pk}
    assert ids(body="borchester") == {van.pk}


def test_a_bodys_own_site_has_its_pins_only_whatever_is_asked(client, town):
    lamp, _van = town.report(), town.report(category=town.vehicle)
    host = {"host": "borsetshire.localhost"}
    own = client.get("/api/pins", {"bbox": BOX}, headers=host).json()["pins"]
    assert [pin["id"] for pin in own] == [lamp.pk]
    others = client.get("/api/pins", {"bbox": BOX, "body": "borchester"}, headers=host).json()
    assert others["pins"] == []


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "0,91,1,92", "0,5,1,4", "nan,1,2,3"])
def test_a_box_that_is_none_is_said_to_be_so(client, db, bbox):
    answer = client.get("/api/pins", {"bbox": bbox})
    assert answer.status_code == 400
    assert "bbox" in answer.json()["error"]


def test_more_than_the_most_is_said(client, town, monkeypatch):
    monkeypatch.setattr("waywarden.reports.clusters.MOST", 2)
    for _ in range(3):
        town.report()
    answer = pins(client)
    assert len(answer["pins"]) == 2
    assert answer["more"] is True


def test_at_a_low_zoom_too_many_are_clusters(client, town, monkeypatch):
    monkeypatch.setattr("waywarden.reports.clusters.MOST", 2)
    for state in ("confirmed", "fixed", "confirmed", "confirmed"):
        town.report(state=state)
    answer = pins(client, zoom="11")
    assert answer["pins"] == []
    assert answer["clusters"] == [{"lat": LAT, "lon": LON, "count": 4, "open": 3}]
    assert [one["count"] for one in pins(client, zoom="11", status="fixed")["clusters"]] == []
    assert len(pins(client, zoom="11", status="fixed")["pins"]) == 1


def test_pins_are_narrowed_by_words_and_age(client, town):
    old = town.report(title="Lamp leans", confirmed_at=clock.now() - timedelta(days=40))
    new = town.report(title="Lamp is dark")
    ids = lambda **more: {pin["id"] for pin in pins(client, **more)["pins"]}  # noqa: E731
    assert ids(q="lam") == {old.pk, new.pk}
    assert ids(q="lamp lean") == {old.pk}
    assert ids(age="month") == {new.pk}
    assert ids(age="nonsense") == {old.pk, new.pk}


def test_pins_take_few_questions_and_may_be_shared_by_caches(
    client, town, django_assert_max_num_queries
):
    town.report()
    with django_assert_max_num_queries(4):
        answer = client.get("/api/pins", {"bbox": BOX})
    assert answer["Cache-Control"].startswith("public")
    assert "Cookie" not in answer.get("Vary", "")


def test_an_answer_that_has_not_changed_is_not_sent_again(client, town, django_assert_num_queries):
    report = town.report()
    tag = client.get("/api/pins", {"bbox": BOX})["ETag"]
    asked = {"data": {"bbox": BOX}, "headers": {"if-none-match": tag}}
    with django_assert_num_queries(1):
        assert client.get("/api/pins", **asked).status_code == 304
    Report.objects.filter(pk=report.pk).update(state="fixed")
    assert client.get("/api/pins", **asked).status_code == 200
