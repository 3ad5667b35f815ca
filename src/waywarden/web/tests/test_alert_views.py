"""Following: choosing, confirming by mail, one's own list, and leaving with one click."""

import re

import pytest
from django.test import Client

from waywarden.areas.models import Area
from waywarden.notifications.alert_services import follow_report
from waywarden.notifications.models import Alert

pytestmark = pytest.mark.django_db
HERE = {"lat": "60.169", "lon": "24.94"}
NEAR = {"what": "radius", "radius": "500", "frequency": "daily", **HERE}


def page(response) -> str:
    """The page's text."""
    return response.content.decode()


def test_a_place_leads_to_what_can_be_followed_there(client, town):
    assert client.get("/alert").status_code == 200
    found = client.get("/alert", {"pc": "60.169, 24.94"})
    assert found["Location"] == "/alert/list?lat=60.169000&lon=24.940000"
    shown = page(client.get(found["Location"]))
    area = Area.objects.get()
    for value in ("radius", f"area:{area.pk}", f"body:{town.county.pk}"):
        assert f'value="{value}"' in shown
    assert "/atom/reports/borsetshire" in shown


def test_a_place_that_is_not_known_is_said(client, town):
    assert client.get("/alert", {"pc": "Nowhere"}).status_code == 422


def test_a_ward_of_a_body_is_offered(client, town):
    ward = Area.objects.get()
    ward.pk, ward.code, ward.name = None, "w", "North Ward"
    ward.save()
    shown = page(client.get("/alert/list", HERE))
    assert f'value="ward:{town.county.pk}:{ward.pk}"' in shown
    assert "/atom/reports/borsetshire/north-ward" in shown


def test_nobody_follows_before_the_mailed_link_is_pressed(client, town, mailoutbox):
    sent = client.post("/alert/subscribe", {**NEAR, "email": "Nia@example.org"})
    assert sent["Location"] == "/report/check-mail"
    (mail,) = mailoutbox
    assert mail.to == ["nia@example.org"]
    path = re.search(r"/A/\S+", mail.body)[0]
    assert "news comes by mail" in page(client.get(path))
    assert not Alert.objects.exists()
    assert client.post(path)["Location"] == "/my/alerts"
    alert = Alert.objects.get()
    assert (alert.user.email, alert.kind, alert.radius_m, alert.frequency) == (
        "nia@example.org", "radius", 500, "daily",
    )  # fmt: skip
    assert client.get(path).status_code == 410


def test_a_signed_in_person_follows_at_once_and_twice_is_once(client, town, mailoutbox):
    client.force_login(town.rosa)
    for _ in range(2):
        assert client.post("/alert/subscribe", NEAR)["Location"] == "/my/alerts"
    assert Alert.objects.get().user == town.rosa
    assert not mailoutbox


def test_a_report_is_followed_from_its_page(client, town):
    report = town.report(user=town.ines)
    client.force_login(town.rosa)
    answer = client.post("/alert/subscribe", {"what": f"report:{report.pk}"})
    assert answer["Location"] == f"/report/{report.pk}"
    assert Alert.objects.get().report == report


@pytest.mark.parametrize("who", ["nobody", "oskar"])
def test_a_private_report_is_followed_by_nobody_else(client, town, mailoutbox, who):
    report = town.report(is_private=True)
    if who != "nobody":
        client.force_login(getattr(town, who))
    answer = client.post(
        "/alert/subscribe", {"what": f"report:{report.pk}", "email": "nia@example.org"}
    )
    assert answer.status_code == 422
    assert report.title not in page(answer)
    assert not mailoutbox
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    "changed",
    [{"what": "everything"}, {"what": ""}, {"what": "body:4711"}, {"email": "nia"},
     {"radius": "10"}, {"radius": "200000"}, {"what": "radius", "lat": "", "lon": ""}],
)  # fmt: skip
def test_what_cannot_be_followed_is_said_and_nothing_is_mailed(client, town, mailoutbox, changed):
    answer = client.post("/alert/subscribe", {**NEAR, "email": "nia@example.org", **changed})
    assert answer.status_code == 422
    assert not mailoutbox


def test_a_machine_is_sent_away_without_a_mail(client, town, mailoutbox):
    client.post("/alert/subscribe", {**NEAR, "email": "nia@example.org", "website": "x"})
    assert not mailoutbox


def test_too_many_wishes_of_one_address_are_refused(client, town, mailoutbox):
    answers = [
        client.post("/alert/subscribe", {**NEAR, "email": "nia@example.org"}).status_code
        for _ in range(11)
    ]
    assert answers[-1] in (422, 429)
    assert len(mailoutbox) == 10


