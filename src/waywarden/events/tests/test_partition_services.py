"""Events by month."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection, transaction

from waywarden.events.models import Event
from waywarden.events.partition_services import make_months
from waywarden.events.services import Fact, record
from waywarden.kernel import clock

pytestmark = pytest.mark.django_db
LATER = datetime(2031, 1, 31, 12, tzinfo=UTC)


def tables() -> dict[str, int]:
    """Where events stand, and how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM events_event GROUP BY 1")
        return dict(cursor.fetchall())


def happens(number: int) -> None:
    with transaction.atomic():
        record(Fact("report.confirmed", "report", number))


def test_an_event_stands_in_the_table_of_its_month():
    happens(1)
    assert tables() == {f"events_event_{clock.now():y%Ym%m}": 1}


def test_months_to_come_are_made_once_and_ahead():
    assert make_months() == 0  # the migration made them
    with time_machine.travel(LATER, tick=False):
        assert make_months() == 4
        assert make_months() == 0
        happens(1)
    assert tables() == {"events_event_y2031m01": 1}


def test_an_event_of_a_month_without_a_table_is_kept_and_moves_when_it_is_made():
    with time_machine.travel(LATER, tick=False):
        happens(1)
        assert tables() == {"events_event_rest": 1}
        number = Event.objects.get().pk
        make_months()
    assert tables() == {"events_event_y2031m01": 1}
    assert Event.objects.get().pk == number


def test_numbers_go_on_over_the_months():
    happens(1)
    with time_machine.travel(LATER, tick=False):
        happens(2)
    first, second = Event.objects.order_by("id")
    assert first.pk < second.pk
    assert (first.subject_id, second.subject_id) == (1, 2)


def test_what_is_read_of_one_subject_is_read_by_an_index_of_each_month():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM events_event WHERE subject_kind = 'report' AND subject_id = 7"
            " ORDER BY id"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "subject_kind_subject_id_id_idx" in plan
    assert "Seq Scan" not in plan
