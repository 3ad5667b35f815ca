"""Which points have no body and which categories reach nobody."""

from datetime import timedelta

import pytest
import shapely
from django.contrib.auth.models import Permission
from django.urls import reverse

from waywarden.areas.models import Address, Area
from waywarden.bodies.coverage import Ground, drawing, holes
from waywarden.bodies.coverage_queries import coverage, unserved_ground, why_nowhere
from waywarden.bodies.models import Body, Category, Membership, Question
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.users.models import User


def ground(number, box, *, answered=False):
    return Ground(number, f"Ward {number}", shapely.box(*box), answered)


def test_an_area_nobody_answers_for_is_a_hole_with_a_point_in_it():
    (hole,) = holes([ground(1, (0, 0, 1, 1), answered=True), ground(2, (1, 0, 2, 1))])
    assert (hole.area_id, hole.share) == (2, 1.0)
    assert 1 < hole.lon < 2
    assert 0 < hole.lat < 1


def test_what_a_body_of_another_area_covers_is_no_hole():
    county = ground(1, (0, 0, 2, 2), answered=True)
    assert holes([county, ground(2, (0, 0, 1, 1))]) == []
    (hole,) = holes([county, ground(3, (1, 0, 3, 2))])
    assert hole.share == pytest.approx(0.5)
    assert hole.lon > 2


def test_a_seam_between_two_boundaries_is_no_hole():
    assert holes([ground(1, (0, 0, 1, 1), answered=True), ground(2, (0, 0, 1.0005, 1))]) == []


def test_the_drawing_shows_all_ground_and_the_holes_in_it():
    drawn = drawing([ground(1, (0, 50, 1, 51), answered=True), ground(2, (1, 50, 2, 51))])
    assert drawn.width == 1000
    assert 700 < drawn.height < 900  # a degree of longitude is shorter there
    assert drawn.ground.startswith("M")
    assert "1000.0" in drawn.holes
    assert drawing([]) is None


def test_categories_that_ask_for_a_number_nobody_can_look_up_are_said(db):
    body = Body.objects.create(name="County", slug="county")
    drains = Category.objects.create(body=body, name="Drains", slug="drains", emails=["d@x.org"])
    Question.objects.create(category=drains, code="usrn", automated="server_set")
    assert coverage().unanswered == (drains,)
    Address.objects.create(usrn="22", lat=52.2, lon=-1.5, cell=1)
    assert coverage().unanswered == ()


@pytest.fixture
def county(db):
    def area(name, west):
        return Area.objects.create(
            name=name, kind="county", code=name, west=west, south=51, east=west + 1, north=52,
            boundary=shapely.to_wkb(shapely.box(west, 51, west + 1, 52)),
        )  # fmt: skip

    body = Body.objects.create(name="County", slug="county")
    body.areas.add(area("West", -2))
    area("East", -1)
    return body


def category(body, name, **values):
    return Category.objects.create(body=body, name=name, slug=name.lower(), **values)


@pytest.mark.django_db
def test_categories_that_reach_nobody_are_listed_with_the_reason(county):
    category(county, "Mailed", emails=["a@example.org"])
    category(county, "Nobody")
    category(county, "Unsure", emails=["a@example.org"], state="unconfirmed")
    category(county, "Back", emails=["A@example.org"], bounced_emails={"a@example.org": "gone"})
    category(county, "Old", state="inactive")
    Body.objects.create(name="Gone", slug="gone", is_deleted=True)
    lonely = Body.objects.create(name="Lonely", slug="lonely")

    found = coverage()

    assert {one.category.name: one.reason for one in found.stranded} == {
        "Nobody": "it has no e-mail address.",
        "Unsure": "its address is not confirmed yet.",
        "Back": "mail came back from every address.",
    }
    assert (found.without_areas, found.without_categories) == ((lonely,), (lonely,))
    assert [hole.name for hole in found.holes] == ["East"]


@pytest.mark.django_db
def test_a_body_that_refuses_or_keeps_reports_here_is_not_stranded(county):
    for kind in ("refuse", "noop"):
        county.sending_connection = Connection.objects.create(name=kind, kind=kind)
        county.save()
        assert why_nowhere(category(county, kind)) == ""


@pytest.mark.django_db
def test_the_page_shows_both_and_links_to_what_mends_it(county, client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    stranded = category(county, "Nobody")

    page = client.get(reverse("admin:bodies_coverage")).content.decode()

    assert "<svg" in page
    assert "it has no e-mail address." in page
    assert reverse("admin:bodies_category_change", args=[stranded.pk]) in page
    assert "/around?lat=51.5&amp;lon=-0.5" in page


@pytest.mark.django_db
def test_boundaries_are_read_again_only_when_an_area_or_a_body_changed(
    county, django_assert_num_queries
):
    first = unserved_ground()
    with django_assert_num_queries(2):  # what has changed, and what is answered
        assert unserved_ground() is first

    east = Area.objects.get(name="East")
    county.areas.add(east)
    assert unserved_ground().holes == ()
    county.areas.remove(east)
    assert unserved_ground().holes == first.holes
    east.boundary = shapely.to_wkb(shapely.box(0, 51, 1, 52))
    east.save()
    assert unserved_ground().holes[0].lon == pytest.approx(0.5)
    county.is_deleted = True
    county.save()
    assert [hole.name for hole in unserved_ground().holes] == ["East", "West"]


@pytest.mark.django_db
def test_contacts_are_looked_at_again_as_soon_as_one_has_another_way(county):
    def stranded():
        return [one.category.name for one in coverage().stranded]

    potholes = category(county, "Potholes", emails=["a@example.org"])
    assert stranded() == []
    potholes.bounced_emails = {"a@example.org": "gone"}
    potholes.save(update_fields=["bounced_emails"])
    assert stranded() == ["Potholes"]
    county.sending_connection = Connection.objects.create(name="Here", kind="noop")
    county.save()
    assert stranded() == []
    Connection.objects.update(kind="open311")
    assert stranded() == ["Potholes"]
    Category.objects.update(service_code="POT")
    assert stranded() == []


@pytest.mark.django_db
def test_an_area_that_is_over_or_has_not_begun_is_nobodys_ground(county):
    Area.objects.filter(name="East").update(valid_to=clock.now().date())
    assert coverage().holes == ()
    whole = Area.objects.get(name="West")
    whole.valid_from = clock.now().date() + timedelta(days=1)
    whole.save()
    assert (coverage().holes, coverage().drawing) == ((), None)


@pytest.mark.django_db
def test_oskar_and_nobody_do_not_see_it(county, client):
    oskar = User.objects.create_user("oskar@example.org")
    Membership.objects.create(user=oskar, body=county, role="administrator")
    address = reverse("admin:bodies_coverage")
    assert client.get(address).status_code == 302
    client.force_login(oskar)
    assert client.get(address).status_code in (302, 403)
    clerk = User.objects.create_user("clerk@example.org", is_staff=True)
    client.force_login(clerk)
    assert client.get(address).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_body"))
    assert client.get(address).status_code == 200
