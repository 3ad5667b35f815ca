"""The server: every failure is an errors document in the asked format, and nothing leaks."""

import io
import json
import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from waywarden.kernel.errors import RuleBroken
from waywarden.open311 import types
from waywarden.open311.documents import read_errors
from waywarden.open311.provider import ProviderError
from waywarden.open311.server import Open311App
from waywarden.open311.tests.memory import MemoryProvider

FORM = "application/x-www-form-urlencoded"
GOOD = {"service_code": "001", "lat": "51.5", "long": "-0.1", "api_key": "key"}


class Answer:
    def __init__(self, status: str, headers: list, body: bytes) -> None:
        self.status = int(status.split(maxsplit=1)[0])
        self.headers = dict(headers)
        self.body = body

    @property
    def errors(self):
        return [(item.code, item.description) for item in read_errors(self.body)]


def ask(app, path, *, method="GET", query="", form=None, body=None, content_type=FORM, **more):
    if form is not None:
        body = urlencode(form, doseq=True).encode()
    environ = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, **more}
    environ["QUERY_STRING"] = query
    if body is not None:
        environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": content_type}
        environ["wsgi.input"] = io.BytesIO(body)
    setup_testing_defaults(environ)
    started = []

    def start_response(status, headers, exc_info=None):
        started.append((status, headers))
        return lambda _data: None

    pieces = validator(app)(environ, start_response)
    whole = b"".join(pieces)
    pieces.close()
    return Answer(*started[0], whole)


@pytest.fixture
def provider():
    return MemoryProvider()


@pytest.fixture
def app(provider):
    return Open311App(provider)


def post(app, **changes):
    form = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return ask(app, "/requests.json", method="POST", form=form)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/services.xml", "text/xml; charset=utf-8"),
        ("/services.json", "application/json; charset=utf-8"),
    ],
)
def test_the_content_type_is_that_of_the_specification(app, path, content_type):
    answer = ask(app, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)


@pytest.mark.parametrize("path", ["/nothing.xml", "/", "/services", "/services.csv", "/tokens.xml"])
def test_an_unknown_path_is_a_404_errors_document_in_xml(app, path):
    answer = ask(app, path)
    assert answer.status == 404
    assert answer.body.startswith(b"<?xml")
    assert answer.errors == [("404", "There is no such address here.")]


def test_an_unknown_path_answers_json_to_who_wants_json(app):
    assert json.loads(ask(app, "/nothing.json").body)[0]["code"] == 404
    assert json.loads(ask(app, "/", HTTP_ACCEPT="application/json").body)[0]["code"] == 404


def test_a_path_outside_the_prefix_is_unknown(provider):
    app = Open311App(provider, prefix="/open311/v2/")
    assert ask(app, "/open311/v2/services.xml").status == 200
    assert ask(app, "/services.xml").status == 404


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [("/services.json", "POST", "GET"), ("/requests.json", "DELETE", "GET, POST")],
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(app, path, method, allowed):
    answer = ask(app, path, method=method, body=b"")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert answer.errors[0][0] == "405"


def test_head_answers_without_a_body(app):
    answer = ask(app, "/services.xml", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"service_code": None}, "service_code"),
        ({"service_code": " "}, "service_code"),
        ({"lat": None, "long": None}, "lat"),
        ({"long": None}, "long"),
        ({"lat": "91"}, "lat"),
        ({"lat": "nan"}, "lat"),
        ({"lat": "north"}, "lat"),
        ({"long": "1e999"}, "long"),
        ({"description": "x" * 4001}, "description"),
        ({"service_code": ["001", "002"]}, "service_code"),
    ],
)
def test_a_wrong_parameter_is_a_400_that_names_it(app, provider, changes, name):
    answer = post(app, **changes)
    assert answer.status == 400
    assert name in answer.errors[0][1]
    assert provider.news == []


def test_an_address_will_do_for_a_place(app, provider):
    assert post(app, lat=None, long=None, address_string="1 High Street").status == 200
    assert post(app, lat="", long="", address_id="77").status == 200
    assert [new.address_id for new in provider.news] == ["", "77"]


def test_both_attribute_styles_are_taken(app, provider):
    form = [*GOOD.items(), ("attribute[A]", "1"), ("attribute[B][]", "x"), ("attribute[B][]", "y")]
    form += [("attribute[C]", "x"), ("attribute[C]", "y"), ("attribute[D]", "")]
    ask(app, "/requests.xml", method="POST", form=form)
    assert provider.news[0].attributes == {"A": ("1",), "B": ("x", "y"), "C": ("x", "y")}


