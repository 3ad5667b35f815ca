"""Rows about what is not ours go by age: counted, written down, and only those."""

from datetime import timedelta

import pytest

from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.sync import ageing_services, aside_services
from waywarden.sync.ageing_services import age_set_aside
from waywarden.sync.models import SetAside
from waywarden.sync.queries import set_aside_aged, set_aside_now
from waywarden.sync.tests.conftest import take, update

pytestmark = pytest.mark.django_db


def make_old(*, days):
    SetAside.objects.update(created=clock.now() - timedelta(days=days))


def test_rows_about_reports_that_never_came_go_by_age_and_are_counted(body, connection, settings):
    settings.WAYWARDEN_ASIDE_DAYS = 10
    take(body, *[update(f"old{number}") for number in range(3)])
    make_old(days=11)
    take(body, update("young"))
    assert age_set_aside() == 3
    assert [row.key for row in set_aside_now([body.pk])] == ["young"]
    assert set_aside_aged([body.pk]).count() == 3
    fact = Event.objects.get(kind="set_aside.aged")
    assert (fact.subject_kind, fact.subject_id) == ("connection", connection.pk)
    assert fact.data == {"rows": 3}
    assert age_set_aside() == 0


def test_what_a_person_must_look_at_has_no_age(body, report, settings):
    settings.WAYWARDEN_ASIDE_DAYS = 10
    take(body, update(updated_datetime=None), update("u2", service_request_id=""))
    make_old(days=5000)
    assert age_set_aside() == 0
    assert set_aside_now([body.pk]).count() == 2


def test_rows_have_no_age_where_the_setting_is_0(body, settings):
    settings.WAYWARDEN_ASIDE_DAYS = 0
    take(body, update())
    make_old(days=5000)
    assert age_set_aside() == 0
    assert set_aside_now([body.pk]).count() == 1


def test_a_row_that_went_by_age_and_comes_again_waits_again(body, make_report, settings):
    settings.WAYWARDEN_ASIDE_DAYS = 10
    take(body, update())
    make_old(days=11)
    age_set_aside()
    assert take(body, update()).set_aside == 1
    make_report(external_id="4711")
    ids = SetAside.objects.values_list("pk", flat=True)
    assert aside_services.apply_set_aside(ids).new == 1


def test_settled_rows_are_deleted_after_90_days_but_what_was_dropped_never_comes_back(
    body, make_report, settings, monkeypatch
):
    settings.WAYWARDEN_ASIDE_DAYS = 10
    monkeypatch.setattr(ageing_services, "PIECE", 2)
    take(body, *[update(f"aged{number}") for number in range(3)])
    make_old(days=11)
    assert age_set_aside() == 3
    take(body, update("applied", service_request_id="9"), update("dropped"))
    make_report(external_id="9")
    aside_services.apply_set_aside(set_aside_now().values_list("pk", flat=True))
    aside_services.drop_set_aside(SetAside.objects.get(key="dropped").pk)
    SetAside.objects.update(settled_at=clock.now() - timedelta(days=89))
    age_set_aside()
    assert SetAside.objects.count() == 5
    SetAside.objects.update(settled_at=clock.now() - timedelta(days=91))
    age_set_aside()
    assert [row.key for row in SetAside.objects.all()] == ["dropped"]
    again = take(body, update("applied", service_request_id="9"), update("dropped"))
    assert (again.repeated, again.new, again.set_aside) == (2, 0, 0)
