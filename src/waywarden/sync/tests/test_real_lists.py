"""Lists of real servers, imported as they are; runs where the project's shared folder is there."""

import json
import re
from pathlib import Path

import pytest
import shapely
from lxml import etree

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body
from waywarden.reports.models import ReportBody
from waywarden.sync.bulk_import import import_open311

pytestmark = pytest.mark.django_db

PLACES = [parent / "shared" / "fixtures" / "open311" for parent in Path(__file__).parents]
PLACE = next((place for place in PLACES if place.is_dir()), None)
LISTS = sorted(PLACE.glob("*requests*.???*")) if PLACE else []


@pytest.fixture
def body(db):
    """A body that answers for the world."""
    box = shapely.box(-180, -90, 180, 90)
    area = Area.objects.create(
        name="World", kind="world", code="world", west=-180, south=-90, east=180, north=90,
        boundary=shapely.to_wkb(box),
    )  # fmt: skip
    forget_shapes()
    body = Body.objects.create(name="Borsetshire", slug="borsetshire")
    body.areas.add(area)
    return body


def ids_with_a_place(path: Path) -> set[str]:
    """What a list holds that lies on earth, read plainly. A code of one is a bare 006."""
    if path.suffix == ".json":
        text = path.read_text("utf-8-sig")
        rows = json.loads(re.sub(r'("service_code":)(0\d+)', r'\1"\2"', text))
    else:
        tree = etree.fromstring(path.read_bytes())
        rows = [{one.tag: one.text for one in row} for row in tree.iter("request")]
    return {
        str(row["service_request_id"]).strip()
        for row in rows
        if all(row.get(name) not in (None, "") for name in ("service_request_id", "lat", "long"))
        and abs(float(row["lat"])) <= 90
    }


@pytest.mark.skipif(not LISTS, reason="the shared folder is not there")
@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_a_list_of_a_real_server_comes_across_whole_and_once(body, httpserver, path):
    kind = path.suffix.removeprefix(".")
    httpserver.expect_request(f"/requests.{kind}").respond_with_data(path.read_bytes())
    address = httpserver.url_for(f"/requests.{kind}")
    done = import_open311(body, address=address)
    held = set(ReportBody.objects.values_list("external_id", flat=True))
    assert held == ids_with_a_place(path)
    assert done.totals.new == len(held)
    assert import_open311(body, address=address).totals.new == 0
