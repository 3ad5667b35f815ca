"""Photos that a body's system names join what they belong to."""

import base64
import io

import pytest
from PIL import Image

from waywarden.reports.fetched_photo_services import reports_with_photos, updates_with_photos
from waywarden.reports.models import Photo, Report, Update
from waywarden.sync import aside_services, requests
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


def test_photos_join_a_problem_born_there(body, category, connection, server):
    rows = [request("R1", media_urls=(server.url_for("/a.jpg"),))]
    requests.take_in(rows, source=aside_services.source_of(connection))
    report = Report.objects.get()
    assert reports_with_photos([report.pk]) == [report.pk]
    assert fetch_report_photos(report.pk) == 1
    assert report.photos.count() == 1
    assert fetch_report_photos(report.pk) == 0
