"""Service lists on the staff pages: the difference, applied or refused by who administers."""

import pytest

from waywarden.bodies.models import Category, Membership
from waywarden.kernel import clock
from waywarden.sync.models import ServiceProposal, ServiceWatch
from waywarden.sync.proposal_services import keep_waiting
from waywarden.sync.proposals import Listed

pytestmark = pytest.mark.django_db
LIST = "/staff/services/"


@pytest.fixture
def proposal(desk, town):
    """The county's list has lost its categories with a code, and renames one."""
    ServiceWatch.objects.create(body=town.county, next_look_at=clock.now(), listed_at=clock.now())
    ServiceWatch.objects.create(body=town.district, next_look_at=clock.now())
    Category.objects.filter(body=town.county).update(service_code="")
    Category.objects.create(body=town.county, name="Bins", slug="bins", service_code="BIN")
    Category.objects.create(
        body=town.county, name="Trees", slug="trees", service_code="TRE", protected_fields=["name"]
    )
    values = {
        "name": "Trees & hedges", "service_code": "TRE", "groups": ["Green"], "description": "",
        "keywords": [], "is_private": False, "state": "confirmed",
        "questions": [{"code": "size", "datatype": "string", "description": "How tall?", "hint": "",
                       "required": False, "variable": True, "automated": "", "order": 1,
                       "values": [{"key": "s", "name": "Small"}]}],
    }  # fmt: skip
    reason = "The list has lost 1 of 2 services."
    return keep_waiting(town.county, [Listed(values)], reason=reason)


@pytest.fixture
def administers(town):
    Membership.objects.filter(user=town.ines).update(role="administrator")


def test_a_list_that_waits_stands_first_and_oskar_does_not_see_it(as_ines, as_oskar, proposal):
    shown = as_ines.get(LIST).content.decode()
    assert "The list has lost 1 of 2 services." in shown
    assert f"{LIST}proposals/{proposal.pk}/" in shown
    theirs = as_oskar.get(LIST)
    assert theirs.status_code == 200
    assert "The list has lost" not in theirs.content.decode()
    assert as_oskar.get(f"{LIST}proposals/{proposal.pk}/").status_code == 404


def test_the_difference_is_shown_field_by_field(as_ines, proposal):
    shown = " ".join(as_ines.get(f"{LIST}proposals/{proposal.pk}/").content.decode().split())
    assert "1 category would go out of use" in shown
    assert "<li>Bins</li>" in shown
    assert "Trees &amp; hedges" in shown
    assert "yours: stays" in shown
    assert "How tall? (Small)" in shown


def test_an_administrator_applies_it(as_ines, proposal, administers, town):
    address = f"{LIST}proposals/{proposal.pk}/"
    answer = as_ines.post(address, {"do": "apply"}, follow=True)
    assert "The list is applied." in answer.content.decode()
    assert Category.objects.get(name="Bins").state == "inactive"
    assert Category.objects.get(name="Trees").groups == ["Green"]
    kept = ServiceProposal.objects.get()
    assert (kept.state, kept.decided_by) == ("applied", town.ines.pk)
    again = as_ines.post(address, {"do": "refuse"}, follow=True)
    assert "decided already" in again.content.decode()


def test_an_administrator_refuses_it_with_a_reason(as_ines, proposal, administers):
    as_ines.post(f"{LIST}proposals/{proposal.pk}/", {"do": "refuse", "note": "Their mistake"})
    assert Category.objects.get(name="Bins").state == "confirmed"
    assert ServiceProposal.objects.get().note == "Their mistake"
    assert "Their mistake" in as_ines.get(f"{LIST}proposals/{proposal.pk}/").content.decode()


def test_who_inspects_looks_and_does_not_decide_and_oskar_does_neither(
    as_ines, as_oskar, client, proposal
):
    address = f"{LIST}proposals/{proposal.pk}/"
    assert "Apply the list" not in as_ines.get(address).content.decode()
    assert as_ines.post(address, {"do": "apply"}).status_code == 403
    assert as_oskar.post(address, {"do": "apply"}).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302
    assert ServiceProposal.objects.get().state == "waiting"


def test_a_list_is_fetched_soon_or_rests(as_ines, as_oskar, proposal, administers, town):
    address = f"{LIST}{town.county.pk}/switch/"
    assert as_oskar.post(address, {"do": "off"}).status_code == 404
    as_ines.post(address, {"do": "off"})
    assert not ServiceWatch.objects.get(body=town.county).is_on
    assert "Not looked at by itself" in as_ines.get(LIST).content.decode()
    as_ines.post(address, {"do": "look"})
    watch = ServiceWatch.objects.get(body=town.county)
    assert (watch.is_on, watch.listed_at) == (True, None)
    assert watch.next_look_at <= clock.now()
