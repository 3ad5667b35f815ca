"""Webhooks on the staff pages: whose they are, the secret shown once, tests, replays."""

import uuid

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event
from waywarden.events.services import NOBODY
from waywarden.kernel import clock
from waywarden.webhooks import services
from waywarden.webhooks.models import Call, Endpoint
from waywarden.webhooks.services import Happened

pytestmark = pytest.mark.django_db
LIST = "/staff/webhooks/"
NEW = f"{LIST}new/"


@pytest.fixture
def made(town):
    """The county's endpoint, of which a message was given up."""
    Membership.objects.filter(user=town.ines).update(role="administrator")
    endpoint, _secret = services.new_endpoint(
        body_id=town.county.pk, url="https://hooks.example/county", description="Our map",
        kinds=["report.published"], by=NOBODY,
    )  # fmt: skip
    happened = [Happened(town.report(title="Lamp is dark").pk, {})]
    services.fan_out("report.confirmed", happened, batch=uuid.uuid4(), at=clock.now())
    Call.objects.update(state="failed", status=500, said="Oops", attempts=10)
    return endpoint


def given(**change) -> dict:
    values = {"url": "https://hooks.example/new", "description": "", "kinds": ["report.sent"]}
    return values | change


def test_an_administrator_adds_one_and_sees_its_secret_once(as_ines, town):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    shown = as_ines.post(NEW, given(body=town.county.pk)).content.decode()
    assert "whsec_" in shown
    endpoint = Endpoint.objects.get()
    assert (endpoint.body, endpoint.kinds) == (town.county, ["report.sent"])
    assert "whsec_" not in as_ines.get(f"{LIST}{endpoint.pk}/").content.decode()
    assert Event.objects.get(kind="webhook.added").actor_id == town.ines.pk


@pytest.mark.parametrize("whose", ["district", "site"])
def test_one_for_another_body_or_for_the_site_is_not_to_be_had(as_ines, town, whose):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    body = town.district.pk if whose == "district" else ""
    assert as_ines.post(NEW, given(body=body)).status_code == 422
    assert not Endpoint.objects.exists()


def test_who_does_not_administer_adds_none(as_ines, town):
    assert as_ines.get(NEW).status_code == 403
    assert as_ines.post(NEW, given(body=town.county.pk)).status_code == 403


def test_an_operator_adds_one_for_the_whole_site(client, town, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("op@example.org"))
    assert "The whole site" in client.get(NEW).content.decode()
    assert client.post(NEW, given(body="")).status_code == 200
    assert Endpoint.objects.get().body is None


def test_a_wrong_address_is_said_beside_the_field(as_ines, town):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    answer = as_ines.post(NEW, given(body=town.county.pk, url="https://me:word@example.org/"))
    assert answer.status_code == 422
    assert "leave user and password out" in answer.content.decode()


@pytest.mark.parametrize(
    "url", ["http://[x", "https://℀.example/", "https://a:b/", "https://\x00/"]
)
def test_an_address_that_cannot_be_read_is_said_beside_the_field(as_ines, town, url):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    assert as_ines.post(NEW, given(body=town.county.pk, url=url)).status_code == 422


@pytest.mark.parametrize("odd", ["²", "9" * 5000, "٣", "-1"])
def test_a_number_that_is_none_breaks_nothing(as_ines, made, odd):
    assert as_ines.get(f"{LIST}{made.pk}/", {"page": odd}).status_code == 200
    as_ines.post(f"{LIST}{made.pk}/do/", {"do": "replay", "call": odd})
    assert Call.objects.get().state == "failed"


def test_the_log_tells_what_was_said_and_how_it_was_taken(as_ines, made):
    shown = as_ines.get(f"{LIST}{made.pk}/").content.decode()
    assert "report.published" in shown
    assert "Given up" in shown
    call = as_ines.get(f"{LIST}calls/{Call.objects.get().pk}/").content.decode()
    assert "Oops" in call
    assert "Lamp is dark" in call


def test_oskar_sees_and_does_nothing_of_it(as_oskar, made, town):
    Membership.objects.filter(user=town.oskar).update(role="administrator")
    assert "hooks.example" not in as_oskar.get(LIST).content.decode()
    assert as_oskar.get(f"{LIST}{made.pk}/").status_code == 404
    assert as_oskar.post(f"{LIST}{made.pk}/", given()).status_code == 404
    assert as_oskar.get(f"{LIST}calls/{Call.objects.get().pk}/").status_code == 404
    for do in ("test", "replay_failed", "secret", "remove"):
        assert as_oskar.post(f"{LIST}{made.pk}/do/", {"do": do}).status_code == 404
    assert Endpoint.objects.filter(pk=made.pk).exists()


def test_who_inspects_looks_and_changes_nothing(as_ines, made, town):
    Membership.objects.filter(user=town.ines).update(role="inspector")
    assert 'name="do"' not in as_ines.get(f"{LIST}{made.pk}/").content.decode()
    assert as_ines.post(f"{LIST}{made.pk}/", given()).status_code == 403
    for do in ("test", "replay_failed", "secret", "remove"):
        assert as_ines.post(f"{LIST}{made.pk}/do/", {"do": do}).status_code == 403


def test_the_sites_hook_is_not_for_people_of_a_body(as_ines, town):
    Membership.objects.filter(user=town.ines).update(role="administrator")
    endpoint, _secret = services.new_endpoint(
        body_id=None, url="https://hooks.example/site", kinds=["report.sent"], by=NOBODY
    )
    assert "hooks.example" not in as_ines.get(LIST).content.decode()
    assert as_ines.get(f"{LIST}{endpoint.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("do", "state"), [("replay", "waiting"), ("replay_failed", "waiting"), ("test", "failed")]
)
def test_a_press_replays_or_tests(as_ines, made, town, do, state):
    call = Call.objects.get()
    as_ines.post(f"{LIST}{made.pk}/do/", {"do": do, "call": call.pk})
    call.refresh_from_db()
    assert call.state == state
    assert Call.objects.filter(kind="webhook.test").exists() is (do == "test")
    assert Event.objects.get(kind="webhook.replayed").actor_id == town.ines.pk


def test_a_new_secret_is_shown_once(as_ines, made):
    shown = as_ines.post(f"{LIST}{made.pk}/do/", {"do": "secret"}).content.decode()
    assert "whsec_" in shown


def test_it_is_changed_switched_off_and_removed(as_ines, made):
    as_ines.post(f"{LIST}{made.pk}/", given(description="Changed"))
    made.refresh_from_db()
    assert (made.description, made.url, made.is_active) == (
        "Changed", "https://hooks.example/new", False,
    )  # fmt: skip
    Endpoint.objects.update(stopped_for="It has failed for five days.")
    as_ines.post(f"{LIST}{made.pk}/", given(is_active="1"))
    made.refresh_from_db()
    assert (made.is_active, made.stopped_for) == (True, "")
    as_ines.post(f"{LIST}{made.pk}/do/", {"do": "remove"})
    assert not Endpoint.objects.exists()


def test_a_button_that_there_is_not_is_not_found(as_ines, made):
    assert as_ines.post(f"{LIST}{made.pk}/do/", {"do": "shout"}).status_code == 404
