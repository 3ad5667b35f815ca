"""The client against our own server over loopback, and against servers that misbehave."""

from datetime import UTC, datetime, timedelta

import pytest

from waywarden.kernel.http import Limits, Way
from waywarden.open311 import types
from waywarden.open311.client import Client, retry_after
from waywarden.open311.errors import Fault, NotOpen311, Unreachable
from waywarden.open311.provider import ProviderError
from waywarden.open311.server import Open311App
from waywarden.open311.tests.memory import MemoryProvider, served

MOMENT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
BOTH = pytest.mark.parametrize("kind", ["xml", "json"])


def way(**options) -> Way:
    return Way(allowed_private={"127.0.0.1"}, **options)


@pytest.fixture
def provider():
    return MemoryProvider()


@pytest.fixture
def address(provider):
    with served(Open311App(provider, prefix="/open311/v2")) as url:
        yield f"{url}/open311/v2"


def canned(status: str, body: bytes, *, content_type: str = "text/xml", **headers: str):
    """An application that gives the same answer to everything, and remembers what it was asked."""
    asked = []

    def app(environ, start_response):
        length = int(environ.get("CONTENT_LENGTH") or 0)
        asked.append((environ, environ["wsgi.input"].read(length)))
        more = [(name.replace("_", "-"), value) for name, value in headers.items()]
        start_response(status, [("Content-Type", content_type), *more])
        return [body]

    app.asked = asked
    return app


def answered_by(app, do, **options):
    with served(app) as url:
        return do(Client(url, way=way(), **options))


NEW = types.NewRequest(service_code="001", lat=51.5, long=-0.1, description="A hole")


@BOTH
def test_discovery_comes_across_whole(provider, address, kind):
    client = Client(address, way=way(), format=kind)
    assert client.discovery() == provider.discovery(None)


@BOTH
def test_services_come_across_whole_without_deviations(provider, address, kind):
    noted = []
    services = Client(address, way=way(), format=kind).services(deviations=noted)
    assert services == provider.services_list
    assert noted == []


@BOTH
def test_a_definition_of_a_code_with_slash_and_space_is_found(provider, address, kind):
    found = Client(address, way=way(), format=kind).service_definition("a/b c")
    assert found.service_code == "a/b c"
    assert found.attributes[0].values[1].disable_message == "Wait"


@BOTH
def test_a_request_is_created_with_answers_files_and_key(provider, address, kind):
    photo = types.Upload("photo1", "hole.jpg", "image/jpeg", bytes(range(256)))
    new = types.NewRequest(
        service_code="001",
        lat=51.5007,
        long=-0.1246,
        attributes={"DEPTH": ("d",), "KINDS": ("a", "b")},
        email="rosa@example.org",
        first_name="Rosa",
        description="Ein Loch\nmit “Wasser” & <Gras>",
        media_urls=("https://example.org/1.jpg", "https://example.org/2.jpg"),
        uploads=(photo,),
        idempotency_key="0b8f",
    )
    client = Client(address, way=way(), format=kind, api_key="key", jurisdiction_id="borsetshire")
    receipt = client.create_request(new)
    assert receipt == types.Receipt(service_request_id="R-1", service_notice="Thank you.")
    assert provider.news == [new]
    assert provider.calls[-1].jurisdiction_id == "borsetshire"
    assert client.request("R-1").media_urls == new.media_urls


@pytest.mark.parametrize(
    ("style", "name"), [("repeat", "attribute[KINDS]"), ("brackets", "attribute[KINDS][]")]
)
def test_several_answers_travel_in_the_style_of_the_connection(style, name):
    app = canned(
        "200 OK", b"<service_requests><request><token>1</token></request></service_requests>"
    )
    new = types.NewRequest(service_code="1", lat=1, long=2, attributes={"KINDS": ("a", "b")})
    answered_by(app, lambda client: client.create_request(new), attribute_style=style)
    from urllib.parse import parse_qsl

    pairs = parse_qsl(app.asked[0][1].decode())
    assert pairs[-2:] == [(name, "a"), (name, "b")]


