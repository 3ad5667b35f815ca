"""Who gets which mail, and who gets none."""

from datetime import UTC, datetime

import pytest
from django.core import mail

from waywarden.bodies.models import Body
from waywarden.geo.points import Point
from waywarden.notifications import services
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.reports.states import State
from waywarden.users.models import MailedLink, User
from waywarden.users.queries import find_link
from waywarden.users.services import TooManyLinks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("site")]
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def rosa():
    return User.objects.create_user("rosa@example.org", name="Rosa")


@pytest.fixture
def county():
    return Body.objects.create(name="The County", slug="county")


def a_report(**changed):
    values = {
        "title": "Deep pothole",
        "detail": "By the bus stop.",
        "category_name": "Potholes",
        "lat": 60.17,
        "lon": 24.94,
        "cell": Point(60.17, 24.94).cell,
        "email": "rosa@example.org",
        "name": "Rosa",
        "state": State.CONFIRMED,
        "created": NOON,
        "changed": NOON,
    }
    return Report.objects.create(**(values | changed))


def an_update(report, **changed):
    values = {
        "report": report,
        "text": "A crew is on its way.",
        "visibility": Update.Visibility.SHOWN,
        "created": NOON,
    }
    return Update.objects.create(**(values | changed))


def token_in(text, letter):
    return text.partition(f"http://testserver/{letter}/")[2].split()[0]


def test_a_sign_in_link_is_mailed_and_known():
    services.send_sign_in_link(email=" Rosa@Example.org ", next_url="/my", cobrand_name="shire")
    (sent,) = mail.outbox
    assert sent.to == ["rosa@example.org"]
    link = find_link(token=token_in(sent.body, "M"), purpose=MailedLink.Purpose.SIGN_IN)
    assert link is not None
    assert link.data == {"next": "/my"}


def test_the_eleventh_link_within_an_hour_is_not_mailed():
    for _number in range(10):
        services.send_sign_in_link(email="rosa@example.org", next_url="", cobrand_name="")
    with pytest.raises(TooManyLinks):
        services.send_sign_in_link(email="rosa@example.org", next_url="", cobrand_name="")
    assert len(mail.outbox) == 10


def test_a_report_is_confirmed_by_a_link_beside_its_words(county):
    report = a_report(state=State.UNCONFIRMED, nearest_address="1 High Street")
    ReportBody.objects.create(report=report, body=county)
    assert services.mail_report_confirmation(report.pk)
    (sent,) = mail.outbox
    html = sent.alternatives[0][0]
    for words in ("Deep pothole", "By the bus stop.", "Potholes", "1 High Street", "The County"):
        assert words in sent.body
        assert words in html
    link = find_link(token=token_in(sent.body, "P"), purpose=MailedLink.Purpose.CONFIRM_REPORT)
    assert link is not None
    assert (link.subject_id, link.data["name"]) == (report.pk, "Rosa")


def test_a_confirmed_report_gets_no_second_link():
    report = a_report()
    assert not services.mail_report_confirmation(report.pk)
    assert not services.mail_report_confirmation(report.pk + 1)
    assert mail.outbox == []


def test_an_update_is_confirmed_by_a_link_beside_its_words(rosa):
    update = an_update(
        a_report(user=rosa),
        text="Still there.",
        email="neighbour@example.org",
        visibility=Update.Visibility.UNCONFIRMED,
    )
    assert services.mail_update_confirmation(update.pk)
    (sent,) = mail.outbox
    assert sent.to == ["neighbour@example.org"]
    assert "Still there." in sent.body
    link = find_link(token=token_in(sent.body, "C"), purpose=MailedLink.Purpose.CONFIRM_UPDATE)
    assert link is not None
    assert link.subject_id == update.pk


def test_a_shown_update_needs_no_confirmation(rosa):
    update = an_update(a_report(user=rosa), email="neighbour@example.org")
    assert not services.mail_update_confirmation(update.pk)
    assert mail.outbox == []


def test_the_reporter_hears_that_a_body_has_it_and_its_reference(rosa, county):
    report = a_report(user=rosa)
    ReportBody.objects.create(report=report, body=county, external_id="4711", sent_at=NOON)
    assert services.mail_report_sent(report.pk, county.pk)
    (sent,) = mail.outbox
    assert sent.subject == "The County has your report (4711): Deep pothole"
    assert "Their reference: 4711" in sent.body
    assert f"http://testserver/report/{report.pk}" in sent.body


def test_nothing_is_said_of_a_report_that_was_not_sent(rosa, county):
    report = a_report(user=rosa)
    ReportBody.objects.create(report=report, body=county)
    assert not services.mail_report_sent(report.pk, county.pk)
    assert mail.outbox == []
