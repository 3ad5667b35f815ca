"""The fields of a row, in every shape that a real server gives them."""

import json
from datetime import UTC, datetime

import pytest

from waywarden.open311 import types
from waywarden.open311.documents import (
    Source,
    read_definition,
    read_discovery,
    read_requests,
    read_services,
    read_updates,
)
from waywarden.open311.noting import Noting


def read(reader, data, **options):
    """The rows (or the one value), and the codes of what was forgiven."""
    noting = Noting()
    found = reader(
        data if isinstance(data, bytes) else data.encode(), Source(noting=noting, **options)
    )
    rows = list(found) if hasattr(found, "__next__") else found
    return rows, sorted({deviation.code for deviation in noting.deviations})


def one_request(inner: str, **options):
    rows, codes = read(
        read_requests,
        "<service_requests><request><service_request_id>1</service_request_id>"
        f"<status>open</status>{inner}</request></service_requests>",
        **options,
    )
    return rows[0], codes


@pytest.mark.parametrize(
    ("inner", "want"),
    [
        ("<keywords>a, b;c ,</keywords>", {"keywords": ("a", "b", "c")}),
        ("<keywords/>", {"keywords": ()}),
        ("<metadata>TRUE</metadata>", {"metadata": True}),
        ("<metadata>1</metadata>", {"metadata": True}),
        ("<metadata>perhaps</metadata>", {"metadata": False}),
        ("<type>Batch</type>", {"type": "batch"}),
        ("<type>later</type>", {"type": "realtime"}),
        ("<group>A</group>", {"group": "A", "groups": ()}),
        ("<groups><group>A</group><group>B &amp; C</group></groups>", {"groups": ("A", "B & C")}),
        ("<groups><group>A</group></groups>", {"groups": ("A",)}),
        ("<groups/>", {"groups": ()}),
        ("<group>A</group><group>B</group>", {"group": "", "groups": ("A", "B")}),
        ("<description>\n  Two\nlines \n</description>", {"description": "Two\nlines"}),
        ("<description><![CDATA[a < b & c]]></description>", {"description": "a < b & c"}),
        ("<description>so <b>bold</b> it is</description>", {"description": "so bold it is"}),
    ],
)
def test_a_field_of_a_service_is_read(inner, want):
    document = f"<services><service><service_code>1</service_code>{inner}</service></services>"
    service = read(read_services, document)[0][0]
    assert {name: getattr(service, name) for name in want} == want


def test_a_service_without_a_code_is_left_out():
    rows, codes = read(read_services, '[{"service_name": "x", "service_code": null}]')
    assert (rows, codes) == ([], ["row-without-id"])


def test_numbers_become_text_and_zero_is_an_id():
    document = (
        '[{"service_request_id": 0, "status": "open", "service_code": 17672, "zipcode": "06511"}]'
    )
    (row,), _ = read(read_requests, document)
    assert (row.service_request_id, row.service_code, row.zipcode) == ("0", "17672", "06511")


@pytest.mark.parametrize("number", ["A-12/3 b", "14-01100669", "007", "12345678901234567890"])
def test_an_id_is_text_as_it_came(number):
    document = f'[{{"service_request_id": "{number}", "status": "open"}}]'
    assert read(read_requests, document)[0][0].service_request_id == number


@pytest.mark.parametrize("root", ["service_requests", "requests"])
def test_both_roots_of_requests_are_taken(root):
    row = "<request><service_request_id>1</service_request_id><status>open</status></request>"
    document = f"<{root}>{row}</{root}>"
    rows, codes = read(read_requests, document)
    assert len(rows) == 1
    assert codes == ([] if root == "service_requests" else ["root-name"])


def test_a_row_with_only_a_token_is_skipped():
    document = """[{"token": "1"}, {"service_request_id": "", "token": "2"},
        {"service_request_id": "3", "status": "open"}]"""
    rows, codes = read(read_requests, document)
    assert [row.service_request_id for row in rows] == ["3"]
    assert codes == ["row-with-token-only"]


@pytest.mark.parametrize(
    ("inner", "place", "codes"),
    [
        ("<lat>51.5</lat><long>-0.1</long>", (51.5, -0.1), []),
        ("<long>-0.1</long><lat>51.5</lat>", (51.5, -0.1), []),
        ("<lat>51,5</lat><long>-0,1</long>", (51.5, -0.1), ["decimal-comma"]),
        ("<lat/><long/>", (None, None), []),
        ("", (None, None), []),
        ("<lat>51.5</lat>", (None, None), []),
        ("<lat>100</lat><long>100</long>", (None, None), ["place-impossible"]),
        ("<lat>NaN</lat><long>1</long>", (None, None), ["not-a-number"]),
        ("<lat>here</lat><long>1</long>", (None, None), ["not-a-number"]),
    ],
)
def test_a_place_is_read(inner, place, codes):
    row, found = one_request(inner)
    assert ((row.lat, row.long), found) == (place, codes)


