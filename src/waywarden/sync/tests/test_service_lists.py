"""A body's service list, fetched and applied."""

import pytest

from waywarden.bodies.models import Category, Question
from waywarden.events.models import Event
from waywarden.kernel.errors import Misconfigured, TryLater
from waywarden.open311.types import Attribute, Service, ServiceDefinition
from waywarden.reports.models import ReportBody
from waywarden.sync.service_lists import sync_services

pytestmark = pytest.mark.django_db

POT = Service("POT", "Potholes", metadata=True, group="Roads")
LAMP = Service("LMP", "Lamps")


@pytest.fixture
def listing(system):
    """The body's list: two services, one with a question and a notice."""
    system.services = [POT, LAMP]
    system.definitions = {
        "POT": ServiceDefinition(
            "POT",
            (
                Attribute("size", order=1, description="How large?", required=True),
                Attribute("note", order=2, variable=False, description="Call at night."),
            ),
        )
    }
    return system


def test_the_first_list_of_a_body_without_categories_applies_by_itself(listing, body):
    synced = sync_services(body)
    assert synced.is_applied
    assert len(synced.proposal.added) == 2
    pothole = Category.objects.get(service_code="POT")
    assert (pothole.name, pothole.slug, pothole.groups) == ("Potholes", "potholes", ["Roads"])
    assert pothole.state == Category.State.CONFIRMED
    questions = Question.objects.filter(category=pothole)
    assert [(one.code, one.variable, one.required) for one in questions] == [
        ("size", True, True),
        ("note", False, False),
    ]
    assert Event.objects.get().kind == "services.synced"


def test_the_same_list_again_changes_nothing(listing, body):
    sync_services(body)
    synced = sync_services(body)
    assert synced.proposal.is_empty
    assert synced.proposal.unchanged == 2
    assert Event.objects.count() == 1


def test_a_definition_that_is_not_to_be_had_is_told_and_is_not_fatal(listing, body):
    sync_services(body)
    listing.definitions = {}
    synced = sync_services(body)
    assert synced.missing == {"POT": "There is no definition of POT."}
    assert Question.objects.count() == 2


def test_changed_questions_replace_the_old_and_keep_the_rows_of_those_that_stay(listing, body):
    sync_services(body)
    size = Question.objects.get(code="size")
    listing.definitions["POT"] = ServiceDefinition(
        "POT", (Attribute("size", description="How big?"), Attribute("depth", order=2))
    )
    sync_services(body)
    questions = Question.objects.order_by("order")
    assert [(one.code, one.description) for one in questions] == [
        ("size", "How big?"),
        ("depth", ""),
    ]
    assert questions[0].pk == size.pk


def test_a_list_that_loses_much_waits_until_a_person_agrees_and_nothing_is_deleted(
    listing, body, report
):
    assert (
        not sync_services(body).is_applied or Category.objects.filter(service_code="LMP").exists()
    )
    listing.services = [LAMP]
    synced = sync_services(body)
    assert not synced.is_applied
    assert synced.proposal.waits == "The list has lost 1 of 2 services."
    assert Category.objects.get(service_code="POT").state == "confirmed"
    assert sync_services(body, is_agreed=True).is_applied
    assert Category.objects.get(service_code="POT").state == "inactive"
    assert ReportBody.objects.get().category.service_code == "POT"


def test_a_restored_service_comes_back_as_it_was(listing, body):
    sync_services(body)
    Category.objects.filter(service_code="POT").update(state="staff")
    listing.services = [LAMP]
    sync_services(body, is_agreed=True)
    listing.services = [POT, LAMP]
    synced = sync_services(body)
    assert synced.is_applied
    assert Category.objects.get(service_code="POT").state == "staff"
    assert sync_services(body).proposal.is_empty


def test_an_empty_list_waits(listing, body):
    sync_services(body)
    listing.services = []
    assert sync_services(body).proposal.waits == "The list is empty."
    assert not Category.objects.filter(state="inactive").exists()


def test_a_list_that_cannot_be_had_changes_nothing(listing, body):
    listing.services = [LAMP, TryLater("The server answered 503.")]
    with pytest.raises(TryLater):
        sync_services(body)
    assert not Category.objects.exists()


def test_a_dry_run_proposes_and_changes_nothing(listing, body):
    synced = sync_services(body, dry_run=True)
    assert len(synced.proposal.added) == 2
    assert not synced.is_applied
    assert not Category.objects.exists()


def test_slugs_are_the_bodys_own_once(listing, body):
    listing.services = [
        Service("A", "Lamps & lights"),
        Service("B", "Lamps: lights"),
        Service("C", "灯"),
    ]
    sync_services(body)
    assert sorted(Category.objects.values_list("slug", flat=True)) == [
        "category",
        "lamps-lights",
        "lamps-lights-2",
    ]


def test_a_body_without_a_connection_says_what_to_do(listing, body):
    body.sending_connection = None
    with pytest.raises(Misconfigured, match="--from"):
        sync_services(body)
