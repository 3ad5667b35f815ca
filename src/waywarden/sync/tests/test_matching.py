"""Which report a row is about; and rows about none, which are set aside."""

from datetime import timedelta

import pytest

from waywarden.kernel import clock
from waywarden.reports import services as reports
from waywarden.reports.models import Update
from waywarden.sync import aside_services
from waywarden.sync.models import SetAside
from waywarden.sync.tests.conftest import make_body, only_update, state_of, take, update

pytestmark = pytest.mark.django_db


def test_our_number_wins_over_the_bodys_reference(body, make_report):
    make_report(external_id="4711")
    meant = make_report(external_id="")
    take(body, update(fixmystreet_id=meant.pk))
    assert only_update(meant).text == "A crew is on its way."
    assert Update.objects.count() == 1


def test_a_report_of_another_body_is_never_touched(body, connection, make_report):
    other = make_body(name="Borchester District Council", connection=connection)
    theirs = make_report(external_id="99", body=other)
    counts = take(
        body, update("u1", fixmystreet_id=theirs.pk), update("u2", service_request_id="99")
    )
    assert (counts.new, counts.set_aside) == (0, 2)
    assert state_of(theirs) == "confirmed"
    assert not Update.objects.exists()
    reasons = dict(SetAside.objects.values_list("key", "reason"))
    assert reasons == {"u1": "other_body", "u2": "unknown_report"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"service_request_id": "nobody"}, "unknown_report"),
        ({"service_request_id": ""}, "bad_id"),
        ({"fixmystreet_id": 10**30}, "bad_id"),
        ({"fixmystreet_id": 987654321}, "unknown_report"),
        ({"updated_datetime": None}, "bad_date"),
    ],
)
def test_a_row_that_cannot_be_applied_is_kept_raw_with_its_reason(body, report, fields, reason):
    counts = take(body, update("bad", **fields), update("good"))
    assert (counts.new, counts.set_aside) == (1, 1)
    assert [skipped.row_id for skipped in counts.skipped] == ["bad"]
    aside = SetAside.objects.get()
    assert (aside.key, aside.reason, aside.body) == ("bad", reason, body)
    assert aside.raw["description"] == "A crew is on its way."
    assert aside.words


def test_a_row_set_aside_is_not_set_aside_again_but_counted(body, report):
    row = update("u1", service_request_id="nobody")
    take(body, row)
    counts = take(body, row)
    assert (counts.repeated, counts.set_aside) == (1, 0)
    assert SetAside.objects.get().tries == 2


def test_a_row_that_was_dropped_by_hand_does_not_come_back(body, report):
    row = update("u1", service_request_id="nobody")
    take(body, row)
    aside_services.drop_set_aside(SetAside.objects.get().pk)
    counts = take(body, row)
    assert (counts.repeated, counts.set_aside) == (1, 0)
    assert not SetAside.objects.filter(settled_at=None).exists()


def test_an_update_that_came_before_our_reference_is_applied_when_it_is_stored(
    body, make_report, django_capture_on_commit_callbacks
):
    report = make_report(external_id="", sent_at=None)
    take(body, update(minutes_ago=1))
    assert not Update.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        reports.record_sent(
            report_id=report.pk,
            body_id=body.pk,
            sent_by="memory",
            sent_at=clock.now() - timedelta(minutes=5),
            external_id="4711",
        )
        aside_services.apply_set_aside_for([report.pk])
    assert state_of(report) == "in progress"
    aside = SetAside.objects.get()
    assert aside.settled_as == "applied"
    assert aside.settled_at is not None
