"""The site's own Open311 endpoint, read: what Nobody, Rosa and two bodies' keys are shown."""

import json
from datetime import timedelta

import pytest

from waywarden.bodies.models import Body, Category
from waywarden.kernel import clock
from waywarden.open311.documents import read_errors, read_requests, read_services, read_updates
from waywarden.reports.models import ReportBody, Update
from waywarden.reports.services import hide_report
from waywarden.users.key_services import create_key
from waywarden.users.models import ApiKey
from waywarden.web.tests.town import LAT, LON, stored_photo

pytestmark = pytest.mark.django_db
ROOT = "/open311/v2"


def key_for(*scopes, body=None, **values) -> str:
    """The token of a fresh key."""
    body_id = body.pk if body else None
    return create_key(ApiKey(name="An app", scopes=list(scopes), body_id=body_id, **values))


def get(client, path, **query):
    return client.get(f"{ROOT}/{path}", query)


def rows(client, **query):
    """The rows of GET requests."""
    answer = get(client, "requests.json", **query)
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)


def ids(client, **query):
    return [row["service_request_id"] for row in rows(client, **query)]


def errors_of(answer):
    return [(item.code, item.description) for item in read_errors(answer.content)]


def at(report, **values):
    """What the report is at its body."""
    ReportBody.objects.filter(report=report).update(**values)
    return report


def test_discovery_names_the_endpoint_and_when_services_changed(client, town):
    found = json.loads(get(client, "discovery.json").content)
    assert found["endpoints"][0]["url"] == "http://testserver/open311/v2"
    assert found["changeset"] is not None


def test_services_are_the_categories_that_may_be_picked(client, town):
    Category.objects.filter(pk=town.lamp.pk).update(state=Category.State.STAFF)
    found = {one["service_code"]: one for one in json.loads(get(client, "services.json").content)}
    assert set(found) == {"pothole", "abandoned-vehicle"}
    assert (found["pothole"]["metadata"], found["pothole"]["group"]) == (True, "Roads")
    assert found["abandoned-vehicle"]["metadata"] is False
    assert found["abandoned-vehicle"]["keywords"] == "private"


def test_services_of_a_jurisdiction_are_that_bodys(client, town):
    answer = get(client, "services.xml", jurisdiction_id="borchester")
    assert [one.service_code for one in read_services(answer.content)] == ["abandoned-vehicle"]
    unknown = get(client, "services.xml", jurisdiction_id="nowhere")
    assert errors_of(unknown) == [("404", "jurisdiction_id is not known.")]


def test_services_at_a_point_are_those_of_the_bodies_there(client, town):
    here = json.loads(get(client, "services.json", lat=LAT, long=LON).content)
    there = json.loads(get(client, "services.json", lat=0, long=0).content)
    assert (len(here), there) == (3, [])
    assert get(client, "services.json", lat=LAT).status_code == 400


def test_a_definition_holds_questions_and_notices_in_order(client, town):
    found = json.loads(get(client, "services/pothole.json").content)
    notice, depth = found["attributes"]
    assert (notice["variable"], notice["order"]) == (False, 1)
    assert (depth["code"], depth["required"], depth["datatype"]) == (
        "depth",
        True,
        "singlevaluelist",
    )
    assert depth["values"][0] == {"key": "1", "name": "Shallow"}
    assert errors_of(get(client, "services/none.xml")) == [("404", "service_code is not known.")]


def test_a_row_says_what_the_public_may_know_and_no_name(client, town):
    report = town.report(lat=60.1234567, state="in progress", phone="0123", email="r@example.org")
    photo = stored_photo(report=report)
    row = rows(client)[0]
    assert row["service_request_id"] == str(report.pk)
    assert (row["status"], row["service_code"], row["service_name"]) == (
        "in_progress",
        "street-light",
        "Street light",
    )
    assert (row["lat"], row["long"]) == (60.12346, 24.94)
    assert row["media_url"] == f"http://testserver/photo/{photo.key}.jpg"
    assert row["agency_responsible"] == "Borsetshire County Council"
    text = json.dumps(row)
    for secret in ("Rosa", "0123", "example.org"):
        assert secret not in text


