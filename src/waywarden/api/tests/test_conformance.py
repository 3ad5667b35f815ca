"""Our own endpoint stands under the same kit as everybody, over real HTTP."""

from datetime import timedelta

import pytest

from waywarden.api.tests.test_open311 import key_for
from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.open311.conformance.registry import Outcome
from waywarden.open311.conformance.tests.judging import judged, shortcomings
from waywarden.reports.models import ReportBody, Update
from waywarden.web.tests import town as towns

pytestmark = pytest.mark.django_db(transaction=True)
PLACE = (towns.LAT, towns.LON)
SCOPES = ("requests:write", "updates:write")


@pytest.fixture
def url(live_server):
    return f"{live_server.url}/open311/v2"


@pytest.fixture
def town(transactional_db):
    """Three reports of the county, each with an answer of its own system."""
    town = towns.build()
    town.county.sending_connection = Connection.objects.create(
        name="County", kind="open311", options={"endpoint": "http://127.0.0.1:9/"}
    )
    town.county.save()
    for number in range(3):
        report = town.report(title=f"Lamp {number} is dark", is_name_public=True)
        ReportBody.objects.filter(report=report).update(external_id=f"C-{number}")
        moment = clock.now() - timedelta(minutes=30 - number)
        Update.objects.create(
            report=report, body=town.county, text="Seen.", state="investigating",
            visibility="shown", created=moment, confirmed_at=moment,
        )  # fmt: skip
    return town


def test_for_an_application_every_level_is_met(url, town):
    key = key_for("requests:write", confirms="at_once", rate_per_minute=1000)
    report = judged(url, api_key=key, place=PLACE)
    assert report.meets(3)
    failed = [one.check.code for one in report.findings if one.result.outcome is Outcome.FAILED]
    # An application may not push updates: that is for bodies.
    assert failed == ["2.8-an-update-is-accepted"]


def test_for_a_body_every_level_is_met(url, town):
    key = key_for(*SCOPES, body=town.county, confirms="at_once", rate_per_minute=1000)
    report = judged(url, api_key=key, jurisdiction_id="borsetshire", place=PLACE)
    assert report.meets(3)
    passed = {one.check.code for one in report.findings if one.result.outcome is Outcome.PASSED}
    assert {"2.4-a-request-is-accepted", "2.6-what-was-sent-can-be-read-back"} <= passed


def test_for_a_reader_without_a_key_nothing_is_wrong(url, town):
    assert shortcomings(url, api_key="", may_write=False) == []
