"""Making a report, as a browser without scripts does it."""

import re

import pytest

from waywarden.reports.models import Report
from waywarden.users.models import MailedLink
from waywarden.users.services import issue_link
from waywarden.web import services
from waywarden.web.tests.town import LAMP, PLACE, page

pytestmark = pytest.mark.django_db


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


def test_words_that_look_personal_are_asked_about_once(client, town):
    words = LAMP | {"detail": "Ring me: 020 7946 0958"}
    shown = client.post("/report/new", words)
    assert shown.status_code == 422
    assert "looks like a phone number" in page(shown)
    assert client.post("/report/new", words | {"keeps_words": "on"}).status_code == 302


def test_words_of_a_private_kind_are_its_authors_own_matter(client, town):
    words = LAMP | {"detail": "Plate AB12 CDE", "category": "Abandoned vehicle"}
    assert client.post("/report/new", words | {"asked": "Abandoned vehicle"}).status_code == 302


def test_the_browser_is_told_which_draft_is_stored(client, town):
    key = key_in(page(client.get("/report/new", PLACE)))
    wrong = client.post("/report/new", LAMP | {"form_key": key, "title": ""})
    assert "stored_form" not in wrong.cookies
    done = client.post("/report/new", LAMP | {"form_key": key})
    assert done.cookies["stored_form"].value == key


@pytest.mark.parametrize(("fields", "placed"), [({}, True), ({"is_unplaced": "on"}, False)])
def test_whoever_cannot_use_the_map_says_so_and_the_body_is_told(client, town, fields, placed):
    client.force_login(town.rosa)
    client.post("/report/new", LAMP | fields)
    assert Report.objects.get().is_placed is placed