def test_a_name_is_told_only_where_it_is_public(client, town):
    town.report(is_name_public=True)
    assert rows(client)[0]["contact_name"] == "Rosa Weber"


@pytest.mark.parametrize(
    "values", [{"is_private": True}, {"state": "hidden"}, {"state": "unconfirmed"}]
)
def test_what_is_not_public_is_in_no_list_and_no_single_answer(client, town, values):
    report = at(town.report(**values), external_id="C-1")
    shown = Update.objects.create(
        report=report, text="x", visibility="shown", created=clock.now(), confirmed_at=clock.now()
    )
    client.force_login(town.rosa)
    for key in ("", key_for(), key_for("requests:write", body=town.county)):
        more = {"api_key": key} if key else {}
        assert ids(client, **more) == []
        for number in (report.pk, "C-1"):
            answer = get(client, f"requests/{number}.json", **more)
            assert answer.status_code == 404
            assert ids(client, service_request_id=number, **more) == []
        updates = get(client, "servicerequestupdates.json", **more)
        assert json.loads(updates.content) == [], shown


def test_a_bodys_key_with_the_scope_reads_its_own_private_reports_only(client, town):
    own = at(town.report(is_private=True), external_id="C-1")
    at(town.report(category=town.vehicle, is_private=True), external_id="D-1")
    ines = key_for("private:read", body=town.county)
    oskar = key_for("private:read", body=town.district)
    found = rows(client, api_key=ines)
    assert [(row["service_request_id"], row["non_public"]) for row in found] == [("C-1", True)]
    assert found[0]["extras"]["fixmystreet_id"] == str(own.pk)
    assert ids(client, api_key=oskar) == ["D-1"]
    assert ids(client, api_key=key_for("private:read")) == []


def test_a_private_report_that_went_to_another_body_is_private_from_the_first(client, town):
    gone = at(town.report(is_private=True), external_id="C-1")
    at(town.report(), external_id="C-2")
    gone.at_bodies.update(left_at=clock.now())
    key = key_for("private:read", body=town.county)
    assert ids(client, api_key=key) == ["C-2"]
    assert ids(client, api_key=key, service_request_id="C-1") == []


def test_a_bodys_key_sees_its_own_references(client, town):
    report = at(town.report(), external_id="C-7")
    town.report()  # not at the body yet
    at(town.report(category=town.vehicle), external_id="D-7")
    key = key_for(body=town.county)
    assert ids(client, api_key=key) == ["C-7"]
    assert ids(client, api_key=key, service_request_id="C-7,D-7") == ["C-7"]
    assert get(client, "requests/C-7.json", api_key=key).status_code == 200
    assert get(client, f"requests/{report.pk}.json", api_key=key).status_code == 404
    assert get(client, "requests/C-7.json").status_code == 404
    other = get(client, "requests.json", api_key=key, jurisdiction_id="borchester")
    assert (other.status_code, errors_of(other)[0][0]) == (403, "403")


@pytest.mark.parametrize("change", [{"is_revoked": True}, {"expires": True}, {"token_hash": "x"}])
def test_a_key_that_is_no_good_is_refused_even_for_reading(client, town, change):
    key = key_for()
    if "expires" in change:
        change = {"expires": clock.now() - timedelta(seconds=1)}
    ApiKey.objects.update(**change)
    answer = get(client, "requests.json", api_key=key)
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/json; charset=utf-8")
    assert "api_key" in errors_of(answer)[0][1]


