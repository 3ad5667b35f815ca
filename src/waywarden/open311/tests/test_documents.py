"""One small file for each quirk of a real server, and what the reader makes of it."""

import time

import pytest

from waywarden.open311 import types
from waywarden.open311.documents import (
    Source,
    read_discovery,
    read_errors,
    read_receipt,
    read_requests,
    read_services,
    read_token,
    read_update_receipt,
    read_updates,
)
from waywarden.open311.errors import Fault, NotOpen311
from waywarden.open311.noting import Noting

SERVICE = "<service><service_code>001</service_code><service_name>Loch</service_name></service>"


def read(reader, data, **options):
    """The rows (or the one value), and the codes of what was forgiven."""
    noting = Noting()
    found = reader(
        data if isinstance(data, bytes) else data.encode(), Source(noting=noting, **options)
    )
    rows = list(found) if hasattr(found, "__next__") else found
    return rows, sorted({deviation.code for deviation in noting.deviations})


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        (f"<services>{SERVICE}</services>", []),
        (f"\n\n<services>{SERVICE}</services>", []),
        (f'<?xml version="1.0"?><services type="array" is_array="true">{SERVICE}</services>', []),
        (f'<x:services xmlns:x="http://wiki.open311.org/GeoReport_v2">{SERVICE}</x:services>', []),
        (f'<services xmlns="http://wiki.open311.org/GeoReport_v2">{SERVICE}</services>', []),
        (f"<!-- hello --><services><!-- x -->{SERVICE}<?pi x?></services>", []),
        (f"\ufeff<services>{SERVICE}</services>", ["byte-order-mark"]),
        (
            f'<?xml version="1.0" encoding="utf-16"?><services>{SERVICE}</services>',
            ["wrong-encoding-declared"],
        ),
        (
            f'<?xml version="1.0" encoding="klingon"?><services>{SERVICE}</services>',
            ["wrong-encoding-declared"],
        ),
        (
            f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<services>{SERVICE}</services>",
            ["http-head-in-body"],
        ),
        (f"<Services>{SERVICE}</Services>", []),
        (f"<response><services>{SERVICE}</services></response>", ["root-name"]),
        (SERVICE, ["bare-object"]),
        ('[{"service_code": "001", "service_name": "Loch"}]', []),
        ('\ufeff[{"service_code": "001", "service_name": "Loch"}]', ["byte-order-mark"]),
        ('[{"service_code": 001, "service_name": "Loch"}]', ["json-malformed"]),
        ('{"services": [{"service_code": "001", "service_name": "Loch"}]}', ["json-wrapped"]),
        (
            '{"services": {"service": {"service_code": "001", "service_name": "Loch"}}}',
            ["json-wrapped"],
        ),
        ('{"service_code": "001", "service_name": "Loch"}', ["bare-object"]),
        ('[null, "x", {"service_code": "001", "service_name": "Loch"}]', ["not-an-object"]),
        ('[{"service_code": "001", "service_name": "Lo\x01ch"}]', ["control-characters"]),
        ('[{"service_code": "001", "service_name": "Lo\\u0001ch"}]', ["control-characters"]),
        (
            '[{"service_code": "001", "service_name": "Loch\\ud800"}]',
            ["control-characters"],
        ),
    ],
)
def test_a_service_list_is_read_however_it_comes(document, codes):
    rows, found = read(read_services, document)
    assert rows == [types.Service("001", "Loch")]
    assert found == codes


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        (
            "<services>{}</services>".format(SERVICE.replace("Loch", "Böse")).encode("latin-1"),
            ["bytes-not-utf-8"],
        ),
        (
            f'<?xml version="1.0" encoding="ISO-8859-1"?><services>{SERVICE}</services>'.replace(
                "Loch", "Böse"
            ).encode("latin-1"),
            ["encoding-not-utf-8"],
        ),
        (
            f'<?xml version="1.0" encoding="utf-16"?><services>{SERVICE}</services>'.replace(
                "Loch", "Böse"
            ).encode("utf-16"),
            ["encoding-not-utf-8"],
        ),
        (
            '[{"service_code": "001", "service_name": "Böse"}]'.encode("latin-1"),
            ["bytes-not-utf-8"],
        ),
        (
            f"<services>{SERVICE}</services>".replace("Loch", "B&#x1;ö&#0;se").encode(),
            ["control-characters"],
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_list_in_another_encoding_is_read_in_pieces_of_any_size(raw, codes, size):
    noting = Noting()
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert list(read_services(pieces, Source(noting=noting))) == [types.Service("001", "Böse")]
    assert sorted(noting.counts) == codes


@pytest.mark.parametrize("document", ["<services/>", "<services>\n \n</services>", "[]", "null"])
def test_an_empty_list_is_a_list(document):
    assert read(read_services, document) == ([], [])


@pytest.mark.parametrize(
    "document",
    [
        "",
        "   ",
        "not found",
        "<services>",
        "<services><service></services>",
        "<services/><services/>",
        "<login><user/></login>",
        "<service_requests/>",
        "[{]",
        '"text"',
        "12",
        "{}",
        '{"a": 1}',
        "[" * 5000,
        "<a>" * 5000,
        "<services>" + "<a>" * 100 + "</a>" * 100 + "</services>",
        "[" * 40 + "]" * 40,
        "<!DOCTYPE html><html><title>Log in</title></html>",
        "<html><body>500</body></html>",
        '<?xml version="1.0"?><!DOCTYPE html><html/>',
        '<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><services>&b;</services>',
        '<!DOCTYPE s SYSTEM "http://127.0.0.1/x.dtd"><services/>',
        """<!DOCTYPE s [<!ENTITY f SYSTEM "file:///etc/passwd">]><services><service>
            <service_code>&f;</service_code></service></services>""",
        "<services><service><service_code>&undefined;</service_code></service></services>",
        '[{"service_code": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_service_list_is_told_so(document):
    with pytest.raises(NotOpen311):
        read(read_services, document)


def test_a_list_past_the_limit_is_given_up():
    endless = (b"<services>" if n == 0 else b" " * 1000 for n in range(10**9))
    with pytest.raises(NotOpen311, match="larger than 5000 bytes"):
        list(read_services(endless, Source(max_bytes=5000)))


def test_rows_come_before_the_document_has_ended():
    def pieces():
        yield b"<services>" + SERVICE.encode() * 20
        pytest.fail("the reader waited for more")

    assert next(read_services(pieces())).service_code == "001"


def test_the_format_is_seen_from_the_content():
    assert read(read_services, "[]", format="xml")[1] == ["wrong-format"]
    assert read(read_services, "<services/>", format="json")[1] == ["wrong-format"]


def test_a_repeated_deviation_is_noted_twenty_times_and_counted():
    noting = Noting()
    row = {"service_code": "1", "keywords": "a;b"}
    import json

    list(read_services(json.dumps([row] * 100).encode(), Source(noting=noting)))
    assert len(noting.deviations) == 20
    assert noting.counts["keywords-semicolon"] == 100
    assert noting.deviations[1].where == "service[2].keywords"


@pytest.mark.parametrize(
    ("document", "items"),
    [
        (
            "<errors><error><code>403</code><description>No key</description></error></errors>",
            [("403", "No key")],
        ),
        ("<error>No such thing</error>", [("", "No such thing")]),
        ("<errors>Broken</errors>", [("", "Broken")]),
        ('[{"code": 403, "description": "No key"}]', [("403", "No key")]),
        (
            '{"errors": [{"code": 1, "description": "a"}, {"code": 2, "description": "b"}]}',
            [("1", "a"), ("2", "b")],
        ),
        ('[{"message": "No key"}]', [("", "No key")]),
        ('{"detail": "Not found."}', [("", "Not found.")]),
        ('{"code": 400, "detail": {"lat": ["Too far", "Odd"]}}', [("400", "lat: Too far, Odd")]),
        ('{"error": "x"}', [("", "x")]),
        (
            "<html><head><title>502 Bad Gateway</title></head></html>",
            [("", "An HTML page came instead of an answer: 502 Bad Gateway")],
        ),
        ("Bad Gateway", []),
        ("", []),
        ("<x", []),
        ("[]", []),
    ],
)
def test_every_live_form_of_an_error_is_read(document, items):
    assert [(item.code, item.description) for item in read_errors(document.encode())] == items


@pytest.mark.parametrize(
    "document",
    [
        "<errors><error><code>404</code><description>Gone</description></error></errors>",
        '[{"code": "404", "description": "Gone"}]',
        '{"errors": [{"code": "404", "description": "Gone"}]}',
    ],
)
@pytest.mark.parametrize(
    "reader", [read_services, read_requests, read_updates, read_receipt, read_discovery]
)
def test_an_errors_document_in_place_of_an_answer_is_a_fault(document, reader):
    with pytest.raises(Fault) as caught:
        read(reader, document, status=200)
    assert (caught.value.status, caught.value.items) == (200, (types.ErrorItem("404", "Gone"),))


@pytest.mark.parametrize(
    ("document", "number", "token"),
    [
        (
            "<service_requests><request><service_request_id>1</service_request_id></request></service_requests>",
            "1",
            "",
        ),
        ('[{"service_request_id": 12}]', "12", ""),
        ('[{"token": "t"}]', "", "t"),
        ('[{"service_request_id": "", "token": "t"}]', "", "t"),
        ('[{"service_request_id": "1", "token": "t"}]', "1", ""),
        ('{"service_request_id": "1"}', "1", ""),
        ('{"service_requests": [{"service_request_id": "1"}]}', "1", ""),
    ],
)
def test_a_receipt_holds_an_id_or_a_token(document, number, token):
    found = read_receipt(document.encode())
    assert (found.service_request_id, found.token) == (number, token)


def test_a_receipt_of_an_update_is_read():
    row = b"<request_update><update_id>2</update_id></request_update>"
    document = b"<service_request_updates>" + row + b"</service_request_updates>"
    assert read_update_receipt(document) == types.UpdateReceipt("2")
    with pytest.raises(NotOpen311):
        read_update_receipt(b"<service_request_updates/>")


@pytest.mark.parametrize(
    ("document", "number", "codes"),
    [
        ('[{"service_request_id": "1", "token": "t"}]', "1", []),
        (
            """[{"service_request_id": "9", "token": "x"},
                {"service_request_id": "1", "token": "t"}]""",
            "1",
            [],
        ),
        ('[{"token": "x"}, {"service_request_id": "1"}]', "1", ["token-not-echoed"]),
        ('[{"service_request_id": "", "token": "t"}]', "", []),
        ('[{"service_request_id": null, "token": "t"}]', "", []),
        ("[]", "", []),
        ("<service_requests/>", "", []),
    ],
)
def test_a_token_is_resolved_or_not_ready(document, number, codes):
    noting = Noting()
    found = read_token(document.encode(), "t", Source(noting=noting))
    assert (found, sorted(noting.counts)) == (types.TokenAnswer("t", number), codes)


@pytest.mark.parametrize(
    "document",
    [
        b"<services><service>" + b"<a/>" * 300_000,
        b"<services><service><x>" + b"t<b>u</b>" * 60_000 + b"</x></service></services>",
        b'{"services": [' + b"[]," * 700_000,
        b"[" + b"[]," * 100_000,
        b'[{"a": [' + b"1," * 600_000,
        b'["' + b"a" * 5_000_000,
        b"<services>" + b"&#" * 500_000,
        b'[{"a": ' + b"0" * 500_000 + b"}]",
    ],
    ids=[
        "elements",
        "mixed text",
        "wrapped",
        "no rows",
        "one row",
        "one text",
        "references",
        "zeros",
    ],
)
def test_what_would_eat_time_or_memory_is_given_up_or_read(document):
    """Linear work: each takes about a second, where a quadratic reader takes hours."""
    try:
        rows = list(read_services(document))
    except NotOpen311:
        return
    assert rows == []


@pytest.mark.parametrize("page", ["<title>" * 9000, "<title>" + "<" * 60_000, "<title " * 9000])
def test_a_page_that_is_made_to_keep_us_busy_does_not(page):
    began = time.process_time()
    with pytest.raises(NotOpen311, match="HTML page"):
        read(read_requests, f"<html>{page}</title>")
    assert time.process_time() - began < 1.0  # of our own work, whatever else the machine does
