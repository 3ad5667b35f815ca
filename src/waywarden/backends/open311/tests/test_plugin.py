"""Open311 over real HTTP on loopback, and what its answers mean."""

import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zoneinfo import ZoneInfo

import pytest

from waywarden.backends.contract import (
    Accepted,
    KnownReport,
    LookedUp,
    Mapped,
    Notes,
    OutgoingPhoto,
    OutgoingReport,
    OutgoingUpdate,
    Pending,
    Person,
    Span,
)
from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.backends.open311.faults import asking_error, sending_error
from waywarden.backends.open311.finding import find
from waywarden.backends.open311.options import Open311Options, Open311Secrets
from waywarden.backends.open311.plugin import Open311Backend
from waywarden.backends.open311.searching import MOST_LISTS
from waywarden.backends.open311.wording import description_of, new_request, new_update
from waywarden.kernel import clock
from waywarden.kernel import options as kernel_options
from waywarden.kernel.errors import (
    BadReply,
    Misconfigured,
    Refused,
    RuleBroken,
    TryLater,
    Unknown,
)
from waywarden.kernel.http import Way
from waywarden.open311.errors import Fault, NotOpen311, Unreachable
from waywarden.open311.types import ErrorItem, Service, ServiceRequest


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    server = FakeServer([Service("POT", "Potholes")], api_key="k3y-of-ours")
    served = make_server("127.0.0.1", 0, server, handler_class=_Quiet)
    thread = threading.Thread(
        target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    server.url = f"http://127.0.0.1:{served.server_port}{PREFIX}"
    yield server
    served.shutdown()
    served.server_close()
    thread.join()


def backend_at(url, *, api_key="k3y-of-ours", **values) -> Open311Backend:
    return Open311Backend(
        options=Open311Options(endpoint=url, **values),
        secrets=Open311Secrets(api_key=api_key),
        way=Way(allowed_private={"127.0.0.1"}),
        zone=ZoneInfo("Europe/London"),
    )


@pytest.fixture
def backend(fake) -> Open311Backend:
    return backend_at(fake.url)


def photo(number, *, url=""):
    return OutgoingPhoto(
        url=url,
        filename=f"7.{number}.full.jpg",
        content_type="image/jpeg",
        read=lambda: b"\xff\xd8",
    )


def report(**values) -> OutgoingReport:
    return OutgoingReport(
        **{
            "key": "0e8a2b4c-0000-4000-8000-000000000001",
            "report_id": 7,
            "report_url": "https://example.org/report/7",
            "title": "Deep pothole",
            "description": "By the bus stop.",
            "category": "Potholes",
            "group": "Roads",
            "service_code": "POT",
            "emails": (),
            "lat": 52.2,
            "lon": -1.5,
            "is_placed": True,
            "nearest_address": "12 High Street",
            "person": Person(name="Rosa van Dale", email="rosa@example.org", phone="123"),
            "is_private": False,
            "created_at": clock.now(),
            **values,
        }
    )


def update(**values) -> OutgoingUpdate:
    return OutgoingUpdate(
        **{
            "key": "0e8a2b4c-0000-4000-8000-000000000002",
            "update_id": 3,
            "report_id": 7,
            "report_url": "https://example.org/report/7",
            "external_id": "4711",
            "title": "Deep pothole",
            "text": "It grows.",
            "state": "in progress",
            "reopens": False,
            "service_code": "POT",
            "emails": (),
            "person": Person(name="Rosa"),
            "created_at": clock.now(),
            **values,
        }
    )


#: The worked example of the Ordnance Survey's transformation (OSTN15).
WATER_TOWER = {"lat": 52.658007833, "lon": 1.716073972}
ANY = Open311Options(endpoint="http://example.org")


def options(**values):
    return Open311Options(endpoint="http://example.org", **values)


# What is said


def test_title_detail_and_link_stand_in_the_description():
    assert description_of(report(), ANY) == (
        "title: Deep pothole\n\ndetail: By the bus stop.\n\nurl: https://example.org/report/7"
    )
    assert description_of(report(), options(description_style="plain")) == "By the bus stop."


def test_a_long_description_keeps_its_link_within_four_thousand_characters():
    text = description_of(report(description="x" * 5000), ANY)

    assert len(text) == 4000
    assert text.endswith("…\n\nurl: https://example.org/report/7")


def test_names_key_and_number_travel():
    new = new_request(report(), ANY)

    assert (new.first_name, new.last_name) == ("Rosa", "van Dale")
    assert (new.lat, new.long) == (52.2, -1.5)
    assert new.idempotency_key == report().key
    assert new.attributes == {"fixmystreet_id": ("7",)}


def test_a_category_names_its_own_field_for_our_number():
    assert new_request(report(id_field="ref"), ANY).attributes == {"ref": ("7",)}


def test_what_the_definition_asks_the_sender_to_fill_is_filled():
    asked = ("easting", "northing", "closest_address", "report_url", "title", "group", "usrn")

    attributes = new_request(
        report(**WATER_TOWER, server_set=asked, answers={"depth": ("a", "b")}), ANY
    ).attributes
    for axis, metres in (("easting", 651_410), ("northing", 313_177)):
        assert abs(int(attributes[axis][0]) - metres) < 10

    assert attributes == {
        "depth": ("a", "b"),
        "easting": attributes["easting"],
        "northing": attributes["northing"],
        "closest_address": ("12 High Street",),
        "report_url": ("https://example.org/report/7",),
        "title": ("Deep pothole",),
        "group": ("Roads",),
        "fixmystreet_id": ("7",),
    }


def test_what_the_site_knows_of_the_place_is_filled_where_it_is_asked_for():
    sent = new_request(
        report(
            server_set=("uprn", "usrn", "external_id", "unheard_of"),
            known={"uprn": "1000", "usrn": "22", "other": "x"},
            external_id="OLD-7",
        ),
        Open311Options(endpoint="https://c.example.org"),
    )
    assert sent.attributes["uprn"] == ("1000",)
    assert sent.attributes["usrn"] == ("22",)
    assert sent.attributes["external_id"] == ("OLD-7",)
    assert {"unheard_of", "other"}.isdisjoint(sent.attributes)


def test_a_server_with_a_grid_gets_northing_and_easting():
    tower = report(**WATER_TOWER)

    new = new_request(tower, options(coordinates="grid", projection="EPSG:27700"))

    assert abs(new.lat - 313_177.450) < 10
    assert abs(new.long - 651_409.804) < 10


def test_a_place_outside_of_the_grid_is_refused():
    with pytest.raises(Refused):
        new_request(report(lat=0.0, lon=88.0), options(coordinates="grid"))


def test_a_pin_that_was_not_placed_may_go_as_an_address():
    unplaced = report(is_placed=False)

    assert new_request(unplaced, ANY).lat == 52.2
    as_address = new_request(unplaced, options(always_latlong=False))
    assert (as_address.lat, as_address.address_string) == (None, "12 High Street")
    nowhere = report(is_placed=False, nearest_address="")
    assert new_request(nowhere, options(always_latlong=False)).lat == 52.2


@pytest.mark.parametrize(
    ("style", "urls", "uploads"),
    [
        ("one_url", ("u1",), 0),
        ("all_urls", ("u1", "u2"), 0),
        ("upload_when_private", ("u1", "u2"), 0),
        ("upload", (), 2),
    ],
)
def test_photos_go_as_the_connection_says(style, urls, uploads):
    new = new_request(
        report(photos=(photo(0, url="u1"), photo(1, url="u2"))), options(photos=style)
    )

    assert new.media_urls == urls
    assert [upload.name for upload in new.uploads] == ["photo1", "photo2"][:uploads]


@pytest.mark.parametrize("style", ["one_url", "all_urls", "upload", "upload_when_private"])
def test_photos_of_a_private_report_are_uploaded_whatever_the_connection_says(style):
    new = new_request(report(photos=(photo(0),), is_private=True), options(photos=style))

    assert new.media_urls == ()
    assert [upload.data for upload in new.uploads] == [b"\xff\xd8"]


def test_an_address_of_ours_is_put_in_where_one_is_required():
    nobody = report(person=Person(name="Rosa"))
    required = options(requires_email=True, substitute_email="us@example.org")

    assert new_request(nobody, ANY).email == ""
    assert new_request(nobody, required).email == "us@example.org"
    assert new_request(report(), required).email == "rosa@example.org"


@pytest.mark.parametrize(
    ("state", "reopens", "values", "wire"),
    [
        ("in progress", False, {}, "OPEN"),
        ("in progress", False, {"extended_statuses": True}, "IN_PROGRESS"),
        ("fixed - user", False, {}, "CLOSED"),
        ("fixed - user", False, {"extended_statuses": True}, "FIXED"),
        ("confirmed", True, {}, "OPEN"),
        ("confirmed", True, {"send_reopen": True}, "REOPEN"),
        ("fixed - user", False, {"statuses_sent": {"fixed - user": "MENDED"}}, "MENDED"),
    ],
)
def test_the_status_of_an_update(state, reopens, values, wire):
    assert new_update(update(state=state, reopens=reopens), options(**values)).status == wire


def test_an_update_without_the_bodys_number_is_refused():
    with pytest.raises(Refused):
        new_update(update(external_id=""), ANY)


# What an answer means (the table of open311.md 4)


def fault(status, *, told=True, wait=None):
    items = (ErrorItem(str(status), "no"),) if told else ()
    return Fault(f"The server answered {status}", status=status, items=items, retry_after=wait)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unreachable("refused", was_sent=False), TryLater),
        (Unreachable("reset", was_sent=True), Unknown),
        (fault(408), TryLater),
        (fault(425), TryLater),
        (fault(429), TryLater),
        (fault(503), TryLater),
        (fault(500), Unknown),
        (fault(502), Unknown),
        (fault(504), Unknown),
        (NotOpen311("HTML", status=200), Unknown),
        (fault(400), Refused),
        (fault(404), Refused),
        (fault(409), Refused),
        (fault(401), Misconfigured),
        (fault(403), Misconfigured),
        (fault(404, told=False), Misconfigured),
        (fault(301), Misconfigured),
    ],
)
def test_what_an_answer_to_a_post_means(error, kind):
    assert type(sending_error(error)) is kind


