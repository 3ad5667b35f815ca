"""Mending what a body did not take."""

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event
from waywarden.sending.models import Delivery

pytestmark = pytest.mark.django_db
LIST = "/staff/integration/deliveries/"


def mended(report, **change) -> dict:
    values = {"title": report.title, "detail": report.detail, "lat": report.lat, "lon": report.lon}
    return {**values, "category": "", **change}


@pytest.fixture
def refused(desk, town):
    """The refused delivery, of a category that can be sent."""
    for category in (town.lamp, town.pothole, town.vehicle):
        category.service_code = category.slug
        category.save()
    report = desk.refused.report
    report.area_ids = list(town.county.areas.values_list("pk", flat=True))
    report.save()
    return desk.refused


def test_the_form_shows_what_the_report_says_and_offers_the_bodys_categories(
    as_ines, refused, town
):
    shown = as_ines.get(f"{LIST}{refused.pk}/").content.decode()
    assert f'value="{refused.report.title}"' in shown
    assert f'<option value="{town.lamp.pk}" selected>Street light</option>' in shown
    assert ">Pothole</option>" in shown
    assert ">Borchester District Council: Abandoned vehicle</option>" in shown


def test_new_words_are_saved_and_it_goes_again(as_ines, refused, town):
    given = mended(refused.report, title="Lamp 5 is dark, by the school", category=town.lamp.pk)
    answer = as_ines.post(f"{LIST}{refused.pk}/edit/", given)
    assert answer.status_code == 302
    old_key = refused.key
    refused.refresh_from_db()
    assert (refused.state, refused.report.title) == ("queued", "Lamp 5 is dark, by the school")
    assert refused.key != old_key
    edited = Event.objects.get(kind="report.edited")
    assert (edited.actor_id, edited.data["before"]) == (town.ines.pk, {"title": "Lamp 5 is dark"})
    assert Event.objects.filter(kind="delivery.retried", actor_id=town.ines.pk).exists()


def test_a_wrong_field_is_said_beside_it_and_nothing_is_changed(as_ines, refused):
    given = mended(refused.report, title="Write to me@example.org", lat="91")
    answer = as_ines.post(f"{LIST}{refused.pk}/edit/", given)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert 'id="edit_lat_error"' in shown or "less than or equal to 90" in shown
    given = mended(refused.report, title="Write to me@example.org")
    answer = as_ines.post(f"{LIST}{refused.pk}/edit/", given)
    assert answer.status_code == 422
    assert "leave e-mail addresses out" in answer.content.decode()
    refused.refresh_from_db()
    assert (refused.state, refused.report.title) == ("refused", "Lamp 5 is dark")
    assert not Event.objects.filter(actor_kind="user").exists()


def test_it_is_sent_to_another_body(as_ines, refused, town):
    answer = as_ines.post(f"{LIST}{refused.pk}/reroute/", {"category": town.vehicle.pk})
    assert answer.status_code == 302
    refused.refresh_from_db()
    assert (refused.state, refused.cause) == ("cancelled", "rerouted")
    there = Delivery.objects.get(report=refused.report_id, body=town.district, state="queued")
    assert there.category == town.vehicle
    fact = Event.objects.get(kind="delivery.rerouted")
    assert fact.actor_id == town.ines.pk


def test_a_category_that_was_not_offered_is_refused(as_ines, refused, town):
    answer = as_ines.post(f"{LIST}{refused.pk}/reroute/", {"category": town.pothole.pk})
    assert answer.status_code == 422
    refused.refresh_from_db()
    assert refused.state == "refused"


@pytest.mark.parametrize("what", ["edit", "reroute"])
def test_oskar_and_readers_mend_nothing(as_ines, as_oskar, refused, town, what):
    address = f"{LIST}{refused.pk}/{what}/"
    given = mended(refused.report, title="Mine", category=town.vehicle.pk)
    assert as_oskar.post(address, given).status_code == 404
    Membership.objects.filter(user=town.ines).update(role="reader")
    assert as_ines.post(address, given).status_code == 403
    refused.refresh_from_db()
    assert (refused.state, refused.report.title) == ("refused", "Lamp 5 is dark")


def test_an_update_has_no_form_to_mend_the_report(as_ines, refused):
    from waywarden.kernel import clock
    from waywarden.reports.models import Update

    update = Update.objects.create(report=refused.report, text="Still", created=clock.now())
    Delivery.objects.filter(pk=refused.pk).update(update=update)
    shown = as_ines.get(f"{LIST}{refused.pk}/").content.decode()
    assert "/edit/" not in shown
    assert "/reroute/" not in shown