def test_control_characters_are_dropped_on_the_way_in_and_out(app, provider):
    post(app, description="a\x00b\x0bc")
    assert provider.news[0].description == "abc"
    provider.services_list = [types.Service("1", "Bad\x08 name\ufffe")]
    assert b"Bad name" in ask(app, "/services.xml").body
    assert json.loads(ask(app, "/services.json").body)[0]["service_name"] == "Bad name"


def multipart(*parts: tuple[str, str, bytes], boundary=b"b0undary", end=b"--\r\n") -> bytes:
    pieces = []
    for disposition, kind, data in parts:
        head = f"Content-Disposition: form-data; {disposition}\r\n".encode()
        head += f"Content-Type: {kind}\r\n".encode() if kind else b""
        pieces.append(b"--" + boundary + b"\r\n" + head + b"\r\n" + data + b"\r\n")
    return b"".join(pieces) + b"--" + boundary + end


FIELDS = [(f'name="{name}"', "", value.encode()) for name, value in GOOD.items()]


def test_files_arrive_byte_for_byte_and_without_a_path(app, provider):
    data = b"\xff\xd8\r\n--b0undar\r\n" + bytes(range(256))
    body = multipart(*FIELDS, ('name="photo1"; filename="C:\\\\x\\\\hole.jpg"', "image/jpeg", data))
    kind = "multipart/form-data; boundary=b0undary"
    answer = ask(app, "/requests.xml", method="POST", body=body, content_type=kind)
    assert answer.status == 200
    upload = provider.news[0].uploads[0]
    assert (upload.name, upload.filename, upload.content_type) == (
        "photo1",
        "hole.jpg",
        "image/jpeg",
    )
    assert upload.data == data


def test_an_empty_file_field_is_no_file(app, provider):
    body = multipart(*FIELDS, ('name="photo1"; filename=""', "application/octet-stream", b""))
    kind = "multipart/form-data; boundary=b0undary"
    ask(app, "/requests.xml", method="POST", body=body, content_type=kind)
    assert provider.news[0].uploads == ()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (multipart(*FIELDS)[:-20], "multipart/form-data; boundary=b0undary"),
        (multipart(*FIELDS), "multipart/form-data"),
        (multipart(*FIELDS), "multipart/form-data; boundary=other"),
        (b"\x00\x01", "multipart/form-data; boundary=b"),
        (b"{}", "application/json"),
        (b"&".join(b"a=1" for _ in range(1001)), FORM),
        (multipart(*[('name="a"', "", b"1")] * 1001), "multipart/form-data; boundary=b0undary"),
        (
            multipart(*[('name="p"; filename="a"', "image/jpeg", b"1")] * 21),
            "multipart/form-data; boundary=b0undary",
        ),
    ],
)
def test_a_body_that_is_no_form_is_a_400(app, provider, body, kind):
    answer = ask(app, "/requests.xml", method="POST", body=body, content_type=kind)
    assert (answer.status, len(answer.errors)) == (400, 1)
    assert provider.news == []


def test_ten_thousand_query_parameters_are_a_400(app):
    assert ask(app, "/services.xml", query="a=1&" * 10_000).status == 400


def test_a_body_past_the_limit_is_a_413(provider):
    answer = ask(Open311App(provider, max_body=10), "/requests.xml", method="POST", form=GOOD)
    assert (answer.status, answer.errors[0][0]) == (413, "413")