def test_a_batch_service_answers_a_token_that_is_resolved_later(provider, address):
    client = Client(address, way=way(), api_key="key")
    receipt = client.create_request(types.NewRequest("batch", address_string="1 High Street"))
    assert receipt.token == "T-R-1"
    assert client.token("T-R-1").id == ""
    provider.ids["T-R-1"] = "4711"
    assert client.token("T-R-1") == types.TokenAnswer("T-R-1", "4711")


def test_an_unknown_token_is_not_ready(address):
    assert Client(address, way=way()).token("none") == types.TokenAnswer("none", "")


@BOTH
def test_an_update_travels_there_and_updates_come_back(provider, address, kind):
    new = types.NewUpdate(
        service_request_id="R-1",
        update_id="77",
        status="IN_PROGRESS",
        updated_datetime=MOMENT,
        first_name="Ines",
        idempotency_key="k",
    )
    row = types.ServiceRequestUpdate(
        "9",
        "R-1",
        "fixed",
        MOMENT,
        "Done",
        ("https://example.org/p.jpg",),
        "F1",
        "CR-1",
        42,
        {"category": "Pothole"},
    )
    provider.updates_list = [row]
    client = Client(address, way=way(), format=kind, api_key="key")
    assert client.create_update(new).update_id == "U-77"
    assert provider.new_updates == [new]
    query = types.UpdateQuery(MOMENT - timedelta(hours=2), MOMENT)
    assert list(client.updates(query)) == [row]
    assert provider.queries == [query]
    assert provider.calls[-1].api_key == "key"
    assert client.update_token("x").id == "U-9"


def test_the_filters_of_requests_arrive_as_they_were_meant(provider, address):
    query = types.RequestQuery(
        service_codes=("001", "b"),
        statuses=("open", "in_progress"),
        start_date=MOMENT - timedelta(days=90),
        end_date=MOMENT,
        updated_after=MOMENT,
        page=2,
        page_size=50,
    )
    assert list(Client(address, way=way()).requests(query)) == []
    assert provider.queries == [query]


def test_ids_override_the_other_filters(provider, address):
    query = types.RequestQuery(service_request_ids=("1", "2"), statuses=("open",))
    list(Client(address, way=way()).requests(query))
    assert provider.queries == [types.RequestQuery(service_request_ids=("1", "2"))]


def test_the_key_goes_on_get_only_where_it_should(provider, address):
    Client(address, way=way(), api_key="key").services()
    assert provider.calls[-1].api_key == ""
    Client(address, way=way(), api_key="key", key_on_get=True).services()
    assert provider.calls[-1].api_key == "key"


def test_a_list_of_many_thousand_rows_is_streamed(provider, address):
    row = types.ServiceRequest("1", service_code="001", description="x" * 100)
    provider.requests_list = [row] * 3000
    rows = Client(address, way=way()).requests()
    assert next(rows) == row
    assert sum(1 for _ in rows) == 2999


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_endpoint_may_end_in_a_slash_and_carry_a_query(slash):
    app = canned("200 OK", b"<services/>")
    with served(app) as url:
        Client(f"{url}/base{slash}?tenant=7", way=way(), jurisdiction_id="j").services()
    environ = app.asked[0][0]
    assert environ["PATH_INFO"] == "/base/services.xml"
    assert environ["QUERY_STRING"] == "tenant=7&jurisdiction_id=j"


def test_an_errors_document_becomes_a_fault_with_its_words(address):
    with pytest.raises(Fault) as caught:
        Client(address, way=way(), api_key="wrong").create_request(NEW)
    assert caught.value.status == 403
    assert caught.value.items == (types.ErrorItem("403", "api_key is not known."),)
    assert "api_key is not known" in str(caught.value)


def test_an_unknown_request_is_a_fault_404(address):
    with pytest.raises(Fault) as caught:
        Client(address, way=way()).request("none")
    assert caught.value.status == 404


def test_an_empty_list_for_one_request_is_a_fault_404():
    with pytest.raises(Fault) as caught:
        answered_by(canned("200 OK", b"<service_requests/>"), lambda client: client.request("1"))
    assert caught.value.status == 404


