"""The site's own Open311 endpoint, written to: reports by applications, updates by bodies."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from waywarden.api.models import Post
from waywarden.api.tests.test_open311 import errors_of, get, ids, key_for
from waywarden.bodies.models import Category
from waywarden.bodies.queries import served_at
from waywarden.connections.models import Connection
from waywarden.events.models import Event
from waywarden.kernel import clock
from waywarden.reports.models import Photo, Report, ReportBody
from waywarden.reports.services import confirm_report
from waywarden.sending.models import Delivery
from waywarden.sync.models import ExclusionRule
from waywarden.users.models import Ban
from waywarden.users.services import create_update_user
from waywarden.web.tests.town import LAT, LON, picture

pytestmark = pytest.mark.django_db
ROOT = "/open311/v2"
GOOD = {
    "service_code": "street-light",
    "lat": LAT,
    "long": LON,
    "description": "Lamp is dark\nSince Tuesday.",
    "email": "Nia@Example.org",
    "first_name": "Nia",
}


def post(client, path="requests.json", *, headers=None, **form):
    """A form as other applications send it."""
    pairs = [(name, value) for name, value in form.items() if value is not None]
    return client.post(
        f"{ROOT}/{path}",
        urlencode(pairs, doseq=True),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


def number_of(answer) -> int:
    assert answer.status_code == 200, answer.content
    return int(json.loads(answer.content)[0]["service_request_id"])


@pytest.fixture
def app(town):
    """The key of an application whose reports are public at once."""
    return key_for("requests:write", confirms="at_once")


def test_a_report_of_a_trusted_application_is_public_at_once_and_planned(client, town, app):
    number = number_of(post(client, api_key=app, **GOOD))
    report = Report.objects.get(pk=number)
    assert (report.state, report.source, report.title, report.detail) == (
        "confirmed",
        "api",
        "Lamp is dark",
        "Since Tuesday.",
    )
    assert (report.email, report.name, report.is_name_public) == ("nia@example.org", "Nia", False)
    assert report.user.name == "An app"
    assert report.user.is_update_user
    assert Delivery.objects.get().report_id == number
    assert ids(client) == [str(number)]


def test_a_report_that_the_person_must_confirm_is_404_until_then(client, town):
    key = key_for("requests:write")
    answer = post(client, api_key=key, **GOOD)
    number = number_of(answer)
    assert "mail" in json.loads(answer.content)[0]["service_notice"]
    assert Delivery.objects.count() == 0
    assert get(client, f"requests/{number}.json").status_code == 404
    confirm_report(number, user=town.rosa)
    assert get(client, f"requests/{number}.json").status_code == 200


def test_without_an_address_nobody_could_confirm(client, town):
    key = key_for("requests:write")
    for email in (None, "nonsense"):
        answer = post(client, api_key=key, **{**GOOD, "email": email})
        assert (answer.status_code, "email" in errors_of(answer)[0][1]) == (400, True)
    assert Report.objects.count() == 0


@pytest.mark.parametrize("scopes", [None, (), ("updates:write", "private:read")])
def test_without_a_key_of_the_scope_nothing_is_taken(client, town, scopes):
    key = key_for(*scopes, body=town.county) if scopes is not None else None
    client.force_login(town.rosa)
    for path in ("requests.xml", "requests.json"):
        answer = post(client, path, api_key=key, **GOOD)
        assert (answer.status_code, errors_of(answer)[0][0]) == (403, "403")
    assert Report.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "status", "name"),
    [
        ({"service_code": "none"}, 404, "service_code"),
        ({"service_code": None}, 400, "service_code"),
        ({"lat": 1}, 400, "lat"),
        ({"lat": None, "long": None, "address_string": "High Street"}, 400, "lat"),
        ({"lat": None, "long": None, "address_id": "7"}, 400, "lat"),
        ({"service_code": "pothole"}, 400, "attribute[depth]"),
        ({"service_code": "pothole", "attribute[depth]": "9"}, 400, "attribute[depth]"),
        ({"jurisdiction_id": "nowhere"}, 404, "jurisdiction_id"),
        ({"jurisdiction_id": "borchester"}, 404, "service_code"),
    ],
)
def test_what_is_wrong_is_named(client, town, app, change, status, name):
    answer = post(client, api_key=app, **{**GOOD, **change})
    assert answer.status_code == status
    assert name in errors_of(answer)[0][1]
    assert (Report.objects.count(), Post.objects.count()) == (0, 0)


def test_answers_are_kept_for_the_body(client, town, app):
    form = {**GOOD, "service_code": "pothole", "attribute[depth]": "2"}
    number = number_of(post(client, api_key=app, **form))
    assert ReportBody.objects.get(report=number).answers == {"depth": ["2"]}


def test_a_banned_person_reports_through_no_application(client, town, app):
    Ban.objects.create(kind="email", value="nia@example.org")
    assert post(client, api_key=app, **GOOD).status_code == 400
    assert Report.objects.count() == 0


def test_a_repeat_with_the_same_key_is_answered_once_done(client, town, app):
    headers = {"Idempotency-Key": "k-1"}
    first = post(client, api_key=app, headers=headers, **GOOD)
    again = post(client, "requests.xml", api_key=app, headers=headers, **GOOD)
    assert again.status_code == 200
    assert f"<service_request_id>{number_of(first)}<".encode() in again.content
    assert Report.objects.count() == 1


def test_the_same_key_with_another_body_is_a_409(client, town, app):
    headers = {"Idempotency-Key": "k-1"}
    post(client, api_key=app, headers=headers, **GOOD)
    answer = post(client, api_key=app, headers=headers, **{**GOOD, "description": "Other"})
    assert (answer.status_code, errors_of(answer)[0][0]) == (409, "409")
    assert Report.objects.count() == 1


def test_without_a_header_the_senders_own_number_tells_a_repeat(client, town, app):
    form = {**GOOD, "attribute[fixmystreet_id]": "77"}
    first = number_of(post(client, api_key=app, **form))
    assert number_of(post(client, api_key=app, **{**form, "description": "again"})) == first
    elsewhere = post(client, api_key=app, **{**form, "jurisdiction_id": "borsetshire"})
    assert number_of(elsewhere) != first
    other = key_for("requests:write", confirms="at_once")
    assert number_of(post(client, api_key=other, **form)) not in (first, number_of(elsewhere))


def test_a_failed_attempt_does_not_use_the_key_up(client, town, app):
    headers = {"Idempotency-Key": "k-1"}
    bad = post(client, api_key=app, headers=headers, **{**GOOD, "lat": 1})
    assert bad.status_code == 400
    assert post(client, api_key=app, headers=headers, **GOOD).status_code == 200


def test_the_sandbox_checks_all_and_keeps_nothing(client, town):
    key = key_for("requests:write", confirms="at_once", is_sandbox=True)
    Category.objects.filter(pk=town.lamp.pk).update(photo_required=True)
    events = Event.objects.count()
    lacking = post(client, api_key=key, **GOOD)
    assert (lacking.status_code, "media_url" in errors_of(lacking)[0][1]) == (400, True)
    photo = SimpleUploadedFile("a.jpg", picture().read(), "image/jpeg")
    answer = client.post(f"{ROOT}/requests.json", {"api_key": key, "photo1": photo, **GOOD})
    assert number_of(answer) == 0
    counts = [model.objects.count() for model in (Report, Photo, Delivery, Post)]
    assert (counts, Event.objects.count()) == ([0, 0, 0, 0], events)


def test_uploaded_photos_belong_to_the_report(client, town, app):
    photo = SimpleUploadedFile("a.jpg", picture().read(), "image/jpeg")
    number = number_of(
        client.post(f"{ROOT}/requests.json", {"api_key": app, "photo1": photo, **GOOD})
    )
    assert Photo.objects.get().report_id == number


def test_a_file_that_is_no_photo_is_a_400(client, town, app):
    text = SimpleUploadedFile("a.jpg", b"no picture", "image/jpeg")
    answer = client.post(f"{ROOT}/requests.json", {"api_key": app, "photo1": text, **GOOD})
    assert (answer.status_code, "media_url" in errors_of(answer)[0][1]) == (400, True)


def test_a_photo_behind_an_address_is_fetched(client, town, app, httpserver):
    httpserver.expect_request("/a.jpg").respond_with_data(
        picture().read(), content_type="image/jpeg"
    )
    urls = [httpserver.url_for("/a.jpg"), httpserver.url_for("/gone.jpg"), "file:///etc/passwd"]
    number = number_of(post(client, api_key=app, media_url=urls, **GOOD))
    assert [photo.report_id for photo in Photo.objects.all()] == [number]


def test_no_cookie_and_no_token_of_a_form_is_needed_or_looked_at(town, app):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert post(strict, api_key=app, **GOOD).status_code == 200


def test_a_body_pushes_a_problem_of_its_own_which_is_not_sent_back_to_it(client, town):
    """Its number is its reference: with a body's key the sender is the body."""
    key = key_for("requests:write", body=town.county, confirms="at_once")
    theirs = {"api_key": key, "attribute[fixmystreet_id]": "C-9", **GOOD}
    answer = post(client, **theirs)
    assert json.loads(answer.content)[0]["service_request_id"] == "C-9"
    row = ReportBody.objects.get()
    assert (row.body, row.external_id, row.sent_by) == (town.county, "C-9", "push")
    assert Delivery.objects.count() == 0
    assert get(client, "requests/C-9.json", api_key=key).status_code == 200
    assert json.loads(post(client, **theirs).content)[0]["service_request_id"] == "C-9"
    assert ReportBody.objects.count() == 1


