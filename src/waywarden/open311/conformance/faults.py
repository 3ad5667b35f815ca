"""The faults of the fake server, each named for the check that must find it."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer on its way out."""

    status: int
    content_type: str
    body: bytes


Change = Callable[[str, Answered], Answered]
"""What was asked (`GET /services.xml`) and the good answer → the bad one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be wrong: in the data, in what is done with it, or in the bytes."""

    data: Callable[[Any], None] | None = None
    """Changes the provider's data."""
    broken: frozenset[str] = frozenset()
    answer: Change | None = None
    services: int = 0
    """How many services to have, 0 for a few."""


FAULTS: dict[str, Fault] = {}


def _broken(*names: str) -> Fault:
    return Fault(broken=frozenset(names))


def _bytes(asked: str, old: str, new: str, *, count: int = 0) -> Fault:
    """Replaces in the answers to what matches `asked`; both are regular expressions."""

    def change(question: str, came: Answered) -> Answered:
        if not re.search(asked, question):
            return came
        body = re.sub(old.encode(), new.encode(), came.body, count=count, flags=re.DOTALL)
        return replace(came, body=body)

    return Fault(answer=change)


def _answer(
    asked: str, status: int, body: bytes = b"", content_type: str = "text/xml; charset=utf-8"
) -> Fault:
    """Answers so to what matches `asked`."""

    def change(question: str, came: Answered) -> Answered:
        return Answered(status, content_type, body) if re.search(asked, question) else came

    return Fault(answer=change)


def _first(rows: str, **changed: Any) -> Fault:
    """Changes the first of a list."""

    def data(provider: Any) -> None:
        found = getattr(provider, rows)
        setattr(provider, rows, type(found)([replace(found[0], **changed), *found[1:]]))

    return Fault(data=data)


def _each(rows: str, **changed: Any) -> Fault:
    """Changes every one of a list."""

    def data(provider: Any) -> None:
        found = getattr(provider, rows)
        setattr(provider, rows, type(found)([replace(one, **changed) for one in found]))

    return Fault(data=data)


def _twice(rows: str) -> Fault:
    """Doubles the first of a list."""

    def data(provider: Any) -> None:
        found = getattr(provider, rows)
        setattr(provider, rows, type(found)([found[0], *found]))

    return Fault(data=data)


def _late(question: str, came: Answered) -> Answered:
    if "services.xml" in question:
        time.sleep(0.3)
    return came


def _utf_16(_question: str, came: Answered) -> Answered:
    return replace(came, body=came.body.replace(b'"utf-8"', b'"utf-16"', 1))


def _bom(_question: str, came: Answered) -> Answered:
    return replace(came, body=b"\xef\xbb\xbf" + came.body)


def _reversed(provider: Any) -> None:
    provider.updates_list.reverse()


def _from_tomorrow(provider: Any) -> None:
    later = provider.now + timedelta(hours=2)
    provider.updates_list[-1] = replace(provider.updates_list[-1], updated_datetime=later)


def _many(provider: Any) -> None:
    row = provider.requests_list[-1]
    provider.requests_list += [replace(row, service_request_id=f"M{at}") for at in range(1001)]


PAGE = b"<!DOCTYPE html><html><head><title>Oops</title></head><body>Sorry</body></html>"
TRACE = (
    b"<errors><error><code>500</code><description>Traceback (most recent call last): x"
    b"</description></error></errors>"
)
LIST = r"GET /services\.xml"
ONE = r"GET /services/.*\.xml"
NO_SERVICE = r"GET /services/waywarden-check-unknown\.xml"
ROWS = r"GET /requests\.xml"
UPDATES = r"GET /servicerequestupdates"
EMPTY = b'<?xml version="1.0" encoding="utf-8"?><service_requests/>'

