"""What the operator does about rows set aside."""

import pytest

from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.sync.models import ExclusionRule, SetAside, What
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


def test_a_rule_is_kept_with_who_made_it_and_a_wrong_one_is_refused(olive):
    connection = Connection.objects.create(name="County", kind="open311")
    address = "/admin/sync/exclusionrule/add/"
    typed = {"connection": connection.pk, "by": "age", "test": "is", "value": "soon", "is_on": "on"}
    assert "number of days" in olive.post(address, typed).content.decode()
    assert not ExclusionRule.objects.exists()
    assert olive.post(address, typed | {"value": "730"}).status_code == 302
    rule = ExclusionRule.objects.get()
    olive.post(f"/admin/sync/exclusionrule/{rule.pk}/delete/", {"post": "yes"})
    facts = Event.objects.filter(kind="exclusions.changed").order_by("id")
    assert [fact.data["what"] for fact in facts] == ["added", "deleted"]
    assert {fact.actor_id for fact in facts} == {User.objects.get().pk}


@pytest.mark.parametrize(
    "page", ["importrun", "unmatchedservice", "serviceproposal", "servicewatch", "exclusionrule"]
)
def test_records_of_what_came_in_can_be_looked_at(olive, page):
    assert olive.get(f"/admin/sync/{page}/").status_code == 200
