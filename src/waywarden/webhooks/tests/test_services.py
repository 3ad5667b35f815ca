"""Who is told what: privacy, bodies, replays, secrets."""

import uuid
from datetime import timedelta

import pytest

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.events.services import NOBODY
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import ReportBody, Update
from waywarden.webhooks import services
from waywarden.webhooks.models import Call, Endpoint
from waywarden.webhooks.services import Happened

pytestmark = pytest.mark.django_db


def tell(fact: str, *ids: int, batch=None) -> dict[int, list[Call]]:
    """Fans an event out; the calls by endpoint."""
    happened = [Happened(one, {}) for one in ids]
    services.fan_out(fact, happened, batch=batch or uuid.uuid4(), at=clock.now())
    found: dict[int, list[Call]] = {}
    for call in Call.objects.order_by("id"):
        found.setdefault(call.endpoint_id, []).append(call)
    return found


def update_of(report, **values) -> Update:
    moment = clock.now()
    values = {"text": "Done.", "visibility": "shown", "confirmed_at": moment, **values}
    return Update.objects.create(report=report, created=moment, **values)


def test_a_public_report_is_told_to_the_site_and_to_its_own_body_only(town, listen):
    site, ours, theirs = listen(), listen(town.county), listen(town.district)
    report = town.report(title="Lamp is dark")
    told = tell("report.confirmed", report.pk)
    assert set(told) == {site.pk, ours.pk}
    assert theirs.pk not in told
    payload = told[site.pk][0].payload
    assert payload["type"] == "report.published"
    assert payload["data"]["report"]["title"] == "Lamp is dark"


def test_a_private_report_never_leaves_by_the_sites_hook(town, listen):
    site, theirs = listen(), listen(town.district)
    report = town.report(category=town.vehicle, is_private=True)
    update = update_of(report)
    for fact, number in (
        ("report.confirmed", report.pk), ("report.edited", report.pk), ("report.sent", report.pk),
        ("report.withdrawn", report.pk), ("report.hidden", report.pk),
        ("update.confirmed", update.pk), ("update.fetched", update.pk),
        ("update.withdrawn", update.pk),
    ):  # fmt: skip
        told = tell(fact, number)
        assert site.pk not in told, fact
        assert theirs.pk in told, fact


def test_a_private_report_names_no_other_body_and_no_photo(town, listen):
    theirs = listen(town.district)
    report = town.report(category=town.vehicle, is_private=True)
    ReportBody.objects.create(report=report, body=town.county, category=town.lamp)
    from waywarden.web.tests.town import stored_photo

    stored_photo(report=report)
    data = tell("report.confirmed", report.pk)[theirs.pk][0].payload["data"]["report"]
    assert [body["slug"] for body in data["bodies"]] == ["borchester"]
    assert data["photos"] == []


@pytest.mark.parametrize("state", ["unconfirmed", "hidden"])
def test_what_the_public_does_not_see_is_not_told(town, listen, state):
    listen(), listen(town.county)
    report = town.report(state=state)
    assert tell("report.confirmed", report.pk) == {}
    assert tell("update.confirmed", update_of(report).pk) == {}


def test_a_hidden_update_is_not_told(town, listen):
    listen()
    assert tell("update.fetched", update_of(town.report(), visibility="hidden").pk) == {}


def test_a_report_that_was_taken_down_is_named_and_nothing_of_it_is_said(town, listen):
    site = listen()
    report = town.report(title="Rude", state="hidden")
    (call,) = tell("report.hidden", report.pk)[site.pk]
    assert call.payload["data"] == {"report": {"id": report.pk}}


def test_no_contact_and_no_hidden_name_is_ever_told(town, listen):
    site = listen()
    report = town.report(
        email="rosa@example.org", phone="0401234", name="Rosa Weber", is_name_public=False
    )
    update = update_of(report, email="x@example.org", name="Xaver", is_name_public=False)
    told = tell("report.confirmed", report.pk)
    told = tell("update.confirmed", update.pk)
    text = str([call.payload for call in told[site.pk]])
    for secret in ("rosa@example.org", "0401234", "Rosa", "x@example.org", "Xaver"):
        assert secret not in text


def test_a_body_that_the_report_left_hears_no_more(town, listen):
    ours = listen(town.county)
    report = town.report()
    ReportBody.objects.filter(report=report).update(left_at=clock.now())
    assert ours.pk not in tell("report.edited", report.pk)


def test_only_what_was_chosen_is_told(town, listen):
    listen(kinds=["update.published"])
    assert tell("report.confirmed", town.report().pk) == {}


def test_one_that_is_switched_off_is_not_told(town, listen):
    endpoint = listen()
    Endpoint.objects.filter(pk=endpoint.pk).update(is_active=False)
    assert tell("report.confirmed", town.report().pk) == {}


