"""Checks of GET requests and GET requests/ID (open311.md 2.6)."""

from datetime import datetime, timedelta

from waywarden.open311 import documents, types
from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import REQUESTS_BACK, Read, Target, window
from waywarden.open311.conformance.wording import counted, forgiven, listed, twice
from waywarden.open311.dates import write_date

MOST = 1000
SLACK = timedelta(seconds=1)
NONE = "No request of the last 89 days could be read."


def _latest(read: Read[types.ServiceRequest]) -> datetime | None:
    return max(
        (row.requested_datetime for row in read.rows if row.requested_datetime), default=None
    )


@check("2.6", Severity.BREAKS, level=3)
def requests_can_be_read(target: Target) -> Result:
    """The list of requests can be read."""
    read = target.requests
    if read.values is None:
        change = "Answer GET requests.xml with start_date and end_date with `service_requests`."
        return failed(read, read.trouble, change)
    return passed(read, f"{counted(len(read.rows), 'request')}.")


@check("2.6", Severity.BREAKS, level=3)
def request_ids_are_unique(target: Target) -> Result:
    """No request stands twice in the list."""
    read = target.requests
    if not read.rows:
        return skipped(NONE)
    doubles = twice(row.service_request_id for row in read.rows)
    if doubles:
        change = "Give each request an id of its own, and list it once."
        return failed(read, f"More than once: {listed(doubles)}", change)
    return passed(read, f"{counted(len(read.rows), 'request')}, each once.")


@check("2.6", Severity.AGAINST, level=3)
def requests_have_an_id(target: Target) -> Result:
    """Every request in the list has an id."""
    return forgiven(
        [target.requests],
        ["row-without-id", "row-with-token-only", "not-an-object"],
        change="List a request once it has a `service_request_id`; ids stay as they are.",
    )


@check("2.6", Severity.BREAKS, level=3)
def requests_have_a_place(target: Target) -> Result:
    """Requests have latitude and longitude."""
    read = target.requests
    if not read.rows:
        return skipped(NONE)
    placed = [row for row in read.rows if row.lat is not None and row.long is not None]
    if not placed:
        change = "Give `lat` and `long` in degrees (WGS84): without them nothing shows on a map."
        return failed(read, f"None of {counted(len(read.rows), 'request')} has a place.", change)
    return passed(read, f"{len(placed)} of {counted(len(read.rows), 'request')} have a place.")


@check("2.6", Severity.AGAINST, level=3)
def places_are_on_earth(target: Target) -> Result:
    """Latitude and longitude are degrees."""
    return forgiven(
        [target.requests],
        ["place-impossible"],
        change="Give `lat` and `long` in degrees (WGS84), not in the metres of a national grid.",
    )


@check("2.6", Severity.BREAKS, level=3)
def requests_have_a_date(target: Target) -> Result:
    """Every request says when it was made."""
    read = target.requests
    if not read.rows:
        return skipped(NONE)
    bare = [row.service_request_id for row in read.rows if row.requested_datetime is None]
    if bare:
        change = "Give every request its `requested_datetime`; the dates asked for go by it."
        return failed(read, f"Without a date: {listed(bare)}", change)
    return passed(read, "Every request has a date.")


@check("2.6", Severity.AGAINST, level=3)
def request_statuses_are_known(target: Target) -> Result:
    """Every request has a status of the protocol."""
    return forgiven(
        [target.requests],
        ["status-unknown", "status-missing"],
        change="Give `status` as `open` or `closed`, or as one of the extended statuses.",
    )


@check("2.6", Severity.BREAKS, level=3)
def the_dates_asked_for_are_kept(target: Target) -> Result:
    """Only requests between start_date and end_date are listed."""
    latest = _latest(target.requests)
    if latest is None:
        return skipped(NONE)
    end = latest - 2 * SLACK
    read = target.requests_within(*window(target.now - REQUESTS_BACK, end))
    change = "List the requests whose `requested_datetime` lies between start_date and end_date."
    if read.values is None:
        return failed(read, read.trouble, change)
    late = [
        row.service_request_id
        for row in read.rows
        if row.requested_datetime and row.requested_datetime > end + SLACK
    ]
    if late:
        return failed(read, f"Made after end_date: {listed(late)}", change)
    return passed(read, "Nothing after end_date.")


@check("2.6", Severity.AGAINST, level=3)
def at_most_1000_requests_come(target: Target) -> Result:
    """At most 1,000 requests come at once."""
    read = target.requests
    if read.values is None:
        return skipped(NONE)
    told = f"{counted(len(read.rows), 'request')}."
    if len(read.rows) > MOST:
        return failed(read, told, "Answer at most 1,000 requests, and take `page` for the next.")
    return passed(read, told)


@check("2.6", Severity.BREAKS, level=3)
def one_request_can_be_read(target: Target) -> Result:
    """One request can be asked for by its id."""
    if not target.requests.rows:
        return skipped(NONE)
    number = target.requests.rows[0].service_request_id
    read = target.read(target.ask("requests", number), documents.read_requests)
    if [row.service_request_id for row in read.rows] == [number]:
        return passed(read, "That one.")
    change = "Answer GET requests/ID with a list that holds that one request."
    return failed(read, read.trouble or f"{counted(len(read.rows), 'request')}.", change)


@check("2.6", Severity.AGAINST, level=3)
def several_requests_can_be_asked_for(target: Target) -> Result:
    """Several requests can be asked for by their ids, separated by commas."""
    wanted = [row.service_request_id for row in target.requests.rows[:2]]
    if len(wanted) < 2:
        return skipped("Fewer than two requests are known.")
    read = target.requests_within(("service_request_id", ",".join(wanted)))
    if {row.service_request_id for row in read.rows} == set(wanted):
        return passed(read, "Those two.")
    change = (
        "Take several ids in `service_request_id`, separated by commas; they go before all else."
    )
    return failed(read, read.trouble or f"{counted(len(read.rows), 'request')}.", change)


@check("2.6", Severity.AGAINST, level=3)
def the_status_asked_for_is_kept(target: Target) -> Result:
    """Only requests of the status asked for are listed."""
    if not target.requests.rows:
        return skipped(NONE)
    span = window(target.now - REQUESTS_BACK, target.now)
    read = target.requests_within(*span, ("status", "closed"))
    still_open = [row.service_request_id for row in read.rows if row.status == "open"]
    if read.values is None or still_open:
        change = "With status=closed list closed requests only, with status=open the others."
        return failed(read, read.trouble or f"Open: {listed(still_open)}", change)
    return passed(read, f"{counted(len(read.rows), 'request')}, none of them open.")


@check("2.6", Severity.ADVICE, level=3)
def changes_can_be_asked_for(target: Target) -> Result:
    """Requests that changed since a moment can be asked for (extension)."""
    if not target.requests.rows:
        return skipped(NONE)
    tomorrow = write_date(target.now + timedelta(days=1)) or ""
    read = target.requests_within(("updated_after", tomorrow))
    if read.values is not None and not read.rows:
        return passed(read, "Nothing changed since tomorrow.")
    change = "Take `updated_after`, so that a client can ask what changed since it last asked."
    return failed(read, read.trouble or f"{counted(len(read.rows), 'request')}.", change)
