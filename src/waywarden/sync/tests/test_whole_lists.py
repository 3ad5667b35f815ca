"""Lists of problems that are read whole, and those that are cut."""

import pytest

from waywarden.connections.models import Connection
from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater
from waywarden.reports.models import Report
from waywarden.sync import polling, services
from waywarden.sync.models import What
from waywarden.sync.tests.conftest import MINUTE, cursor_of, request

pytestmark = pytest.mark.django_db


def test_fetch_all_asks_without_dates(system, connection, body):
    Connection.objects.filter(pk=connection.pk).update(fetches_all_reports=True)
    run = polling.poll(connection.pk, What.REPORTS)
    assert system.spans == [None]
    assert (run.span_start, run.span_end) == (None, None)


def test_a_whole_list_is_asked_for_with_the_mark_of_the_last_one(system, connection, body):
    """Light on us: what has not changed is not read again, until the night."""
    Connection.objects.filter(pk=connection.pk).update(fetches_all_reports=True)
    held: list[str] = []

    def fetch(_self, span, notes):
        assert span is None
        held.append(notes.mark)
        notes.is_unchanged = notes.mark == "v1"
        rows = [] if notes.is_unchanged else [request("R1")]
        notes.mark = "v1"
        return iter(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "fetch_reports", fetch)
        runs = [polling.poll(connection.pk, What.REPORTS) for _turn in range(2)]
        assert [(run.rows, run.new, run.error) for run in runs] == [(1, 1, ""), (0, 0, "")]
        services.mop_up(clock.now())
        assert polling.poll(connection.pk, What.REPORTS).repeated == 1
    assert held == ["", "v1", ""]
    assert Report.objects.count() == 1


def test_a_list_that_broke_off_is_not_marked_as_read(system, connection, body):
    Connection.objects.filter(pk=connection.pk).update(fetches_all_reports=True)

    def fetch(_self, _span, notes):
        notes.mark = "v1"
        yield request("R1")
        raise TryLater("The server answered 503.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "fetch_reports", fetch)
        assert polling.poll(connection.pk, What.REPORTS).error
    assert cursor_of(connection, What.REPORTS).mark == ""


def test_a_cut_answer_of_problems_is_asked_again_in_halves(system, connection, body):
    rows = [
        request(f"R{number}", requested_datetime=clock.now() - number * MINUTE)
        for number in range(1, 30)
    ]

    def fetch(_self, span, notes):
        fits = [row for row in rows if span.start <= row.requested_datetime < span.end]
        yield from fits[:10]
        notes.is_cut = len(fits) >= 10

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "fetch_reports", fetch)
        run = polling.poll(connection.pk, What.REPORTS)
    assert (run.error, run.new) == ("", 29)
