"""Degrees to national grids and back, against the authorities' own examples."""

import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waywarden.geo.points import Point
from waywarden.geo.projections import (
    BRITISH,
    IRISH,
    from_grid,
    reaches,
    read_grid_reference,
    to_grid,
)
from waywarden.kernel.errors import Misconfigured

# Caister water tower: the example of the Ordnance Survey's guide to coordinate systems, with
# its place on the ellipsoid that satellites use.
TOWER, TOWER_GRID = Point(52.658007833, 1.716073973), (651409.804, 313177.450)


def test_the_british_grid_is_met_within_a_few_metres():
    assert to_grid(TOWER, BRITISH) == pytest.approx(TOWER_GRID, abs=5)
    assert from_grid(*TOWER_GRID, BRITISH).distance_m(TOWER) < 5


@given(st.floats(50.5, 58), st.floats(-5, 1))
def test_there_and_back_is_the_same_place(lat, lon):
    point = Point(lat, lon)
    assert from_grid(*to_grid(point, BRITISH), BRITISH).distance_m(point) < 0.1


def test_another_grid_by_its_name():
    easting, northing = to_grid(Point(60.1699, 24.9384), "EPSG:3067")  # Finland
    assert (easting, northing) == pytest.approx((385_600, 6_672_000), abs=1500)


def test_an_unknown_grid_is_a_mistake_of_the_operator():
    with pytest.raises(Misconfigured):
        to_grid(TOWER, "EPSG:999999")


@pytest.mark.parametrize("text", ["TG 51409 13177", "TG5140913177", "tg 51409 13177"])
def test_a_british_reference_names_a_square(text):
    assert read_grid_reference(text, BRITISH).distance_m(TOWER) < 6


def test_fewer_digits_are_a_larger_square():
    rough = read_grid_reference("TG 51 13", BRITISH)
    assert to_grid(rough, BRITISH) == pytest.approx((651_500, 313_500), abs=1)


def test_an_irish_reference_has_one_letter():
    spire = read_grid_reference("O 159 346", IRISH)  # O'Connell Street, Dublin
    assert spire.distance_m(Point(53.3498, -6.2603)) < 150


@pytest.mark.parametrize(
    ("text", "grid"),
    [("TG 514 1317", BRITISH), ("T 51 13", BRITISH), ("TG 51 13", IRISH), ("TG513", BRITISH),
     ("hello", BRITISH), ("TG 51 13", "EPSG:3067"), ("IT 51 13", BRITISH)],
)  # fmt: skip
def test_what_is_no_reference_of_that_grid_is_none(text, grid):
    assert read_grid_reference(text, grid) is None


def test_threads_do_not_share_a_transformer():
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(to_grid(TOWER, BRITISH))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [to_grid(TOWER, BRITISH)] * 4


def test_a_process_that_moves_no_place_does_not_load_proj():
    asked = "import sys, waywarden.geo.places as _; print('pyproj' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_a_grid_reaches_where_it_is_meant_for_and_a_little_beyond():
    london, helsinki, fiji = Point(51.5, -0.1), Point(60.17, 24.94), Point(-17.7, 178.1)
    assert reaches(london, "EPSG:27700")
    assert not reaches(helsinki, "EPSG:27700")
    assert reaches(fiji, "EPSG:3460")  # over the date line
    assert not reaches(london, "EPSG:3460")
    assert reaches(helsinki, "EPSG:3857")
