"""A day is no moment: what a system dates by the day is told all the same."""

from datetime import UTC, date, datetime, timedelta

import pytest

from waywarden.adapters.fields import Reading, is_day_only, request_of, update_of
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import MemorySystem, provider_of
from waywarden.kernel import clock
from waywarden.open311 import types
from waywarden.open311.provider import Call

CALL = Call("east", "key")


@pytest.mark.parametrize(
    ("value", "time_format", "expected"),
    [
        ("2026-11-26", "", True),
        ("20261126", "", True),
        ("2026-11-26T00:00:00Z", "", False),
        ("2026-11-26 10:30", "", False),
        ("26.11.2026", "%d.%m.%Y", True),
        ("26.11.2026 10:30", "%d.%m.%Y %H:%M", False),
        ("11/26/26 10:30:00 AM", "%D %I:%M:%S %p", False),
        (date(2026, 11, 26), "", True),
        (datetime(2026, 11, 26, tzinfo=UTC), "", False),
        (1764150000, "", False),
        (None, "", False),
        ("", "", False),
    ],
)
def test_what_names_a_day_only(value, time_format, expected):
    assert is_day_only(value, Reading(time_format=time_format)) is expected


def test_an_update_of_a_day_has_no_time_and_keeps_its_day():
    found = update_of({"id": "1", "report": "7", "at": "2026-11-26"}, Reading())
    assert found.updated_datetime is None
    assert found.extras == {"system_datetime": "2026-11-26T00:00:00+00:00"}


def test_what_has_no_time_is_told_by_the_time_it_was_first_seen_and_then_always(tmp_path):
    system = MemorySystem()
    provider = provider_of(system, Store(tmp_path / "store"))
    system.changes = [types.ServiceRequestUpdate("u1", "R1", "fixed", None)]
    now = clock.now()
    query = types.UpdateQuery(now - timedelta(minutes=1), now + timedelta(minutes=1))
    (first,) = provider.updates(CALL, query)
    assert first.updated_datetime is not None
    assert list(provider.updates(CALL, query)) == [first]
    system.changes = []
    at = first.updated_datetime
    assert list(provider.updates(CALL, types.UpdateQuery(at, at))) == [first]


def test_a_report_of_a_day_is_in_every_span_that_begins_on_that_day(tmp_path):
    system = MemorySystem()
    provider = provider_of(system, Store(tmp_path / "store"))
    row = request_of({"id": "R1", "created": "2026-11-20"}, Reading())
    system.rows = [row]
    begins = datetime(2026, 11, 20, 15, tzinfo=UTC)
    for days, expected in ((0, 1), (2, 0)):
        start = begins + timedelta(days=days)
        query = types.RequestQuery(start_date=start, end_date=start + timedelta(hours=1))
        assert len(list(provider.requests(CALL, query))) == expected
