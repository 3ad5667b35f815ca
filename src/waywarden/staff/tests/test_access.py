"""Who gets in, and whose things they see."""

import pytest

from waywarden.bodies.models import Membership
from waywarden.staff.access import Staff

BOARD = "/staff/integration/"


def test_nobody_is_asked_to_sign_in_and_comes_back(client, town):
    answer = client.get(BOARD)
    assert answer.status_code == 302
    assert answer["Location"] == f"/auth?next={BOARD}"


def test_rosa_who_works_for_no_body_is_told_that_it_is_not_hers(client, town):
    client.force_login(town.rosa)
    assert client.get(BOARD).status_code == 403


def test_ines_sees_her_bodys_connection_and_oskar_sees_his(as_ines, as_oskar, desk):
    shown = as_ines.get(BOARD).content.decode()
    assert desk.connection.name in shown
    assert desk.other.name not in shown
    shown = as_oskar.get(BOARD).content.decode()
    assert desk.other.name in shown
    assert desk.connection.name not in shown


def test_an_operator_sees_every_body(client, desk, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("op@example.org"))
    shown = client.get(BOARD).content.decode()
    assert desk.connection.name in shown
    assert desk.other.name in shown


def test_a_body_that_was_deleted_opens_nothing(client, town):
    town.district.is_deleted = True
    town.district.save()
    client.force_login(town.oskar)
    assert client.get(BOARD).status_code == 403


@pytest.mark.parametrize(
    ("role", "decides", "administers"),
    [("reader", False, False), ("inspector", True, False), ("administrator", True, True)],
)
def test_a_role_says_what_one_may_do(role, decides, administers):
    staff = Staff(user_id=1, roles={7: Membership.Role(role)})
    assert staff.sees(7)
    assert not staff.sees(8)
    assert not staff.sees(None)
    assert staff.may_decide(7) is decides
    assert staff.may_administer(7) is administers
    assert not staff.may_decide(8)
    assert not staff.may_decide(None)
