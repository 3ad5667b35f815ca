"""A client that others wrote, the package `georeport`, works against our endpoint."""

import pytest
from georeport import GeoReport

from waywarden.web.tests import town as towns

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def town(transactional_db):
    return towns.build()


@pytest.fixture(params=["json", "xml"])
def theirs(request, live_server, town):
    """Their client, in each of its formats."""
    return GeoReport(
        f"{live_server.url}/open311/v2/", jurisdiction="borsetshire", output_format=request.param
    )


def test_it_lists_the_services(theirs):
    codes = [row["service_code"] for row in theirs.get_service_list()]
    assert codes == ["pothole", "street-light"]


def test_it_reads_a_definition(theirs):
    found = theirs.get_service_definition("pothole")
    assert found["service_code"] == "pothole"
    attributes = found["attributes"]
    rows = attributes["attribute"] if isinstance(attributes, dict) else attributes
    assert [row["code"] for row in rows] == ["danger", "depth"]


def test_it_lists_requests_and_filters_them(theirs, town):
    dark, mended = town.report(), town.report(state="fixed - council", title="Mended")
    numbers = [row["service_request_id"] for row in theirs.get_service_requests()]
    assert sorted(numbers) == sorted([str(dark.pk), str(mended.pk)])
    found = theirs.get_service_requests(service_request_id=f"{dark.pk},{mended.pk}", status="open")
    assert len(found) == 2, "ids override other filters"
    found = theirs.get_service_requests(status="open", service_code="street-light")
    (row,) = found if isinstance(found, list) else [found]
    assert row["service_request_id"] == str(dark.pk)


def test_it_reads_one_request(theirs, town):
    report = town.report(title="Lamp is dark", detail="Since Tuesday.")
    row = theirs.get_service_request(str(report.pk))
    assert (row["status"], row["description"]) == ("open", "Since Tuesday.")
    assert (float(row["lat"]), float(row["long"])) == (towns.LAT, towns.LON)