def test_only_a_400_is_refused_patiently():
    assert sending_error(fault(400)).patient
    assert not sending_error(fault(404)).patient


def test_the_wait_that_is_asked_for_is_kept():
    wait = timedelta(minutes=7)

    assert sending_error(fault(503, wait=wait)).after == wait
    assert asking_error(fault(429, wait=wait)).after == wait


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unreachable("reset", was_sent=True), TryLater),
        (fault(500), TryLater),
        (fault(503), TryLater),
        (fault(403), Misconfigured),
        (fault(404), BadReply),
        (NotOpen311("HTML", status=200), BadReply),
    ],
)
def test_what_an_answer_to_a_question_means(error, kind):
    assert type(asking_error(error)) is kind


# Over the wire


def test_a_report_is_taken_and_its_number_comes_back(fake, backend):
    assert backend.send_report(report(), {}) == Accepted(external_id="4711")
    assert backend.send_report(report(), {}) == Accepted(external_id="4711")  # the key is the same
    assert len(fake.memory.requests) == 1


def test_photos_travel_as_files(fake, backend):
    backend.send_report(report(photos=(photo(0),), is_private=True), {})

    (upload,) = fake.memory.requests["4711"].new.uploads
    assert (upload.name, upload.filename) == ("photo1", "7.0.full.jpg")
    assert upload.data == b"\xff\xd8"