def test_filters_narrow_the_list(client, town):
    lamp = town.report()
    hole = town.report(category=town.pothole, state="fixed - council", lat=LAT + 0.01)
    van = town.report(category=town.vehicle, state="closed", title="A van", detail="Blue")
    old = town.report(confirmed_at=clock.now() - timedelta(days=91))

    def found(**query):
        return set(ids(client, **query))

    one, two, three = (str(report.pk) for report in (lamp, hole, van))
    assert found() == {one, two, three}
    assert found(service_code="pothole,street-light") == {one, two}
    assert found(jurisdiction_id="borchester") == {three}
    assert found(status="open") == {one}
    assert found(status="closed") == {two, three}
    assert found(status="FIXED") == {two}
    assert found(status="planned") == set()
    assert found(q="blue") == {three}
    assert found(bbox=f"{LON - 0.001},{LAT - 0.001},{LON + 0.001},{LAT + 0.001}") == {one, three}
    assert found(lat=LAT, long=LON, radius=500) == {one, three}
    assert found(lat=LAT, long=LON, radius=1200) == {one, two, three}
    start = (clock.now() - timedelta(days=100)).strftime("%Y-%m-%dT%H:%M:%SZ")
    end = (clock.now() - timedelta(days=50)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert found(start_date=start, end_date=end) == {str(old.pk)}
    assert found(updated_after=start) == {one, two, three, str(old.pk)}
    assert found(updated_before=start) == set()
    assert found(service_request_id=f"{old.pk},{lamp.pk},x,99999999999999999999") == {
        one,
        str(old.pk),
    }


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,9,3,2"}, "bbox"),
        ({"bbox": "nan,1,2,3"}, "bbox"),
        ({"lat": "60"}, "long"),
        ({"radius": "9"}, "lat"),
        ({"lat": "60", "long": "2", "radius": "0"}, "radius"),
        ({"page": "0"}, "page"),
        ({"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}, "end_date"),
    ],
)
@pytest.mark.parametrize("kind", ["xml", "json"])
def test_a_wrong_filter_is_a_400_that_names_it(client, town, query, name, kind):
    answer = get(client, f"requests.{kind}", **query)
    assert answer.status_code == 400
    assert name in errors_of(answer)[0][1]


@pytest.mark.parametrize("path", ["requests", "servicerequestupdates"])
@pytest.mark.parametrize("name", ["start_date", "end_date"])
@pytest.mark.parametrize("date", ["9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"])
def test_the_last_and_the_first_date_there_is_find_nothing(client, town, path, name, date):
    answer = client.get(f"/open311/v2/{path}.json", {name: date})
    assert (answer.status_code, b"".join(answer)) == (200, b"[]")


def test_pages_follow_each_other_by_link(client, town):
    numbers = [str(town.report().pk) for _ in range(5)][::-1]
    seen, path = [], f"{ROOT}/requests.json?page_size=2&status=open"
    for _ in range(9):
        answer = client.get(path)
        seen += [row["service_request_id"] for row in json.loads(answer.content)]
        links = dict(
            part.strip().split("; rel=")[::-1] for part in answer.get("Link", "").split(",") if part
        )
        if '"next"' not in links:
            break
        path = links['"next"'].strip("<>")
    assert seen == numbers
    assert "page=2" in links['"prev"']
    assert "status=open" in links['"prev"']


def test_an_unchanged_answer_is_a_304_until_anything_public_changes(client, town):
    report = town.report()
    first = get(client, "requests.json")
    held = {"If-None-Match": first["ETag"]}
    again = client.get(f"{ROOT}/requests.json", headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"{ROOT}/requests.xml", headers=held).status_code == 200
    assert client.get(f"{ROOT}/requests.json?status=open", headers=held).status_code == 200
    hide_report(report.pk, user=town.ines)
    gone = client.get(f"{ROOT}/requests.json", headers=held)
    assert (gone.status_code, json.loads(gone.content)) == (200, [])


def test_a_304_asks_the_database_little(client, town, django_assert_max_num_queries):
    town.report()
    held = {"If-None-Match": get(client, "requests.json")["ETag"]}
    with django_assert_max_num_queries(3):
        assert client.get(f"{ROOT}/requests.json", headers=held).status_code == 304


def test_what_a_key_shows_is_kept_by_its_holder_only(client, town):
    key = key_for("private:read", body=town.county)
    assert get(client, "requests.json", api_key=key)["Cache-Control"] == "private, no-cache"
    assert get(client, "requests.json")["Cache-Control"] == "no-cache"


def test_a_mark_never_lets_one_key_see_that_anothers_answer_is_unchanged(client, town):
    at(town.report(), external_id="C-1")
    first = get(client, "requests.json", api_key=key_for(body=town.county))
    other = client.get(
        f"{ROOT}/requests.json",
        {"api_key": key_for(body=town.district)},
        headers={"If-None-Match": first["ETag"]},
    )
    assert (other.status_code, json.loads(other.content)) == (200, [])


def test_many_rows_take_few_questions(client, town, django_assert_max_num_queries):
    for _ in range(20):
        town.report()
    with django_assert_max_num_queries(6):
        assert len(rows(client)) == 20


def test_a_bodys_own_site_tells_of_its_reports_only(client, town):
    lamp, _van = town.report(), town.report(category=town.vehicle)
    host = {"host": "borsetshire.localhost"}
    found = json.loads(client.get(f"{ROOT}/requests.json", headers=host).content)
    assert [row["service_request_id"] for row in found] == [str(lamp.pk)]
    other = client.get(f"{ROOT}/requests.json?jurisdiction_id=borchester", headers=host)
    assert other.status_code == 404


def test_updates_are_those_that_show_of_public_reports(client, town):
    report = at(town.report(), external_id="C-1")
    moment = clock.now()
    values = {"report": report, "created": moment, "confirmed_at": moment}
    shown = Update.objects.create(
        text="Mended", state="fixed - council", body=town.county, visibility="shown", **values
    )
    Update.objects.create(text="Secret", visibility="hidden", **values)
    Update.objects.create(text="Waiting", visibility="unconfirmed", **values)
    answer = get(client, "servicerequestupdates.xml")
    found = list(read_updates(answer.content))
    assert [
        (one.update_id, one.service_request_id, one.status, one.description) for one in found
    ] == [(str(shown.pk), str(report.pk), "fixed", "Mended")]
    key = key_for(body=town.county)
    own = json.loads(get(client, "servicerequestupdates.json", api_key=key).content)
    assert [(one["service_request_id"], one["fixmystreet_id"]) for one in own] == [
        ("C-1", report.pk)
    ]
    oskars = key_for(body=town.district)
    assert json.loads(get(client, "servicerequestupdates.json", api_key=oskars).content) == []


def test_a_span_of_updates_over_90_days_is_a_400(client, town):
    query = {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}
    assert get(client, "servicerequestupdates.json", **query).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "nothing.xml", 404),
        ("get", "requests", 404),
        ("get", "tokens/1.json", 404),
        ("get", "update_tokens/1.xml", 404),
        ("get", "requests/1%0A.json", 404),
        ("delete", "requests.json", 405),
        ("post", "services.xml", 405),
    ],
)
def test_every_failure_is_an_errors_document(client, town, method, path, status):
    answer = getattr(client, method)(f"{ROOT}/{path}")
    assert answer.status_code == status
    assert errors_of(answer)[0][0] == str(status)
    assert answer["Content-Type"].startswith(("text/xml", "application/json"))


