"""Places in the metres of a national grid, and what is told where that cannot be."""

import sys

import pytest

from waywarden.adapters import projecting
from waywarden.adapters.deployment import BadDeployment, load
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.tests.stand import text_of, write
from waywarden.kernel.errors import RuleBroken

BRITISH = "EPSG:27700"


def test_a_place_goes_there_and_back():
    east, north = projecting.to_grid(51.5007, -0.1246, BRITISH)
    assert (round(east, -1), round(north, -1)) == (530270, 179640)
    lat, long = projecting.from_grid(east, north, BRITISH)
    assert (round(lat, 4), round(long, 4)) == (51.5007, -0.1246)


def test_what_lies_far_outside_is_no_place():
    with pytest.raises(RuleBroken, match="outside of this body's grid"):
        projecting.to_grid(60.17, 24.94, BRITISH)
    with pytest.raises(RuleBroken, match="lie outside of EPSG:2154"):
        projecting.from_grid(530270, 179640, "EPSG:2154")


def metres(text):
    text = text.replace('lat = "lat"\nlong = "lon"\n', "")
    for name in ("easting", "northing", "projection"):
        text = text.replace(f"# {name}", name)
    return text


def faults_of(tmp_path, text):
    with pytest.raises(BadDeployment) as caught:
        load(write(tmp_path, text) / "east.toml", KINDS, environ={})
    return {fault.key: fault.message for fault in caught.value.faults}


def test_a_projection_that_nobody_knows_is_a_fault_of_the_file(tmp_path):
    text = metres(text_of("sql")).replace("EPSG:27700", "EPSG:99999")
    said = "no projection is called 'EPSG:99999'; write it as EPSG:27700"
    assert faults_of(tmp_path, text) == {"system.reports.projection": said}


def test_without_its_library_the_file_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyproj", None)
    said = faults_of(tmp_path, metres(text_of("sql")))["system.reports.projection"]
    assert said.endswith("pip install 'waywarden[projections]'")
