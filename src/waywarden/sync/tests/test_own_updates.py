"""Updates of ours that a body took: they do not come back as the body's."""

from datetime import timedelta

import pytest
from django.db import transaction

from waywarden.events.services import Fact
from waywarden.kernel import clock
from waywarden.reports.models import Update
from waywarden.sync import services
from waywarden.sync.models import SeenItem
from waywarden.sync.tests.conftest import update
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosas(report):
    """An update by Rosa that shows."""
    at = clock.now() - timedelta(minutes=40)
    return Update.objects.create(
        report=report, text="It grew.", name="Rosa", created=at, confirmed_at=at, visibility="shown"
    )


def sent(own, body, external_id="B-9"):
    data = {"report": own.report_id, "body": body.pk, "external_id": external_id}
    return Fact("update.sent", "update", own.pk, data=data)


def shown(report):
    return list(Update.objects.filter(report=report, visibility="shown").order_by("id"))


def test_an_update_that_the_body_mirrors_back_is_known(body, report, rosas):
    services.note_own_updates([sent(rosas, body)])
    counts = take_in_updates(
        body=body,
        connection=body.sending_connection,
        rows=[update("B-9", status="open", description="Rosa wrote: It grew.")],
    )
    assert (counts.new, counts.repeated) == (0, 1)
    assert shown(report) == [rosas]


def test_one_that_a_poll_brought_before_the_answer_was_written_is_hidden(body, report, rosas):
    row = update("B-9", status="open", description="Rosa wrote: It grew.")
    take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    assert len(shown(report)) == 2
    with transaction.atomic():
        assert services.note_own_updates([sent(rosas, body)]) == 1
    assert shown(report) == [rosas]


def test_the_same_words_under_an_id_we_were_not_told_are_stored_hidden(body, report, rosas):
    services.note_own_updates([sent(rosas, body, external_id="")])
    assert not SeenItem.objects.exists()
    row = update("B-9", status="open", description="It grew.")
    take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    assert shown(report) == [rosas]


def test_the_same_words_with_a_new_state_are_the_bodys(body, report, rosas):
    row = update("B-9", status="fixed", description="It grew.")
    take_in_updates(body=body, connection=body.sending_connection, rows=[row])
    report.refresh_from_db()
    assert (len(shown(report)), report.state) == (2, "fixed - council")
