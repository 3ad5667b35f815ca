"""What authors change while it is held; and Oskar, and Nobody, who may not."""

import re

import pytest

from waywarden.reports.models import Update
from waywarden.reports.services import NewReport, create_report
from waywarden.reports.update_services import NewUpdate, create_update
from waywarden.sending.models import Delivery
from waywarden.web.tests.town import LAT, LON, picture

pytestmark = pytest.mark.django_db


def page(response) -> str:
    return response.content.decode()


@pytest.fixture
def report(town):
    new = NewReport(
        title="Lamp dark", detail="", category_name="Street light", lat=LAT, lon=LON,
        email="", name="Rosa",
    )  # fmt: skip
    return create_report(new, user=town.rosa)


@pytest.fixture
def rosa(client, town):
    client.force_login(town.rosa)
    return client


def test_rosa_corrects_words_and_photos_before_they_go_out(rosa, report):
    assert "Correct it" in page(rosa.get(f"/report/{report.pk}"))
    address = f"/report/{report.pk}/correct"
    assert 'value="Lamp dark"' in page(rosa.get(address))
    done = rosa.post(address, {"title": "Lamp 7 dark", "detail": "By the gate", "photo": picture()})
    assert done["Location"] == f"/report/{report.pk}"
    report.refresh_from_db()
    assert (report.title, report.photos.count()) == ("Lamp 7 dark", 1)
    kept = re.search(r'name="photo_keys" value="([^"]+)"', page(rosa.get(address)))[1]
    rosa.post(address, {"title": "Lamp 7 dark", "detail": "By the gate", "photo_keys": kept})
    assert report.photos.count() == 1
    rosa.post(
        address, {"title": "Lamp 7 dark", "detail": "x", "photo_keys": kept, "drop_photo": kept}
    )
    assert report.photos.count() == 0


def test_a_mistake_in_a_correction_is_said_and_changes_nothing(rosa, report):
    shown = rosa.post(f"/report/{report.pk}/correct", {"title": "", "detail": "x"})
    assert shown.status_code == 422
    assert "Please fill this in." in page(shown)
    report.refresh_from_db()
    assert report.title == "Lamp dark"


def test_words_that_look_personal_are_asked_about_here_too(rosa, report):
    words = {"title": "Van AB12 CDE", "detail": "Dark"}
    shown = rosa.post(f"/report/{report.pk}/correct", words)
    assert shown.status_code == 422
    assert "looks like a number plate" in page(shown)
    assert (
        rosa.post(f"/report/{report.pk}/correct", words | {"keeps_words": "on"}).status_code == 302
    )


def test_what_has_gone_out_can_be_neither_corrected_nor_withdrawn(rosa, report):
    Delivery.objects.filter(report=report).update(state="sent")
    shown = page(rosa.get(f"/report/{report.pk}"))
    assert "Correct it" not in shown
    assert "Withdraw" not in shown
    late = rosa.post(f"/report/{report.pk}/correct", {"title": "x", "detail": "y"})
    assert late.status_code == 422
    assert "on its way already" in page(late)
    told = rosa.post(f"/report/{report.pk}/withdraw", follow=True)
    assert "on its way already" in page(told)
    report.refresh_from_db()
    assert report.state == "confirmed"


@pytest.mark.parametrize("who", ["ines", "oskar", ""])
@pytest.mark.parametrize("what", ["correct", "withdraw"])
def test_nobody_else_corrects_or_withdraws(client, town, report, who, what):
    if who:
        client.force_login(getattr(town, who))
    assert client.post(f"/report/{report.pk}/{what}", {"title": "x"}).status_code == 403
    assert "Correct it" not in page(client.get(f"/report/{report.pk}"))
    report.refresh_from_db()
    assert (report.title, report.state) == ("Lamp dark", "confirmed")


@pytest.fixture
def update(report, town) -> Update:
    new = NewUpdate(report_id=report.pk, text="It shines.", email="", name="R", says_fixed=True)
    return create_update(new, user=town.rosa)


def test_an_update_is_worded_anew_or_taken_back(rosa, report, update):
    address = f"/report/{report.pk}/update/{update.pk}"
    assert address in page(rosa.get(f"/report/{report.pk}"))
    assert ">It shines.</textarea>" in page(rosa.get(address))
    assert rosa.post(address, {"text": ""}).status_code == 422
    assert rosa.post(address, {"text": "It shines again."}).status_code == 302
    assert "It shines again." in page(rosa.get(f"/report/{report.pk}"))
    rosa.post(address, {"withdraw": "1"})
    assert "It shines again." not in page(rosa.get(f"/report/{report.pk}"))
    report.refresh_from_db()
    assert report.state == "confirmed"


@pytest.mark.parametrize("who", ["ines", "oskar", ""])
def test_nobody_else_changes_an_update(client, town, report, update, who):
    if who:
        client.force_login(getattr(town, who))
    address = f"/report/{report.pk}/update/{update.pk}"
    assert client.get(address).status_code == 403
    assert client.post(address, {"text": "No."}).status_code == 403
    assert address not in page(client.get(f"/report/{report.pk}"))


def test_an_update_of_another_report_is_not_found(rosa, town, report, update):
    other = town.report()
    assert rosa.get(f"/report/{other.pk}/update/{update.pk}").status_code == 404