@pytest.mark.parametrize("confirms", ["at_once", "person"])
def test_a_problem_that_a_body_pushes_is_as_one_that_was_polled_and_mails_nobody(
    client, town, confirms
):
    """integration.md 4: it shows at once, the body is its author, and what follows is nothing."""
    key = key_for("requests:write", body=town.county, confirms=confirms)
    theirs = {"api_key": key, "attribute[fixmystreet_id]": "C-9", **GOOD}
    notice = json.loads(post(client, **theirs).content)[0]["service_notice"]
    assert not notice
    report = Report.objects.get()
    assert (report.state, report.source, report.is_born_there) == ("confirmed", "backend", True)
    assert (report.name, report.is_name_public, report.email) == (town.county.name, True, "")
    fact = Event.objects.get()
    assert (fact.kind, fact.subject_kind, fact.subject_id) == (
        "report.fetched",
        "body",
        town.county.pk,
    )
    assert fact.data == {"reports": [report.pk]}


def test_a_problem_that_a_body_pushes_is_by_its_update_user_and_goes_to_no_other_body(client, town):
    user = create_update_user(name="County", email="updates@county.example")
    way = Connection.objects.create(name="County", kind="open311", update_user=user)
    town.county.fetching_connection = way
    town.county.save()
    Category.objects.create(
        body=town.district, name=town.lamp.name, slug=town.lamp.slug, service_code="LAMP"
    )
    key = key_for("requests:write", body=town.county, confirms="at_once")
    post(client, **{"api_key": key, "attribute[fixmystreet_id]": "C-9", **GOOD})
    assert Report.objects.get().user == user
    assert ReportBody.objects.get().body == town.county


