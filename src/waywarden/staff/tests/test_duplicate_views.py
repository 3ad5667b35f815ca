"""Tying a report to the one it repeats: by staff of its body, in both directions."""

import pytest

from waywarden.bodies.models import Membership
from waywarden.events.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(town):
    """A report and the one it repeats."""
    return town.report(title="Dark again"), town.report(title="Lamp is dark")


def page(answer):
    return answer.content.decode()


def address(report):
    return f"/staff/reports/{report.pk}/duplicate/"


def test_ines_picks_the_original_near_by_and_both_pages_say_so(as_ines, two):
    again, first = two
    assert address(again) in page(as_ines.get(f"/report/{again.pk}"))
    offered = page(as_ines.get(address(again)))
    assert f'name="original" value="{first.pk}"' in offered
    assert f'name="original" value="{again.pk}"' not in offered
    done = as_ines.post(address(again), {"original": first.pk})
    assert done["Location"] == f"/report/{again.pk}"
    again.refresh_from_db()
    assert (again.state, again.duplicate_of_id) == ("duplicate", first.pk)
    there = page(as_ines.get(f"/report/{again.pk}"))
    assert f'href="/report/{first.pk}"' in there
    assert "Updates are written at the report that this one repeats." in there
    assert f'href="/report/{again.pk}"' in page(as_ines.get(f"/report/{first.pk}"))
    assert Event.objects.get(kind="report.duplicate").actor_kind == "user"


def test_it_can_be_taken_back_and_both_are_clean(as_ines, two):
    again, first = two
    as_ines.post(address(again), {"number": f"#{first.pk}"})
    as_ines.post(address(again), {"do": "apart"})
    again.refresh_from_db()
    assert (again.state, again.duplicate_of_id) == ("confirmed", None)
    assert (
        f'href="/report/{again.pk}"'
        not in page(as_ines.get(f"/report/{first.pk}")).split("Open near by")[0]
    )


@pytest.mark.parametrize("typed", ["", "none", "999999", "9" * 30])
def test_a_number_that_is_no_reports_changes_nothing(as_ines, two, typed):
    again, _first = two
    answer = as_ines.post(address(again), {"number": typed})
    assert answer.status_code == 422
    assert "There is no such report." in page(answer)
    again.refresh_from_db()
    assert again.state == "confirmed"


def test_what_ines_may_not_see_is_no_original(as_ines, town, two):
    private = town.report(category=town.vehicle, title="Van", is_private=True)
    assert as_ines.post(address(two[0]), {"number": private.pk}).status_code == 422


def test_a_report_is_not_its_own_original(as_ines, two):
    assert as_ines.post(address(two[0]), {"number": two[0].pk}).status_code == 422


def test_oskar_readers_and_nobody_may_not(client, as_oskar, town, two):
    again, first = two
    assert client.post(address(again), {"original": first.pk}).status_code == 302  # sign in
    assert as_oskar.get(address(again)).status_code == 403
    assert as_oskar.post(address(again), {"original": first.pk}).status_code == 403
    assert address(again) not in page(as_oskar.get(f"/report/{again.pk}"))
    Membership.objects.filter(user=town.ines).update(role="reader")
    client.force_login(town.ines)
    assert client.post(address(again), {"original": first.pk}).status_code == 403
    again.refresh_from_db()
    assert again.state == "confirmed"
