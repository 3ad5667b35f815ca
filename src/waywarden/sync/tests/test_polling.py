"""Polls of a connection: the span, the cursor, the run, two at once."""

import threading
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection as database

from waywarden.bodies.models import Body
from waywarden.connections.models import Circuit
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.kernel.errors import Misconfigured, TryLater
from waywarden.open311.types import Deviation, ServiceRequestUpdate
from waywarden.reports.models import Report, ReportBody, Update
from waywarden.sync import polling, queries, run_services
from waywarden.sync.models import PollRun, SetAside, What
from waywarden.sync.tests.conftest import (
    MINUTE,
    MemoryBackend,
    cursor_of,
    make_body,
    poll,
    request,
    set_cursor,
    update,
)

pytestmark = pytest.mark.django_db


def test_a_poll_brings_the_state_and_the_words_credited_to_the_body(system, connection, report):
    row = update()
    system.updates = [row]
    run = poll(connection)
    assert (run.error, run.rows, run.new, run.repeated, run.set_aside) == ("", 1, 1, 0, 0)
    report.refresh_from_db()
    assert report.state == "in progress"
    assert report.state_changed_at == row.updated_datetime
    shown = Update.objects.get(report=report)
    assert (shown.text, shown.state) == ("A crew is on its way.", "in progress")
    assert shown.visibility == Update.Visibility.SHOWN
    assert shown.user == connection.update_user
    assert shown.credited_to == "Borsetshire County Council"
    assert shown.external_id == "u1"
    event = Event.objects.get(kind="update.fetched")
    assert event.subject_id == shown.pk
    assert event.data == {
        "report": report.pk,
        "body": shown.body_id,
        "state": "in progress",
        "is_new_state": True,
        "suppress_reporter": False,
        "photos": 0,
    }


def test_the_span_runs_from_the_cursor_less_the_overlap_and_the_cursor_moves_to_its_end(
    system, connection, body
):
    position = clock.now() - 30 * MINUTE
    set_cursor(connection, position=position)
    run = poll(connection)
    assert run.span_start == position - timedelta(hours=2)
    assert system.spans[0].start == run.span_start
    cursor = cursor_of(connection)
    assert cursor.position == run.span_end
    assert clock.now() - run.span_end < MINUTE
    assert 7 * MINUTE < cursor.next_poll_at - clock.now() < 24 * MINUTE  # at its own time
    assert cursor.claimed_until is None


def test_after_an_outage_the_span_comes_in_days_and_each_is_a_run(system, connection, body):
    set_cursor(connection, position=clock.now() - timedelta(days=3))
    poll(connection)
    runs = list(PollRun.objects.order_by("id"))
    assert len(runs) == 4
    assert all(one.span_end == two.span_start for one, two in pairwise(runs))
    assert cursor_of(connection).position == runs[-1].span_end


def test_a_connection_may_be_asked_for_longer_spans(system, connection, body):
    connection.window_hours = 96
    connection.save()
    set_cursor(connection, position=clock.now() - timedelta(days=3))
    poll(connection)
    assert PollRun.objects.count() == 1


@pytest.mark.parametrize("what", [What.UPDATES, What.REPORTS])
def test_a_fault_of_a_plug_in_is_a_poll_that_failed_and_comes_again_after_a_pause(
    system, connection, body, what
):
    system.updates[:] = system.reports[:] = [KeyError("a bug")]
    run = polling.poll(connection.pk, what)
    assert "see the log" in run.error
    assert PollRun.objects.get().finished_at is not None
    cursor = connection.cursors.get(what=what)
    assert (cursor.failures, cursor.claimed_until) == (1, None)
    assert cursor.next_poll_at > clock.now()


def test_a_poll_that_fails_leaves_the_cursor_and_says_why(system, connection, report):
    position = clock.now() - 30 * MINUTE
    set_cursor(connection, position=position)
    system.updates = [update(), TryLater("The server answered 503.", after=timedelta(hours=3))]
    run = poll(connection)
    assert run.error == "The server answered 503."
    assert run.finished_at is not None
    cursor = cursor_of(connection)
    assert (cursor.position, cursor.failures) == (position, 1)
    assert cursor.next_poll_at > clock.now() + timedelta(hours=2)
    assert cursor.claimed_until is None
    assert Circuit.objects.get(connection=connection).failures == 1
    assert PollRun.objects.get().error == run.error


