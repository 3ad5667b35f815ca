"""Photos: only real pictures, upright, sized, without their metadata."""

import io

import pytest
from PIL import Image

from waywarden.reports import photos

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


def test_a_bomb_of_pixels_is_refused():
    bomb = file_of(Image.new("1", (20000, 20000)), "PNG")
    with pytest.raises(photos.NotAPhoto):
        photos.take_in(bomb)