def test_a_token_is_pending_until_it_is_settled(fake, backend):
    fake.switches.token = True

    assert backend.send_report(report(), {}) == Pending(token="T4711")
    assert backend.resolve_token("T4711") == Pending(token="T4711")
    assert backend.resolve_token("unheard of") == Pending(token="unheard of")
    fake.settle()
    assert backend.resolve_token("T4711") == Accepted(external_id="4711")


def test_the_token_of_an_update_is_pending_until_it_is_settled(fake, backend):
    backend.send_report(report(), {})
    fake.switches.token_for_updates = True

    assert backend.send_update(update(external_id="4711"), {}) == Pending(token="TU3")
    assert backend.resolve_update_token("TU3") == Pending(token="TU3")
    fake.settle()
    assert backend.resolve_update_token("TU3") == Accepted(external_id="U3")


@pytest.mark.parametrize(
    ("switch", "value", "kind"),
    [
        ("lost_reply", True, Unknown),
        ("garbage", True, Unknown),
        ("html", True, Unknown),
        ("down", True, TryLater),
        ("refuses", 400, Refused),
        ("refuses", 403, Misconfigured),
    ],
)
def test_each_kind_of_trouble(fake, backend, switch, value, kind):
    setattr(fake.switches, switch, value)

    with pytest.raises(kind):
        backend.send_report(report(), {})


