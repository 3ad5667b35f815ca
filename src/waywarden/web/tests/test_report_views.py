"""Making a report, as a browser without scripts does it."""

import io
import re

import pytest
from PIL import ExifTags, Image

from waywarden.reports.models import Photo, Report
from waywarden.users.models import MailedLink
from waywarden.users.services import issue_link
from waywarden.web import services
from waywarden.web.tests.town import PLACE, picture

pytestmark = pytest.mark.django_db

ROSA = {"name": "Rosa Weber", "email": "rosa@example.org", "phone": "", "show_name": "on"}
LAMP = {
    **PLACE, **ROSA, "category": "Street light", "asked": "Street light",
    "title": "Lamp dark", "detail": "Since Tuesday",
}  # fmt: skip


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


def test_rosa_reports_confirms_and_sees_her_report(client, town):
    sent = client.post("/report/new", LAMP)
    assert sent.status_code == 302
    assert "rosa@example.org" in page(client.get(sent["Location"]))
    report = Report.objects.get()
    assert report.state == "unconfirmed"
    assert client.get(f"/report/{report.pk}").status_code == 404

    token = issue_link(
        purpose=MailedLink.Purpose.CONFIRM_REPORT, email="rosa@example.org", subject_id=report.pk
    )
    assert "Confirm my report" in page(client.get(f"/P/{token}"))
    report.refresh_from_db()
    assert report.state == "unconfirmed"  # a program that opens links confirms nothing

    done = client.post(f"/P/{token}")
    assert done["Location"] == f"/report/{report.pk}"
    shown = page(client.get(done["Location"]))
    assert "Lamp dark" in shown
    assert "Thank you" in shown
    assert "Borsetshire County Council" in shown
    assert "Waiting to be sent" in shown
    assert "Reported by Rosa Weber" in shown
    assert client.get("/my").status_code == 200  # signed in


def test_the_page_says_which_body_gets_each_category(client, town):
    shown = page(client.get("/report/new", PLACE))
    assert "goes to Borsetshire County Council" in shown
    assert "goes to Borchester District Council" in shown


def test_a_place_that_nobody_answers_for_is_said_to_be_so(client, town):
    shown = page(client.get("/report/new?latitude=10&longitude=10"))
    assert "Nobody on this site answers for that place" in shown


@pytest.mark.parametrize(
    "query",
    ["", "?latitude=x&longitude=2", "?latitude=95&longitude=0", "?latitude=nan&longitude=nan"],
)
def test_without_a_place_one_is_sent_to_the_map(client, town, query):
    assert client.get(f"/report/new{query}")["Location"] == "/around"


def test_a_click_on_a_picture_of_the_map_begins_a_report_there(client, town):
    answer = client.get("/report/new?tile_16_37308_18968.x=10&tile_16_37308_18968.y=20")
    found = re.fullmatch(r"/report/new\?latitude=([\d.]+)&longitude=([\d.]+)", answer["Location"])
    assert 60.1 < float(found[1]) < 60.2
    assert 24.9 < float(found[2]) < 25.0


def test_a_click_on_the_map_within_the_form_moves_the_place_and_keeps_all_else(client, town):
    fields = LAMP | {"tile_16_37308_18968.x": "128", "tile_16_37308_18968.y": "9"}
    shown = client.post("/report/new", fields)
    assert shown.status_code == 200
    assert 'value="Lamp dark"' in page(shown)
    assert 'name="latitude" value="60.169000"' not in page(shown)
    assert not Report.objects.exists()


def test_without_scripts_the_questions_of_a_category_come_after_the_first_press(client, town):
    fields = LAMP | {"category": "Pothole", "asked": ""}
    first = page(client.post("/report/new", fields))
    assert "How deep?" in first
    assert "In danger call 112." in first
    assert 'name="asked" value="Pothole"' in first
    assert "Nothing is lost" not in first  # no error: they were not asked before

    assert (
        client.post("/report/new", fields | {"asked": "Pothole", "q.depth": "2"}).status_code == 302
    )
    assert Report.objects.get().at_bodies.get().answers == {"depth": ["2"]}


def test_an_answer_that_is_missing_or_not_offered_is_said_beside_its_question(client, town):
    fields = LAMP | {"category": "Pothole", "asked": "Pothole"}
    for answers, words in (
        ({}, "Please answer this question."),
        ({"q.depth": "9"}, "Please choose from the list."),
    ):
        shown = client.post("/report/new", fields | answers)
        assert shown.status_code == 422
        assert words in page(shown)
    assert not Report.objects.exists()


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


