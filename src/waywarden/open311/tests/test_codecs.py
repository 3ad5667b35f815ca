"""What is written is read back the same, and no bytes break the reader."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from waywarden.open311 import documents, params, types, writing
from waywarden.open311.deviations import MEANINGS
from waywarden.open311.documents import Source
from waywarden.open311.errors import Fault, NotOpen311
from waywarden.open311.filters import (
    request_filter_of,
    request_filter_pairs,
    update_filter_of,
    update_filter_pairs,
)
from waywarden.open311.noting import Noting
from waywarden.open311.params import Fields
from waywarden.open311.tests.strategies import (
    answers,
    code,
    definitions,
    discoveries,
    errors,
    moment,
    receipts,
    requests,
    services,
    statuses,
    text,
    update_receipts,
    updates,
    urls,
    word,
)

BOTH = pytest.mark.parametrize("kind", ["xml", "json"])


def encoded(pieces) -> bytes:
    return "".join(pieces).encode()


LISTS = [
    (services, writing.write_services, documents.read_services),
    (requests, writing.write_requests, documents.read_requests),
    (updates, writing.write_updates, documents.read_updates),
]


@BOTH
@pytest.mark.parametrize(("rows", "write", "read"), LISTS, ids=["services", "requests", "updates"])
@settings(max_examples=30)
@given(data=st.data(), size=st.integers(1, 200))
def test_a_list_is_read_back_as_it_was_written(data, kind, rows, write, read, size):
    given_rows = data.draw(st.lists(rows, max_size=3))
    raw = encoded(write(given_rows, kind))
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    noting = Noting()
    assert list(read(pieces, Source(noting=noting, format=kind))) == given_rows
    assert set(noting.counts) <= {"status-unknown"}


OBJECTS = [
    (definitions, writing.write_definition, documents.read_definition),
    (discoveries, writing.write_discovery, documents.read_discovery),
    (receipts, writing.write_receipt, documents.read_receipt),
    (update_receipts, writing.write_update_receipt, documents.read_update_receipt),
]


@BOTH
@pytest.mark.parametrize(
    ("value", "write", "read"),
    OBJECTS,
    ids=["definition", "discovery", "receipt", "update_receipt"],
)
@settings(max_examples=30)
@given(data=st.data())
def test_a_document_is_read_back_as_it_was_written(data, kind, value, write, read):
    whole = data.draw(value)
    assert read(encoded(write(whole, kind))) == whole


@BOTH
@settings(max_examples=30)
@given(items=st.lists(errors, min_size=1, max_size=3))
def test_errors_are_read_back_as_they_were_written(kind, items):
    assert documents.read_errors(encoded(writing.write_errors(items, kind))) == tuple(items)


@BOTH
@settings(max_examples=30)
@given(token=code, number=st.just("") | code)
def test_tokens_are_read_back_as_they_were_written(kind, token, number):
    answer = types.TokenAnswer(token, number)
    raw = encoded(writing.write_token(answer, kind))
    assert documents.read_token(raw, token) == answer
    raw = encoded(writing.write_update_token(answer, kind))
    assert documents.read_update_token(raw, token) == answer


@pytest.mark.parametrize("style", ["repeat", "brackets"])
@settings(max_examples=30)
@given(
    new=st.builds(
        types.NewRequest,
        service_code=code,
        lat=st.floats(-90, 90),
        long=st.floats(-180, 180),
        attributes=answers,
        email=text,
        first_name=text,
        description=text,
        media_urls=urls,
        address_string=text,
    )
)
def test_a_new_request_is_read_back_from_its_parameters(style, new):
    assert params.request_of(Fields(params.request_pairs(new, style=style))) == new


@settings(max_examples=30)
@given(
    new=st.builds(
        types.NewUpdate,
        service_request_id=code,
        update_id=code,
        status=statuses.map(str.upper),
        updated_datetime=moment,
        description=text,
        title=text,
        service_code=text,
        media_urls=urls,
        attributes=answers,
    )
)
def test_a_new_update_is_read_back_from_its_parameters(new):
    pairs = params.update_pairs(new)
    assert params.update_of(Fields(pairs)) == new
    assert "description" in dict(pairs)


@settings(max_examples=30)
@given(
    start=moment,
    page=st.integers(1, 99),
    size=st.none() | st.integers(1, 1000),
    codes=st.lists(word, max_size=3),
)
def test_filters_are_read_back_from_their_parameters(start, page, size, codes):
    query = types.RequestQuery(
        service_codes=tuple(codes),
        statuses=("open",),
        start_date=start,
        updated_before=start,
        page=page,
        page_size=size,
    )
    assert request_filter_of(Fields(request_filter_pairs(query))) == query
    update_query = types.UpdateQuery(start_date=start)
    assert update_filter_of(Fields(update_filter_pairs(update_query))) == update_query


READERS = [
    documents.read_services,
    documents.read_requests,
    documents.read_updates,
    documents.read_receipt,
    documents.read_update_receipt,
    documents.read_definition,
    documents.read_discovery,
    lambda data, source: documents.read_token(data, "t", source),
]

wild_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "service_code",
                    "service_request_id",
                    "attributes",
                    "values",
                    "groups",
                    "media_url",
                    "lat",
                    "errors",
                    "code",
                    "detail",
                    "extras",
                    "endpoints",
                    "formats",
                    "token",
                    "services",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
wild_xml = st.lists(
    st.sampled_from(
        [
            "<services>",
            "</services>",
            "<service>",
            "</service>",
            "<requests>",
            "<request>",
            "<errors>",
            "<error>",
            "</error>",
            "<service_code/>",
            "text",
            "&#0;",
            "&#x110000;",
            "&",
            "<![CDATA[",
            "]]>",
            "<?xml version='1.0' encoding='utf-16'?>",
            "<!DOCTYPE x>",
            "<!--",
            "-->",
            "é",
            "<a:b/>",
        ]
    ),
    max_size=8,
).map("".join)


def _only_own_errors(data: bytes) -> None:
    for read in READERS:
        noting = Noting()
        try:
            found = read(data, source=Source(noting=noting))
            if hasattr(found, "__next__"):
                list(found)
        except (NotOpen311, Fault):
            continue
        finally:
            assert set(noting.counts) <= set(MEANINGS)
    assert isinstance(documents.read_errors(data), tuple)


@settings(max_examples=80)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_but_with_its_own_errors(data):
    _only_own_errors(data)


@settings(max_examples=80)
@given(wild_json, st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_no_json_makes_the_reader_fail_but_with_its_own_errors(value, encoding):
    _only_own_errors(json.dumps(value).encode(encoding))


@settings(max_examples=80)
@given(wild_xml, st.sampled_from(["utf-8", "latin-1", "utf-16"]))
def test_no_xml_makes_the_reader_fail_but_with_its_own_errors(value, encoding):
    _only_own_errors(value.encode(encoding))


def test_the_xml_that_is_written_has_the_names_of_the_specification():
    definition = types.ServiceDefinition(
        "S",
        (
            types.Attribute(
                "A", datatype="multivaluelist", order=1, values=(types.AttributeValue("k", "N"),)
            ),
        ),
    )
    root = etree.fromstring(encoded(writing.write_definition(definition, "xml")))
    assert root.tag == "service_definition"
    assert root.findtext("attributes/attribute/values/value/key") == "k"
    assert root.findtext("attributes/attribute/variable") == "true"


def test_the_json_that_is_written_follows_the_mapping_of_the_specification():
    service = types.Service("1", "One", keywords=("a", "b"), groups=("G", "H"))
    (row,) = json.loads(encoded(writing.write_services([service], "json")))
    assert row == {
        "service_code": "1",
        "service_name": "One",
        "description": None,
        "metadata": False,
        "type": "realtime",
        "keywords": "a,b",
        "group": "G",
        "groups": ["G", "H"],
    }
    update = types.ServiceRequestUpdate(
        "1", "2", "in_progress", media_urls=("http://a", "http://b")
    )
    (row,) = json.loads(encoded(writing.write_updates([update], "json")))
    assert (row["status"], row["media_url"], row["media_urls"]) == (
        "IN_PROGRESS",
        "http://a",
        ["http://b"],
    )
    request = types.ServiceRequest("1", "IN_PROGRESS", lat=1.5, long=2.0)
    (row,) = json.loads(encoded(writing.write_requests([request], "json")))
    assert (row["status"], row["lat"], row["long"]) == ("in_progress", 1.5, 2.0)


def test_an_empty_list_is_a_whole_document():
    assert encoded(writing.write_services([], "json")) == b"[]"
    assert etree.fromstring(encoded(writing.write_services([], "xml"))).tag == "services"


def test_a_name_that_xml_cannot_hold_is_made_one_it_can():
    update = types.ServiceRequestUpdate("1", "2", "open", extras={"1 <bad>": "x"})
    root = etree.fromstring(encoded(writing.write_updates([update], "xml")))
    assert root.find("request_update/extras")[0].text == "x"