@pytest.mark.parametrize("length", ["many", "-1", "9" * 5000, "500"])
def test_a_length_that_is_wrong_is_a_400(app, length):
    body = urlencode(GOOD).encode()
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/requests.xml", "CONTENT_TYPE": FORM}
    environ |= {"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(body), "QUERY_STRING": ""}
    assert app.answer(environ).status == 400


@pytest.mark.parametrize(
    "query",
    [
        "start_date=yesterday",
        "start_date=2026-01-01T00:00:00Z&end_date=2026-04-02T00:00:00Z",
        "start_date=2026-02-01T00:00:00Z&end_date=2026-01-01T00:00:00Z",
        "page=0",
        "page_size=x",
    ],
)
def test_a_wrong_filter_is_a_400(app, provider, query):
    assert ask(app, "/requests.json", query=query).status == 400
    assert provider.queries == []


def test_ninety_days_are_not_too_many(app, provider):
    query = "start_date=2026-01-01T00:00:00Z&end_date=2026-04-01T00:00:00Z"
    assert ask(app, "/requests.json", query=query).status == 200
    assert provider.queries[0].end_date == datetime(2026, 4, 1, tzinfo=UTC)


def test_an_empty_parameter_equals_an_absent_one(app, provider):
    ask(app, "/requests.json", query="start_date=&status=&service_request_id=&jurisdiction_id=")
    assert provider.queries == [types.RequestQuery()]
    assert provider.calls[0].jurisdiction_id == ""


def test_status_words_and_lists_are_folded(app, provider):
    ask(app, "/requests.xml", query="status=OPEN,In%20Progress&service_code=a,b&service_code=c")
    assert provider.queries[0].statuses == ("open", "in_progress")
    assert provider.queries[0].service_codes == ("a", "b", "c")


def test_the_idempotency_key_reaches_the_provider(app, provider):
    ask(app, "/requests.xml", method="POST", form=GOOD, HTTP_IDEMPOTENCY_KEY="k-1")
    assert provider.calls[0].idempotency_key == "k-1"
    assert provider.news[0].idempotency_key == "k-1"


def test_a_provider_that_fails_becomes_a_500_without_internals(app, provider, caplog):
    def fails(call):
        message = "password=hunter2 in /etc/secret"
        raise KeyError(message)

    provider.services = fails
    with caplog.at_level(logging.ERROR):
        answer = ask(app, "/services.json")
    assert (answer.status, json.loads(answer.body)[0]["code"]) == (500, 500)
    assert b"hunter2" not in answer.body
    assert "services.json" in caplog.text


@pytest.mark.parametrize("after", [0, 3])
def test_an_error_on_an_early_row_still_becomes_a_status(app, provider, after):
    def services(call):
        yield from [types.Service("1", "One")] * after
        raise ProviderError(404, "jurisdiction_id is not known.")

    provider.services = services
    answer = ask(app, "/services.xml")
    assert (answer.status, answer.errors) == (404, [("404", "jurisdiction_id is not known.")])


def test_a_rule_that_the_provider_finds_broken_is_a_400(app, provider):
    def refuses(call, new):
        message = "attribute[DEPTH] is missing."
        raise RuleBroken(message)

    provider.create_request = refuses
    assert post(app).errors == [("400", "attribute[DEPTH] is missing.")]


def test_a_rate_limit_says_when_to_come_back(app, provider):
    def busy(call):
        raise ProviderError(429, "Too many calls.", retry_after=timedelta(seconds=30))

    provider.services = busy
    answer = ask(app, "/services.json")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "30")


def test_the_code_of_a_service_may_hold_a_dot_and_a_format(app, provider):
    provider.services_list = [types.Service("a.xml", "One"), types.Service("strasse/ß", "Two")]
    assert b"<service_code>a.xml<" in ask(app, "/services/a.xml.xml").body
    path = "/services/strasse/ß.json".encode().decode("latin-1")
    assert json.loads(ask(app, path).body)["service_code"] == "strasse/ß"


def test_a_token_that_is_not_ready_has_an_empty_id(app, provider):
    provider.ids["t"] = ""
    assert json.loads(ask(app, "/tokens/t.json").body) == [
        {"service_request_id": None, "token": "t"}
    ]


@pytest.mark.parametrize(
    "missing", ["service_request_id", "update_id", "updated_datetime", "status"]
)
def test_an_update_needs_its_four_parameters(app, provider, missing):
    form = {
        "service_request_id": "1",
        "update_id": "2",
        "updated_datetime": "2026-01-01T00:00:00Z",
        "status": "fixed",
    }
    whole = ask(app, "/servicerequestupdates.xml", method="POST", form=form)
    del form[missing]
    answer = ask(app, "/servicerequestupdates.xml", method="POST", form=form)
    assert (whole.status, provider.new_updates[0].status) == (200, "FIXED")
    assert (answer.status, len(provider.new_updates)) == (400, 1)
    assert missing in answer.errors[0][1]


def test_a_long_list_is_sent_without_a_length(app, provider):
    provider.services_list = [types.Service(str(n), "Name " * 10) for n in range(2000)]
    answer = ask(app, "/services.json")
    assert "Content-Length" not in answer.headers
    assert len(json.loads(answer.body)) == 2000
