"""`waywarden services sync`, `poll` and `fetch`, on a small Open311 server."""

import json

import pytest
from click.testing import CliRunner

from waywarden.areas.models import Area
from waywarden.bodies.models import Body, Category
from waywarden.config import setup
from waywarden.config.cli import cli
from waywarden.connections.models import Connection
from waywarden.reports.models import Report

pytestmark = pytest.mark.django_db

SERVICES = """<services><service><service_code>1</service_code>
<service_name>Holes [bold]</service_name><metadata>false</metadata></service></services>"""
REQUESTS = """<service_requests>
<request><service_request_id>a</service_request_id><status>open</status>
  <service_code>1</service_code><service_name>Holes</service_name>
  <requested_datetime>2026-01-01T00:00:00Z</requested_datetime>
  <lat>51.5</lat><long>-1.5</long></request>
<request><service_request_id>b</service_request_id><status>open</status>
  <service_code>9</service_code><service_name>Smells</service_name>
  <requested_datetime>2026-01-01T00:00:00Z</requested_datetime>
  <lat>51.5</lat><long>-1.5</long></request>
<request><service_request_id>c</service_request_id><status>open</status>
  <lat>1</lat><long>1</long></request>
</service_requests>"""
UPDATES = "<service_request_updates></service_request_updates>"


@pytest.fixture
def run(monkeypatch):
    """Runs the command in this process, on the test's own database."""
    monkeypatch.setattr(setup, "set_up", lambda: None)
    return lambda *words: CliRunner().invoke(cli, words, env={"COLUMNS": "160"})


@pytest.fixture
def body(httpserver):
    import shapely

    from waywarden.areas.queries import forget_shapes

    for path, document in (
        ("/services.xml", SERVICES),
        ("/requests.xml", REQUESTS),
        ("/servicerequestupdates.xml", UPDATES),
    ):
        httpserver.expect_request(path).respond_with_data(document, content_type="text/xml")
    area = Area.objects.create(
        name="County", kind="county", code="county", west=-2, south=51, east=-1, north=52,
        boundary=shapely.to_wkb(shapely.box(-2, 51, -1, 52)),
    )  # fmt: skip
    forget_shapes()
    body = Body.objects.create(name="Borsetshire", slug="borsetshire")
    body.areas.add(area)
    return body


