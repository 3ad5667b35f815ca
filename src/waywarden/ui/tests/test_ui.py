"""Pieces of pages: times as people say them, pins by shape, states in words."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from waywarden.geo.points import Point
from waywarden.reports.models import Photo, Report
from waywarden.reports.states import PinClass, State
from waywarden.ui.maps import still_map
from waywarden.ui.templatetags import ui

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOON - timedelta(hours=1), "today at 11:00"),
        (NOON - timedelta(hours=13), "yesterday at 23:00"),
        (NOON - timedelta(days=3), "22 Nov 2026"),
    ],
)
def test_times_are_said_as_people_say_them(moment, said):
    with time_machine.travel(NOON, tick=False):
        assert f">{said}</time>" in ui.when(moment)


def test_no_time_is_nothing():
    assert ui.when(None) == ""


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "at once"), (130, "2\xa0minutes later"), (7300, "2\xa0hours later")]
)
def test_how_long_it_took(seconds, said):
    assert ui.span_between(NOON, NOON + timedelta(seconds=seconds)) == said


def test_each_class_of_pin_has_a_shape_of_its_own():
    assert len({ui.pin(kind).split('d="')[1] for kind in PinClass}) == 4


def test_every_state_has_a_class_for_its_pin():
    assert {ui.pin_class(state) for state in State} == {kind.value for kind in PinClass}


def test_settings_for_a_map_survive_quotes_and_accents():
    assert ui.as_json({"title": 'Ä "quoted"'}) == '{"title":"Ä \\"quoted\\""}'


def test_a_pins_title_on_the_map_of_pictures_cannot_break_out_of_its_attribute():
    here = Point(60.17, 24.94)
    still = still_map(here, 16, pins=[(7, '"><script>', PinClass.OPEN, here)])
    drawn = ui.still_pins(still, linked=True)
    assert "<script>" not in drawn
    assert 'href="/report/7"' in drawn
    assert 'name="tile_' in ui.still_clicks(still)
    assert "dark.png" in ui.still_tiles(still)


def test_a_map_of_pictures_that_is_not_there_draws_nothing():
    assert ui.still_pins("", linked="") == ui.still_tiles("") == ui.still_clicks("") == ""


def test_rows_that_are_equal_are_drawn_once_and_a_change_shows(db, monkeypatch):
    report = Report(pk=5, title="Lamp <b>", state=State.CONFIRMED, confirmed_at=NOON)
    monkeypatch.setattr(
        report, "_prefetched_objects_cache", {"photos": Photo.objects.none()}, False
    )
    with time_machine.travel(NOON, tick=False):
        first = ui.report_row(report)
        assert ui.report_row(report) is first
        assert "Lamp &lt;b&gt;" in first
        report.title = "Bulb"
        assert "Bulb" in ui.report_row(report)
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert "yesterday" in ui.report_row(report)