def test_a_category_that_is_not_offered_here_is_refused(client, town):
    shown = client.post("/report/new", LAMP | {"category": "Moon dust"})
    assert shown.status_code == 422
    assert "Please choose" in page(shown)


def test_machines_that_fill_the_hidden_field_store_nothing(client, town):
    assert client.post("/report/new", LAMP | {"website": "http://spam.example"}).status_code == 302
    assert not Report.objects.exists()


def test_one_address_may_not_report_without_end(client, town, monkeypatch):
    monkeypatch.setitem(services.LIMITS, "report", (100, 2))
    for _ in range(2):
        assert client.post("/report/new", LAMP).status_code == 302
    last = client.post("/report/new", LAMP)
    assert last.status_code == 429
    assert 'value="Lamp dark"' in page(last)
    assert client.post("/report/new", LAMP | {"email": "other@example.org"}).status_code == 302


def test_one_network_may_not_report_without_end(client, town, monkeypatch):
    monkeypatch.setitem(services.LIMITS, "report", (1, 100))
    assert client.post("/report/new", LAMP).status_code == 302
    assert client.post("/report/new", LAMP | {"email": "b@example.org"}).status_code == 429
    elsewhere = client.post("/report/new", LAMP, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 302


def test_a_signed_in_person_needs_no_mail(client, town):
    client.force_login(town.rosa)
    assert 'name="email"' not in page(client.get("/report/new", PLACE))
    sent = client.post("/report/new", {key: value for key, value in LAMP.items() if key != "email"})
    report = Report.objects.get()
    assert sent["Location"] == f"/report/{report.pk}"
    assert (report.state, report.user) == ("confirmed", town.rosa)


def test_a_private_category_makes_a_private_report(client, town):
    client.force_login(town.rosa)
    client.post("/report/new", LAMP | {"category": "Abandoned vehicle", "asked": ""})
    report = Report.objects.get()
    assert report.is_private
    client.logout()
    assert client.get(f"/report/{report.pk}").status_code == 403


def test_the_parts_that_scripts_fetch_are_the_same_pieces(client, town):
    kind = page(client.get("/report/new/kind", PLACE))
    assert "Street light" in kind
    assert "<html" not in kind
    questions = page(client.get("/report/new/questions", PLACE | {"category": "Pothole"}))
    assert "How deep?" in questions
    assert client.get("/report/new/kind").status_code == 400


def test_a_form_can_be_filled_in_by_its_address(client, town):
    text = page(
        client.get(
            "/report/new", PLACE | {"category": "Pothole", "title": "Deep one", "q.depth": "2"}
        )
    )
    assert 'value="Deep one"' in text
    assert re.search(r'name="q.depth" value="2"\s+checked|name="q.depth" value="2" checked', text)


def key_in(shown: str) -> str:
    return re.search(r'name="form_key" value="([0-9a-f-]{36})"', shown)[1]


def test_a_form_pressed_twice_is_stored_once(client, town):
    key = key_in(page(client.get("/report/new", PLACE)))
    for _press in range(2):
        assert client.post("/report/new", LAMP | {"form_key": key}).status_code == 302
    assert Report.objects.count() == 1


def test_a_mistake_leaves_the_form_its_key_and_uses_nothing_up(client, town):
    key = key_in(page(client.get("/report/new", PLACE)))
    wrong = client.post("/report/new", LAMP | {"form_key": key, "title": ""})
    assert key_in(page(wrong)) == key
    client.post("/report/new", LAMP | {"form_key": key})
    assert Report.objects.count() == 1


def test_two_forms_are_two_reports(client, town):
    for _time in range(2):
        client.post(
            "/report/new", LAMP | {"form_key": key_in(page(client.get("/report/new", PLACE)))}
        )
    assert Report.objects.count() == 2


def change(category, **values):
    type(category).objects.filter(pk=category.pk).update(**values)


def test_what_comes_with_a_choice_is_told_before_it_is_stored(client, town):
    change(town.lamp, emergency_notice="Sparks? Call 112.", target_days=5)
    first = client.post("/report/new", LAMP | {"asked": ""})
    assert first.status_code == 200
    assert "Sparks? Call 112." in page(first)
    assert "within 5 days" in page(first)
    assert not Report.objects.exists()
    assert client.post("/report/new", LAMP).status_code == 302


def test_a_stop_message_stops(client, town):
    change(town.lamp, stop_message="Ring 0800 111 999.")
    shown = client.post("/report/new", LAMP)
    assert shown.status_code == 422
    assert "Ring 0800 111 999." in page(shown)
    assert not Report.objects.exists()


def test_look_alikes_are_offered_once_and_private_kinds_show_none(client, town):
    town.report(title="Lamp by the door")
    first = client.post("/report/new", LAMP | {"asked": ""})
    assert "Is it one of these?" in page(first)
    assert "Lamp by the door" in page(first)
    assert client.post("/report/new", LAMP).status_code == 302
    town.report(category=town.vehicle, title="A neighbour's van")
    shown = page(client.get("/report/new", PLACE | {"category": "Abandoned vehicle"}))
    assert "A neighbour" not in shown


def test_words_that_look_personal_are_asked_about_once(client, town):
    words = LAMP | {"detail": "Ring me: 020 7946 0958"}
    shown = client.post("/report/new", words)
    assert shown.status_code == 422
    assert "looks like a phone number" in page(shown)
    assert client.post("/report/new", words | {"keeps_words": "on"}).status_code == 302


def test_words_of_a_private_kind_are_its_authors_own_matter(client, town):
    words = LAMP | {"detail": "Plate AB12 CDE", "category": "Abandoned vehicle"}
    assert client.post("/report/new", words | {"asked": "Abandoned vehicle"}).status_code == 302


def test_the_words_are_looked_at_as_one_types(client, town):
    said = page(client.post("/report/new/words", {"title": "Van AB12 CDE", "detail": ""}))
    assert "looks like a number plate" in said
    assert page(client.post("/report/new/words", {"title": "Van", "detail": ""})).strip() == ""


def test_without_a_name_where_the_category_allows_it(client, town):
    nameless = {key: value for key, value in LAMP.items() if key not in ("name", "email")}
    nameless["is_anonymous"] = "on"
    assert client.post("/report/new", nameless).status_code == 422
    change(town.lamp, allows_anonymous=True)
    done = client.post("/report/new", nameless)
    report = Report.objects.get()
    assert done["Location"] == f"/report/{report.pk}"
    assert (report.state, report.user, report.email) == ("confirmed", None, "")


def test_where_nobody_takes_anything_one_may_still_show_it(client, town):
    for category in (town.lamp, town.pothole, town.vehicle):
        change(category, state="inactive")
    shown = page(client.get("/report/new", PLACE))
    assert "No body takes reports at this place yet" in shown
    client.force_login(town.rosa)
    fields = {key: value for key, value in LAMP.items() if key not in ("category", "asked")}
    done = client.post("/report/new", fields)
    assert "No body takes reports at this place." in page(client.get(done["Location"]))


def test_a_conditional_question_is_checked_by_the_rule_it_is_shown_by(client, town):
    town.pothole.questions.create(
        code="water", datatype="string", description="How much water?", required=True, order=2,
        shown_if="depth", shown_if_values=["2"],
    )  # fmt: skip
    fields = LAMP | {"category": "Pothole", "asked": "Pothole"}
    shown = client.post("/report/new", fields | {"q.depth": "2"})
    assert shown.status_code == 422
    assert "Only if you answered “Deep” to “How deep?”." in page(shown)
    dropped = client.post("/report/new", fields | {"q.depth": "1", "q.water": "none"})
    assert dropped.status_code == 302
    assert Report.objects.get().at_bodies.get().answers == {"depth": ["1"]}


def test_the_browser_is_told_which_draft_is_stored(client, town):
    key = key_in(page(client.get("/report/new", PLACE)))
    wrong = client.post("/report/new", LAMP | {"form_key": key, "title": ""})
    assert "stored_form" not in wrong.cookies
    done = client.post("/report/new", LAMP | {"form_key": key})
    assert done.cookies["stored_form"].value == key


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


@pytest.mark.parametrize(("fields", "placed"), [({}, True), ({"is_unplaced": "on"}, False)])
def test_whoever_cannot_use_the_map_says_so_and_the_body_is_told(client, town, fields, placed):
    client.force_login(town.rosa)
    client.post("/report/new", LAMP | fields)
    assert Report.objects.get().is_placed is placed