def test_already_exists_names_the_number_itself(fake):
    fake.switches.already_exists = True
    backend = backend_at(fake.url, already_exists=r"this (?P<id>report) already")

    assert backend.send_report(report(), {}) == Accepted(external_id="report")


def test_already_exists_and_not_listed_is_unknown(fake):
    fake.switches.already_exists = True

    with pytest.raises(Unknown):
        backend_at(fake.url, already_exists="already exists").send_report(report(), {})
    with pytest.raises(Refused):
        backend_at(fake.url, already_exists="another thing").send_report(report(), {})
    with pytest.raises(Misconfigured):
        backend_at(fake.url, already_exists="(").send_report(report(), {})


def test_already_exists_and_a_list_that_fails_is_unknown_so_that_it_is_not_posted_again(fake):
    fake.switches.already_exists = fake.switches.list_fails = True

    with pytest.raises(Unknown, match="already"):
        backend_at(fake.url, already_exists="already exists").send_report(report(), {})


def test_a_lost_report_is_found_by_our_number(fake, backend):
    since = clock.now()
    assert backend.look_up(report(), since) == LookedUp(None, is_trustworthy=True)

    backend.send_report(report(), {})

    assert backend.look_up(report(), since) == LookedUp("4711", is_trustworthy=True)
    assert backend.look_up(report(report_id=8, report_url="u"), since).external_id is None


def test_look_ups_of_one_batch_ask_for_the_list_once(fake, backend):
    beside = backend_at(fake.url)
    for one in (backend, beside):
        one.open_beside(backend)
    backend.send_report(report(), {})
    calls = len(fake.memory.calls)

    assert backend.look_up(report(), clock.now()).external_id == "4711"
    assert beside.look_up(report(report_id=8, report_url="u"), clock.now()).external_id is None
    assert len(fake.memory.calls) == calls + 1


def test_a_server_without_a_list_says_nothing(fake, backend):
    fake.switches.lists_nothing = True

    assert backend.look_up(report(), clock.now()) == LookedUp(None, is_trustworthy=False)
    without = backend_at("http://127.0.0.1:1/", lists_requests=False)
    assert without.look_up(report(), clock.now()) == LookedUp(None, is_trustworthy=False)


def test_a_list_that_was_cut_is_asked_for_in_halves(fake, backend, monkeypatch, time_machine):
    """Of a day with more rows than an answer holds, each is found, and what is not there is not."""
    monkeypatch.setattr("waywarden.backends.open311.finding.CUT_AT", 10)
    fake.switches.lists_most = 10
    since = clock.now()
    for number in range(1, 41):
        time_machine.move_to(since + timedelta(minutes=number), tick=False)
        new = report(report_id=number, report_url=f"https://x/report/{number}", key=str(number))
        backend.send_report(new, {})

    first = report(report_id=1, report_url="https://x/report/1")
    assert backend.look_up(first, since) == LookedUp("4711", is_trustworthy=True)
    missing = report(report_id=99, report_url="https://x/report/99", lat=1.0)
    assert backend.look_up(missing, since) == LookedUp(None, is_trustworthy=True)


