"""Alarms: told once when it breaks, once when it mends."""

import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction

from waywarden.connections.models import Exchange
from waywarden.events.models import Event
from waywarden.health import alarm_services as alarms
from waywarden.health.letters import mail_alarm, readers_of
from waywarden.health.models import Alarm
from waywarden.health.verdicts import Kind, Trouble
from waywarden.kernel import clock
from waywarden.sending.models import Delivery
from waywarden.sync.models import PollRun
from waywarden.webhooks.models import Endpoint

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    facts = Event.objects.filter(subject_kind="alarm").order_by("id")
    return [(fact.kind, fact.data["kind"]) for fact in facts]


def open_alarms() -> set[str]:
    return set(Alarm.objects.filter(closed_at=None).values_list("kind", flat=True))


def stuck(count: int = 1) -> alarms.Wrong:
    return alarms.Wrong(Trouble(Kind.STUCK, count), None, None)


def test_what_is_broken_raises_one_alarm_each(desk, town):
    alarms.watch()
    county = Alarm.objects.filter(connection=desk.connection)
    assert set(county.values_list("kind", flat=True)) == {"circuit", "stuck", "poll", "clock"}
    (one,) = county.filter(kind="stuck")
    assert (one.body_id, one.count) == (town.county.pk, 2)
    assert county.get(kind="circuit").detail == "The connection was refused."


def test_a_webhook_that_was_stopped_raises_one_alarm_and_clears_it_when_it_is_on_again(
    town, mailoutbox, settings
):
    settings.WAYWARDEN_ALARM_MAIL = ("operator@example.org",)
    endpoint = Endpoint.objects.create(
        body=town.county, url="https://machine.example.org/hook?key=hush", secret="x",
        kinds=["alarm.raised"], created=clock.now(), is_active=False,
        stopped_for="It has failed for five days.",
    )  # fmt: skip
    off = Endpoint.objects.create(
        url="https://off.example.org/", kinds=["alarm.raised"], secret="x", created=clock.now(),
        is_active=False,
    )  # fmt: skip

    alarms.watch()
    alarms.watch()

    (alarm,) = Alarm.objects.filter(kind="webhook")
    assert (alarm.webhook_id, alarm.body_id) == (endpoint.pk, town.county.pk)
    assert alarm.detail == "machine.example.org: It has failed for five days."
    assert readers_of(alarm) == ["operator@example.org"]
    mail_alarm(alarm.pk, to="operator@example.org", is_over=False)
    (letter,) = mailoutbox
    assert letter.subject.startswith("Webhook: A webhook was stopped")
    assert f"/staff/webhooks/{endpoint.pk}/" in letter.body
    assert "hush" not in letter.body

    Endpoint.objects.filter(pk=endpoint.pk).update(is_active=True, stopped_for="")
    alarms.watch()
    alarm.refresh_from_db()
    assert alarm.closed_at is not None
    assert not Alarm.objects.filter(webhook=off).exists()


def test_a_mail_server_that_takes_nothing_raises_an_alarm_and_one_refused_address_does_not(
    desk, town
):
    waiting = Delivery.objects.filter(body=town.county, state="waiting")
    waiting.update(connection=None)

    def mails(*errors: str) -> set[str]:
        Exchange.objects.filter(connection=None).delete()
        for number, error in enumerate(errors):
            Exchange.objects.create(
                at=clock.now() + timedelta(seconds=number), seconds=0.1, method="MAIL",
                url="mailto:x@example.org", error=error,
            )  # fmt: skip
        alarms.watch()
        return set(
            Alarm.objects.filter(connection=None, closed_at=None).values_list("kind", flat=True)
        )

    assert "mail" not in mails(*["The mail server was not reached."] * 4)
    assert "mail" not in mails(*["The mail server was not reached."] * 5, "")
    assert "mail" in mails("", *["The mail server was not reached."] * 5)
    alarm = Alarm.objects.get(kind="mail")
    assert (alarm.detail, alarm.body) == ("The mail server was not reached.", None)
    waiting.update(connection=None, cause="refused")
    assert "mail" not in mails(*["The mail server refuses the address. (550)"] * 6)


