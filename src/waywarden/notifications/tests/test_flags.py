"""What was flagged reaches the people who run the site: one mail at a time, however many."""

import pytest
from django.core import mail

from waywarden.notifications.flag_services import mail_flags
from waywarden.notifications.tests.town import a_report
from waywarden.reports.models import Flag
from waywarden.reports.public_services import flag_report, handle_flags

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(db):
    return a_report(title="Lamp is dark")


def flag(report, words="Rude words about my neighbour."):
    return flag_report(report.pk, reason="abusive", words=words)


def test_the_contact_of_the_site_is_told_with_the_reason_and_the_way_there(report):
    flag(report)
    assert mail_flags() == 1
    (letter,) = mail.outbox
    assert "omething was flagged" in letter.subject
    for words in ("Lamp is dark", "insults or threatens", "Rude words", f"/report/{report.pk}"):
        assert words in letter.body
    assert "/admin/reports/flag/" in letter.body


def test_a_flood_of_flags_is_one_mail_and_nobody_is_told_twice(report):
    for number in range(30):
        flag(report, words=f"Number {number}")
    assert mail_flags() == 30
    assert mail_flags() == 0
    assert len(mail.outbox) == 1
    assert "30 things were flagged" in mail.outbox[0].subject


def test_a_mail_that_does_not_go_is_tried_again(report, monkeypatch):
    flag(report)

    def broken(letter):
        raise OSError("no mail server")

    with monkeypatch.context() as patch:
        patch.setattr("waywarden.notifications.flag_services.send", broken)
        with pytest.raises(OSError, match="no mail server"):
            mail_flags()
    assert mail_flags() == 1


def test_without_flags_there_is_no_mail(report):
    flag(report)
    Flag.objects.update(told_at=report.created)
    assert mail_flags() == 0
    assert not mail.outbox


def test_what_the_operator_has_looked_at_already_is_not_mailed(report):
    handle_flags([flag(report).pk])
    assert mail_flags() == 0