def test_a_list_that_is_cut_however_short_its_span_is_not_trusted(fake, backend, monkeypatch):
    monkeypatch.setattr("waywarden.backends.open311.finding.CUT_AT", 2)
    for number in range(1, 5):
        backend.send_report(
            report(report_id=number, report_url=f"https://x/report/{number}", key=str(number)), {}
        )
    calls = len(fake.memory.calls)

    missing = report(report_id=99, report_url="https://x/report/99", lat=1.0)
    looked = backend.look_up(missing, clock.now() - timedelta(days=30))

    assert looked == LookedUp(None, is_trustworthy=False)
    assert len(fake.memory.calls) - calls <= MOST_LISTS


def test_a_look_up_that_cannot_go_back_far_enough_is_not_trusted(backend):
    long_ago = clock.now() - timedelta(days=100)

    assert backend.look_up(report(), long_ago) == LookedUp(None, is_trustworthy=False)


def test_a_list_that_answers_a_login_page_is_a_bad_reply(fake, backend):
    fake.switches.html = True

    with pytest.raises(BadReply):
        backend.look_up(report(), clock.now())


def test_updates_reports_and_services_are_fetched(fake, backend):
    backend.send_report(report(), {})
    fake.answer_report("4711", status="IN_PROGRESS", text="On the list.")
    span = Span(clock.now() - timedelta(hours=1), clock.now() + timedelta(minutes=1))

    (news,) = backend.fetch_updates(span, Notes())
    (row,) = backend.fetch_reports(span, Notes())

    assert (news.service_request_id, news.status, news.description) == (
        "4711",
        "in_progress",
        "On the list.",
    )
    assert (row.service_request_id, row.status) == ("4711", "in_progress")
    assert [service.service_code for service in backend.list_services(Notes())] == ["POT"]
    assert backend.describe_service("POT", Notes()).attributes == ()
    assert [one.service_request_id for one in backend.fetch_reports(None, Notes())] == ["4711"]


def test_a_server_without_updates_is_asked_about_reports_by_their_numbers(fake):
    backend = backend_at(fake.url, news="requests")
    assert backend.tells_by_report
    for key in "abc":
        backend.send_report(report(key=key), {})
    fake.answer_report("4711", status="CLOSED", text="Filled.")
    fake.memory.calls.clear()
    known = [KnownReport("4711"), KnownReport("4712"), KnownReport("4799")]
    (news,) = backend.fetch_progress(known, Notes())
    assert (news.service_request_id, news.status) == ("4711", "closed")
    assert news.update_id.startswith("status:")
    assert len(fake.memory.calls) == 1


def test_errors_while_rows_are_consumed_are_ours_too(fake, backend):
    fake.switches.down = True
    span = Span(clock.now(), clock.now())

    with pytest.raises(TryLater):
        list(backend.fetch_updates(span, Notes()))
    with pytest.raises(TryLater):
        backend.list_services(Notes())


def test_the_check_says_in_words_what_is_wrong(fake, backend):
    assert backend.check() == ()

    fake.switches.html = True
    (finding,) = backend.check()
    assert finding
    assert "<" not in finding
    wrong = backend_at(
        "http://127.0.0.1:9/", already_exists="(", statuses={"x": "y"}, requires_email=True
    )
    assert len(wrong.check()) == 4


# Statuses


@pytest.mark.parametrize(
    ("word", "values", "mapped"),
    [
        ("in_progress", {}, Mapped(state="in progress")),
        ("closed", {}, Mapped(state="fixed - council")),
        ("closed", {"extended_statuses": True}, Mapped(state="closed")),
        ("unchanged", {}, Mapped()),
        ("pondering", {}, Mapped(is_known=False)),
        ("pondering", {"statuses": {"Pondering": "investigating"}}, Mapped(state="investigating")),
        ("spam", {"statuses": {"spam": "ignore"}}, Mapped(is_ignored=True)),
        ("odd", {"statuses": {"odd": "no state of ours"}}, Mapped(is_known=False)),
    ],
)
def test_their_words_in_our_states(word, values, mapped):
    assert backend_at("http://example.org", **values).state_for(word) == mapped