def test_after_a_failure_the_next_poll_takes_in_what_was_missed_and_forgets_the_failure(
    system, connection, report
):
    system.updates = [TryLater("down")]
    poll(connection)
    system.updates = [update()]
    run = poll(connection)
    assert (run.error, run.new) == ("", 1)
    assert cursor_of(connection).failures == 0
    assert Circuit.objects.get(connection=connection).failures == 0


def test_a_wrong_key_is_written_in_the_run_and_is_no_outage(system, connection, body):
    system.updates = [Misconfigured("The server answered 403.")]
    assert poll(connection).error == "The server answered 403."
    assert not Circuit.objects.exists()


def test_polling_again_adds_nothing(system, connection, report):
    system.updates = [update()]
    poll(connection)
    run = poll(connection)
    assert (run.new, run.repeated) == (0, 1)
    assert Update.objects.count() == 1


def test_since_asks_from_then_on_and_never_moves_the_cursor_back(system, connection, body):
    position = clock.now()
    set_cursor(connection, position=position)
    since = clock.now() - timedelta(hours=20)
    poll(connection, since=since)
    assert system.spans[0].start == since
    assert cursor_of(connection).position >= position


def test_a_dry_run_tells_and_changes_nothing(system, connection, report):
    set_cursor(connection, position=None)
    system.updates = [update(), update("u2", service_request_id="nobody")]
    run = poll(connection, dry_run=True)
    assert (run.rows, run.new, run.set_aside) == (2, 1, 1)
    assert run.pk is None
    report.refresh_from_db()
    assert report.state == "confirmed"
    for model in (Update, SetAside, PollRun, Event):
        assert not model.objects.exists()
    assert cursor_of(connection).position is None


def test_deviations_are_kept_once_a_kind_with_their_number_and_logged(
    system, connection, report, monkeypatch, caplog
):
    caplog.set_level("INFO", "waywarden.sync.run_services")

    def noting(self, span, notes):
        for number in range(500):
            notes.deviations.append(Deviation("date-without-zone", "No zone.", f"row {number}"))
        yield update(status="bananas")

    monkeypatch.setattr(system, "fetch_updates", noting)
    run = poll(connection)
    run.refresh_from_db()
    found = {item["code"]: item for item in run.deviations}
    assert f"date-without-zone {found['date-without-zone']['count']}" in caplog.text
    assert found["date-without-zone"]["count"] == 500
    assert found["date-without-zone"]["where"] == "row 0"
    assert found["unknown-status"]["count"] == 1


def test_while_one_poll_runs_another_asks_nothing(system, connection, body):
    cursor = run_services.claim(connection.pk, What.UPDATES)
    run = poll(connection)
    assert run.error == polling.BUSY
    assert system.spans == []
    run_services.release(cursor)
    assert poll(connection).error == ""


def test_a_poll_that_died_lets_go_after_a_while(connection, body):
    set_cursor(connection, claimed_until=clock.now() - MINUTE)
    assert poll(connection).error == ""


def test_a_connection_that_no_body_uses_says_so(connection):
    assert poll(connection).error == "No body gets its news through this connection."


def test_an_update_that_came_too_early_is_found_by_the_next_poll(system, connection, make_report):
    report = make_report(external_id="")
    system.updates = [update(minutes_ago=1)]
    poll(connection)
    system.updates = []
    report.at_bodies.update(external_id="4711")
    poll(connection)
    assert Update.objects.get().report == report
    assert SetAside.objects.get().settled_as == "applied"


def test_two_bodies_behind_one_connection_each_get_their_own(system, connection, make_report, body):
    other = make_body(name="Borchester District Council", connection=connection)
    ours, theirs = make_report(external_id="4711"), make_report(external_id="99", body=other)
    system.updates = [
        update("u1"),
        update("u2", service_request_id="99"),
        update("u3", service_request_id="?"),
    ]
    run = poll(connection)
    assert (run.new, run.set_aside) == (2, 1)
    assert Update.objects.get(report=ours).body == body
    assert Update.objects.get(report=theirs).body == other
    assert SetAside.objects.get().body is None


