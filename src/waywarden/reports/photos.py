"""Takes photos in: only real pictures, turned upright, sized, without their metadata."""

import io
import uuid
from typing import Any, BinaryIO

import pillow_heif
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps

from waywarden.geo.points import Point
from waywarden.kernel import clock
from waywarden.kernel.errors import RuleBroken
from waywarden.reports.models import Photo

pillow_heif.register_heif_opener()

#: Bytes of an upload, pixels of a picture, and the longest sides that are kept.
MAX_BYTES = 20_000_000
MAX_PIXELS = 80_000_000
LONGEST_SIDE = 2048
THUMBNAIL_SIDE = 480
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF")


class NotAPhoto(RuleBroken):
    """A file is no photo that can be read."""


def take_in(file: BinaryIO) -> Photo:
    """A stored photo that belongs to nothing yet. Raises NotAPhoto."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise NotAPhoto(_("This photo is too large; 20 MB fit."), field="photo")
    picture = _open(data)
    key = uuid.uuid4()
    photo = Photo(key=key, width=picture.width, height=picture.height, created=clock.now())
    photo.file.save(f"{key}.jpg", ContentFile(_jpeg(picture)), save=False)
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    photo.thumbnail.save(f"{key}.small.jpg", ContentFile(_jpeg(small)), save=False)
    photo.save()
    return photo


def place_of(file: BinaryIO) -> Point | None:
    """The place that a camera wrote into a photo, None without one; the file is rewound."""
    data = file.read(MAX_BYTES + 1)
    file.seek(0)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            gps = opened.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        lat = _degrees(gps[ExifTags.GPS.GPSLatitude], gps[ExifTags.GPS.GPSLatitudeRef] == "S")
        lon = _degrees(gps[ExifTags.GPS.GPSLongitude], gps[ExifTags.GPS.GPSLongitudeRef] == "W")
        return Point(lat, lon).rounded() if lat or lon else None
    except Exception:  # noqa: BLE001 - no photo, or no place in it; see `_open`
        return None


def _degrees(parts: Any, is_negative: bool) -> float:
    """Degrees, minutes, seconds as EXIF holds them."""
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return -value if is_negative else value


def _open(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise NotAPhoto(_("This photo has too many pixels."), field="photo")
            picture = ImageOps.exif_transpose(opened)
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return picture.convert("RGB")
    except NotAPhoto:
        raise
    except Exception as error:
        # The readers of the formats raise what they like for a broken file (`struct.error`,
        # `RuntimeError`, `EOFError`, `TypeError`, …): whatever it is, this is no photo.
        raise NotAPhoto(_("This file is not a photo we can read."), field="photo") from error


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()
