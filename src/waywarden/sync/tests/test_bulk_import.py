"""What already exists is imported in bulk: whole, once, in pieces that stop and go on anywhere."""

import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
import shapely
from django.db import connection as database

from waywarden.areas.models import Area
from waywarden.areas.queries import forget_shapes
from waywarden.bodies.models import Body, Category
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel.errors import RuleBroken, TryLater
from waywarden.open311.types import ServiceRequestUpdate
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sync import bulk_import, import_run_services
from waywarden.sync.bulk_import import import_open311
from waywarden.sync.models import ImportReject, ImportRun, SetAside, UnmatchedService
from waywarden.sync.rejects import write_rejects
from waywarden.sync.tests.years import AREA, END, START, Years
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db

#: Rows of the years; about one in a thousand is bad and one in twelve is missing.
COUNT = 6000


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    """Serves an application on a free port; gives its address."""
    servers = []

    def start(app):
        server = make_server("127.0.0.1", 0, app, WSGIServer, Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def body(db):
    west, south, east, north = AREA
    area = Area.objects.create(
        name="City", kind="city", code="city", west=west, south=south, east=east, north=north,
        boundary=shapely.to_wkb(shapely.box(west, south, east, north)),
    )  # fmt: skip
    forget_shapes()
    body = Body.objects.create(name="Borsetshire", slug="borsetshire")
    body.areas.add(area)
    for code, name in (("POT", "Potholes"), ("LMP", "Lamps"), ("GRF", "Graffiti")):
        Category.objects.create(body=body, name=name, slug=name.lower(), service_code=code)
    return body


@pytest.fixture
def connect(body, serve):
    """Makes the body's connection to an application."""

    def make(app, **options):
        body.sending_connection = Connection.objects.create(
            name="Works",
            kind="open311",
            options={"endpoint": serve(app), "format": "json", **options},
        )
        body.save()
        return app

    return make


@pytest.mark.parametrize("pages", [False, True], ids=["cut", "in pages"])
def test_years_come_across_whole_and_a_second_run_adds_nothing(body, connect, pages, mailoutbox):
    years = connect(Years(COUNT, pages=pages, most=60), most_rows=60)
    done = import_open311(body, since=START, until=END)
    assert done.totals.new == years.good
    assert done.totals.rejected == years.rejected > 0
    assert Report.objects.count() == ReportBody.objects.count() == years.good
    assert set(Report.objects.values_list("source", flat=True)) == {"import"}
    assert dict(done.totals.matched).keys() == {"Potholes", "Lamps", "Graffiti"}
    assert list(done.totals.unmatched) == [("XXX", "Service 3")]
    assert done.run.finished_at
    assert done.run.position == END
    assert not SetAside.objects.exists()
    assert mailoutbox == []
    first = set(Report.objects.values_list("pk", flat=True))
    again = import_open311(body, since=START, until=END)
    assert (again.totals.new, again.totals.rejected) == (0, years.rejected)
    assert again.totals.repeated >= years.good
    assert set(Report.objects.values_list("pk", flat=True)) == first


def test_a_span_whose_answer_is_cut_is_halved_and_one_with_little_grows(body, connect):
    years = connect(Years(3000, most=40), most_rows=40)
    import_open311(body, since=START, until=END)
    assert Report.objects.count() == years.good
    spans = [parse_qs(query) for query in years.asked]
    starts = [one["start_date"][0] for one in spans]
    halved = [
        (before, after)
        for before, after in pairwise(spans)
        if before["start_date"] == after["start_date"]
    ]
    assert halved
    assert all(before["end_date"] > after["end_date"] for before, after in halved)
    assert starts == sorted(starts)
    assert len(years.asked) < 400, "spans must grow where little happens"


def test_bad_rows_in_answers_that_are_cut_hide_nothing_behind_them(body, connect, monkeypatch):
    monkeypatch.setattr("waywarden.sync.tests.years.BAD_EVERY", 7)
    years = connect(Years(3000, most=40), most_rows=40)
    done = import_open311(body, since=START, until=END)
    assert Report.objects.count() == years.good
    assert done.totals.rejected == years.rejected


def test_one_event_a_batch_and_no_user_for_a_row(body, connect, django_user_model):
    connect(Years(2500))
    import_open311(body, since=START, until=END)
    events = Event.objects.filter(kind="reports.imported")
    assert 1 <= events.count() <= 4
    numbers = [number for event in events for number in event.data["reports"]]
    assert sorted(numbers) == sorted(Report.objects.values_list("pk", flat=True))
    assert not django_user_model.objects.exists()


def test_a_run_that_broke_off_goes_on_where_it_was(body, connect, monkeypatch):
    monkeypatch.setattr(bulk_import, "BATCH_OF_ROWS", 500)
    years = connect(Years(COUNT, fails_at=20))
    with pytest.raises(TryLater):
        import_open311(body, since=START, until=END)
    stopped = ImportRun.objects.get()
    assert stopped.error
    assert stopped.finished_at is None
    taken = Report.objects.count()
    assert 0 < taken < years.good
    asked = len(years.asked)
    done = import_open311(body, since=START, until=END)
    assert ImportRun.objects.get().finished_at
    assert Report.objects.count() == years.good
    assert done.totals.new == years.good, "the run counts what it did before it stopped, too"
    resumed = years.asked[asked]
    assert f"start_date={stopped.position:%Y-%m-%d}" in resumed


def test_a_process_that_dies_between_two_batches_loses_and_doubles_nothing(
    body, connect, monkeypatch
):
    monkeypatch.setattr(bulk_import, "BATCH_OF_ROWS", 400)
    years = connect(Years(COUNT))
    sound, calls = import_run_services.move, []

    class Killed(BaseException):
        pass

    def dies(run, part):
        calls.append(part)
        if len(calls) == 3:
            raise Killed
        sound(run, part)

    monkeypatch.setattr(import_run_services, "move", dies)
    with pytest.raises(Killed):
        import_open311(body, since=START, until=END)
    assert ImportRun.objects.get().error == "", "nothing could be written any more"
    monkeypatch.setattr(import_run_services, "move", sound)
    done = import_open311(body, since=START, until=END)
    assert done.run.pk == ImportRun.objects.get().pk
    assert Report.objects.count() == years.good


def test_afresh_begins_anew(body, connect):
    years = connect(Years(2000, fails_at=5))
    with pytest.raises(TryLater):
        import_open311(body, since=START, until=END)
    import_open311(body, since=START, until=END, afresh=True)
    assert ImportRun.objects.filter(finished_at=None).count() == 0
    assert Report.objects.count() == years.good


@contextmanager
def the_same_import_elsewhere(body):
    """Another session runs the same import, until the event it gives is set."""
    plan = import_run_services.Plan(
        body=body,
        connection=body.sending_connection,
        kind=ImportRun.Kind.OPEN311,
        source="",
        fingerprint=import_run_services.fingerprint_of(
            ImportRun.Kind.OPEN311, body.sending_connection.pk, START, END
        ),
    )
    holds, let_go = threading.Event(), threading.Event()

    def other():
        try:
            with import_run_services.alone(plan):
                import_run_services.begin_or_resume(plan)
                holds.set()
                let_go.wait()
        finally:
            database.close()

    thread = threading.Thread(target=other)
    thread.start()
    try:
        assert holds.wait(60)
        yield let_go
    finally:
        let_go.set()
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_the_same_import_does_not_run_twice_at_once(body, connect, monkeypatch):
    connect(Years(100))
    monkeypatch.setattr(import_run_services, "WAITS_FOR_OTHER", 0.2)
    monkeypatch.setattr(import_run_services, "LOOKS_EVERY", 0.05)
    with (
        the_same_import_elsewhere(body),
        pytest.raises(RuleBroken, match=r"running already\. It has taken in 0 rows so far\."),
    ):
        import_open311(body, since=START, until=END)
    assert not Report.objects.exists()
    import_open311(body, since=START, until=END)
    assert Report.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_import_waits_for_a_session_that_a_killed_one_left_and_says_so(
    body, connect, monkeypatch
):
    connect(Years(100))
    monkeypatch.setattr(import_run_services, "LOOKS_EVERY", 0.05)
    told = []
    with the_same_import_elsewhere(body) as let_go:

        def tell(progress):
            told.append(progress.is_waiting)
            let_go.set()

        done = import_open311(body, since=START, until=END, tell=tell)
    assert told[0] is True
    assert not any(told[1:])
    assert done.totals.new == Report.objects.count() > 0
    assert ImportRun.objects.count() == 1


def test_a_dry_run_tells_the_same_and_writes_nothing(body, connect):
    years = connect(Years(2000))
    done = import_open311(body, since=START, until=END, dry_run=True)
    assert done.run is None
    assert (done.totals.new, done.totals.rejected) == (years.good, years.rejected)
    assert done.totals.unmatched
    for model in (Report, ImportRun, ImportReject, UnmatchedService, Event):
        assert not model.objects.exists()


def test_rows_that_are_rejected_are_written_to_a_file_with_their_reasons(body, connect, tmp_path):
    years = connect(Years(5000))
    done = import_open311(body, since=START, until=END)
    path = tmp_path / "rejects.jsonl"
    assert write_rejects(done.run, path) == years.rejected
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {row["reason"] for row in rows} >= {
        "It has no place.",
        "Its place, 10.000000, 10.000000, is outside the body’s areas.",
        "Its id is too long.",
    }
    assert all(row["row"]["service_request_id"] == row["id"] for row in rows if len(row["id"]) < 20)


def test_one_bad_row_in_a_batch_costs_itself_only(body, connect, monkeypatch):
    sound = import_run_services.store_fetched_reports

    def breaks(rows, **context):
        if any(row.external_id == "Y77" for row in rows):
            raise ValueError(rows)
        return sound(rows, **context)

    monkeypatch.setattr(import_run_services, "store_fetched_reports", breaks)
    years = connect(Years(500))
    done = import_open311(body, since=START, until=END)
    assert done.totals.new == years.good - 1
    assert ImportReject.objects.get().key == "Y77"


def test_a_server_that_ignores_dates_and_cuts_is_told_of_and_not_asked_for_ever(body, connect):
    years = Years(3000)
    years.span = lambda _query: (0, 3000)
    connect(years)
    from waywarden.kernel.errors import BadReply

    with pytest.raises(BadReply, match="does not keep to the dates"):
        import_open311(body, since=END - timedelta(days=9), until=END)
    assert len(years.asked) < 5


def test_a_server_that_ignores_dates_and_lists_all_is_read_once(body, connect):
    years = Years(300)
    years.span = lambda _query: (0, 300)
    connect(years)
    done = import_open311(body, since=END - timedelta(days=9), until=END)
    assert len(years.asked) == 1
    assert done.totals.new == years.good
    assert [deviation.code for deviation in done.deviations][-1] == "dates-ignored"


def test_without_a_day_all_that_the_server_lists_at_once_is_taken_in(body, connect):
    years = connect(Years(900))
    assert import_open311(body).totals.new == years.good
    assert import_open311(body).totals.new == 0


def test_private_and_rules_hold_in_bulk_too(body, connect):
    from waywarden.sync.models import ExclusionRule

    years = connect(Years(400))
    Category.objects.filter(name="Lamps").update(is_private=True)
    ExclusionRule.objects.create(connection=body.sending_connection, by="service", value="GRF")
    done = import_open311(body, since=START, until=END)
    assert done.totals.new + done.totals.left_out == years.good
    assert not Report.objects.filter(category_name="Graffiti").exists()
    private = set(Report.objects.filter(is_private=True).values_list("category_name", flat=True))
    assert private == {"Lamps"}


def test_a_report_of_ours_in_their_list_is_not_imported_again(body, connect):
    years = connect(Years(50))
    ours = Report.objects.create(
        title="Ours", category_name="Potholes", lat=60.1, lon=24.9, cell=0, state="confirmed",
        created=START, changed=START,
    )  # fmt: skip
    ReportBody.objects.create(report=ours, body=body)
    sound = Years.row
    years.row = lambda number: (
        sound(years, number) | ({"extras": {"fixmystreet_id": str(ours.pk)}} if number == 7 else {})
    )
    done = import_open311(body, since=START, until=END)
    assert done.totals.new == years.good - 1
    assert ReportBody.objects.get(report=ours).external_id == "Y7"


def test_an_update_that_waited_for_a_report_of_the_import_is_applied_at_its_end(body, connect):
    connect(Years(100))
    way = body.sending_connection
    import_open311(body, since=START, until=END)
    known = ReportBody.objects.order_by("id").last().external_id
    Report.objects.all().delete()
    ImportRun.objects.all().delete()
    row = ServiceRequestUpdate(
        update_id="u1", service_request_id=known, status="closed", description="Done.",
        updated_datetime=END,
    )  # fmt: skip
    assert take_in_updates(body=body, connection=way, rows=[row]).set_aside == 1
    import_open311(body, since=START, until=END)
    assert Update.objects.get().report.at_bodies.get().external_id == known