def test_errors_with_status_200_are_a_fault():
    body = b"<errors><error><code>400</code><description>No CRM</description></error></errors>"
    with pytest.raises(Fault) as caught:
        answered_by(canned("200 OK", body), lambda client: client.create_request(NEW))
    assert caught.value.status == 200
    assert caught.value.items[0].description == "No CRM"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"<html><title>Sign in</title></html>",
        b"<service_requests/>",
        b"<service_requests><request><service_notice>Hi</service_notice></request></service_requests>",
        b"[]",
        b"{}",
    ],
)
def test_a_200_without_an_id_is_no_success(body):
    with pytest.raises(NotOpen311) as caught:
        answered_by(canned("200 OK", body), lambda client: client.create_request(NEW))
    assert caught.value.status == 200


def test_the_title_of_a_web_page_is_told_and_not_its_markup():
    page = b"<!DOCTYPE html><html><head><title>Sign in <b>now</b></title></head></html>"
    with pytest.raises(NotOpen311, match=r": Sign in now$"):
        answered_by(canned("200 OK", page), lambda client: client.services())


def test_201_with_an_id_is_a_success():
    body = b'[{"service_request_id": 12}]'
    receipt = answered_by(canned("201 Created", body), lambda client: client.create_request(NEW))
    assert receipt.service_request_id == "12"


def test_the_wait_that_is_asked_for_is_told():
    app = canned("429 Too Many Requests", b"slow down", Retry_After="120")
    with pytest.raises(Fault) as caught:
        answered_by(app, lambda client: client.services())
    assert caught.value.retry_after == timedelta(minutes=2)
    assert caught.value.items == ()


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", None),
        ("soon", None),
        ("0", timedelta()),
        ("999999999999", timedelta(days=1)),
        ("Wed, 25 Nov 2026 09:31:00 GMT", timedelta(minutes=1)),
        ("Wed, 25 Nov 2025 09:31:00 GMT", timedelta()),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header, wait):
    assert retry_after(header, now=MOMENT) == wait


def test_a_refused_connection_was_not_sent():
    with served(canned("200 OK", b"")) as url:
        pass  # the server is gone now
    with pytest.raises(Unreachable) as caught:
        Client(url, way=way()).create_request(NEW)
    assert caught.value.was_sent is False


def test_a_silent_server_may_have_taken_it():
    import threading

    go_on = threading.Event()

    def app(environ, start_response):
        go_on.wait(5)
        start_response("200 OK", [])
        return [b""]

    with served(app) as url:
        client = Client(url, way=way(limits=Limits(read_seconds=0.2)))
        with pytest.raises(Unreachable) as caught:
            client.create_request(NEW)
        go_on.set()
    assert caught.value.was_sent is True


def test_an_answer_that_is_too_large_is_no_open311():
    app = canned("200 OK", b"<services>" + b" " * 5000 + b"</services>")
    with served(app) as url:
        client = Client(url, way=way(limits=Limits(max_bytes=1000)))
        with pytest.raises(NotOpen311):
            client.services()


def test_a_list_that_breaks_off_is_never_taken_for_whole(provider, address):
    def rows(call, query):
        for number in range(2000):
            yield types.ServiceRequest(str(number), description="x" * 100)
        raise ProviderError(500, "The vendor went away.")

    provider.requests = rows
    taken = Client(address, way=way()).requests()
    assert next(taken).service_request_id == "0"
    with pytest.raises((NotOpen311, Unreachable)):
        list(taken)


def test_dates_without_zone_are_in_the_zone_of_the_connection():
    from zoneinfo import ZoneInfo

    body = (
        b"<service_requests><request><service_request_id>1</service_request_id><status>open</status>"
        b"<requested_datetime>2026-07-01T12:00:00</requested_datetime></request></service_requests>"
    )
    noted = []
    row = answered_by(
        canned("200 OK", body),
        lambda client: client.request("1", deviations=noted),
        zone=ZoneInfo("Europe/London"),
    )
    assert row.requested_datetime == datetime(2026, 7, 1, 11, tzinfo=UTC)
    assert [deviation.code for deviation in noted] == ["date-without-zone"]