def test_an_alarm_is_raised_once_however_often_one_looks():
    for _ in range(3):
        alarms.compare([stuck()])
    assert told() == [("alarm.raised", "stuck")]


def test_an_alarm_is_cleared_once_and_may_be_raised_again():
    alarms.compare([stuck()])
    alarms.compare([])
    alarms.compare([])
    alarms.compare([stuck()])
    assert told() == [
        ("alarm.raised", "stuck"), ("alarm.cleared", "stuck"), ("alarm.raised", "stuck"),
    ]  # fmt: skip


def test_more_of_the_same_is_no_new_alarm():
    alarms.compare([stuck(1)])
    alarms.compare([stuck(9)])
    assert told() == [("alarm.raised", "stuck")]


def test_mending_everything_clears_everything_but_the_clock_which_may_only_be_quiet(desk):
    alarms.watch()
    Delivery.objects.filter(state__in=("refused", "held")).update(state="cancelled")
    desk.connection.circuit.delete()
    desk.connection.cursors.update(position=clock.now())
    PollRun.objects.all().delete()
    alarms.watch()
    assert open_alarms() == {"clock"}
    Alarm.objects.update(seen_at=clock.now() - timedelta(hours=25))
    alarms.watch()
    assert open_alarms() == set()


def test_a_pause_by_a_refused_key_is_alarmed(desk):
    type(desk.connection).objects.filter(pk=desk.connection.pk).update(is_paused=True)
    alarms.watch()
    assert "paused" in set(
        Alarm.objects.filter(connection=desk.connection).values_list("kind", flat=True)
    )


def test_what_was_tried_for_seven_days_is_an_alarm_of_its_own(desk, town):
    Delivery.objects.filter(pk=desk.refused.pk).update(cause="age")
    alarms.watch()
    counts = dict(Alarm.objects.filter(body=town.county).values_list("kind", "count"))
    assert counts == {"stuck": 1, "aged": 1}


def test_e_mail_that_is_stuck_is_told_by_body(desk, town):
    Delivery.objects.filter(pk=desk.refused.pk).update(connection=None)
    alarms.watch()
    (one,) = Alarm.objects.filter(connection=None)
    assert (one.kind, one.body_id, one.key) == (
        "stuck", town.county.pk, f"stuck:email:{town.county.pk}",
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_that_look_at_the_same_time_one_tells():
    holds, done = threading.Event(), threading.Event()

    def first() -> None:
        try:
            with transaction.atomic():
                alarms.compare([stuck()])
                holds.set()
                done.wait(60)
        finally:
            database.close()

    worker = threading.Thread(target=first)
    worker.start()
    assert holds.wait(60)
    alarms.compare([stuck()])  # the lock is held: it does nothing
    done.set()
    worker.join(60)
    alarms.compare([stuck()])
    assert told() == [("alarm.raised", "stuck")]


def test_old_alarms_go_and_open_ones_stay():
    long_ago = clock.now() - timedelta(days=400)
    values = {"kind": "stuck", "opened_at": long_ago, "seen_at": long_ago}
    Alarm.objects.create(key="a", closed_at=long_ago, **values)
    Alarm.objects.create(key="b", **values)
    assert alarms.drop_old_alarms() == 1
    assert Alarm.objects.get().key == "b"


def test_a_bouncing_address_is_an_alarm_of_its_body(town):
    town.lamp.bounced_emails = {"old@example.org": "No such mailbox"}
    town.lamp.save()
    alarms.watch()
    (one,) = Alarm.objects.all()
    assert (one.kind, one.body, one.detail) == ("bounce", town.county, "old@example.org")
    town.lamp.bounced_emails = {}
    town.lamp.save()
    alarms.watch()
    assert told() == [("alarm.raised", "bounce"), ("alarm.cleared", "bounce")]
