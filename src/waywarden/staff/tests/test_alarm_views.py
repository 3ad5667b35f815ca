"""The page of alarms, and being mailed."""

import pytest

from waywarden.health import alarm_services as alarms
from waywarden.health.models import Alarm, AlarmReader

pytestmark = pytest.mark.django_db
PAGE = "/staff/integration/alarms/"


@pytest.fixture
def raised(desk):
    alarms.watch()
    return desk


def test_alarms_of_ones_own_bodies_are_shown_open_ones_first(as_ines, as_oskar, raised):
    Alarm.objects.filter(kind="circuit").update(closed_at=Alarm.objects.first().opened_at)
    shown = as_ines.get(PAGE).content.decode()
    assert "2 deliveries are stuck." in shown
    assert shown.index("2 deliveries are stuck.") < shown.index("It mended")
    assert raised.other.name not in shown
    theirs = as_oskar.get(PAGE).content.decode()
    assert "1 delivery is stuck." in theirs
    assert raised.connection.name not in theirs


@pytest.mark.parametrize("odd", ["²", "9" * 5000, "x"])
def test_a_number_that_is_no_bodys_is_not_found(as_ines, odd):
    assert as_ines.post(PAGE, {"body": odd, "do": "start"}).status_code == 404


def test_one_asks_to_be_mailed_about_ones_body_and_stops(as_ines, town):
    as_ines.post(PAGE, {"body": town.county.pk, "do": "start"})
    as_ines.post(PAGE, {"body": town.county.pk, "do": "start"})  # pressed twice
    assert AlarmReader.objects.get().body == town.county
    as_ines.post(PAGE, {"body": town.county.pk, "do": "stop"})
    assert not AlarmReader.objects.exists()


def test_one_is_not_mailed_about_others_bodies_nor_about_everything(as_oskar, town):
    assert as_oskar.post(PAGE, {"body": town.county.pk}).status_code == 403
    assert as_oskar.post(PAGE, {"body": ""}).status_code == 403
    assert as_oskar.post(PAGE, {"body": "x"}).status_code == 404
    assert not AlarmReader.objects.exists()


def test_an_operator_hears_of_everything(client, town, django_user_model):
    operator = django_user_model.objects.create_superuser("op@example.org")
    client.force_login(operator)
    client.post(PAGE, {"do": "start"})
    assert (AlarmReader.objects.get().user, AlarmReader.objects.get().body) == (operator, None)
