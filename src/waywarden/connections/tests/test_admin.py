"""The page of a connection, and what was said over it."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from waywarden.connections.models import Connection, Exchange
from waywarden.connections.services import set_secrets
from waywarden.kernel import clock
from waywarden.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


def a_connection(**changed):
    values = {"name": "County", "kind": "open311", "options": {"endpoint": "https://c.example.org"}}
    connection = Connection(**(values | changed))
    set_secrets(connection, {"api_key": "very-secret"})
    connection.save()
    return connection


def change_page(connection):
    return reverse("admin:connections_connection_change", args=[connection.pk])


def test_a_new_connection_goes_on_to_its_settings(olive):
    address = reverse("admin:connections_connection_add")
    answer = olive.post(address, {"name": "County", "kind": "open311"})
    assert answer["Location"] == change_page(Connection.objects.get())


def test_its_page_shows_the_plug_ins_options_and_no_secret(olive):
    connection = a_connection()
    page = olive.get(change_page(connection)).content.decode()
    assert "https://c.example.org" in page
    assert "Extended statuses" in page
    assert "very-secret" not in page
    assert connection.secrets not in page


def test_a_kind_that_is_not_installed_is_said_and_breaks_no_page(olive):
    connection = a_connection(kind="pigeon")
    page = olive.get(change_page(connection)).content.decode()
    assert "pigeon (not installed)" in page
    answer = olive.post(reverse("admin:connections_connection_test", args=[connection.pk]))
    assert "pigeon" in answer.content.decode()


def test_who_may_only_look_sees_switches_but_neither_options_nor_secrets(client):
    looker = User.objects.create_user("looker@example.org", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_connection"))
    client.force_login(looker)
    connection = a_connection()
    page = client.get(change_page(connection)).content.decode()
    assert "Fetch updates" in page
    assert 'name="option_endpoint"' not in page
    assert 'name="secret_api_key"' not in page
    test = reverse("admin:connections_connection_test", args=[connection.pk])
    assert client.post(test).status_code == 403
    assert client.post(change_page(connection), {"name": "Mine"}).status_code == 403


def test_pausing_and_resuming_are_actions(olive):
    connection = a_connection()
    address = reverse("admin:connections_connection_changelist")
    olive.post(address, {"action": "pause", "_selected_action": [connection.pk]})
    connection.refresh_from_db()
    assert connection.is_paused
    assert "olive@example.org" in connection.pause_reason
    olive.post(address, {"action": "resume", "_selected_action": [connection.pk]})
    connection.refresh_from_db()
    assert not connection.is_paused


def test_an_exchange_is_looked_at_and_never_changed(olive):
    exchange = Exchange.objects.create(
        connection=a_connection(),
        at=clock.now(),
        seconds=0.2,
        method="POST",
        url="https://c.example.org/requests.xml",
        subject_kind="delivery",
        subject_id=7,
    )
    address = reverse("admin:connections_exchange_change", args=[exchange.pk])
    assert "requests.xml" in olive.get(address).content.decode()
    assert olive.post(address, {"url": "x"}).status_code == 403
    listed = reverse("admin:connections_exchange_changelist")
    assert "requests.xml" in olive.get(listed, {"q": "7"}).content.decode()
    assert "requests.xml" not in olive.get(listed, {"q": "8"}).content.decode()
