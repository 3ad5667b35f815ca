"""Updates and reopenings go to e-mail desks too, by the body's switch (integration.md 2.2)."""

import pytest
from django.core import mail

from waywarden.bodies.services import choose_connection
from waywarden.events.services import Actor
from waywarden.sending import moving_services, services
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery

State = Delivery.State
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def switched_on(town):
    town.council.mails_updates = True
    town.council.save()
    town.lights.refresh_from_db()


def drain_mail():
    for number in (0, 1):
        drain(Lane(None, number))


def mailed(town, category):
    report = town.report(category)
    drain_mail()
    mail.outbox.clear()
    return report


def test_an_update_goes_to_the_addresses_of_a_category_devolved_to_e_mail(town):
    report = mailed(town, town.lights)

    update = town.update(report)
    drain_mail()

    assert town.delivery(report, update).state == State.SENT
    (letter,) = mail.outbox
    assert letter.to == ["lights@example.org"]
    assert "It grows." in letter.body


def test_a_reopening_says_that_the_report_is_open_again(town):
    report = mailed(town, town.lights)

    town.update(report, text="Dark again.", state="confirmed")
    drain_mail()

    (letter,) = mail.outbox
    assert "The report is now: Open" in letter.body


def test_a_body_without_any_connection_gets_them_too(town):
    choose_connection(town.council, None)
    town.potholes.emails = ["roads@example.org"]
    town.potholes.save()
    town.potholes.refresh_from_db()
    report = mailed(town, town.potholes)

    town.update(report)
    drain_mail()

    assert [letter.to for letter in mail.outbox] == [["roads@example.org"]]


def test_with_the_switch_off_nothing_goes_and_nothing_is_recorded(town):
    town.council.mails_updates = False
    town.council.save()
    report = mailed(town, town.lights)

    update = town.update(report)

    assert not Delivery.objects.filter(update=update).exists()


def test_an_update_waits_until_the_report_itself_was_mailed(town, settings):
    settings.WAYWARDEN_HOLD_SECONDS = 300
    report = town.report(town.lights)
    update = town.update(report)
    Delivery.objects.filter(update=update).update(due_at="2026-01-01T00:00Z")

    drain_mail()

    assert mail.outbox == []
    assert town.delivery(report, update).state == State.QUEUED


def test_news_of_a_report_that_was_mailed_goes_by_mail_after_its_body_changed_over(town, fake):
    choose_connection(town.council, None)
    town.potholes.emails = ["roads@example.org"]
    town.potholes.save()
    town.potholes.refresh_from_db()
    report = mailed(town, town.potholes)
    choose_connection(town.council, town.connection)

    update = town.update(report)
    drain_mail()
    drain(Lane(town.connection.pk, 0))

    assert [letter.to for letter in mail.outbox] == [["roads@example.org"]]
    assert fake.memory.updates_in == []
    Delivery.objects.filter(update=update).update(state=State.HELD)
    assert services.retry(town.delivery(report, update).pk) == Lane(None, report.pk % 2)


def test_a_desk_is_told_that_a_report_of_its_own_has_moved_on(town, fake):
    report = mailed(town, town.lights)

    moving_services.move_report(
        report.pk,
        from_body_id=town.council.pk,
        category_id=town.potholes.pk,
        by=Actor("user", None),
    )
    drain(Lane(town.connection.pk, 0))
    drain_mail()

    (letter,) = mail.outbox
    assert letter.to == ["lights@example.org"]
    assert "Category changed" in letter.body
    assert "Your reference" not in letter.body
    assert town.row(report).external_id == "4711"
