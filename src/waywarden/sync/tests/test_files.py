"""Problems in CSV and GeoJSON files: read by a mapping, imported once, rejected with reasons."""

import csv
import json
import tracemalloc

import pytest
import shapely

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body, Category
from waywarden.kernel.errors import Misconfigured, RuleBroken
from waywarden.reports.models import Report, ReportBody
from waywarden.sync.bulk_import import import_file
from waywarden.sync.files import TableFile, _rows_of
from waywarden.sync.import_mapping import read_mapping
from waywarden.sync.models import ImportReject, ImportRun
from waywarden.sync.rejects import write_rejects

pytestmark = pytest.mark.django_db

MAPPING = """
delimiter = ";"
date_format = "%d/%m/%Y %H:%M"
zone = "Europe/London"
projection = "EPSG:27700"

[fields]
id = "Case"
service_code = "Type"
description = ["What", "Where"]
status = "State"
requested = "Raised"
lat = "Northing"
long = "Easting"
private = "Confidential"

[statuses]
"Job done" = "fixed - council"
"Test" = "ignore"

[services]
"Pothole" = "POT"
"""
TABLE = """Case;Type;What;Where;State;Raised;Northing;Easting;Confidential
1;Pothole;A hole;By the school;Job done;01/07/2020 12:00;180000;420000;
2;Pothole;A deep hole;;open;02/01/2020 12:00;180000,5;420000;yes
3;Pothole;;;Test;02/01/2020 12:00;180000;420000;
4;Pothole;;;open;31/02/2020 12:00;180000;420000;
5;Pothole;;;open;02/01/2020 12:00;north;420000;
6;Pothole;;;open;02/01/2020 12:00;;;
7;Pothole;;;open;02/01/2020 12:00;500000;300000;
;Pothole;;;open;02/01/2020 12:00;180000;420000;
8;Pothole;;;open;02/01/2020 12:00;180000;420000;;too;many
2;Pothole;Again;;open;02/01/2020 12:00;180000;420000;
"""


@pytest.fixture
def body(db):
    area = Area.objects.create(
        name="County", kind="county", code="county", west=-2, south=51, east=-1, north=52,
        boundary=shapely.to_wkb(shapely.box(-2, 51, -1, 52)),
    )  # fmt: skip
    forget_shapes()
    body = Body.objects.create(name="Borsetshire", slug="borsetshire")
    body.areas.add(area)
    Category.objects.create(body=body, name="Holes", slug="holes", service_code="POT")
    return body


@pytest.fixture
def write(tmp_path):
    def make(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def table(write):
    return TableFile(write("cases.csv", TABLE), read_mapping(write("mapping.toml", MAPPING)))


def test_a_table_comes_across_by_its_mapping(body, table):
    done = import_file(body, table)
    assert done.totals.new == 2
    assert (done.totals.repeated, done.totals.left_out, done.totals.rejected) == (1, 1, 6)
    first, second = Report.objects.order_by("created")[::-1]
    assert (first.category_name, first.state) == ("Holes", "fixed - council")
    assert first.detail == "A hole\nBy the school"
    assert first.created.isoformat() == "2020-07-01T11:00:00+00:00", "British summer time"
    assert (first.lat, first.lon) == pytest.approx((51.5187, -1.7132), abs=0.001), "SU 200 800"
    assert (second.is_private, second.created.hour) == (True, 12)
    assert set(ReportBody.objects.values_list("external_id", flat=True)) == {"1", "2"}


def test_a_row_that_no_table_can_keep_is_rejected_and_ends_nothing(body, table):
    text = TABLE.replace("north;", "no\x00rth\x1b;").replace("6;Pothole", "6;Pot\x00hole")
    table.path.write_text(text, encoding=table.mapping.file.encoding)
    done = import_file(body, table)
    assert (done.totals.new, done.totals.rejected) == (2, 6)
    assert ImportRun.objects.get().finished_at is not None
    assert ImportReject.objects.filter(raw__Northing="north").count() == 1


def test_a_second_run_adds_nothing(body, table):
    import_file(body, table)
    again = import_file(body, table)
    assert (again.totals.new, again.totals.repeated) == (0, 3)
    assert Report.objects.count() == 2


def test_what_is_rejected_comes_back_as_a_table_that_can_be_mended(body, table, tmp_path):
    done = import_file(body, table)
    path = tmp_path / "rejects.csv"
    assert write_rejects(done.run, path, file=table) == 6
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    reasons = {row["Case"]: row["reason"] for row in rows}
    assert reasons.pop("7").endswith("is outside the body’s areas.")
    assert reasons == {
        "4": "requested: '31/02/2020 12:00' is no date like %d/%m/%Y %H:%M.",
        "5": "lat: 'north' is no number.",
        "6": "It has no place.",
        "": "It has no id.",
        "8": "It has more cells than the first line has names.",
    }
    text = path.read_text(encoding="utf-8-sig").replace("31/02/2020", "28/02/2020")
    path.write_text(text, encoding="utf-8")
    mended = import_file(body, TableFile(path, table.mapping))
    assert mended.totals.new == 2, "the mended one, and the one whose extra cells are gone"


def test_a_file_that_was_stopped_goes_on_behind_what_was_written(body, table, monkeypatch):
    from waywarden.sync import bulk_import, files

    monkeypatch.setattr(files, "PART_OF_ROWS", 1)
    monkeypatch.setattr(bulk_import, "BATCH_OF_ROWS", 1)
    sound, calls = bulk_import.runs.take_in_batch, []

    def dies(rows, **context):
        calls.append(rows)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return sound(rows, **context)

    monkeypatch.setattr(bulk_import.runs, "take_in_batch", dies)
    with pytest.raises(KeyboardInterrupt):
        import_file(body, table)
    assert ImportRun.objects.get().row_position == 2
    monkeypatch.setattr(bulk_import.runs, "take_in_batch", sound)
    done = import_file(body, table)
    assert (done.totals.rows, done.totals.new) == (10, 2)
    assert ImportRun.objects.count() == 1


GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature", "id": 11,
            "properties": {"kind": "POT", "since": "2020-01-01T00:00:00Z"},
            "geometry": {"type": "Point", "coordinates": [-1.5, 51.5]},
        },
        {
            "type": "Feature", "id": "b", "properties": {"kind": "POT", "since": None},
            "geometry": {"type": "LineString", "coordinates": [[-1.5, 51.5], [-1.4, 51.5]]},
        },
        {"type": "Feature", "id": "c", "properties": {"kind": "POT"}, "geometry": None},
        "no feature",
        None,
        {
            "type": "Feature", "id": "d", "properties": {"kind": {"a": [1, {}]}},
            "geometry": {"type": "Polygon", "coordinates": [[[-1.5, 51.5], [-1.4, 51.5],
                                                             [-1.4, 51.6], [-1.5, 51.5]]]},
        },
    ],
    "type_again": "last",
}  # fmt: skip


