"""The whole way over the wire: a body's Open311 server, polled and fetched from."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection, Exchange
from waywarden.kernel import clock
from waywarden.reports.models import Report, Update
from waywarden.sync import polling
from waywarden.sync.importing import fetch_reports
from waywarden.sync.models import SetAside, What
from waywarden.sync.service_lists import endpoints_at, sync_services
from waywarden.sync.tests.conftest import make_area

pytestmark = pytest.mark.django_db

UPDATES = """<?xml version="1.0" encoding="utf-8"?>
<service_request_updates>
  <request_update>
    <update_id>u1</update_id><service_request_id>4711</service_request_id>
    <status>FIXED</status><updated_datetime>2026-07-01T10:30:00</updated_datetime>
    <description>Filled.</description>
  </request_update>
  <request_update>
    <update_id>u2</update_id><service_request_id>4711</service_request_id>
    <status>FIXED</status><updated_datetime>0001-01-01T00:00:00Z</updated_datetime>
    <description>Filled again.</description>
  </request_update>
</service_request_updates>"""

REQUESTS = """[
 {"service_request_id": 0, "status": "open", "service_code": "7", "service_name": "Litter",
  "lat": "51.5", "long": "-1.5", "requested_datetime": "2026-06-01T10:00:00.000+01:00"},
 {"service_request_id": "far", "status": "open", "service_code": "7", "lat": 10, "long": 10},
 {"service_request_id": "nowhere", "status": "closed", "service_code": "7"}
]"""

SERVICES = """<services>
  <service><service_code>7</service_code><service_name>Litter</service_name>
    <metadata>true</metadata><group>Streets</group></service>
  <service><service_code>8</service_code><service_name>Lamps</service_name>
    <metadata>true</metadata></service>
</services>"""

DEFINITION = """<service_definition><service_code>7</service_code><attributes>
  <attribute><variable>false</variable><code>N</code><datatype>text</datatype>
    <required>false</required><order>2</order><description>Call us.</description></attribute>
  <attribute><variable>true</variable><code>Q</code><datatype>string</datatype>
    <required>true</required><order>1</order><description>Where?</description></attribute>
</attributes></service_definition>"""


@pytest.fixture
def open_body(db, httpserver):
    """A body behind an Open311 server, answering for one square degree."""
    connection = Connection.objects.create(
        name="Works", kind="open311", zone="Europe/London", fetches_updates=True,
        options={"endpoint": httpserver.url_for(""), "extended_statuses": True},
    )  # fmt: skip
    body = Body.objects.create(
        name="Borsetshire", slug="borsetshire", sending_connection=connection
    )
    body.areas.add(make_area())
    return body


def test_an_update_without_a_zone_is_read_in_the_connections(open_body, httpserver):
    httpserver.expect_request("/servicerequestupdates.xml").respond_with_data(
        UPDATES, content_type="text/xml"
    )
    with time_machine.travel("2026-07-01T12:00:00+00:00", tick=False):
        before = clock.now() - timedelta(days=1)
        report = Report.objects.create(
            title="Hole", category_name="Litter", lat=51.5, lon=-1.5, cell=0, state="confirmed",
            created=before, confirmed_at=before, state_changed_at=before, changed=before,
        )  # fmt: skip
        report.at_bodies.create(body=open_body, external_id="4711", sent_at=before)
        run = polling.poll(open_body.sending_connection_id, What.UPDATES)
    assert (run.error, run.new, run.set_aside) == ("", 1, 1)
    shown = Update.objects.get()
    assert shown.confirmed_at.astimezone(ZoneInfo("Europe/London")).hour == 10
    assert shown.state == "fixed - council"
    assert SetAside.objects.get().reason == "bad_date"
    codes = {item["code"] for item in run.deviations}
    assert any("zone" in code for code in codes)
    assert Exchange.objects.filter(connection=open_body.sending_connection).count() == 1
    asked = httpserver.log[0][0].args
    assert {"start_date", "end_date"} <= set(asked)


def test_problems_are_fetched_from_any_address_in_the_format_it_speaks(open_body, httpserver):
    httpserver.expect_request("/elsewhere/requests.json").respond_with_data(
        REQUESTS, content_type="application/json"
    )
    httpserver.expect_request("/elsewhere/requests.xml").respond_with_data("no", status=404)
    address = httpserver.url_for("/elsewhere")
    counts = fetch_reports(open_body, address=address)
    assert (counts.rows, counts.new, counts.set_aside) == (3, 1, 2)
    assert {one.row_id for one in counts.skipped} == {"far", "nowhere"}
    assert dict(counts.unmatched) == {("7", "Litter"): 1}
    assert Report.objects.get().at_bodies.get().external_id == "0"
    assert fetch_reports(open_body, address=address).new == 0
    assert Report.objects.count() == 1


def test_a_dry_fetch_from_an_address_leaves_nothing_behind(open_body, httpserver):
    httpserver.expect_request("/elsewhere/requests.json").respond_with_data(
        REQUESTS, content_type="application/json"
    )
    counts = fetch_reports(
        open_body, address=httpserver.url_for("/elsewhere/requests.json"), dry_run=True
    )
    assert (counts.new, counts.set_aside) == (1, 2)
    assert Connection.objects.count() == 1
    assert not Report.objects.exists()


def test_a_service_list_becomes_categories_and_a_missing_definition_is_no_obstacle(
    open_body, httpserver
):
    httpserver.expect_request("/services.xml").respond_with_data(SERVICES, content_type="text/xml")
    httpserver.expect_request("/services/7.xml").respond_with_data(
        DEFINITION, content_type="text/xml"
    )
    httpserver.expect_request("/services/8.xml").respond_with_data("no", status=404)
    synced = sync_services(open_body, address=httpserver.url_for("/services.xml"))
    assert synced.is_applied
    assert set(synced.missing) == {"8"}
    litter = Category.objects.get(service_code="7")
    assert litter.groups == ["Streets"]
    assert [(one.code, one.variable) for one in litter.questions.all()] == [
        ("Q", True),
        ("N", False),
    ]
    assert Category.objects.get(service_code="8").questions.count() == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://a.example/v2", [("http://a.example/v2", "xml"), ("http://a.example/v2", "json")]),
        ("http://a.example/v2/requests.json", [("http://a.example/v2", "json")]),
        ("http://a.example/services.xml", [("http://a.example", "xml")]),
    ],
)
def test_what_an_address_tells(address, expected):
    found = [(options["endpoint"], options["format"]) for options in endpoints_at(address)]
    assert found == expected
