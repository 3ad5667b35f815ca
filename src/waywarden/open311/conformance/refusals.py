"""Checks of how the server says no (open311.md 4)."""

import re

from waywarden.open311 import documents
from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Heard, Target
from waywarden.open311.documents import Source

NOBODY = "waywarden-check-unknown"
INTERNALS = re.compile(
    rb"Traceback \(most recent|\bat [\w.$]+\([\w]+\.java:\d+\)|Exception in thread|SQLSTATE"
    rb"|ORA-\d{5}|<b>(?:Fatal error|Warning)</b>:|Stack trace:|\.cs:line \d+"
)
NO_DOCUMENT = (
    "Answer every failure with an `errors` document in the asked format, each `error` with "
    "`code` and `description`; never with a page for people."
)


def _unknown_service(target: Target) -> Heard:
    return target.ask("services", NOBODY)


def _all(target: Target) -> list[Heard]:
    """What comes where the server must say no."""
    return [
        _unknown_service(target),
        target.ask("requests", NOBODY),
        target.ask("requests", params=(("start_date", "no date"),)),
        target.ask(NOBODY),
    ]


def _is_document(heard: Heard, kind: str) -> bool:
    """Whether it is an errors document that says something, in the asked format."""
    start = heard.body.lstrip()[:1]
    if (start == b"<") != (kind == "xml"):
        return False
    items = documents.read_errors(heard.body, Source(status=heard.status))
    is_page = any(item.description.startswith("An HTML page") for item in items)
    return bool(items) and not is_page and any(item.description for item in items)


def _status(heard: Heard, wanted: tuple[int, ...], change: str) -> Result:
    if heard.status in wanted:
        return passed(heard, f"HTTP {heard.status}.")
    return failed(heard, heard.short, change)


@check("4", Severity.AGAINST)
def an_unknown_service_is_404(target: Target) -> Result:
    """A service that does not exist is answered with 404."""
    change = "Answer GET services/CODE with 404 where there is no such service."
    return _status(_unknown_service(target), (404,), change)


@check("4", Severity.AGAINST)
def errors_are_documents(target: Target) -> Result:
    """An error is an errors document with a code and a description."""
    heard = _unknown_service(target)
    if _is_document(heard, target.kind):
        return passed(heard, heard.short)
    return failed(heard, heard.short, NO_DOCUMENT)


@check("4", Severity.AGAINST)
def errors_come_in_json_too(target: Target) -> Result:
    """Where JSON is served, an error is JSON too."""
    if target.kind == "json" or target.json_services.values is None:
        return skipped("JSON is not served beside XML.")
    heard = target.ask("services", NOBODY, kind="json")
    if _is_document(heard, "json"):
        return passed(heard, heard.short)
    return failed(heard, heard.short, NO_DOCUMENT)


@check("4", Severity.ADVICE)
def an_unknown_address_is_a_document_too(target: Target) -> Result:
    """An address that does not exist is answered with 404 and an errors document."""
    heard = target.ask(NOBODY)
    if heard.status == 404 and _is_document(heard, target.kind):
        return passed(heard, heard.short)
    return failed(heard, heard.short, NO_DOCUMENT)


@check("4", Severity.AGAINST, level=3)
def an_unknown_request_is_404(target: Target) -> Result:
    """A request that does not exist is answered with 404."""
    if target.requests.values is None:
        return skipped("The list of requests could not be read.")
    change = "Answer GET requests/ID with 404 where there is no such request."
    return _status(target.ask("requests", NOBODY), (404,), change)


@check("4", Severity.AGAINST, level=3)
def a_wrong_date_is_400(target: Target) -> Result:
    """A parameter that is no date is answered with 400."""
    if target.requests.values is None:
        return skipped("The list of requests could not be read.")
    heard = target.ask("requests", params=(("start_date", "no date"),))
    change = "Answer 400 and name the parameter; not with a list, and not with 500."
    return _status(heard, (400,), change)


@check("4", Severity.AGAINST)
def errors_hold_no_internals(target: Target) -> Result:
    """An error shows no insides: no stack trace, no database message."""
    for heard in _all(target):
        if INTERNALS.search(heard.body):
            change = "Write internals to your log, and send a plain sentence."
            return failed(heard, heard.short, change)
    return passed(_unknown_service(target), "No insides in four errors.")


@check("4", Severity.AGAINST)
def an_unknown_jurisdiction_is_refused(target: Target) -> Result:
    """An unknown jurisdiction is refused, or jurisdictions are ignored altogether."""
    heard = target.ask("services", jurisdiction_id=NOBODY)
    ignored = target.services.values is not None and heard.body == target.services.heard.body
    if ignored and not target.jurisdiction_id:
        return passed(heard, "The same list: the server holds one body.")
    if heard.status in (400, 404):
        return passed(heard, f"HTTP {heard.status}.")
    if ignored:
        return passed(heard, "The same list: the jurisdiction is ignored.")
    change = "Answer an unknown jurisdiction_id with 404, or ignore it if you hold one body."
    return failed(heard, heard.short, change)


def _form(target: Target, *without: str) -> tuple[tuple[str, str], ...]:
    """A new request in which something is missing."""
    codes = [service.service_code for service in target.services.rows]
    fields = {
        "service_code": codes[0] if codes else NOBODY,
        "lat": "0.0",
        "long": "0.0",
        "description": "A test by waywarden check. Please ignore it.",
    }
    return tuple((name, value) for name, value in fields.items() if name not in without)


@check("4", Severity.AGAINST, writes=True)
def a_request_without_a_place_is_400(target: Target) -> Result:
    """A new request without a place is answered with 400."""
    if not target.api_key:
        return skipped("No key was given, so nothing would be looked at but the key.")
    heard = target.post("requests", form=_form(target, "lat", "long"))
    return _status(heard, (400,), "Refuse a request that has no place with 400; name what lacks.")


@check("4", Severity.AGAINST, writes=True)
def a_request_for_an_unknown_service_is_refused(target: Target) -> Result:
    """A new request for a service that does not exist is answered with 400 or 404."""
    if not target.api_key:
        return skipped("No key was given, so nothing would be looked at but the key.")
    form = (*_form(target, "service_code"), ("service_code", NOBODY))
    heard = target.post("requests", form=form)
    change = "Refuse a `service_code` that you do not offer with 400 or 404."
    return _status(heard, (400, 404), change)


@check("4", Severity.AGAINST, writes=True)
def a_wrong_key_is_403(target: Target) -> Result:
    """A new request with an unknown key is answered with 403."""
    if not target.api_key:
        return skipped("No key was given; perhaps the server asks for none.")
    heard = target.post("requests", form=_form(target), api_key=NOBODY)
    change = "Look at the key first, and answer 403 (or 401) when it is not known."
    return _status(heard, (401, 403), change)
