"""Who hears of alarms, and what they read."""

import pytest

from waywarden.bodies.models import Body, Membership
from waywarden.connections.models import Connection
from waywarden.health import alarm_services as alarms
from waywarden.health import letters
from waywarden.health.models import Alarm
from waywarden.users.models import User

pytestmark = pytest.mark.django_db


def alarm_of(desk, kind: str) -> Alarm:
    alarms.watch()
    return Alarm.objects.get(connection=desk.connection, kind=kind)


def test_people_of_the_body_who_asked_and_the_operators_address_hear_of_it(desk, town, settings):
    settings.WAYWARDEN_ALARM_MAIL = ("ops@example.org",)
    alarms.hear(user_id=town.ines.pk, body_id=town.county.pk)
    alarms.hear(user_id=town.oskar.pk, body_id=town.district.pk)
    for kind in ("stuck", "circuit"):
        assert letters.readers_of(alarm_of(desk, kind)) == ["ines@example.org", "ops@example.org"]


def test_who_left_the_body_or_is_switched_off_hears_no_more(desk, town):
    alarms.hear(user_id=town.ines.pk, body_id=town.county.pk)
    alarm = alarm_of(desk, "stuck")
    User.objects.filter(pk=town.ines.pk).update(is_active=False)
    assert letters.readers_of(alarm) == []
    User.objects.filter(pk=town.ines.pk).update(is_active=True)
    Membership.objects.filter(user=town.ines).delete()
    assert letters.readers_of(alarm) == []


def test_only_an_operator_hears_of_everything(desk, town):
    alarms.hear(user_id=town.oskar.pk, body_id=None)
    alarm = alarm_of(desk, "stuck")
    assert letters.readers_of(alarm) == []
    User.objects.filter(pk=town.oskar.pk).update(is_superuser=True)
    assert letters.readers_of(alarm) == ["oskar@example.org"]


def test_the_mail_says_what_broke_what_to_do_and_where(desk, town, mailoutbox):
    letters.mail_alarm(alarm_of(desk, "stuck").pk, to="ines@example.org", is_over=False)
    (mail,) = mailoutbox
    assert mail.subject == "Borsetshire works: 2 deliveries are stuck."
    assert "Look at each one" in mail.body
    assert town.county.name in mail.body
    assert f"/staff/integration/deliveries/?connection={desk.connection.pk}&body=" in mail.body
    (html, _kind) = mail.alternatives[0]
    assert "2 deliveries are stuck." in html


def test_the_mail_that_it_mended_joins_the_first(desk, mailoutbox):
    alarm = alarm_of(desk, "circuit")
    letters.mail_alarm(alarm.pk, to="ines@example.org", is_over=False)
    letters.mail_alarm(alarm.pk, to="ines@example.org", is_over=True)
    first, second = mailoutbox
    assert second.subject == "Works again: Borsetshire works"
    assert second.extra_headers["In-Reply-To"] == first.extra_headers["Message-ID"]
    assert "ring the body" not in second.body


def test_a_mail_about_a_shared_connection_names_no_other_body(desk, town, mailoutbox):
    Body.objects.filter(pk=town.district.pk).update(sending_connection=desk.connection)
    letters.mail_alarm(alarm_of(desk, "circuit").pk, to="oskar@example.org", is_over=False)
    assert town.county.name not in mailoutbox[0].body


def test_the_morning_tells_each_what_is_stuck_at_theirs_and_nothing_else(desk, town, mailoutbox):
    alarms.hear(user_id=town.ines.pk, body_id=town.county.pk)
    alarms.hear(user_id=town.oskar.pk, body_id=town.district.pk)
    assert letters.morning_readers() == ["ines@example.org", "oskar@example.org"]
    assert letters.mail_summary(to="ines@example.org")
    assert letters.mail_summary(to="oskar@example.org")
    ines, oskar = mailoutbox
    assert "2 deliveries are stuck." in ines.body
    assert desk.connection.name in ines.body
    assert desk.other.name not in ines.body
    assert desk.connection.name not in oskar.body
    assert "1 delivery is stuck." in oskar.body


def test_a_morning_on_which_nothing_is_stuck_sends_nothing(town, mailoutbox, settings):
    settings.WAYWARDEN_ALARM_MAIL = ("ops@example.org",)
    assert Connection.objects.count() == 0
    assert not letters.mail_summary(to="ops@example.org")
    assert not mailoutbox


def test_alarms_are_whole_in_the_language_of_the_pages_they_lead_to(desk, town, mailoutbox):
    User.objects.filter(email="ines@example.org").update(language="ar")
    alarms.hear(user_id=town.ines.pk, body_id=town.county.pk)
    letters.mail_alarm(alarm_of(desk, "stuck").pk, to="ines@example.org", is_over=False)
    letters.mail_summary(to="ines@example.org")
    for mail in mailoutbox:
        (html, _kind) = mail.alternatives[0]
        assert 'dir="rtl"' not in html
        assert mail.body.isascii() or not any("\u0600" <= one <= "\u06ff" for one in mail.body)