# Finding


def row(**values):
    return ServiceRequest(
        **{
            "service_request_id": "1",
            "service_code": "POT",
            "lat": 52.2,
            "long": -1.5,
            "requested_datetime": clock.now().astimezone(UTC),
            **values,
        }
    )


def found(*rows):
    return find(report(), rows, id_field="fixmystreet_id", plain="plain words")


@pytest.mark.parametrize(
    ("values", "external_id"),
    [
        ({"extras": {"fixmystreet_id": "7"}}, "1"),
        ({"extras": {"attribute[fixmystreet_id]": "7"}}, "1"),
        ({"description": "see https://example.org/report/7."}, "1"),
        ({"description": "see https://example.org/report/71"}, None),
        ({"description": "By the  bus stop."}, "1"),
        ({"description": "plain words"}, "1"),
        ({"description": "By the bus stop.", "service_code": "TREE"}, None),
        ({"description": "By the bus stop.", "lat": 52.21}, None),
        ({"description": "By the bus stop.", "lat": None}, None),
        ({"description": "By the bus stop.", "extras": {"fixmystreet_id": "8"}}, None),
        ({"service_request_id": "", "extras": {"fixmystreet_id": "7"}}, None),
    ],
)
def test_by_what_a_report_is_found(values, external_id):
    assert found(row(**values)).external_id == external_id


def test_our_number_goes_before_the_look_of_it():
    alike = row(description="By the bus stop.")
    ours = row(service_request_id="2", extras={"fixmystreet_id": "7"})

    assert found(alike, ours).external_id == "2"


def test_a_list_that_may_have_been_cut_is_not_trusted():
    assert found(*[row()] * 999).is_trustworthy
    assert not found(*[row()] * 1000).is_trustworthy


# Options


def test_an_endpoint_must_be_an_address():
    with pytest.raises(RuleBroken) as caught:
        kernel_options.read(Open311Options, {"endpoint": "ftp://x"})
    assert caught.value.field == "endpoint"


def test_every_option_says_in_words_what_it_is():
    for kind in (Open311Options, Open311Secrets):
        for field in kernel_options.fields_of(kind):
            assert field.label != field.name
            assert field.help.endswith(".")


def test_rows_of_a_server_with_a_grid_come_in_degrees(httpserver):
    """SU 200 800 on the British grid."""
    rows = [
        {"service_request_id": "1", "status": "open", "lat": "180000", "long": "420000"},
        {"service_request_id": "2", "status": "open"},
    ]
    httpserver.expect_request("/requests.json").respond_with_json(rows)
    grid = backend_at(httpserver.url_for(""), format="json", coordinates="grid")
    first, nowhere = grid.fetch_reports(None, Notes())
    assert (first.lat, first.long) == pytest.approx((51.5187, -1.7132), abs=0.001)
    assert (nowhere.lat, nowhere.long) == (None, None)


@pytest.mark.parametrize("url", ["{here}", "{here}/", "https://other.example/open311/v2"])
def test_the_version_of_a_service_list_is_its_changeset(httpserver, url):
    here = httpserver.url_for("/open311/v2")
    endpoint = {"url": url.format(here=here), "changeset": "2026-01-02T00:00:00Z"}
    httpserver.expect_request("/open311/v2/discovery.json").respond_with_json(
        {"changeset": "2025-01-01T00:00:00Z", "endpoints": [endpoint]}
    )
    assert backend_at(here, format="json").list_version() == "2026-01-02T00:00:00+00:00"


def test_a_server_without_discovery_has_no_version(httpserver):
    assert backend_at(httpserver.url_for("")).list_version() == ""