FAULTS |= {
    "2.1-discovery-can-be-read": _answer("GET /discovery", 404, PAGE, "text/html"),
    "2.1-discovery-names-its-endpoints": _bytes("GET /discovery", "<formats>.*</formats>", ""),
    "2.1-discovery-has-a-changeset": _bytes(
        "GET /discovery", "<changeset>[^<]*</changeset>", "<changeset/>"
    ),
    "2.1-discovery-says-whom-to-ask": _bytes(
        "GET /discovery", "<contact>[^<]*</contact>", "<contact/>"
    ),
}

FAULTS |= {
    "2.2-services-can-be-read": _answer(r"GET /services\.", 200, PAGE, "text/html"),
    "2.2-there-are-services": _bytes(LIST, "<service>.*</service>", ""),
    "2.2-service-codes-are-unique": _twice("services_list"),
    "2.2-services-have-a-code": _bytes(LIST, "<service_code>001</service_code>", ""),
    "2.2-services-have-a-name": _bytes(LIST, "<service_name>Potholes</service_name>", ""),
    "2.2-service-types-are-known": _bytes(LIST, "<type>realtime", "<type>instant"),
    "2.2-metadata-is-true-or-false": _bytes(LIST, "<metadata>false", "<metadata>maybe"),
    "2.2-keywords-are-separated-by-commas": _bytes(LIST, "road,hole", "road;hole"),
    "2.2-the-service-list-is-whole": Fault(services=50),
    "7-a-list-of-5000-services-comes-in-time": Fault(services=400, answer=_late),
}

FAULTS |= {
    "2.3-definitions-can-be-read": _answer(r"GET /services/a/b c", 404, b"<errors/>"),
    "2.3-a-definition-is-of-the-service-asked-for": _bytes(
        ONE, "<service_code>a/b c<", "<service_code>another<"
    ),
    "2.3-question-codes-are-unique": _each("attributes", code="SAME"),
    "2.3-questions-have-a-code": _bytes(ONE, "<code>HEIGHT</code>", ""),
    "2.3-list-questions-have-choices": _first("attributes", values=()),
    "2.3-choices-have-keys-of-their-own": _bytes(ONE, "<key>oak</key>", "<key>elm</key>"),
    "2.3-datatypes-are-known": _each("attributes", datatype="integer"),
    "2.3-questions-have-words": _each("attributes", description=""),
    "2.3-questions-have-an-order": _each("attributes", order=1),
}

FAULTS |= {
    "1-xml-is-served": _answer(r"GET /services\.xml", 404, PAGE, "text/html"),
    "1-the-format-asked-for-comes": _answer(
        r"GET /requests\.xml", 200, b"[]", "application/json; charset=utf-8"
    ),
    "1-json-says-the-same": _bytes(r"GET /services\.json", '"001"', '"1"'),
    "1-json-is-well-formed": _bytes(r"GET /services\.json", '"001"', "001"),
    "1-content-types-fit": Fault(
        answer=lambda _question, came: replace(came, content_type="text/html")
    ),
    "1-documents-are-utf-8": Fault(answer=_utf_16),
    "1-documents-are-clean": Fault(answer=_bom),
    "1-lists-have-their-names": _bytes(ROWS, "service_requests", "requests"),
    "1-dates-have-time-and-zone": _bytes(UPDATES, r"(T\d\d:\d\d:\d\d)Z", r"\1"),
    "1-dates-are-possible": _bytes(
        ROWS, "<expected_datetime/>", "<expected_datetime>0001-01-01T00:00:00Z</expected_datetime>"
    ),
    "1-numbers-are-numbers": _bytes(ROWS, r"<long>24\.94", "<long>24,94"),
    "1-photos-have-whole-addresses": _bytes(ROWS, "https://example.org/", ""),
    "1-an-empty-parameter-equals-an-absent-one": _answer(r"services\.xml\?.*lat=&", 400),
    "7-answers-come-in-time": Fault(answer=_late),
}

