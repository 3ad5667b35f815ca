"""What a system hands out once is kept, and can be asked for over any span."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.adapters.contract import BadRow
from waywarden.adapters.kept import Kept
from waywarden.adapters.store import Store
from waywarden.open311.types import ServiceRequest, ServiceRequestUpdate

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def kept(tmp_path):
    return Kept(Store(tmp_path / "store"), "east")


def update(number, minutes=0):
    at = START + timedelta(minutes=minutes)
    return ServiceRequestUpdate(f"{number:06}", "R1", "open", at, extras={"a": "b"})


def test_updates_come_back_over_any_span_in_order_and_once(kept):
    rows = [update(number, number) for number in range(2500)]
    assert kept.opened(None, updates=reversed(rows)) == 2500
    assert kept.opened(None, updates=rows) == 0
    assert list(kept.updates(START, START + timedelta(days=9))) == rows
    span = list(kept.updates(START + timedelta(minutes=10), START + timedelta(minutes=12)))
    assert span == rows[10:13]


def test_a_request_is_replaced_by_its_newer_self(kept):
    for status in ("open", "fixed"):
        kept.opened(None, requests=[ServiceRequest("R1", status, requested_datetime=START)])
    (found,) = kept.requests(None, None)
    assert found.status == "fixed"
    assert list(kept.requests_by_id(["R1", "R2"])) == [found]


def test_a_letter_is_kept_until_its_rows_are(kept):
    kept.take_in(b"[1]", source="events")
    ((number, body, _at),) = kept.letters("events")
    assert body == b"[1]"
    kept.opened(number, updates=[update(1)], bad=[BadRow("k", "why")], marks=[("m", "9")])
    assert kept.letters("events") == []
    assert kept.mark("m") == "9"
    assert [one.key for one in kept.all_set_aside()] == ["k"]


def test_nobody_sees_what_is_kept_for_another(kept, tmp_path):
    kept.opened(None, updates=[update(1)])
    west = Kept(Store(tmp_path / "store"), "west")
    assert list(west.updates(START, START + timedelta(days=1))) == []


def test_the_store_is_for_its_owner_only(tmp_path):
    assert Store(tmp_path / "store").path.stat().st_mode & 0o077 == 0