def test_opening_the_way_out_changes_nothing_and_one_press_leaves(town):
    """A mail program presses without a session and without a form's token (RFC 8058)."""
    alert = follow_report(report_id=town.report().pk, user=town.ines)
    program = Client(enforce_csrf_checks=True)
    assert "No more mails" in page(program.get(f"/A/leave/{alert.key}"))
    alert.refresh_from_db()
    assert alert.stopped_at is None
    answer = program.post(f"/A/leave/{alert.key}", {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    alert.refresh_from_db()
    assert alert.stopped == "left"
    assert program.post("/A/leave/00000000-0000-0000-0000-000000000000").status_code == 404


def test_one_s_own_list_and_nobody_else_s(client, town):
    alert = follow_report(report_id=town.report(title="Rosa's lamp").pk, user=town.rosa)
    assert client.get("/my/alerts").status_code == 302
    client.force_login(town.oskar)
    assert "Rosa&#x27;s lamp" not in page(client.get("/my/alerts"))
    assert client.post(f"/my/alerts/{alert.pk}", {"stop": "1"}).status_code == 404
    client.force_login(town.rosa)
    assert "Rosa&#x27;s lamp" in page(client.get("/my/alerts"))
    client.post(f"/my/alerts/{alert.pk}", {"frequency": "weekly"})
    alert.refresh_from_db()
    assert alert.frequency == "weekly"
    client.post(f"/my/alerts/{alert.pk}", {"stop": "1"})
    alert.refresh_from_db()
    assert alert.stopped == "left"


def test_staff_ask_for_news_for_somebody_who_calls_and_that_person_confirms(
    client, town, mailoutbox
):
    client.force_login(town.ines)
    assert "For somebody else?" in page(client.get("/alert/list?lat=60.169&lon=24.94"))
    client.post("/alert/subscribe", {**NEAR, "email": "nia@example.org"})
    assert not Alert.objects.exists()
    (sent,) = mailoutbox
    assert sent.to == ["nia@example.org"]
    client.post("/alert/subscribe", NEAR)
    assert Alert.objects.get().user == town.ines


def test_who_works_for_no_body_asks_for_nobody_else(client, town, mailoutbox):
    client.force_login(town.rosa)
    assert "For somebody else?" not in page(client.get("/alert/list?lat=60.169&lon=24.94"))
    client.post("/alert/subscribe", {**NEAR, "email": "nia@example.org"})
    assert Alert.objects.get().user == town.rosa
    assert not mailoutbox


@pytest.mark.parametrize("who", [None, "oskar", "ines", "rosa"])
def test_a_private_report_is_named_to_its_reporter_only(client, town, who):
    report = town.report(title="Not for the street", is_private=True)
    if who:
        client.force_login(getattr(town, who))
    asked = client.get("/alert/one", {"what": f"report:{report.pk}"})
    assert asked.status_code == (200 if who == "rosa" else 404)
    if who != "rosa":
        told = client.post("/alert/subscribe", {"what": f"report:{report.pk}", "email": "no"})
        assert "Not for the street" not in page(told)
    else:
        assert f"/atom/{report.pk}" not in page(asked)


@pytest.mark.parametrize("what", ["", "radius", "body:0", "ward:1", "ward:1:2,", "report:x"])
def test_nothing_to_follow_is_not_found(client, town, what):
    assert client.get("/alert/one", {"what": what}).status_code == 404


def test_what_is_wrong_with_one_thing_is_said_on_its_page_and_the_choice_stays(client, town):
    wish = {"what": f"body:{town.county.pk}", "frequency": "weekly", "email": "nonsense"}
    shown = client.post("/alert/subscribe", wish)
    assert shown.status_code == 422
    assert "not an e-mail address" in page(shown)
    assert 'value="weekly" checked' in page(shown)
    assert town.county.name in page(shown)


def test_several_wards_are_followed_by_a_mailed_link_as_one_alert(client, town, mailoutbox):
    wards = []
    for code in ("North", "South"):
        ward = Area.objects.first()
        ward.pk, ward.code, ward.name = None, code, f"{code} Ward"
        ward.save()
        wards.append(ward.pk)
    what = f"ward:{town.county.pk}:{wards[1]},{wards[0]}"
    client.post(
        "/alert/subscribe", {"what": what, "frequency": "daily", "email": "nia@example.org"}
    )
    (mail,) = mailoutbox
    assert "North Ward and South Ward" in mail.body
    client.post(re.search(r"/A/\S+", mail.body)[0])
    alert = Alert.objects.get()
    assert (alert.kind, alert.area_ids, alert.body_id) == ("wards", wards, town.county.pk)
    assert "North Ward and South Ward" in page(client.get(f"/A/leave/{alert.key}"))