def test_metres_of_a_projection_are_kept_where_the_connection_says_so():
    row, codes = one_request("<lat>200000</lat><long>440000</long>", is_projected=True)
    assert (row.lat, row.long, codes) == (200000.0, 440000.0, [])


@pytest.mark.parametrize(
    ("word", "status", "codes"),
    [
        ("open", "open", []),
        ("CLOSED", "closed", []),
        ("In Progress", "in_progress", []),
        ("in-progress", "in_progress", []),
        ("submitted", "submitted", ["status-unknown"]),
        ("Received", "received", ["status-unknown"]),
        ("", "open", ["status-missing"]),
    ],
)
def test_a_status_is_folded(word, status, codes):
    document = f'[{{"service_request_id": "1", "status": "{word}"}}]'
    (row,), found = read(read_requests, document)
    assert (row.status, found) == (status, codes)


A, B = "https://example.org/a.jpg", "http://example.org/b.jpg?sig=1&x=2"


@pytest.mark.parametrize(
    ("media", "urls", "codes"),
    [
        ("null", (), []),
        ('""', (), []),
        ('" "', (), []),
        ('"NO MEDIA URL"', (), ["media-url-not-a-url"]),
        ('"photo.jpg"', (), ["media-url-not-a-url"]),
        ('"javascript:alert(1)"', (), ["media-url-not-a-url"]),
        (f'"{A} "', (A,), []),
        (f'["{A}", "{B}"]', (A, B), []),
        (f'["{A}", "{A}", null]', (A,), []),
        (f'[{{"url": "{A}"}}, {{"media_url": "{B}", "title": "x"}}]', (A, B), []),
        ('"data:image/png;base64,AAAA"', ("data:image/png;base64,AAAA",), []),
        ("7", (), ["media-url-not-a-url"]),
    ],
)
def test_photos_are_read_in_all_their_shapes(media, urls, codes):
    document = f'[{{"service_request_id": "1", "status": "open", "media_url": {media}}}]'
    (row,), found = read(read_requests, document)
    assert (row.media_urls, found) == (urls, codes)


def test_later_photos_stand_in_media_urls():
    row = {"service_request_id": "1", "status": "open", "media_url": A, "media_urls": [B]}
    document = json.dumps([row])
    assert read(read_requests, document)[0][0].media_urls == (A, B)


def test_a_media_url_may_be_repeated_as_an_element():
    inner = f"<media_url>{A}</media_url><media_url>{B.replace('&', '&amp;')}</media_url>"
    assert one_request(inner)[0].media_urls == (A, B)


def test_a_nested_agency_becomes_text():
    inner = (
        "<agency_responsible><recipient>A</recipient><recipient>B</recipient></agency_responsible>"
    )
    row, codes = one_request(inner)
    assert (row.agency_responsible, codes) == ("A, B", ["nested-value"])


def test_what_a_server_adds_is_kept_as_extras():
    document = """[{"service_request_id": "1", "status": "open", "votes": 3, "adress_id": null,
        "extended_attributes": {"detailed_status": "IN_PROCESS", "photos": ["a", "b"]},
        "attributes": [{"code": "fixmystreet_id", "value": 77}, {"name": "x", "value": null}],
        "extras": {"latest_data_only": true}}]"""
    assert read(read_requests, document)[0][0].extras == {
        "votes": "3",
        "extended_attributes.detailed_status": "IN_PROCESS",
        "extended_attributes.photos": "a, b",
        "attribute[fixmystreet_id]": "77",
        "latest_data_only": "true",
    }