def test_an_exclusion_rule_keeps_a_pushed_problem_out_as_a_polled_one(client, town):
    way = Connection.objects.create(name="County", kind="open311")
    town.county.fetching_connection = way
    town.county.save()
    ExclusionRule.objects.create(connection=way, by="keyword", value="dark")
    key = key_for("requests:write", body=town.county, confirms="at_once")
    answer = post(client, **{"api_key": key, "attribute[fixmystreet_id]": "C-9", **GOOD})
    assert (answer.status_code, "rule" in errors_of(answer)[0][1]) == (400, True)
    assert Report.objects.count() == 0


def test_who_answers_at_a_place_is_asked_once_for_a_post(client, town, app, monkeypatch):
    asked = []

    def counting(**place):
        asked.append(place)
        return served_at(**place)

    monkeypatch.setattr("waywarden.api.provider.served_at", counting)
    monkeypatch.setattr("waywarden.reports.services.served_at", counting)
    number_of(post(client, api_key=app, **GOOD))
    assert len(asked) == 1


def test_a_problem_that_was_polled_before_is_not_taken_in_again_when_pushed(client, town):
    ReportBody.objects.filter(report=town.report()).update(external_id="C-9")
    key = key_for("requests:write", body=town.county, confirms="at_once")
    answer = post(client, **{"api_key": key, "attribute[fixmystreet_id]": "C-9", **GOOD})
    assert json.loads(answer.content)[0]["service_request_id"] == "C-9"
    assert Report.objects.count() == 1


