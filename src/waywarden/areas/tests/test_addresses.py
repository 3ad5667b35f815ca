"""The numbers of properties and streets, from a gazetteer's file (integration.md 2.2)."""

import pytest

from waywarden.areas.address_queries import Numbers, numbers_near
from waywarden.areas.address_services import import_addresses
from waywarden.areas.models import Address
from waywarden.geo.points import Point
from waywarden.kernel.errors import RuleBroken

pytestmark = pytest.mark.django_db
HERE = Point(52.2, -1.5)


@pytest.fixture
def file(tmp_path):
    def write(*lines: str):
        path = tmp_path / "addresses.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def test_the_nearest_property_and_the_nearest_street_are_found_each_by_itself(file):
    counts = import_addresses(
        file(
            "UPRN,USRN,LATITUDE,LONGITUDE",
            "100,,52.20010,-1.5",
            "200,20,52.20020,-1.5",
            "300,30,52.3,-1.5",
            ",,52.2,-1.5",
            "400,40,,",
        )
    )
    assert (counts.read, counts.left_out) == (5, 2)
    near = numbers_near({7: HERE, 8: Point(10.0, 10.0)}, metres=50)
    assert near == {7: Numbers("100", "20")}
    assert numbers_near({7: HERE}, metres=15) == {7: Numbers("100", "")}
    assert numbers_near({7: HERE}, metres=5) == {}


def test_easting_and_northing_of_a_named_grid_are_read(file):
    import_addresses(file("uprn,x_coordinate,y_coordinate", "9,530000,180000"), grid="EPSG:27700")
    one = Address.objects.get()
    assert (one.lat, one.lon) == (
        pytest.approx(51.5037, abs=1e-3),
        pytest.approx(-0.1287, abs=1e-3),
    )


def test_another_file_takes_the_place_of_the_one_before(file):
    import_addresses(file("uprn,lat,lon", "1,52.2,-1.5", "2,52.2,-1.5"))
    import_addresses(file("uprn,lat,lon", "3,52.2,-1.5"))
    assert list(Address.objects.values_list("uprn", flat=True)) == ["3"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["name,lat,lon", "x,1,2"], "no column uprn or usrn"),
        (["uprn,name", "1,x"], "neither latitude and longitude nor easting"),
        (["uprn,easting,northing", "1,2,3"], "name their grid"),
        (["uprn,lat,lon", "1,52.2,-1.5", "2,north,west"], "Line 3: north, west is no place"),
        (["uprn,lat,lon", "1,95,-1.5"], "Line 2"),
        (["uprn,lat,lon", "1,nan,nan"], "Line 2"),
        (["uprn,lat,lon", "123456789012345678901,1,1"], "more than 20 characters"),
        ([""], "no column uprn or usrn"),
    ],
)
def test_a_wrong_file_is_said_and_changes_nothing(file, lines, words):
    import_addresses(file("uprn,lat,lon", "7,52.2,-1.5"))
    with pytest.raises(RuleBroken, match=words):
        import_addresses(file(*lines))
    assert Address.objects.get().uprn == "7"


def test_many_places_are_one_question(file, django_assert_num_queries):
    import_addresses(file("uprn,lat,lon", *[f"{n},{52.2 + n / 100:.4f},-1.5" for n in range(40)]))
    places = {n: Point(52.2 + n / 100, -1.5) for n in range(40)}
    with django_assert_num_queries(1):
        near = numbers_near(places, metres=50)
    assert [near[n].uprn for n in range(40)] == [str(n) for n in range(40)]
