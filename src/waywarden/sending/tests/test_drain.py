"""Deliveries against a real server on loopback: nothing lost, nothing twice."""

import pytest
from django.core import mail

from waywarden.bodies.models import Body
from waywarden.connections.models import Exchange
from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery

State = Delivery.State


pytestmark = pytest.mark.django_db


def test_a_report_goes_to_the_server_and_its_number_comes_back(town, fake, lane, facts):
    report = town.report()

    assert drain(lane) is None

    delivery = town.delivery(report)
    assert (delivery.state, delivery.external_id, delivery.attempts) == (State.SENT, "4711", 1)
    row = town.row(report)
    assert (row.external_id, row.sent_by) == ("4711", "open311")
    assert row.sent_at is not None
    sent = fake.memory.requests["4711"].new
    assert sent.service_code == "POT"
    assert sent.attributes["fixmystreet_id"] == (str(report.pk),)
    assert [fact.data["external_id"] for fact in facts("report.sent")] == ["4711"]


def test_what_was_said_is_kept_and_the_key_is_not(town, lane):
    report = town.report()

    drain(lane)

    kept = Exchange.objects.get(subject_kind="delivery", subject_id=town.delivery(report).pk)
    assert (kept.method, kept.status) == ("POST", 200)
    assert "Deep pothole" in kept.request
    assert "4711" in kept.response
    assert "k3y-of-ours" not in kept.request + kept.url + kept.response


def test_a_devolved_category_goes_by_mail_while_its_body_is_open311(town, fake):
    report = town.report(town.lights, lat=51.5, nearest_address="12 High Street")

    drain(Lane(None, report.pk % 2))

    assert town.state_of(report) == State.SENT
    assert (town.row(report).sent_by, town.row(report).external_id) == ("email", "")
    assert [message.to for message in mail.outbox] == [["lights@example.org"]]
    assert fake.memory.requests == {}


def test_many_reports_go_each_once_in_their_order(town, fake, lane):
    reports = [town.report(title=f"Pothole {number}") for number in range(30)]

    assert drain(lane) is None

    assert {town.state_of(report) for report in reports} == {State.SENT}
    sent = [kept.new.attributes["fixmystreet_id"][0] for kept in fake.memory.requests.values()]
    assert sorted(sent) == sorted(str(report.pk) for report in reports)
    assert len(set(ReportBody.objects.values_list("external_id", flat=True))) == 30


def test_an_update_follows_its_report(town, fake, lane):
    report = town.report()
    update = town.update(report)

    drain(lane)

    assert town.state_of(report, update) == State.SENT
    (told,) = fake.memory.updates_in
    assert (told.service_request_id, told.update_id) == ("4711", str(update.pk))
    assert (told.status, told.description) == ("OPEN", "It grows.")


def test_that_a_body_took_an_update_is_a_fact_with_the_bodys_id_of_it(town, fake, lane, facts):
    report = town.report()
    update = town.update(report)
    drain(lane)
    drain(lane)
    [fact] = facts("update.sent")
    assert fact.subject_id == update.pk
    assert fact.data["external_id"] == town.delivery(report, update).external_id != ""


def test_a_token_is_asked_about_until_the_number_comes(town, fake, lane):
    fake.switches.token = True
    report = town.report()
    update = town.update(report)

    next_due = drain(lane)

    assert (town.state_of(report), town.delivery(report).token) == (State.PENDING, "T4711")
    assert next_due > clock.now()
    assert town.state_of(report, update) == State.QUEUED
    town.due_now()
    drain(lane)
    assert town.state_of(report) == State.PENDING
    fake.settle()
    town.due_now()
    drain(lane)
    assert town.row(report).external_id == "4711"
    assert town.state_of(report, update) == State.SENT
    assert len(fake.memory.requests) == 1


def test_the_token_of_an_update_is_asked_about_and_holds_nothing_up(town, fake, lane, facts):
    fake.switches.token_for_updates = True
    report = town.report()
    update, later = town.update(report), town.update(report)

    drain(lane)

    assert town.delivery(report, update).token == f"TU{update.pk}"
    assert [one.update_id for one in fake.memory.updates_in] == [str(update.pk), str(later.pk)]
    fake.settle()
    town.due_now()
    drain(lane)
    assert town.state_of(report, update) == town.state_of(report, later) == State.SENT
    assert {fact.data["external_id"] for fact in facts("update.sent")} == {
        f"U{update.pk}",
        f"U{later.pk}",
    }


def test_a_number_that_another_report_has_holds_the_delivery_with_a_reason(town, lane):
    other, report = town.report(plan=False), town.report()
    ReportBody.objects.filter(report=other).update(external_id="4711")

    drain(lane)

    delivery = town.delivery(report)
    assert (delivery.state, delivery.cause) == (State.HELD, "duplicate_id")
    assert "4711" in delivery.reason
    assert delivery.external_id == "4711"
    assert (town.row(report).external_id, town.row(other).external_id) == ("", "4711")


def test_another_bodys_row_is_not_touched(town, lane):
    other = Body.objects.create(name="Other", slug="other")
    report = town.report()
    theirs = ReportBody.objects.create(report=report, body=other, external_id="X1")

    drain(lane)

    theirs.refresh_from_db()
    assert (theirs.external_id, theirs.sent_at) == ("X1", None)
    assert town.row(report).external_id == "4711"


def test_a_report_withdrawn_or_hidden_in_the_meantime_is_not_sent(town, fake, lane):
    reports = [town.report(), town.report()]
    Report.objects.filter(pk=reports[0].pk).update(state="cancelled")
    Report.objects.filter(pk=reports[1].pk).update(state="hidden")

    assert drain(lane) is None

    assert {town.state_of(report) for report in reports} == {State.CANCELLED}
    assert fake.memory.calls == []


def test_a_closed_report_that_was_never_sent_is_still_sent(town, lane):
    report = town.report()
    Report.objects.update(state="fixed - user")

    drain(lane)

    assert town.state_of(report) == State.SENT


def test_a_withdrawn_report_of_unknown_fate_is_only_looked_up(town, fake, lane):
    fake.switches.html = True
    report = town.report()
    drain(lane)
    fake.switches.html = False
    Report.objects.update(state="cancelled")
    town.due_now()

    drain(lane)

    assert town.state_of(report) == State.CANCELLED
    assert fake.memory.requests == {}
