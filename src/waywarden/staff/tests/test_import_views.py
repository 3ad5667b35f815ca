"""Imports, unmatched services and exclusion rules on the staff pages."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from waywarden.bodies.models import Body, Category, Membership
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Report, ReportBody
from waywarden.sync.models import ExclusionRule, ImportReject, ImportRun, UnmatchedService

pytestmark = pytest.mark.django_db
LIST = "/staff/imports/"


@pytest.fixture
def run(desk, town):
    moment = clock.now()
    run = ImportRun.objects.create(
        body=town.county, connection=desk.connection, kind="open311", source="Borsetshire works",
        fingerprint="x", since=datetime(2012, 1, 1, tzinfo=UTC), until=moment,
        position=datetime(2019, 5, 1, tzinfo=UTC), started_at=moment, moved_at=moment,
        rows=1200, new=1100, rejected=2, matched={"Potholes": 900},
        unmatched=[["X1", "Graffiti", 200]],
        deviations=[{"code": "a", "message": "A date has no zone.", "where": "", "count": 3}],
    )  # fmt: skip
    ImportReject.objects.create(run=run, key="R7", reason="It has no place.", raw={"lat": None})
    return run


@pytest.fixture
def unmatched(desk, town):
    moment = clock.now()
    return UnmatchedService.objects.create(
        body=town.county, code="X1", name="Graffiti", rows=1, first_seen=moment, last_seen=moment
    )


@pytest.fixture
def administers(town):
    Membership.objects.filter(user=town.ines).update(role="administrator")


def test_an_import_is_shown_while_it_runs_and_oskar_sees_nothing(as_ines, as_oskar, run):
    shown = " ".join(as_ines.get(LIST).content.decode().split())
    assert "Running, up to 1 May 2019" in shown
    assert "1,200 rows: 1,100 new, 2 rejected" in shown
    assert "Borsetshire works" not in as_oskar.get(LIST).content.decode()
    ImportRun.objects.update(moved_at=clock.now() - timedelta(minutes=5))
    assert "Stopped; the same command goes on." in as_ines.get(LIST).content.decode()


def test_one_import_tells_its_categories_and_its_rejects(as_ines, as_oskar, run):
    address = f"{LIST}{run.pk}/"
    shown = as_ines.get(address).content.decode()
    for words in ("Potholes", "Graffiti", "It has no place.", "A date has no zone."):
        assert words in shown
    file = as_ines.get(f"{address}rejects.jsonl")
    line = json.loads(b"".join(file.streaming_content))
    assert line == {"id": "R7", "reason": "It has no place.", "row": {"lat": None}}
    assert as_oskar.get(address).status_code == 404
    assert as_oskar.get(f"{address}rejects.jsonl").status_code == 404


def test_a_service_is_matched_and_its_reports_leave_other(as_ines, unmatched, administers, town):
    report = town.report(title="Paint on a wall")
    Report.objects.filter(pk=report.pk).update(category_name="Other")
    ReportBody.objects.filter(report=report).update(
        category=None, extras={"service_code": "X1", "service_name": "Graffiti"}
    )
    category = Category.objects.filter(body=town.county).first()
    assert "Graffiti" in as_ines.get(LIST).content.decode()
    address = f"{LIST}services/{unmatched.pk}/"
    answer = as_ines.post(address, {"category": category.pk}, follow=True)
    assert "1 report moved." in answer.content.decode()
    assert Report.objects.get(pk=report.pk).category_name == category.name
    fact = Event.objects.get(kind="services.matched")
    assert (fact.actor_id, fact.data["moved"]) == (town.ines.pk, 1)
    assert "Graffiti" not in as_ines.get(LIST).content.decode()


def test_a_service_is_matched_only_by_who_administers_and_to_the_bodys_own(
    as_ines, as_oskar, unmatched, town
):
    address = f"{LIST}services/{unmatched.pk}/"
    theirs = Category.objects.filter(body=town.district).first()
    ours = Category.objects.filter(body=town.county).first()
    assert as_oskar.post(address, {"category": ours.pk}).status_code == 404
    assert as_ines.post(address, {"category": ours.pk}).status_code == 403
    Membership.objects.filter(user=town.ines).update(role="administrator")
    for wrong in (theirs.pk, "", "x", "9" * 30):
        answer = as_ines.post(address, {"category": wrong}, follow=True)
        assert "Choose a category." in answer.content.decode()
    assert UnmatchedService.objects.get().category is None


def rules_of(desk):
    return f"{LIST}rules/{desk.connection.pk}/"


def test_a_rule_is_stored_switched_and_taken_away_each_with_who_did_it(
    as_ines, desk, administers, town
):
    given = {"do": "save", "by": "service", "test": "is", "value": "GRF*", "note": "Not ours"}
    as_ines.post(rules_of(desk), given)
    rule = ExclusionRule.objects.get()
    assert (rule.connection, rule.value) == (desk.connection, "GRF*")
    shown = as_ines.get(rules_of(desk)).content.decode()
    assert "GRF*" in shown
    assert "Not ours" in shown
    as_ines.post(f"{LIST}rules/change/{rule.pk}/", {"do": "switch"})
    assert not ExclusionRule.objects.get().is_on
    as_ines.post(f"{LIST}rules/change/{rule.pk}/", {"do": "delete"})
    assert not ExclusionRule.objects.exists()
    facts = Event.objects.filter(kind="exclusions.changed").order_by("id")
    assert [fact.data["what"] for fact in facts] == ["added", "changed", "deleted"]
    assert {fact.actor_id for fact in facts} == {town.ines.pk}


def test_a_rule_that_is_wrong_says_so_and_is_not_stored(as_ines, desk, administers):
    given = {"do": "save", "by": "age", "test": "is", "value": "soon"}
    answer = as_ines.post(rules_of(desk), given)
    assert answer.status_code == 400
    assert "number of days" in answer.content.decode()
    assert not ExclusionRule.objects.exists()


def test_a_preview_shows_what_would_stay_out_and_stores_nothing(
    as_ines, desk, administers, httpserver, settings
):
    settings.WAYWARDEN_PRIVATE_HOSTS = ["127.0.0.1"]
    rows = [
        {"service_request_id": number, "status": "open", "service_code": code, "title": title,
         "requested_datetime": clock.now().isoformat(), "lat": 1, "long": 1}
        for number, code, title in (("1", "GRF", "Paint <b>"), ("2", "POT", "A hole"))
    ]  # fmt: skip
    httpserver.expect_request("/requests.json").respond_with_json(rows)
    Connection.objects.filter(pk=desk.connection.pk).update(
        options={"endpoint": httpserver.url_for(""), "format": "json"}
    )
    given = {"do": "try", "by": "keyword", "test": "is", "value": "paint"}
    shown = " ".join(as_ines.post(rules_of(desk), given).content.decode().split())
    assert "1 of the newest 2 rows would stay out" in shown
    assert "Paint &lt;b&gt;" in shown
    assert "A hole" not in shown
    assert not ExclusionRule.objects.exists()


def test_a_preview_of_a_system_that_is_down_says_so(as_ines, desk, administers):
    given = {"do": "try", "by": "private", "test": "is", "value": ""}
    answer = as_ines.post(rules_of(desk), given)
    assert answer.status_code == 400
    assert "refused" in answer.content.decode()


def test_oskar_and_who_does_not_administer_every_body_of_a_connection_change_nothing(
    as_ines, as_oskar, desk, town
):
    given = {"do": "save", "by": "private", "test": "is"}
    assert as_oskar.get(rules_of(desk)).status_code == 404
    assert as_oskar.post(rules_of(desk), given).status_code == 404
    assert as_ines.post(rules_of(desk), given).status_code == 403
    Membership.objects.filter(user=town.ines).update(role="administrator")
    Body.objects.filter(pk=town.district.pk).update(fetching_connection=desk.connection)
    assert as_ines.post(rules_of(desk), given).status_code == 403, "the district uses it, too"
    rule = ExclusionRule.objects.create(connection=desk.connection, by="private")
    assert as_ines.post(f"{LIST}rules/change/{rule.pk}/", {"do": "delete"}).status_code == 404
    Body.objects.filter(pk=town.district.pk).update(fetching_connection=None)
    assert as_oskar.post(f"{LIST}rules/change/{rule.pk}/", {"do": "delete"}).status_code == 404
    assert ExclusionRule.objects.exists()