def test_a_service_list_is_shown_first_and_taken_in_then(run, body, httpserver):
    dry = run("services", "sync", "borsetshire", "--from", httpserver.url_for(""), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "Holes [bold]" in dry.output
    assert "Dry run: nothing was changed." in dry.output
    assert not Category.objects.exists()
    done = run("services", "sync", "borsetshire", "--from", httpserver.url_for(""))
    assert done.exit_code == 0, done.output
    assert Category.objects.get().service_code == "1"
    again = run("services", "sync", "borsetshire", "--from", httpserver.url_for(""))
    assert "Nothing to change." in again.output


def test_a_list_that_waits_says_so_and_exits_1_until_yes(run, body, httpserver):
    Category.objects.create(body=body, name="Lamps", slug="lamps", service_code="7")
    address = httpserver.url_for("")
    waits = run("services", "sync", "borsetshire", "--from", address)
    assert waits.exit_code == 1
    assert "The list has lost 1 of 1 services." in waits.output
    assert run("services", "sync", "borsetshire", "--from", address, "--yes").exit_code == 0
    assert Category.objects.get(name="Lamps").state == "inactive"


def test_fetch_tells_what_was_taken_in_which_categories_and_why_not(run, body, httpserver):
    Category.objects.create(body=body, name="Holes", slug="holes", service_code="1")
    done = run("fetch", "borsetshire", "--from", httpserver.url_for(""))
    assert done.exit_code == 0, done.output
    assert "3 rows: 2 new, 0 known already, 1 set aside, 0 left out." in done.output
    assert "Smells (9)" in done.output
    assert "Its place, 1.000000, 1.000000, is outside the body’s areas." in done.output
    assert Report.objects.count() == 2
    again = run("fetch", "borsetshire", "--from", httpserver.url_for(""))
    assert "3 rows: 0 new, 3 known already" in again.output


def test_import_tells_what_was_taken_in_and_writes_what_was_not(run, body, httpserver, tmp_path):
    Category.objects.create(body=body, name="Holes", slug="holes", service_code="1")
    rejects = tmp_path / "rejects.jsonl"
    words = ("import", "open311", "borsetshire", "--from", httpserver.url_for(""))
    words = (*words, "--since", "2025-12-01", "--until", "2026-02-01", "--rejects", str(rejects))
    dry = run(*words, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "2 new" in dry.output
    assert "Dry run: nothing was changed." in dry.output
    assert not rejects.exists()
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "Smells (9)" in done.output
    assert "1 rejected rows, each with its reason" in done.output
    assert '"id": "c"' in rejects.read_text()
    assert Report.objects.count() == 2
    assert "0 new" in run(*words).output


def test_poll_asks_the_bodys_connection(run, body, httpserver):
    body.sending_connection = Connection.objects.create(
        name="Works", kind="open311", options={"endpoint": httpserver.url_for("")}
    )
    body.save()
    done = run("poll", "borsetshire", "--since", "2026-11-24", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "0 rows" in done.output


def test_poll_asks_the_ways_of_categories_too(run, body, httpserver):
    for name in ("Lamps", "Trees", "Unpolled"):
        way = Connection.objects.create(
            name=name, kind="open311", options={"endpoint": httpserver.url_for("")},
            fetches_updates=name != "Unpolled",
        )  # fmt: skip
        Category.objects.create(body=body, name=name, slug=name.lower(), connection=way)
    done = run("poll", "borsetshire", "--since", "2026-11-24", "--dry-run")
    assert done.exit_code != 0  # the body does not let them choose
    body.can_be_devolved = True
    body.save()
    done = run("poll", "borsetshire", "--since", "2026-11-24", "--dry-run")
    assert done.exit_code == 0, done.output
    assert [name for name in ("Lamps:", "Trees:", "Unpolled:") if name in done.output] == [
        "Lamps:",
        "Trees:",
    ]


def test_poll_exits_1_when_the_system_breaks(run, body, httpserver):
    body.sending_connection = Connection.objects.create(
        name="Works", kind="open311", options={"endpoint": httpserver.url_for("/nothing/here")}
    )
    body.save()
    done = run("poll", "borsetshire")
    assert done.exit_code == 1
    assert "It broke:" in done.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("poll", "nowhere"), "There is no body with the short name 'nowhere'."),
        (("poll", "borsetshire"), "This body has no connection that can be asked."),
        (("fetch", "borsetshire"), "Borsetshire has no connection"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(run, body, words, message):
    assert message in str(run(*words).exception)


def test_a_date_that_is_none_is_refused(run, body):
    done = run("poll", "borsetshire", "--since", "yesterday")
    assert done.exit_code == 2
    assert "is no date such as" in done.output


def test_boundaries_and_layers_are_taken_in_from_files(run, tmp_path):
    file = tmp_path / "wards.geojson"
    square = [[[0, 51], [1, 51], [1, 52], [0, 52], [0, 51]]]
    file.write_text(
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"name": "North Ward", "code": "N1"},
                        "geometry": {"type": "Polygon", "coordinates": square},
                    }
                ],
            }
        )
    )
    first = run("import", "areas", str(file), "--kind", "ward")
    assert first.output == "1 areas added, 0 replaced.\n"
    assert run("import", "areas", str(file)).output == "0 areas added, 1 replaced.\n"
    assert Area.objects.filter(code="N1", name="North Ward").count() == 1
    shapes = run("import", "layer", str(file), "--name", "Parks")
    assert shapes.output == "1 shapes are the layer Parks now.\n"
    file.write_text("{}")
    wrong = run("import", "areas", str(file))
    assert wrong.exit_code != 0
    assert "wards.geojson" in wrong.output + str(wrong.exception)
