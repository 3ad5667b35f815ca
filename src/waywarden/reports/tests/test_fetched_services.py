"""What bodies' systems say, written to reports and updates.

The rules are tried one by one in test_progress; polls and pushes in the sync room.
"""

from datetime import timedelta

import pytest

from waywarden.bodies.models import Body, ResponseTemplate
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports import fetched_services
from waywarden.reports.fetched_services import Credit, FetchedUpdate
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.users.services import create_update_user

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def credit():
    user = create_update_user(name="Borsetshire County Council", email="updates@example.org")
    connection = Connection.objects.create(name="Works", kind="open311")
    return Credit(connection_id=connection.pk, sent_by="open311", user_id=user.pk)


@pytest.fixture
def body():
    return Body.objects.create(name="Borsetshire County Council", slug="borsetshire")


@pytest.fixture
def at_body(body):
    at = clock.now() - 3 * HOUR
    report = Report.objects.create(
        title="Hole", category_name="Potholes", lat=51.5, lon=-1.5, cell=0, state="confirmed",
        created=at, confirmed_at=at, state_changed_at=at, changed=at,
    )  # fmt: skip
    return ReportBody.objects.create(
        report=report, body=body, external_id="4711", sent_at=at + HOUR, sent_by="open311"
    )


def fetched(at_body, update_id="u1", **fields):
    values = {"said_at": clock.now() - HOUR, "state": "in progress", "text": "On its way."}
    return FetchedUpdate(
        report_id=at_body.report_id, body_id=at_body.body_id, update_id=update_id, **values | fields
    )


def test_an_update_moves_the_state_and_is_credited_to_the_update_user_and_the_body(at_body, credit):
    [update] = fetched_services.apply_updates([fetched(at_body)], credit=credit)
    update.refresh_from_db()
    assert (update.user_id, update.body_id) == (credit.user_id, at_body.body_id)
    assert (update.text, update.state, update.visibility) == ("On its way.", "in progress", "shown")
    assert Report.objects.get().state == "in progress"


def test_rows_of_one_piece_build_on_each_other(at_body, credit):
    now = clock.now()
    rows = [
        fetched(at_body, "u3", said_at=now - HOUR / 4, state="fixed - council", text="Done."),
        fetched(at_body, "u1", said_at=now - HOUR),
        fetched(at_body, "u2", said_at=now - HOUR / 2),
    ]
    fetched_services.apply_updates(rows, credit=credit)
    story = Update.objects.order_by("confirmed_at")
    assert [(one.external_id, one.state, one.visibility) for one in story] == [
        ("u1", "in progress", "shown"),
        ("u2", "", "hidden"),
        ("u3", "fixed - council", "shown"),
    ]
    assert Event.objects.filter(kind="update.fetched").count() == 2


def test_two_rows_of_one_second_count_in_their_order(at_body, credit):
    at = clock.now() - HOUR
    rows = [
        fetched(at_body, "u1", said_at=at),
        fetched(at_body, "u2", said_at=at, state="closed", text="Closed."),
    ]
    fetched_services.apply_updates(rows, credit=credit)
    assert Report.objects.get().state == "closed"


def test_a_template_is_filled_with_what_is_known(at_body, body, credit):
    ResponseTemplate.objects.create(
        body=body,
        title="Planned",
        states=["planned"],
        text="{{title}} ({{reference}}, {{category}}): {{extras.week}} by {{body}}.",
    )
    row = fetched(at_body, state="planned", text="", extras={"week": "week 30"})
    [update] = fetched_services.apply_updates([row], credit=credit)
    assert update.text == "Hole (4711, Potholes): week 30 by Borsetshire County Council."


def test_an_older_row_does_not_overwrite_what_the_body_said_last(at_body, credit):
    now = clock.now()
    fetched_services.apply_updates(
        [fetched(at_body, "u1", said_at=now - HOUR / 2, status="done", extras={"a": "new"})],
        credit=credit,
    )
    fetched_services.apply_updates(
        [fetched(at_body, "u2", said_at=now - HOUR, status="begun", extras={"a": "old"})],
        credit=credit,
    )
    at_body.refresh_from_db()
    assert (at_body.last_status, at_body.extras["a"]) == ("done", "new")


def test_nothing_fetched_writes_nothing(body, credit):
    assert fetched_services.apply_updates([], credit=credit) == ()
    assert not Event.objects.exists()
