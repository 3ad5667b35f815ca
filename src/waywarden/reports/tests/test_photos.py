"""Photos: only real pictures, upright, sized, without their metadata."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from waywarden.kernel import clock
from waywarden.reports import photos
from waywarden.reports.models import Photo
from waywarden.reports.photo_services import drop_adrift_photos
from waywarden.web.tests import town

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def file_of(image, kind="JPEG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    out.seek(0)
    return out


def test_a_large_photo_is_made_smaller_and_gets_a_thumbnail():
    photo = photos.take_in(file_of(Image.new("RGB", (4000, 3000), "red")))
    assert (photo.width, photo.height) == (2048, 1536)
    with Image.open(photo.thumbnail) as small:
        assert max(small.size) == 480


def test_the_camera_was_turned_and_the_picture_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    photo = photos.take_in(file_of(Image.new("RGB", (400, 200), "red"), exif=exif))
    assert (photo.width, photo.height) == (200, 400)


def test_where_it_was_taken_is_not_kept():
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif.get_ifd(0x8825)[2] = (60.0, 10.0, 0.0)
    photo = photos.take_in(file_of(Image.new("RGB", (40, 20), "red"), exif=exif))
    with Image.open(photo.file) as kept:
        assert not dict(kept.getexif())
    assert b"A camera" not in photo.file.open().read()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "HEIF"])
def test_other_kinds_become_jpeg(kind):
    photo = photos.take_in(file_of(Image.new("RGB", (64, 64), "blue"), kind))
    with Image.open(photo.file) as kept:
        assert kept.format == "JPEG"


@pytest.mark.parametrize(
    "data", [b"", b"<svg onload=alert(1)>", b"GIF89a", b"\xff\xd8\xff\xe0 no jpeg at all"]
)
def test_what_is_no_photo_is_refused_and_nothing_is_kept(data):
    with pytest.raises(photos.NotAPhoto):
        photos.take_in(io.BytesIO(data))
    assert not photos.Photo.objects.exists()


def test_whatever_the_readers_of_a_broken_file_raise_it_is_no_photo():
    whole = file_of(Image.new("RGB", (64, 48), "red"), "AVIF").getvalue()
    item = whole.index(b"iloc")
    broken = whole[: item + 8] + bytes(20) + whole[item + 28 :]
    with pytest.raises(Exception, match="decode") as raised:
        Image.open(io.BytesIO(broken)).load()
    assert not isinstance(raised.value, OSError | ValueError | SyntaxError)
    with pytest.raises(photos.NotAPhoto):
        photos.take_in(io.BytesIO(broken))
    assert photos.place_of(io.BytesIO(broken)) is None


def test_a_bomb_of_pixels_is_refused():
    bomb = file_of(Image.new("1", (20000, 20000)), "PNG")
    with pytest.raises(photos.NotAPhoto):
        photos.take_in(bomb)


def test_photos_of_forms_that_were_never_sent_go_after_a_week_files_and_all(db):
    place = town.build()
    kept, fresh, old = (
        town.stored_photo(report=place.report()),
        town.stored_photo(),
        town.stored_photo(),
    )
    week_ago = clock.now() - timedelta(days=7, minutes=1)
    Photo.objects.filter(pk__in=[kept.pk, old.pk]).update(created=week_ago)
    assert drop_adrift_photos() == 1
    assert set(Photo.objects.all()) == {kept, fresh}
    assert not old.file.storage.exists(old.file.name)
    assert not old.thumbnail.storage.exists(old.thumbnail.name)
    assert kept.file.storage.exists(kept.file.name)
    assert drop_adrift_photos() == 0
