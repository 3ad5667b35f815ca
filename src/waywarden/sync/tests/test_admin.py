"""What the operator does about rows set aside."""

import pytest

from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.sync.models import SetAside, What
from waywarden.users.models import User

pytestmark = pytest.mark.django_db
LIST = "/admin/sync/setaside/"


@pytest.fixture
def olive(client):
    client.force_login(User.objects.create_superuser("olive@example.org", "pw"))
    return client


@pytest.fixture
def row():
    return SetAside.objects.create(
        connection=Connection.objects.create(name="County", kind="open311"),
        what=What.UPDATES,
        key="u1",
        external_id="4711",
        raw={},
        reason=SetAside.Reason.UNKNOWN_REPORT,
        created=clock.now(),
    )


def test_a_row_is_dropped_by_hand_once(olive, row):
    typed = {"action": "drop", "_selected_action": [row.pk]}
    assert "1 dropped." in olive.post(LIST, typed, follow=True).content.decode()
    row.refresh_from_db()
    assert row.settled_as == "dropped"
    assert "settled already" in olive.post(LIST, typed, follow=True).content.decode()


def test_open_rows_can_be_told_from_settled_ones(olive, row):
    assert "4711" in olive.get(LIST, {"settled": "no"}).content.decode()
    assert "4711" not in olive.get(LIST, {"settled": "yes"}).content.decode()