def test_features_come_across_and_of_a_line_a_point_on_it(body, write):
    mapping = read_mapping(
        write("m.toml", '[fields]\nid="id"\nservice_code="kind"\nrequested="since"\n')
    )
    file = TableFile(write("a.geojson", json.dumps(GEOJSON)), mapping, is_geojson=True)
    done = import_file(body, file)
    assert (done.totals.new, done.totals.rejected) == (3, 3)
    line = Report.objects.get(at_bodies__external_id="b")
    assert line.lat == 51.5
    assert -1.5 <= line.lon <= -1.4
    assert set(done.run.rejects.values_list("reason", flat=True)) == {
        "It has no place.",
        "It is no feature.",
    }
    assert import_file(body, file).totals.new == 0


def test_a_geojson_file_is_never_held_whole(write, tmp_path):
    """Two hundred features of 100 kB come one at a time: what is held stays far below 20 MB."""
    feature = {"type": "Feature", "id": 1, "properties": {"note": "x" * 100_000}, "geometry": None}
    path = tmp_path / "long.geojson"
    with path.open("w") as file:
        file.write('{"features": [' + ",".join([json.dumps(feature)] * 200) + "]}")
    mapping = read_mapping(write("m.toml", '[fields]\nid="id"\n'))
    rows = _rows_of(TableFile(path, mapping, is_geojson=True))
    next(rows)
    tracemalloc.start()
    count = 1 + sum(1 for _row in rows)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 200
    assert most < 4_000_000


def test_a_geojson_file_that_breaks_off_is_said_and_its_run_stays_open(body, write):
    whole = json.dumps(GEOJSON)
    file = TableFile(
        write("broken.geojson", whole[: whole.index('"no feature"')]),
        read_mapping(write("m.toml", '[fields]\nid="id"\nservice_code="kind"\n')),
        is_geojson=True,
    )
    with pytest.raises(RuleBroken, match=r"broken\.geojson"):
        import_file(body, file)
    run = ImportRun.objects.get()
    assert "broken.geojson" in run.error
    assert run.finished_at is None


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("[fields]\n", "missing required field `id`"),
        ('[fields]\nid = "Case"\nplace = "x"\n', "unknown field `place`"),
        ('zone = "Mars/North"\n[fields]\nid = "Case"\n', "'Mars/North' is not the name"),
        ('[fields]\nid = "Case"\n[statuses]\nDone = "mended"\n', "'Done' to 'mended'"),
        ("not toml", "cannot be read"),
        ('[fields]\nid = "Number"\n', "cases.csv has no column 'Number'."),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_and_nothing_is_written(body, write, mapping, words):
    table, mapping = write("cases.csv", TABLE), write("m.toml", mapping)

    def import_it():
        import_file(body, TableFile(table, read_mapping(mapping)), dry_run=True)

    with pytest.raises(RuleBroken, match=words):
        import_it()
    assert not Report.objects.exists()


def test_an_unknown_projection_is_said(write):
    with pytest.raises(Misconfigured, match="EPSG:1"):
        read_mapping(write("m.toml", 'projection = "EPSG:1"\n[fields]\nid = "a"\n'))


@pytest.mark.parametrize(
    ("name", "content", "is_geojson"),
    [
        ("a.csv", b"\xff\xfeC\x00a", False),
        ("a.geojson", b"{", True),
        ("a.geojson", b"[]", True),
        ("a.geojson", b'{"type": "Feature", "properties": {}}', True),
        ("a.geojson", b'{"features": [{"id": 1}, ]}', True),
    ],
)
def test_a_file_that_is_none_is_refused(body, write, tmp_path, name, content, is_geojson):
    path = tmp_path / name
    path.write_bytes(content)
    mapping = read_mapping(write("m.toml", '[fields]\nid = "Case"\n'))
    with pytest.raises(RuleBroken, match=name):
        import_file(body, TableFile(path, mapping, is_geojson=is_geojson))