def test_an_applications_number_is_no_reference_of_a_body(client, town, app):
    post(client, **{"api_key": app, "attribute[fixmystreet_id]": "C-9", **GOOD})
    assert ReportBody.objects.get().external_id == ""
    assert Delivery.objects.count() == 1


def test_a_body_reads_its_report_by_our_number_until_it_has_given_a_reference(client, town):
    key = key_for("requests:write", body=town.county, confirms="at_once")
    number = number_of(post(client, api_key=key, **GOOD))
    assert get(client, f"requests/{number}.json", api_key=key).status_code == 200
    ReportBody.objects.update(external_id="C-9")
    assert get(client, f"requests/{number}.json", api_key=key).status_code == 404
    assert get(client, "requests/C-9.json", api_key=key).status_code == 200


def test_answers_are_forgotten_after_three_months(client, town, app, time_machine):
    moment = clock.now()
    time_machine.move_to(moment - timedelta(days=91), tick=False)
    old = number_of(post(client, api_key=app, headers={"Idempotency-Key": "a"}, **GOOD))
    time_machine.move_to(moment, tick=False)
    new = number_of(post(client, api_key=app, headers={"Idempotency-Key": "b"}, **GOOD))
    assert list(Post.objects.values_list("answer", flat=True)) == [str(new)]
    assert Report.objects.count() == 2
    assert old != new


@pytest.fixture
def names(settings, tmp_path):
    """A gazetteer of three streets, of which two begin alike."""
    streets = [
        {"name": name, "lat": LAT, "lon": LON + turn / 1000, "points": [[LON, LAT]]}
        for turn, name in enumerate(["High Street", "Mill Lane", "Mill Lane North"])
    ]
    (tmp_path / "gazetteer.json").write_text(json.dumps({"streets": streets, "places": []}))
    settings.WAYWARDEN_MAP_DIR = tmp_path


@pytest.mark.parametrize("address", ["High Street", "mill lane"])
def test_an_address_that_is_known_and_single_is_a_place(client, town, app, names, address):
    form = {**GOOD, "lat": None, "long": None, "address_string": address}
    number = number_of(post(client, api_key=app, **form))
    report = Report.objects.get(pk=number)
    assert (report.lat, report.nearest_address) == (LAT, address)


@pytest.mark.parametrize("address", ["Mill", "Nowhere Road"])
def test_an_address_that_is_no_single_place_is_a_400(client, town, app, names, address):
    answer = post(
        client, api_key=app, **{**GOOD, "lat": None, "long": None, "address_string": address}
    )
    assert (answer.status_code, errors_of(answer)[0][1].split()[0]) == (400, "address_string")
    assert Report.objects.count() == 0
