"""Correcting and taking back while it is held (integration.md 2.1), through the real handlers."""

import pytest

from waywarden.kernel.errors import NotAllowed, RuleBroken
from waywarden.reports.author_services import Correction, correct_report, withdraw_report
from waywarden.reports.models import Photo, Report, Update
from waywarden.reports.services import NewReport, create_report
from waywarden.reports.update_services import (
    NewUpdate,
    correct_update,
    create_update,
    withdraw_update,
)
from waywarden.sending.models import Delivery
from waywarden.web.tests import town

pytestmark = pytest.mark.django_db
BETTER = Correction(title="Lamp 7 is dark", detail="By the gate.", is_name_public=True)


@pytest.fixture
def place():
    return town.build()


def reported(place, **change) -> Report:
    values = {
        "title": "Lamp dark", "detail": "", "category_name": "Street light", "lat": town.LAT,
        "lon": town.LON, "email": "rosa@example.org", "name": "Rosa",
    }  # fmt: skip
    return create_report(NewReport(**values | change), user=place.rosa)


def test_the_author_corrects_a_report_that_is_held(place):
    kept, dropped, new = (str(town.stored_photo().key) for _ in range(3))
    report = reported(place, photo_keys=(kept, dropped))
    correct_report(
        report.pk,
        Correction(title=" Lamp 7 is dark ", detail="x", is_name_public=True,
                   photo_keys=(new, kept)),
        user=place.rosa,
    )  # fmt: skip
    report.refresh_from_db()
    assert (report.title, report.detail, report.is_name_public) == ("Lamp 7 is dark", "x", True)
    assert [str(photo.key) for photo in report.photos.all()] == [new, kept]
    assert not Photo.objects.filter(key=dropped).exists()  # whoever has its address sees it no more
    assert Photo.objects.filter(report=None, update=None).count() == 1


@pytest.mark.parametrize("state", ["sending", "sent", "pending", "unknown"])
def test_what_has_gone_out_is_not_changed_any_more(place, state):
    report = reported(place)
    Delivery.objects.filter(report=report).update(state=state)
    for change in (
        lambda: correct_report(report.pk, BETTER, user=place.rosa),
        lambda: withdraw_report(report.pk, user=place.rosa),
    ):
        with pytest.raises(RuleBroken, match="on its way"):
            change()
    report.refresh_from_db()
    assert (report.title, report.state) == ("Lamp dark", "confirmed")


@pytest.mark.parametrize("who", ["ines", "oskar"])
def test_nobody_else_corrects_or_withdraws_it(place, who):
    report = reported(place)
    with pytest.raises(NotAllowed):
        correct_report(report.pk, BETTER, user=getattr(place, who))
    with pytest.raises(NotAllowed):
        withdraw_report(report.pk, user=getattr(place, who))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "a@b.example"}, "title"),
        ({"detail": "x" * 4001}, "detail"),
    ],
)
def test_a_correction_is_checked_as_the_report_was(place, change, field):
    report = reported(place)
    values = {"title": "Lamp", "detail": "", "is_name_public": False} | change
    with pytest.raises(RuleBroken) as wrong:
        correct_report(report.pk, Correction(**values), user=place.rosa)
    assert wrong.value.field == field


def test_a_photo_that_the_category_needs_cannot_be_taken_out(place):
    place.lamp.photo_required = True
    place.lamp.save()
    report = reported(place, photo_keys=(str(town.stored_photo().key),))
    with pytest.raises(RuleBroken) as wrong:
        correct_report(report.pk, BETTER, user=place.rosa)
    assert wrong.value.field == "photo"
    assert report.photos.count() == 1


def said(report, user, **change) -> Update:
    values = {"report_id": report.pk, "text": "It shines.", "email": "", "name": "R"}
    return create_update(NewUpdate(**values | change), user=user)


def test_the_author_of_an_update_words_it_anew_or_takes_it_back(place):
    report = reported(place)
    update = said(report, place.oskar, says_fixed=True)
    correct_update(update.pk, "It shines again.", user=place.oskar)
    update.refresh_from_db()
    assert update.text == "It shines again."
    withdraw_update(update.pk, user=place.oskar)
    update.refresh_from_db()
    report.refresh_from_db()
    assert update.visibility == "hidden"
    assert report.state == "confirmed"  # the state that it set goes with it


def test_the_state_goes_back_to_what_was_said_before(place):
    report = reported(place)
    Report.objects.filter(pk=report.pk).update(state="in progress")
    Update.objects.create(
        report=report, body=place.county, text="", state="in progress", visibility="shown",
        created=report.created, confirmed_at=report.created,
    )  # fmt: skip
    update = said(report, place.rosa, says_fixed=True)
    withdraw_update(update.pk, user=place.rosa)
    report.refresh_from_db()
    assert report.state == "in progress"


def test_an_update_that_has_gone_out_stays(place):
    report = reported(place)
    update = said(report, place.rosa)
    row = Delivery.objects.get(report=report)
    Delivery.objects.create(
        report=report, update=update, body=row.body, state="sent", due_at=row.due_at,
        created=row.created,
    )  # fmt: skip
    with pytest.raises(RuleBroken):
        withdraw_update(update.pk, user=place.rosa)
    with pytest.raises(NotAllowed):
        correct_update(update.pk, "x", user=place.ines)
    update.refresh_from_db()
    assert (update.text, update.visibility) == ("It shines.", "shown")