def test_fanning_out_twice_adds_nothing(town, listen):
    listen()
    report, batch = town.report(), uuid.uuid4()
    tell("report.confirmed", report.pk, batch=batch)
    tell("report.confirmed", report.pk, batch=batch)
    assert Call.objects.count() == 1


def test_many_reports_cost_the_same_number_of_questions(
    town, listen, django_assert_max_num_queries
):
    listen(), listen(town.county)
    ids = [town.report(title=f"Lamp {number}").pk for number in range(30)]
    with django_assert_max_num_queries(6):
        tell("report.fetched", *ids)
    assert Call.objects.count() == 60


def test_an_alarm_is_told_to_the_site_and_to_the_body_it_is_about(town, listen):
    site, ours, theirs = listen(), listen(town.county), listen(town.district)
    data = {"kind": "stuck", "connection": None, "body": town.county.pk}
    services.fan_out("alarm.raised", [Happened(7, data)], batch=uuid.uuid4(), at=clock.now())
    assert set(Call.objects.values_list("endpoint", flat=True)) == {site.pk, ours.pk}
    assert not theirs.calls.exists()
    (call,) = site.calls.all()
    assert call.payload["data"]["alarm"] == {
        "kind": "stuck", "connection": None,
        "body": {"slug": "borsetshire", "name": town.county.name},
    }  # fmt: skip


def test_an_alarm_of_a_connection_is_told_to_every_body_that_uses_it(town, listen):
    way = Connection.objects.create(name="Shared works", kind="open311")
    Body.objects.filter(pk=town.county.pk).update(fetching_connection=way)
    site, ours, theirs = listen(), listen(town.county), listen(town.district)
    data = {"kind": "circuit", "connection": way.pk, "body": None}
    services.fan_out("alarm.raised", [Happened(7, data)], batch=uuid.uuid4(), at=clock.now())
    assert set(Call.objects.values_list("endpoint", flat=True)) == {site.pk, ours.pk}
    assert not theirs.calls.exists()
    (call,) = ours.calls.all()
    assert call.payload["data"]["alarm"]["connection"]["name"] == "Shared works"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "ftp://example.org/x"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://user:word@example.org/"}, "url"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["webhook.test", "no.such"]}, "kinds"),
    ],
)
def test_what_makes_no_sense_is_refused(db, change, field):
    values = {"url": "https://example.org/hook", "kinds": ["report.published"], **change}
    with pytest.raises(RuleBroken) as told:
        services.new_endpoint(body_id=None, by=NOBODY, **values)
    assert told.value.field == field
    assert not Endpoint.objects.exists()


def test_a_secret_is_sealed_and_renewed_with_the_old_one_signing_for_a_day(listen, town):
    endpoint = listen()
    old = endpoint.plain
    assert old.startswith("whsec_")
    assert old not in endpoint.secret
    new = services.renew_secret(endpoint.pk, by=NOBODY)
    endpoint.refresh_from_db()
    now = clock.now()
    assert services.secrets_of(endpoint, now=now) == (new, old)
    assert services.secrets_of(endpoint, now=now + timedelta(hours=25)) == (new,)


def test_no_fact_about_an_endpoint_holds_its_secret_or_its_path(listen, town):
    endpoint = listen(url="https://example.org/hook/s3cret-path")
    services.renew_secret(endpoint.pk, by=NOBODY)
    services.remove_endpoint(endpoint.pk, by=NOBODY)
    facts = Event.objects.filter(subject_kind="webhook")
    assert [fact.kind for fact in facts.order_by("id")] == [
        "webhook.added", "webhook.secret_renewed", "webhook.removed",
    ]  # fmt: skip
    assert all(fact.data == {"body": None, "host": "example.org"} for fact in facts)


def test_a_replay_goes_under_the_same_id(town, listen):
    endpoint = listen()
    (call,) = tell("report.confirmed", town.report().pk)[endpoint.pk]
    before = call.message_id
    Call.objects.update(state="failed", attempts=10)
    assert services.replay_failed(endpoint.pk, by=NOBODY) == 1
    call.refresh_from_db()
    assert (call.state, call.attempts, call.message_id) == ("waiting", 0, before)


def test_a_replay_reaches_no_other_endpoint_and_nothing_withheld(town, listen):
    one, other = listen(), listen()
    told = tell("report.confirmed", town.report().pk)
    Call.objects.update(state="delivered")
    ids = [call.pk for calls in told.values() for call in calls]
    assert services.replay(ids, endpoint_id=one.pk, by=NOBODY) == 1
    Call.objects.filter(endpoint=other).update(state="withheld")
    assert services.replay(ids, endpoint_id=other.pk, by=NOBODY) == 0


def test_old_calls_go(town, listen):
    endpoint = listen()
    tell("report.confirmed", town.report().pk)
    assert services.drop_old_calls() == 0
    endpoint.calls.update(created=clock.now() - timedelta(days=31))
    assert services.drop_old_calls() == 1
