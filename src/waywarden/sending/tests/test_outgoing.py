"""Rows made into plain values, and the mails that carry them."""

import io
import json
from email import message_from_bytes
from email.policy import default as modern

import pytest
from django.core import mail
from PIL import Image

from waywarden.areas.address_services import import_addresses
from waywarden.backends.contract import Person
from waywarden.bodies.models import Question
from waywarden.reports.models import Photo, ReportBody
from waywarden.reports.photos import take_in
from waywarden.sending.drain import drain
from waywarden.sending.lanes import Lane
from waywarden.sending.models import Delivery
from waywarden.sending.outgoing import items_of

pytestmark = pytest.mark.django_db


def photo_of(report) -> Photo:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(data, "JPEG")
    data.seek(0)
    photo = take_in(data)
    photo.report = report
    photo.save()
    return photo


def item_of(town, report, *, with_mail=False):
    delivery = town.delivery(report)
    return items_of([delivery], with_mail=with_mail)[delivery.pk]


def test_a_report_carries_all_that_a_body_needs(town):
    Question.objects.create(category=town.potholes, code="easting", automated="server_set")
    Question.objects.create(category=town.potholes, code="depth", description="How deep?")
    report = town.report(nearest_address="12 High Street", group="Roads", phone="01632 960001")
    ReportBody.objects.update(answers={"depth": ["ankle"]})
    photo = photo_of(report)

    item = item_of(town, report)

    assert item.key == str(town.delivery(report).key)
    assert item.report_url == f"http://testserver/report/{report.pk}"
    assert (item.title, item.description) == ("Deep pothole", "By the bus stop.")
    assert (item.category, item.group, item.service_code) == ("Potholes", "Roads", "POT")
    assert (item.lat, item.lon, item.nearest_address) == (52.2, -1.5, "12 High Street")
    assert (item.person.name, item.person.email) == ("Rosa Reporter", "rosa@example.org")
    assert item.person.phone == "01632 960001"
    assert item.answers == {"depth": ("ankle",)}
    assert item.server_set == ("easting",)
    assert [one.url for one in item.photos] == [f"http://testserver/photo/{photo.key}.jpg"]
    assert item.photos[0].read().startswith(b"\xff\xd8")
    assert item.mail is None


def test_photos_of_a_private_report_have_no_address(town):
    report = town.report(is_private=True)
    photo = photo_of(report)

    item = item_of(town, report)

    assert [one.url for one in item.photos] == [""]
    assert str(photo.key) not in repr([one.url for one in item.photos])
    assert item.photos[0].read().startswith(b"\xff\xd8")


def test_an_update_carries_the_bodys_number(town):
    report = town.report()
    ReportBody.objects.update(external_id="4711")
    update = town.update(report, state="fixed - user")
    delivery = town.delivery(report, update)

    item = items_of([delivery], with_mail=False)[delivery.pk]

    assert (item.external_id, item.update_id) == ("4711", update.pk)
    assert (item.text, item.state, item.reopens) == ("It grows.", "fixed - user", False)


def test_only_a_real_reopening_goes_out_as_one(town):
    report = town.report()
    opens = town.update(report, state="confirmed", extras={"reopens": True})
    says_open = town.update(report, state="confirmed")
    items = items_of(
        [town.delivery(report, opens), town.delivery(report, says_open)], with_mail=False
    )

    assert [item.reopens for item in items.values()] == [True, False]


def test_what_staff_wrote_goes_out_in_the_bodys_name_and_at_once(town):
    report = town.report()
    update = town.update(
        report,
        body=town.council,
        name="Ines",
        email="ines@x.example",
        extras={"written_here": True},
    )
    delivery = town.delivery(report, update)

    item = items_of([delivery], with_mail=False)[delivery.pk]

    assert item.person == Person(name=town.council.name, is_body=True)
    assert delivery.due_at == delivery.created


