"""Photos of a report, without scripts: kept on an error, the place in one that is sent first."""

import io
import re

import pytest
from PIL import ExifTags, Image

from waywarden.reports.models import Photo, Report
from waywarden.web.tests.town import LAMP, PLACE, page, picture

pytestmark = pytest.mark.django_db


def test_errors_keep_everything_photos_too(client, town):
    fields = LAMP | {"title": "", "email": "not-an-address", "photo": picture()}
    shown = client.post("/report/new", fields)
    text = page(shown)
    assert shown.status_code == 422
    assert "<title>Error:" in re.sub(r"<title>\s*", "<title>", text)
    assert 'href="#id_title"' in text
    assert 'id="id_title_error"' in text
    assert 'aria-describedby="id_title_helptext id_title_error"' in text
    assert "not an e-mail address" in text
    assert ">Since Tuesday</textarea>" in text.replace("\n", "")
    key = re.search(r'name="photo_keys" value="([^"]+)"', text)[1]

    kept = LAMP | {"photo_keys": key}
    assert client.post("/report/new", kept).status_code == 302
    assert str(Report.objects.get().photos.get().key) == key


def test_a_photo_can_be_left_out_again(client, town):
    text = page(client.post("/report/new", LAMP | {"title": "", "photo": picture()}))
    key = re.search(r'name="photo_keys" value="([^"]+)"', text)[1]
    client.post("/report/new", LAMP | {"photo_keys": key, "drop_photo": key})
    assert not Report.objects.get().photos.exists()


def test_three_photos_fit(client, town):
    shown = client.post("/report/new", LAMP | {"photo": [picture() for _ in range(4)]})
    assert shown.status_code == 422
    assert page(shown).count('name="photo_keys"') == 3


def test_what_is_no_photo_is_named(client, town):
    file = picture()
    file.seek(0)
    file.truncate()
    file.write(b"MZ this is a program")
    file.seek(0)
    shown = client.post("/report/new", LAMP | {"photo": file})
    assert shown.status_code == 422
    assert "not a photo we can read" in page(shown)
    assert not Photo.objects.exists()


def test_another_reports_photo_cannot_be_taken(client, town):
    client.post("/report/new", LAMP | {"photo": picture()})
    first = Report.objects.get()
    key = str(first.photos.get().key)
    client.post("/report/new", LAMP | {"photo_keys": key})
    assert first.photos.count() == 1
    assert not Report.objects.latest("id").photos.exists()


def photo_at(lat, lon):
    """A photo whose camera wrote down where it was taken."""
    file = io.BytesIO()
    image = Image.new("RGB", (64, 48), "#777777")
    exif = image.getexif()
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for value, key, sides in ((lat, 1, "NS"), (lon, 3, "EW")):
        degrees, rest = divmod(abs(value), 1)
        minutes, rest = divmod(rest * 60, 1)
        gps[key] = sides[value < 0]
        gps[key + 1] = (degrees, minutes, rest * 60)
    image.save(file, "JPEG", exif=exif)
    file.seek(0)
    file.name = "street.jpg"
    return file


def test_a_photo_first_begins_the_report_where_it_was_taken(client, town):
    done = client.post("/report/photo", {"photo": photo_at(60.169, 24.94)})
    found = re.fullmatch(r"/report/new\?latitude=([\d.]+)&longitude=([\d.]+)", done["Location"])
    assert float(found[1]) == pytest.approx(60.169, abs=1e-5)
    assert float(found[2]) == pytest.approx(24.94, abs=1e-5)
    key = re.search(r'name="photo_keys" value="([^"]+)"', page(client.get(done["Location"])))[1]
    client.post("/report/new", LAMP | {"photo_keys": key})
    (photo,) = Report.objects.get().photos.all()
    with Image.open(photo.file) as kept:
        assert not kept.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert 'name="photo_keys"' not in page(client.get("/report/new", PLACE))  # it is used


def test_a_photo_without_a_place_leads_to_the_map_and_is_kept(client, town):
    done = client.post("/report/photo", {"photo": picture()})
    assert done["Location"] == "/around"
    assert 'name="photo_keys"' in page(client.get("/report/new", PLACE))


@pytest.mark.parametrize("fields", [{}, {"photo": io.BytesIO(b"MZ this is a program")}])
def test_no_photo_is_no_beginning(client, town, fields):
    assert client.post("/report/photo", fields).status_code == 422
