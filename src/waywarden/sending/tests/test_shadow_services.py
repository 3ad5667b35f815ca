"""A connection in shadow is built and shown, and nothing is sent until it goes live."""

import pytest

from waywarden.bodies.models import Body, Question
from waywarden.bodies.services import go_live
from waywarden.connections.models import Connection, Exchange
from waywarden.connections.services import set_secrets
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import ReportBody, Update
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery, ShadowRequest
from waywarden.sending.queries import rehearsed
from waywarden.sending.shadow_services import TO_COME, rehearse_report, rehearse_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def shadow(town, fake) -> Connection:
    """The council sends by e-mail; its Open311 server is in shadow."""
    town.council.sending_connection = None
    town.council.shadow_connection = town.connection
    town.council.save()
    town.potholes.emails = ["roads@example.org"]
    town.potholes.save()
    town.potholes.refresh_from_db()
    return town.connection


def test_the_request_is_shown_masked_and_the_server_hears_nothing(town, fake, shadow):
    report = town.report()

    assert rehearse_report(report.pk) == 1

    (shown,) = rehearsed(town.council.pk)
    assert (shown.method, shown.findings) == ("POST", [])
    assert shown.url == f"{fake.url}/requests.xml"
    assert "service_code=POT" in shown.request
    assert "k3y-of-ours" not in shown.request + shown.url
    assert fake.memory.calls == []
    assert not Exchange.objects.exists()


def test_the_connection_before_still_carries_the_report(town, fake, shadow, mailoutbox):
    report = town.report()

    drain(Lane(None, report.pk % 2))

    assert [message.to for message in mailoutbox] == [["roads@example.org"]]
    assert town.delivery(report).state == Delivery.State.SENT


def test_what_would_go_wrong_is_said(town, shadow):
    town.potholes.service_code = ""
    town.potholes.save()
    Question.objects.create(category=town.potholes, code="DEPTH", required=True)

    rehearse_report(town.report().pk)

    (shown,) = rehearsed(town.council.pk)
    assert any(finding.startswith("DEPTH: ") for finding in shown.findings)
    assert "Potholes: it has no service code." in shown.findings


def test_options_that_cannot_work_are_a_finding(town, shadow):
    Connection.objects.update(options={})

    rehearse_report(town.report().pk)

    assert len(ShadowRequest.objects.get().findings) == 1


def test_a_report_is_shown_once_however_often_it_is_built(town, shadow):
    report = town.report()
    rehearse_report(report.pk)
    rehearse_report(report.pk)

    assert rehearsed(town.council.pk).count() == 1


def test_going_live_is_one_call_and_nothing_goes_twice(town, fake, shadow, facts, mailoutbox):
    before = town.report()

    assert go_live(town.council.pk) == shadow
    town.potholes.refresh_from_db()
    after = town.report()
    drain(Lane(None, before.pk % 2))
    drain(Lane(shadow.pk, 0))

    assert town.delivery(before).connection is None
    assert town.delivery(after).connection == shadow
    assert len(mailoutbox) == 1
    assert len(fake.memory.requests) == 1
    assert facts("body.send_method_changed")[0].data == {"from": None, "to": shadow.pk}
    with pytest.raises(RuleBroken):
        go_live(town.council.pk)


def test_a_body_without_a_shadow_rehearses_nothing(town):
    assert rehearse_report(town.report().pk) == 0
    assert Body.objects.get().shadow_connection is None


def test_secrets_of_the_shadow_stay_hidden_in_headers_and_findings(town, shadow):
    set_secrets(shadow, {"api_key": "another-long-key"})
    shadow.save()
    shadow.refresh_from_db()

    rehearse_report(town.report().pk)

    shown = ShadowRequest.objects.get()
    assert "another-long-key" not in shown.request + shown.url + "".join(shown.findings)


def test_e_mail_can_be_tried_in_shadow_too(town, fake, mailoutbox):
    mails = Connection.objects.create(name="Mail", kind="email")
    town.council.shadow_connection = mails
    town.council.save()
    town.potholes.emails = ["roads@example.org"]
    town.potholes.save()

    rehearse_report(town.report(town.potholes).pk)

    shown = ShadowRequest.objects.get()
    assert (shown.url, shown.findings) == ("mailto:roads@example.org", [])
    assert "Deep pothole" in shown.request
    assert mailoutbox == []


def test_an_update_is_rehearsed_beside_its_report_and_nobody_hears_of_it(town, fake, shadow):
    report = town.report()
    update = town.update(report)
    rehearse_report(report.pk)

    assert rehearse_update(update.pk) == 1
    assert rehearse_update(update.pk) == 1

    newest, of_report = rehearsed(town.council.pk)
    assert (newest.update, of_report.update) == (update, None)
    assert newest.url == f"{fake.url}/servicerequestupdates.xml"
    assert f"update_id={update.pk}" in newest.request
    assert newest.findings == []
    assert fake.memory.calls == []


def test_a_rehearsed_update_names_the_bodys_number_or_that_it_is_still_to_come(town, shadow):
    report = town.report()
    update = town.update(report)
    rehearse_update(update.pk)
    assert f"service_request_id={TO_COME}" in ShadowRequest.objects.get().request

    ReportBody.objects.filter(report=report).update(external_id="4711")
    rehearse_update(update.pk)
    assert "service_request_id=4711" in ShadowRequest.objects.get().request


def test_an_update_is_rehearsed_only_where_it_would_be_sent(town, shadow):
    report = town.report()
    hidden = town.update(report, visibility=Update.Visibility.HIDDEN)
    assert rehearse_update(hidden.pk) == 0
    Connection.objects.update(sends_updates=False)
    assert rehearse_update(town.update(report).pk) == 0
    assert not ShadowRequest.objects.exists()


def test_what_goes_a_way_of_its_own_is_not_rehearsed_for_the_bodys(town, shadow):
    report = town.report(town.lights)
    assert rehearse_report(report.pk) == 0
    assert rehearse_update(town.update(report).pk) == 0