@pytest.mark.parametrize("root", ["service_request_updates", "service_requests_updates"])
def test_an_update_is_read_under_both_roots(root):
    document = f"""<{root}><request_update><update_id>7</update_id>
        <service_request_id>1</service_request_id><status>NO_FURTHER_ACTION</status>
        <updated_datetime>2026-01-02T03:04:05+01:00</updated_datetime><description/>
        <external_status_code>060</external_status_code><customer_reference>CR</customer_reference>
        <fixmystreet_id>12</fixmystreet_id><extras><category>Pothole</category></extras>
        </request_update></{root}>"""
    rows, codes = read(read_updates, document)
    assert rows == [
        types.ServiceRequestUpdate(
            update_id="7",
            service_request_id="1",
            status="no_further_action",
            updated_datetime=datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC),
            external_status_code="060",
            customer_reference="CR",
            fixmystreet_id=12,
            extras={"category": "Pothole"},
        )
    ]
    assert codes == ([] if root == "service_request_updates" else ["root-name"])


@pytest.mark.parametrize("number", ["12a", "-1", "0", "1.5", "٣", "9" * 30])
def test_a_fixmystreet_id_that_is_no_number_is_refused(number):
    row = {"update_id": "1", "service_request_id": "1", "status": "open"}
    document = json.dumps([{**row, "fixmystreet_id": number}])
    (row,), codes = read(read_updates, document)
    assert (row.fixmystreet_id, codes) == (None, ["not-a-number"])


def test_an_update_without_ids_is_kept_and_noted():
    (row,), codes = read(read_updates, '[{"description": "x", "status": "fixed"}]')
    assert (row.update_id, row.service_request_id) == ("", "")
    assert codes == ["service-request-id-missing", "update-id-missing"]


CHOICE = "<values><value><key>1</key><name>x</name></value></values>"
NO_KEY = "<values><value><name>x</name></value><value/></values>"
DEFINITION = """<attribute><variable>true</variable><code>A</code><datatype>{}</datatype>
    <required>true</required><order>2</order><description>Which?</description>{}</attribute>"""


@pytest.mark.parametrize(
    ("inner", "want", "codes"),
    [
        (f"<attributes>{DEFINITION.format('text', '')}</attributes>", ("text", 0), []),
        (DEFINITION.format("text", "<values/>"), ("text", 0), ["attributes-unwrapped"]),
        (
            f"<attributes>{DEFINITION.format('boolean (checkbox)', '')}</attributes>",
            ("string", 0),
            ["unknown-datatype"],
        ),
        (
            f"<attributes>{DEFINITION.format('SingleValueList', CHOICE)}</attributes>",
            ("singlevaluelist", 1),
            [],
        ),
        (
            f"<attributes>{DEFINITION.format('singlevaluelist', NO_KEY)}</attributes>",
            ("singlevaluelist", 1),
            ["choice-without-key"],
        ),
    ],
)
def test_a_definition_is_read(inner, want, codes):
    document = f"<service_definition>{inner}</service_definition>".encode()
    noting = Noting()
    found = read_definition(document, "S1", Source(noting=noting))
    (attribute,) = found.attributes
    assert found.service_code == "S1"
    assert (attribute.datatype, len(attribute.values)) == want
    assert (attribute.code, attribute.required, attribute.order) == ("A", True, 2)
    assert sorted(noting.counts) == codes


@pytest.mark.parametrize(
    "document",
    [
        '{"service_code": "S", "attributes": []}',
        '{"service_code": "S", "attributes": null}',
        '[{"service_code": "S"}]',
        '{"service_definition": {"service_code": "S", "attributes": {}}}',
        "<service_definition><service_code>S</service_code><attributes/></service_definition>",
    ],
)
def test_a_definition_without_questions_has_none(document):
    found = read_definition(document.encode())
    assert found.service_code == "S"
    assert found.attributes == ()


@pytest.mark.parametrize("automated", ["server_set", "hidden_field", "magic"])
def test_automated_fields_are_told(automated):
    question = {"code": "easting", "automated": automated}
    document = json.dumps({"service_code": "S", "attributes": [question]})
    (attribute,) = read_definition(document.encode()).attributes
    assert attribute.automated == ("" if automated == "magic" else automated)


@pytest.mark.parametrize(
    "document",
    [
        '{"contact": "Ines", "endpoints": [{"url": "u", "type": "TEST", "formats": ["Text/XML"]}]}',
        """{"discovery": {"contact": "Ines",
            "endpoints": [{"url": "u", "type": "test", "formats": "text/xml"}]}}""",
        """<discovery><contact>Ines</contact><endpoints><endpoint><url>u</url><type>test</type>
            <formats><format>text/XML</format></formats></endpoint></endpoints></discovery>""",
    ],
)
def test_a_discovery_document_is_read(document):
    found = read_discovery(document.encode())
    assert found.contact == "Ines"
    assert found.endpoints == (types.Endpoint("", "u", type="test", formats=("text/xml",)),)
