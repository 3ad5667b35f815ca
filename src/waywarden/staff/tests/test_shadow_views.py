"""Connections in shadow: what would have gone out, and going live."""

import pytest

from waywarden.bodies.models import Body, Membership
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.reports.models import Update
from waywarden.sending.models import ShadowRequest

pytestmark = pytest.mark.django_db
LIST = "/staff/integration/shadow/"


@pytest.fixture
def shadow(desk, town) -> Connection:
    """The county's new server, tried with two reports."""
    new = Connection.objects.create(name="New server", kind="open311")
    Body.objects.filter(pk=town.county.pk).update(shadow_connection=new)
    for number, findings in enumerate(([], ["depth: Please answer this."])):
        ShadowRequest.objects.create(
            connection=new, body=town.county, report=list(desk.by_state.values())[number].report,
            at=clock.now(), method="POST", url="https://new.example/requests.xml",
            request="api_key=•••", findings=findings,
        )  # fmt: skip
    return new


def test_the_page_says_how_the_rehearsals_go(as_ines, as_oskar, shadow, town):
    assert "1 of 2 would go" in as_ines.get(LIST).content.decode()
    assert town.county.name not in as_oskar.get(LIST).content.decode()


def test_what_would_have_been_sent_is_shown_masked(as_ines, as_oskar, shadow, town):
    address = f"{LIST}{town.county.pk}/"
    shown = as_ines.get(address).content.decode()
    assert "https://new.example/requests.xml" in shown
    assert "api_key=•••" in shown
    assert "depth: Please answer this." in shown
    only = as_ines.get(address, {"wrong": 1}).content.decode()
    assert only.count('<details class="call">') == 1
    assert as_oskar.get(address).status_code == 404


def test_an_administrator_goes_live_in_one_press(as_ines, shadow, desk, town):
    address = f"{LIST}{town.county.pk}/live/"
    assert as_ines.post(address).status_code == 403
    Membership.objects.filter(user=town.ines).update(role="administrator")
    assert as_ines.post(address)["Location"] == (f"/staff/integration/connections/{shadow.pk}/")
    town.county.refresh_from_db()
    assert (town.county.sending_connection, town.county.shadow_connection) == (shadow, None)


def test_going_live_with_nothing_in_shadow_changes_nothing(as_ines, desk, town):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    answer = as_ines.post(f"{LIST}{town.county.pk}/live/", follow=True)
    assert "no connection in shadow" in answer.content.decode()
    town.county.refresh_from_db()
    assert town.county.sending_connection == desk.connection


def test_oskar_does_not_go_live_for_others(as_oskar, shadow, town):
    Membership.objects.filter(user=town.oskar).update(role="administrator")
    assert as_oskar.post(f"{LIST}{town.county.pk}/live/").status_code == 404


def test_updates_are_shown_as_what_they_are(as_ines, as_oskar, shadow, desk, town):
    row = ShadowRequest.objects.latest("id")
    said = Update.objects.create(report=row.report, text="Deeper now.", created=clock.now())
    ShadowRequest.objects.create(
        connection=shadow, body=town.county, report=row.report, update=said, at=clock.now(),
        method="POST", url="https://new.example/servicerequestupdates.xml", request="update_id=1",
    )  # fmt: skip
    listed = as_ines.get(LIST).content.decode()
    assert "2 reports · 1 update<" in listed
    assert "2 of 3 would go" in listed
    shown = as_ines.get(f"{LIST}{town.county.pk}/").content.decode()
    assert shown.count("an update ·") == 1
    assert as_oskar.get(f"{LIST}{town.county.pk}/").status_code == 404
