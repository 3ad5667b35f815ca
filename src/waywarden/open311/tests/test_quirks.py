"""One small file for each oddity of a real server, and what is understood of it.

`open311.md` section 1 names them; the files are ours. Only fields that say something are compared.
"""

from pathlib import Path

import pytest

from waywarden.open311.explaining import explain

FOLDER = Path(__file__).parent / "quirks"
#: File → its rows, and the codes of what was forgiven.
QUIRKS = {
    "definition-empty-values.xml": (
        [
            {
                "service_code": "H",
                "attributes": [
                    {
                        "variable": True,
                        "code": "KIND",
                        "datatype": "singlevaluelist",
                        "required": False,
                        "order": 1,
                        "values": [],
                    }
                ],
            }
        ],
        [],
    ),
    "definition-in-a-list.json": ([{"service_code": "H"}], ["object-in-list"]),
    "definition-unknown-datatype.json": (
        [
            {
                "service_code": "H",
                "attributes": [
                    {
                        "variable": True,
                        "code": "WHERE",
                        "datatype": "string",
                        "required": False,
                        "order": 1,
                    }
                ],
            }
        ],
        ["unknown-datatype"],
    ),
    "definition-unwrapped.xml": (
        [
            {
                "service_code": "H",
                "attributes": [
                    {
                        "variable": True,
                        "code": "DEPTH",
                        "datatype": "number",
                        "required": False,
                        "order": 1,
                    }
                ],
            }
        ],
        ["attributes-unwrapped"],
    ),
    "definition-without-attributes.json": ([{"service_code": "H"}], []),
    "error-array.json": ([{"code": 400, "description": "lat is missing"}], []),
    "error-bare.xml": ([{"description": "Service not found"}], []),
    "error-detail.json": ([{"code": "invalid", "description": "lat: This field is required."}], []),
    "error-message.json": ([{"description": "No such jurisdiction"}], []),
    "error-page.html": (
        [{"description": "An HTML page came instead of an answer: Sign in & go on"}],
        [],
    ),
    "post-bare.json": ([{"service_request_id": "7"}], ["bare-object"]),
    "post-id-and-token.json": ([{"service_request_id": "7"}], ["id-and-token"]),
    "requests-bare-object.json": ([{"service_request_id": "7", "status": "open"}], ["bare-object"]),
    "requests-dates.json": (
        [
            {
                "service_request_id": "1",
                "status": "open",
                "requested_datetime": "2026-06-01T10:00:00Z",
            },
            {
                "service_request_id": "2",
                "status": "open",
                "requested_datetime": "2026-06-01T07:00:00Z",
            },
            {"service_request_id": "3", "status": "open"},
            {
                "service_request_id": "4",
                "status": "open",
                "requested_datetime": "2026-06-01T00:00:00Z",
            },
            {
                "service_request_id": "5",
                "status": "open",
                "requested_datetime": "2026-06-01T10:00:00Z",
            },
            {"service_request_id": "6", "status": "open"},
        ],
        [
            "date-without-zone",
            "date-impossible",
            "date-without-time",
            "date-without-t",
            "date-impossible",
        ],
    ),
    "requests-empty-elements.xml": (
        [
            {
                "service_request_id": "7",
                "status": "open",
                "service_code": "H",
                "lat": 60.17,
                "long": 24.94,
            }
        ],
        [],
    ),
    "requests-extras.json": (
        [
            {
                "service_request_id": "7",
                "status": "open",
                "extras": {"votes": "3", "extended_attributes.colour": "red"},
            }
        ],
        [],
    ),
    "requests-markup.xml": (
        [{"service_request_id": "7", "status": "open", "description": "A deep hole"}],
        ["markup-in-text"],
    ),
    "requests-namespace.xml": ([{"service_request_id": "7", "status": "open"}], []),
    "requests-nested-agency.json": (
        [
            {
                "service_request_id": "7",
                "status": "open",
                "agency_responsible": "Roads, roads@example.org",
            }
        ],
        ["nested-value"],
    ),
    "requests-nulls.json": (
        [
            {
                "service_request_id": "7",
                "status": "open",
                "service_code": "H",
                "lat": 60.17,
                "long": 24.94,
            }
        ],
        [],
    ),
    "requests-numeric-ids.json": (
        [
            {"service_request_id": "7", "status": "open", "service_code": "12"},
            {"service_request_id": "0", "status": "open", "service_code": "0"},
        ],
        [],
    ),
    "requests-other-root.xml": (
        [
            {
                "service_request_id": "7",
                "status": "open",
                "service_code": "H",
                "lat": 60.17,
                "long": 24.94,
            }
        ],
        ["root-name"],
    ),
    "requests-photos.json": (
        [
            {"service_request_id": "1", "status": "open"},
            {"service_request_id": "2", "status": "open"},
            {"service_request_id": "3", "status": "open"},
            {
                "service_request_id": "4",
                "status": "open",
                "media_url": "https://example.org/a.jpg",
                "media_urls": ["https://example.org/b.jpg"],
            },
            {"service_request_id": "5", "status": "open", "media_url": "https://example.org/a.jpg"},
            {
                "service_request_id": "6",
                "status": "open",
                "media_url": "https://example.org/a.jpg?sig=a%2Fb%3D&exp=99",
            },
        ],
        ["media-url-not-a-url"],
    ),
    "requests-place-absent.json": (
        [{"service_request_id": "7", "status": "open", "address": "Market Square"}],
        [],
    ),
    "requests-place-as-text.json": (
        [{"service_request_id": "7", "status": "open", "lat": 60.17, "long": 24.94}],
        [],
    ),
    "requests-place-decimal-comma.xml": (
        [{"service_request_id": "7", "status": "open", "lat": 60.17, "long": 24.94}],
        ["decimal-comma", "decimal-comma"],
    ),
    "requests-place-impossible.json": (
        [{"service_request_id": "7", "status": "open"}],
        ["place-impossible"],
    ),
    "requests-place-long-first.json": (
        [{"service_request_id": "7", "status": "open", "lat": 60.17, "long": 24.94}],
        [],
    ),
    "requests-status-capitals.json": ([{"service_request_id": "7", "status": "open"}], []),
    "requests-status-dash.json": ([{"service_request_id": "7", "status": "in_progress"}], []),
    "requests-status-missing.json": (
        [{"service_request_id": "7", "status": "open"}],
        ["status-missing"],
    ),
    "requests-status-space.json": ([{"service_request_id": "7", "status": "in_progress"}], []),
    "requests-status-unknown-capital.json": (
        [{"service_request_id": "7", "status": "received"}],
        ["status-unknown"],
    ),
    "requests-status-unknown.json": (
        [{"service_request_id": "7", "status": "submitted"}],
        ["status-unknown"],
    ),
    "requests-token-only.xml": (
        [
            {
                "service_request_id": "7",
                "status": "open",
                "service_code": "H",
                "lat": 60.17,
                "long": 24.94,
            }
        ],
        ["row-with-token-only"],
    ),
    "requests-wrapped-one.json": (
        [{"service_request_id": "7", "status": "open"}],
        ["json-wrapped"],
    ),
    "requests-wrapped.json": ([{"service_request_id": "7", "status": "open"}], ["json-wrapped"]),
    "services-bom.json": ([{"service_code": "H", "service_name": "Hole"}], ["byte-order-mark"]),
    "services-control-characters.xml": (
        [{"service_code": "H", "service_name": "Hole"}],
        ["control-characters"],
    ),
    "services-declared-utf-16.xml": (
        [{"service_code": "H", "service_name": "Straßenloch"}],
        ["wrong-encoding-declared"],
    ),
    "services-http-head.xml": ([{"service_code": "H", "service_name": "H"}], ["http-head-in-body"]),
    "services-keywords-semicolon.json": (
        [{"service_code": "H", "service_name": "Hole", "keywords": "road,hole"}],
        ["keywords-semicolon"],
    ),
    "services-latin-1-declared.xml": (
        [{"service_code": "H", "service_name": "Straßenloch"}],
        ["encoding-not-utf-8"],
    ),
    "services-latin-1.xml": (
        [{"service_code": "H", "service_name": "Straßenloch"}],
        ["bytes-not-utf-8"],
    ),
    "services-leading-zeros.json": (
        [{"service_code": "001", "service_name": "Bin not emptied", "metadata": True}],
        ["json-malformed"],
    ),
    "services-odd-codes.xml": (
        [{"service_code": "ROADS/Pot hole-2_b", "service_name": "Pot hole"}],
        [],
    ),
    "services-single-group-list.json": (
        [
            {
                "service_code": "H",
                "service_name": "Hole",
                "group": "Roads",
                "groups": ["Roads", "Water"],
            }
        ],
        [],
    ),
    "services-without-code.xml": ([{"service_code": "H", "service_name": "H"}], ["row-without-id"]),
    "token-not-ready.xml": ([], []),
    "token-two-rows.json": ([{"service_request_id": "8", "token": "T1"}], []),
    "updates-other-root.xml": (
        [
            {
                "update_id": "U1",
                "service_request_id": "7",
                "status": "FIXED",
                "updated_datetime": "2026-06-01T10:00:00Z",
            }
        ],
        ["root-name"],
    ),
    "updates-photo-inline.xml": (
        [
            {
                "update_id": "U1",
                "service_request_id": "7",
                "status": "OPEN",
                "updated_datetime": "2026-06-01T10:00:00Z",
                "description": "Seen",
                "media_url": "data:image/png;base64,iVBORw0KGgo=",
            }
        ],
        [],
    ),
}


def said(row):
    """The fields that say something; what every service and question has is left out."""
    usual = {("metadata", False), ("type", "realtime")}
    return {
        name: [said(one) if isinstance(one, dict) else one for one in value]
        if isinstance(value, list)
        else value
        for name, value in row.items()
        if value not in (None, "", [])
        and (isinstance(value, list | dict) or (name, value) not in usual)
    }


@pytest.mark.parametrize("name", QUIRKS)
def test_it_is_understood_and_what_was_forgiven_is_told(name):
    rows, codes = QUIRKS[name]
    found = explain((FOLDER / name).read_bytes(), name.partition("-")[0])
    assert [said(row) for row in found.rows] == [said(row) for row in rows]
    assert [deviation.code for deviation in found.deviations] == codes


def test_every_file_is_in_the_table():
    assert {path.name for path in FOLDER.iterdir()} == set(QUIRKS)