def test_xml_and_json_say_the_same(client, town):
    town.report(title="A & <b>", detail="“Ünï”")
    in_xml = list(read_requests(get(client, "requests.xml").content))
    in_json = list(read_requests(get(client, "requests.json").content))
    assert in_xml == in_json
    assert in_xml[0].title == "A & <b>"


def test_a_deleted_body_is_no_jurisdiction(client, town):
    Body.objects.filter(pk=town.county.pk).update(is_deleted=True)
    assert get(client, "services.json", jurisdiction_id="borsetshire").status_code == 404


def test_head_is_answered_without_a_body(client, town):
    answer = client.head(f"{ROOT}/requests.json")
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_update_that_sets_no_state_tells_what_the_report_was_then(client, town):
    """The extension's description has no word for "unchanged" among the answers of a server."""
    worked_on, as_made = town.report(), town.report(state="closed")
    moment = clock.now() - timedelta(minutes=10)
    for minute, (report, state) in enumerate(
        [
            (worked_on, ""),
            (worked_on, "in progress"),
            (worked_on, ""),
            (worked_on, "fixed - council"),
            (as_made, ""),
        ]
    ):
        when = moment + timedelta(minutes=minute)
        Update.objects.create(
            report=report, text=f"{minute}", state=state, visibility="shown",
            created=when, confirmed_at=when,
        )  # fmt: skip
    found = json.loads(get(client, "servicerequestupdates.json").getvalue())
    assert [one["status"] for one in found] == [
        "OPEN", "IN_PROGRESS", "IN_PROGRESS", "FIXED", "CLOSED",
    ]  # fmt: skip