FAULTS |= {
    "4-an-unknown-service-is-404": _answer(
        NO_SERVICE, 200, b"<service_definition><attributes/></service_definition>"
    ),
    "4-errors-are-documents": _answer(NO_SERVICE, 404, PAGE, "text/html"),
    "4-errors-come-in-json-too": _answer(
        r"unknown\.json", 404, b"<errors><error><description>No</description></error></errors>"
    ),
    "4-an-unknown-address-is-a-document-too": _answer(
        "GET /waywarden-check", 404, PAGE, "text/html"
    ),
    "4-an-unknown-request-is-404": _answer("GET /requests/waywarden-check", 200, EMPTY),
    "4-a-wrong-date-is-400": _answer("no(%20|[+])date", 500, TRACE),
    "4-errors-hold-no-internals": _answer("no(%20|[+])date", 500, TRACE),
    "4-an-unknown-jurisdiction-is-refused": _answer(
        "jurisdiction_id=waywarden-check", 500, PAGE, "text/html"
    ),
    "4-a-request-without-a-place-is-400": _answer(
        "POST /requests",
        200,
        EMPTY.replace(b"/>", b"><request><service_request_id>1</service_request_id></request>")
        + b"</service_requests>",
    ),
    "4-a-request-for-an-unknown-service-is-refused": _broken("any-service"),
    "4-a-wrong-key-is-403": _broken("any-key"),
    "2.5-an-unknown-token-has-no-request": _answer("GET /tokens/", 500, PAGE, "text/html"),
    "2.5-a-token-becomes-a-request": _broken("token-lost"),
}

FAULTS |= {
    "2.6-requests-can-be-read": _answer(ROWS, 500, TRACE),
    "2.6-request-ids-are-unique": _twice("requests_list"),
    "2.6-requests-have-an-id": _bytes(
        ROWS, "<service_request_id>2</service_request_id>", "<token>2</token>"
    ),
    "2.6-requests-have-a-place": _each("requests_list", lat=None, long=None),
    "2.6-places-are-on-earth": _bytes(ROWS, "<lat>60", "<lat>6672000"),
    "2.6-requests-have-a-date": _first("requests_list", requested_datetime=None),
    "2.6-request-statuses-are-known": _each("requests_list", status="parked"),
    "2.6-the-dates-asked-for-are-kept": _broken("request-window"),
    "2.6-at-most-1000-requests-come": Fault(data=_many),
    "2.6-one-request-can-be-read": _answer("GET /requests/", 200, EMPTY),
    "2.6-several-requests-can-be-asked-for": _broken("one-id"),
    "2.6-the-status-asked-for-is-kept": _broken("status"),
    "2.6-changes-can-be-asked-for": _broken("updated-after"),
    "2.6-what-was-sent-can-be-read-back": _broken("ascii-only"),
}

FAULTS |= {
    "2.7-updates-can-be-read": _answer(UPDATES, 404, PAGE, "text/html"),
    "2.7-updates-have-their-ids": _bytes(UPDATES, "<update_id>U1</update_id>", ""),
    "2.7-update-ids-are-unique": _each("updates_list", update_id="same"),
    "2.7-updates-have-a-date": _first("updates_list", updated_datetime=None),
    "2.7-update-statuses-are-known": _each("updates_list", status="parked"),
    "2.7-the-window-ends-where-it-was-asked-to": _broken("window-end"),
    "2.7-the-window-begins-where-it-was-asked-to": _broken("window-start"),
    "2.7-a-narrow-window-holds-its-update": _broken("shifted"),
    "2.7-updates-are-not-from-the-future": Fault(data=_from_tomorrow),
    "2.7-updates-come-in-order": Fault(data=_reversed),
    "2.4-a-request-is-accepted": _answer("POST /requests", 200, EMPTY),
    "5-a-repeated-request-makes-no-second-one": _broken("forgets"),
    "2.8-an-update-is-accepted": _broken("no-updates"),
    "5-a-repeated-update-makes-no-second-one": _broken("forgets"),
}
"""Check's code → the fault that it must find. A fault may make other checks fail too."""
