"""The site's own Open311 endpoint, written to by bodies: updates pushed."""

import json
from datetime import timedelta

import pytest

from waywarden.api.tests.test_open311 import at, errors_of, key_for
from waywarden.api.tests.test_open311_posts import post
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Update
from waywarden.sync.aside_services import apply_set_aside_for
from waywarden.sync.models import SeenItem, SetAside

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(town):
    """The county's connection."""
    made = Connection.objects.create(
        name="Works", kind="open311", options={"endpoint": "https://works.example.org/"}
    )
    town.county.sending_connection = made
    town.county.save()
    return made


def pushed(**values):
    return {
        "service_request_id": "C-1",
        "update_id": "U-1",
        "updated_datetime": (clock.now() - timedelta(minutes=5)).isoformat(),
        "status": "FIXED",
        "description": "Mended",
        **values,
    }


def push(client, key, *, headers=None, **values):
    path = "servicerequestupdates.json"
    return post(client, path, api_key=key, headers=headers, **pushed(**values))


def test_a_pushed_update_goes_the_way_of_a_polled_one_and_a_repeat_is_harmless(
    client, town, connection
):
    report = at(town.report(), external_id="C-1")
    key = key_for("updates:write", body=town.county)
    for _ in range(2):
        answer = push(client, key)
        assert json.loads(answer.content) == [{"update_id": "U-1"}]
    update = Update.objects.get()
    assert (update.text, update.state, update.external_id) == ("Mended", "fixed - council", "U-1")
    report.refresh_from_db()
    assert report.state == "fixed - council"
    assert Event.objects.filter(kind="update.fetched").count() == 1


def test_a_push_takes_few_questions(client, town, connection, django_assert_max_num_queries):
    at(town.report(), external_id="C-1")
    key = key_for("updates:write", body=town.county)
    push(client, key)
    # One for the key, two for who it is, six that read, six that write, the queue, the listeners.
    with django_assert_max_num_queries(16):
        assert push(client, key, update_id="U-2").status_code == 200


def test_our_own_number_finds_a_report_whose_reference_is_not_known(client, town, connection):
    report = town.report()
    key = key_for("updates:write", body=town.county)
    assert push(client, key, fixmystreet_id=report.pk).status_code == 200
    assert Update.objects.get().report_id == report.pk
    bad = push(client, key, fixmystreet_id="twelve", update_id="U-2")
    assert (bad.status_code, "fixmystreet_id" in errors_of(bad)[0][1]) == (400, True)


def test_a_body_that_is_sent_to_by_mail_may_push_too(client, town):
    report = town.report(category=town.vehicle)
    key = key_for("updates:write", body=town.district)
    values = {"fixmystreet_id": report.pk, "status": "NO_FURTHER_ACTION"}
    for _ in range(2):
        assert push(client, key, **values).status_code == 200
    shown = Update.objects.get()
    assert (shown.body, shown.user, shown.state) == (town.district, None, "unable to fix")
    fact = Event.objects.get(kind="update.fetched")
    assert (fact.actor_kind, fact.actor_id) == ("body", town.district.pk)


def test_what_such_a_body_pushes_too_early_is_kept_once_and_applied_later(
    client, town, django_capture_on_commit_callbacks
):
    key = key_for("updates:write", body=town.district)
    for _ in range(2):
        assert push(client, key, service_request_id="D-1").status_code == 404
    other = key_for("updates:write", body=town.county)
    assert push(client, other, service_request_id="D-1").status_code == 404
    assert SetAside.objects.filter(connection=None).count() == 2  # one for each body
    report = at(town.report(category=town.vehicle), external_id="D-1")
    with django_capture_on_commit_callbacks(execute=True):
        apply_set_aside_for([report.pk])
    assert Update.objects.get().body == town.district
    assert SetAside.objects.get(settled_at=None).body == town.county


def test_an_update_of_an_unknown_report_is_a_404_until_it_is_known(client, town, connection):
    key = key_for("updates:write", body=town.county)
    for _ in range(2):
        assert push(client, key).status_code == 404
    report = at(town.report(), external_id="C-1")
    apply_set_aside_for([report.pk])
    assert push(client, key).status_code == 200
    assert Update.objects.count() == 1


def test_another_bodys_report_is_out_of_reach(client, town, connection):
    van = at(town.report(category=town.vehicle), external_id="D-1")
    key = key_for("updates:write", body=town.county)
    for values in ({"service_request_id": "D-1"}, {"fixmystreet_id": van.pk}):
        assert push(client, key, **values).status_code == 404
    assert Update.objects.count() == 0


def test_who_may_not_push(client, town, connection):
    at(town.report(), external_id="C-1")
    keys = (
        "",
        "unknown",
        key_for("updates:write"),
        key_for("requests:write", body=town.county),
    )
    for key in keys:
        assert push(client, key).status_code == 403
    assert Update.objects.count() == 0


def test_a_pushed_key_with_another_body_is_a_409(client, town, connection):
    at(town.report(), external_id="C-1")
    key, headers = key_for("updates:write", body=town.county), {"Idempotency-Key": "k"}
    moment = clock.now().isoformat()
    for description, status in (("One", 200), ("One", 200), ("Two", 409)):
        answer = push(
            client, key, headers=headers, description=description, updated_datetime=moment
        )
        assert answer.status_code == status
    assert Update.objects.count() == 1


def test_a_sandboxed_push_changes_nothing(client, town, connection):
    report = at(town.report(), external_id="C-1")
    key = key_for("updates:write", body=town.county, is_sandbox=True)
    assert push(client, key).status_code == 200
    assert push(client, key, service_request_id="C-9").status_code == 404
    report.refresh_from_db()
    assert report.state == "confirmed"
    assert [model.objects.count() for model in (Update, SeenItem, SetAside)] == [0, 0, 0]