def test_two_bodies_behind_one_connection_may_each_number_their_updates(
    system, connection, make_report, body
):
    other = make_body(name="Borchester District Council", connection=connection)
    ours, theirs = make_report(external_id="4711"), make_report(external_id="99", body=other)
    system.updates = [update("1"), update("1", service_request_id="99")]
    assert poll(connection).new == 2
    assert Update.objects.get(report=ours).body == body
    assert Update.objects.get(report=theirs).body == other
    system.updates = [update("2", service_request_id="99")]
    assert poll(connection).new == 1
    system.updates = [update("2"), update("2", service_request_id="99"), update("1")]
    again = poll(connection)
    assert (again.new, again.repeated) == (1, 2)


def test_an_update_of_a_report_that_went_on_to_the_next_body_is_no_new_one(
    system, connection, report, body
):
    other = make_body(name="Borchester District Council", connection=connection)
    system.updates = [update("1")]
    poll(connection)
    ReportBody.objects.create(report=report, body=other, external_id="4711")
    assert poll(connection).new == 0
    assert Update.objects.count() == 1


def test_problems_born_there_are_polled_too(system, connection, body, category):
    system.reports = [request()]
    run = polling.poll(connection.pk, What.REPORTS)
    assert (run.error, run.new) == ("", 1)
    assert Report.objects.get().title == "Pothole problem"
    assert system.spans[0] is not None


def test_a_body_that_is_deleted_is_left_alone(system, connection, body, report):
    Body.objects.filter(pk=body.pk).update(is_deleted=True)
    system.updates = [update()]
    assert poll(connection).new == 0
    assert not Update.objects.exists()


def test_an_idle_poll_leaves_its_run_and_no_exchange(system, connection, body, monkeypatch):
    kept = []
    monkeypatch.setattr(polling, "keep_exchanges", kept.append)
    poll(connection)
    assert (PollRun.objects.count(), kept) == (1, [])
    system.updates = [TryLater("down")]
    poll(connection)
    assert len(kept) == 1


def test_idle_runs_are_kept_for_a_week_and_others_for_ninety_days(connection):
    for days, fields in [(8, {}), (8, {"new": 1}), (8, {"error": "x"}), (6, {}), (91, {"new": 1})]:
        at = clock.now() - timedelta(days=days)
        PollRun.objects.create(connection=connection, what="updates", started_at=at, **fields)
    assert run_services.drop_old_runs() == 2
    assert PollRun.objects.count() == 3


def test_an_idle_poll_asks_the_database_little(
    system, connection, report, django_assert_max_num_queries
):
    poll(connection)
    with django_assert_max_num_queries(18):
        poll(connection)


def test_of_an_older_server_each_open_report_is_asked_about(
    system, connection, make_report, body, monkeypatch
):
    monkeypatch.setattr(MemoryBackend, "tells_by_report", True)
    asked = []

    def fetch_progress(_self, known, _notes):
        asked.append([(one.external_id, one.status) for one in known])
        at = clock.now()
        for one in known:
            yield ServiceRequestUpdate(f"s{one.external_id}", one.external_id, "fixed", at, "Done.")

    monkeypatch.setattr(MemoryBackend, "fetch_progress", fetch_progress)
    monkeypatch.setattr(queries, "BATCH", 2)
    for number in range(3):
        make_report(external_id=f"A{number}")
    make_report(external_id="done", state="closed")
    make_report(external_id="")
    set_cursor(connection, position=clock.now() - timedelta(days=9))
    run = poll(connection)
    assert (run.error, run.new, PollRun.objects.count()) == ("", 3, 1)
    assert asked == [[("A0", ""), ("A1", "")], [("A2", "")]]
    assert set(Report.objects.values_list("state", flat=True)) == {
        "fixed - council",
        "closed",
        "confirmed",
    }
    poll(connection)
    assert len(asked) == 2  # nothing that has a reference is open any more


@pytest.mark.django_db(transaction=True)
def test_two_polls_at_once_take_each_row_in_once(system, connection, report):
    system.updates = [update(f"u{number}", description=f"Step {number}") for number in range(30)]
    gate = threading.Barrier(2)
    runs, errors = [], []

    def work():
        try:
            gate.wait(60)
            runs.append(poll(connection))
        except Exception as error:  # noqa: BLE001 - told by the assertion below
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert sum(run.new for run in runs) == 30
    assert Update.objects.count() == 30