def test_the_mail_says_everything_in_words(town):
    Question.objects.create(
        category=town.lights,
        code="colour",
        description="Which colour is the light?",
        values=[{"key": "y", "name": "Yellow & warm"}],
    )
    report = town.report(
        town.lights, title="Lamp <out>", nearest_address="12 High Street", is_placed=False
    )
    ReportBody.objects.update(answers={"colour": ["y"]})
    photo = photo_of(report)

    letter = item_of(town, report, with_mail=True).mail

    assert letter.subject == f"Lamp <out> – Street lighting (report {report.pk})"
    assert letter.reply_to == "rosa@example.org"
    assert letter.sender == "Waywarden <reports@localhost>"
    assert letter.message_id == f"<{town.delivery(report).key}@localhost>"
    for words in (
        "Lamp <out>",
        "Which colour is the light?: Yellow & warm",
        "Near 12 High Street",
        "52.200000, -1.500000",
        f"http://testserver/report/{report.pk}",
        "http://testserver/around?lat=52.200000&lon=-1.500000&zoom=17",
        f"http://testserver/photo/{photo.key}.jpg",
        "could not place the problem on the map",
        "Rosa Reporter",
    ):
        assert words in letter.text
    assert "Lamp &lt;out&gt;" in letter.html
    assert "<out>" not in letter.html


def test_a_mail_about_a_placed_pin_does_not_say_that_it_was_not(town):
    assert (
        "could not place" not in item_of(town, town.report(town.lights), with_mail=True).mail.text
    )


def test_the_mail_that_goes_has_a_part_for_machines(town):
    report = town.report(town.lights)

    drain(Lane(None, report.pk % 2))

    (sent,) = mail.outbox
    whole = message_from_bytes(sent.message().as_bytes(), policy=modern)
    assert whole["Reply-To"] == "rosa@example.org"
    assert whole["Message-ID"] == f"<{town.delivery(report).key}@localhost>"
    (part,) = [part for part in whole.walk() if part.get_content_type() == "application/json"]
    said = json.loads(part.get_payload(decode=True))
    assert (said["report_id"], said["category"]) == (report.pk, "Street lighting")
    assert (said["lat"], said["long"]) == (52.2, -1.5)
    kinds = {part.get_content_type() for part in whole.walk()}
    assert {"text/plain", "text/html"} <= kinds


def test_a_private_reports_photos_are_attached_and_never_linked(town):
    report = town.report(town.lights, is_private=True)
    photo = photo_of(report)

    drain(Lane(None, report.pk % 2))

    (sent,) = mail.outbox
    whole = sent.message().as_bytes()
    assert str(photo.key).encode() not in whole
    assert [name for name, _data, kind in sent.attachments if kind == "image/jpeg"] == [
        f"{report.pk}.0.full.jpg"
    ]


def test_an_update_tells_the_state_it_was_written_in_not_one_that_came_since(town):
    report = town.report()
    early = town.update(report, state="", text="It grows.")
    town.update(report, state="fixed - user", text="It is mended.")
    report.state = "fixed - user"
    report.save()
    late = town.update(report, state="", text="Well done.")
    rows = Delivery.objects.exclude(update=None).select_related("report", "update", "category")
    told = items_of(list(rows), with_mail=False)
    by_update = {item.update_id: item.state for item in told.values()}
    assert (by_update[early.pk], by_update[late.pk]) == ("confirmed", "fixed - user")


def test_the_numbers_of_property_and_street_are_looked_up_where_the_body_asks_for_them(
    town, fake, tmp_path
):
    path = tmp_path / "addresses.csv"
    path.write_text("uprn,usrn,lat,lon\n1000,22,52.2001,-1.5\n")
    import_addresses(path)
    for code in ("uprn", "usrn"):
        Question.objects.create(category=town.potholes, code=code, automated="server_set")
    placed, unplaced, other = town.report(), town.report(is_placed=False), town.report(town.trees)
    drain(Lane(town.connection.pk, 0))

    sent = {
        kept.new.attributes["fixmystreet_id"][0]: kept.new.attributes
        for kept in fake.memory.requests.values()
    }
    assert sent[str(placed.pk)]["uprn"] == ("1000",)
    assert sent[str(placed.pk)]["usrn"] == ("22",)
    for report in (unplaced, other):
        assert not {"uprn", "usrn"} & set(sent[str(report.pk)])


@pytest.mark.parametrize("with_mail", [False, True])
def test_a_name_that_is_hidden_from_the_public_is_told_to_the_body(town, with_mail):
    report = town.report(is_name_public=False)
    update = town.update(report, is_name_public=False)
    for delivery in (town.delivery(report), town.delivery(report, update)):
        item = items_of([delivery], with_mail=with_mail)[delivery.pk]
        assert item.person.name == "Rosa Reporter"
        assert item.person.email == "rosa@example.org"
        assert not with_mail or "Rosa Reporter" in item.mail.text
