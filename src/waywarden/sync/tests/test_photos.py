"""Photos that a body's system names join what they belong to."""

import base64
import io

import pytest
from PIL import Image

from waywarden.kernel.errors import TryLater
from waywarden.kernel.http import Limits
from waywarden.reports.fetched_photo_services import reports_with_photos, updates_with_photos
from waywarden.reports.models import Photo, Report, Update
from waywarden.sync import aside_services, photos, requests
from waywarden.sync.photos import fetch_report_photos, fetch_update_photos
from waywarden.sync.tests.conftest import request, update
from waywarden.sync.updates import take_in_updates

pytestmark = pytest.mark.django_db


def jpeg():
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def server(httpserver):
    httpserver.expect_request("/a.jpg").respond_with_data(jpeg(), content_type="image/jpeg")
    httpserver.expect_request("/page").respond_with_data("<html>", content_type="text/html")
    httpserver.expect_request("/gone").respond_with_data("gone", status=404)
    return httpserver


def taken_in(body, connection, *urls):
    take_in_updates(body=body, connection=connection, rows=[update(media_urls=urls)])
    return Update.objects.get()


def test_photos_join_the_update_in_order_and_only_once(body, connection, report, server):
    inside = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
    made = taken_in(body, connection, server.url_for("/a.jpg"), inside)
    assert updates_with_photos([made.pk]) == [made.pk]
    assert fetch_update_photos(made.pk) == 2
    assert [(photo.update_id, photo.order) for photo in Photo.objects.all()] == [
        (made.pk, 0),
        (made.pk, 1),
    ]
    assert fetch_update_photos(made.pk) == 0
    assert updates_with_photos([made.pk]) == []


def test_photos_that_fail_never_lose_the_update(body, connection, report, server):
    made = taken_in(
        body,
        connection,
        server.url_for("/page"),
        server.url_for("/gone"),
        "http://169.254.169.254/latest/meta-data",
    )
    assert fetch_update_photos(made.pk) == 0
    made.refresh_from_db()
    assert made.visibility == "shown"
    assert updates_with_photos([made.pk]) == []


def test_a_server_that_is_down_for_now_is_asked_again_before_it_is_left(
    body, connection, report, server
):
    server.expect_oneshot_request("/later.jpg").respond_with_data("busy", status=503)
    made = taken_in(body, connection, server.url_for("/a.jpg"), server.url_for("/later.jpg"))
    with pytest.raises(TryLater):
        fetch_update_photos(made.pk, is_last=False)
    assert not Photo.objects.exists()
    server.expect_request("/later.jpg").respond_with_data(jpeg(), content_type="image/jpeg")
    assert fetch_update_photos(made.pk, is_last=False) == 2


def test_what_is_still_down_at_the_last_try_is_left_out(body, connection, report, server):
    server.expect_request("/never.jpg").respond_with_data("busy", status=503)
    made = taken_in(body, connection, server.url_for("/never.jpg"), server.url_for("/a.jpg"))
    assert fetch_update_photos(made.pk) == 1
    assert updates_with_photos([made.pk]) == []


def test_a_photo_inside_an_address_is_not_kept_twice(body, connection, report, server):
    inside = "data:image/jpeg;base64," + base64.b64encode(jpeg()).decode()
    made = taken_in(body, connection, server.url_for("/a.jpg"), inside)
    fetch_update_photos(made.pk)
    made.refresh_from_db()
    assert made.extras["media_urls"] == [server.url_for("/a.jpg")]


def test_a_photo_is_turned_upright_and_loses_its_metadata(body, connection, report, server):
    picture, out = Image.new("RGB", (40, 30), "red"), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at Rosa's door"
    picture.save(out, "JPEG", exif=exif)
    server.expect_request("/turned.jpg").respond_with_data(out.getvalue())
    made = taken_in(body, connection, server.url_for("/turned.jpg"))
    assert fetch_update_photos(made.pk) == 1
    photo = Photo.objects.get()
    assert (photo.width, photo.height) == (30, 40)
    with Image.open(photo.file) as stored:
        assert not stored.getexif()


def test_a_photo_that_is_too_large_is_left_out(body, connection, report, server, monkeypatch):
    monkeypatch.setattr(photos, "LIMITS", Limits(max_bytes=100))
    made = taken_in(body, connection, server.url_for("/a.jpg"))
    assert fetch_update_photos(made.pk) == 0


def test_photos_join_a_problem_born_there(body, category, connection, server):
    rows = [request("R1", media_urls=(server.url_for("/a.jpg"),))]
    requests.take_in(rows, source=aside_services.source_of(connection))
    report = Report.objects.get()
    assert reports_with_photos([report.pk]) == [report.pk]
    assert fetch_report_photos(report.pk) == 1
    assert report.photos.count() == 1
    assert fetch_report_photos(report.pk) == 0
