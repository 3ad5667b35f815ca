"""Checks of GET servicerequestupdates (open311.md 2.7)."""

from datetime import timedelta

from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import UPDATES_BACK, Target
from waywarden.open311.conformance.wording import counted, forgiven, listed, twice

SLACK = timedelta(seconds=1)
AHEAD = timedelta(minutes=5)
"""How far the server's clock may be ahead of ours."""
NONE = (
    "No update of the last 30 days could be read. Change the status of a report in your system, "
    "and check again."
)


@check("2.7", Severity.BREAKS, level=2)
def updates_can_be_read(target: Target) -> Result:
    """The updates can be read."""
    read = target.updates
    if read.values is None:
        change = "Answer GET servicerequestupdates.xml with a `service_request_updates` document."
        if read.heard.status in (401, 403) and not target.api_key:
            change = "Check again with a key (--api-key): the server wants one for updates."
        return failed(read, read.trouble, change)
    return passed(read, f"{counted(len(read.rows), 'update')}.")


@check("2.7", Severity.BREAKS, level=2)
def updates_have_their_ids(target: Target) -> Result:
    """Every update has an id and names its request."""
    return forgiven(
        [target.updates],
        ["update-id-missing", "service-request-id-missing", "not-an-object"],
        change="Give every update an `update_id` and the `service_request_id` it belongs to.",
    )


@check("2.7", Severity.BREAKS, level=2)
def update_ids_are_unique(target: Target) -> Result:
    """Every update has an id of its own."""
    read = target.updates
    if not read.rows:
        return skipped(NONE)
    doubles = twice(row.update_id for row in read.rows if row.update_id)
    if doubles:
        change = "Give each update an `update_id` of its own: the same id is taken in only once."
        return failed(read, f"More than once: {listed(doubles)}", change)
    return passed(read, f"{counted(len(read.rows), 'update')}, each with its own id.")


@check("2.7", Severity.BREAKS, level=2)
def updates_have_a_date(target: Target) -> Result:
    """Every update says when it was made."""
    read = target.updates
    if not read.rows:
        return skipped(NONE)
    bare = [row.update_id for row in read.rows if row.updated_datetime is None]
    if bare:
        change = "Give every update its `updated_datetime`, the moment it became visible to us."
        return failed(read, f"Without a date: {listed(bare)}", change)
    return passed(read, "Every update has a date.")


@check("2.7", Severity.AGAINST, level=2)
def update_statuses_are_known(target: Target) -> Result:
    """Every update has a status of the protocol."""
    return forgiven(
        [target.updates],
        ["status-unknown", "status-missing"],
        change="Give `status` as OPEN, CLOSED, or one of the extended statuses.",
    )


@check("2.7", Severity.BREAKS, level=2)
def the_window_ends_where_it_was_asked_to(target: Target) -> Result:
    """No update after end_date comes."""
    dates = [row.updated_datetime for row in target.updates.rows if row.updated_datetime]
    if not dates:
        return skipped(NONE)
    end = max(dates) - 2 * SLACK
    read = target.updates_within(target.now - UPDATES_BACK, end)
    change = "List the updates whose `updated_datetime` lies between start_date and end_date."
    if read.values is None:
        return failed(read, read.trouble, change)
    late = [
        row.update_id
        for row in read.rows
        if row.updated_datetime and row.updated_datetime > end + SLACK
    ]
    if late:
        return failed(read, f"Made after end_date: {listed(late)}", change)
    return passed(read, "Nothing after end_date.")


@check("2.7", Severity.BREAKS, level=2)
def the_window_begins_where_it_was_asked_to(target: Target) -> Result:
    """No update before start_date comes."""
    if not target.updates.rows:
        return skipped(NONE)
    start = target.now + timedelta(days=1)
    read = target.updates_within(start, start + timedelta(hours=1))
    change = "List the updates whose `updated_datetime` lies between start_date and end_date."
    if read.values is None:
        return failed(read, read.trouble, change)
    if read.rows:
        return failed(read, f"{counted(len(read.rows), 'update')} from tomorrow.", change)
    return passed(read, "Nothing from tomorrow.")


@check("2.7", Severity.BREAKS, level=2)
def a_narrow_window_holds_its_update(target: Target) -> Result:
    """An update is found in a window of two seconds around its own date."""
    known = [row for row in target.updates.rows if row.updated_datetime and row.update_id]
    if not known or known[-1].updated_datetime is None:
        return skipped(NONE)
    wanted, moment = known[-1].update_id, known[-1].updated_datetime
    read = target.updates_within(moment - SLACK, moment + SLACK)
    if any(row.update_id == wanted for row in read.rows):
        return passed(read, "It is there.")
    change = (
        "Compare with the full time and in the zone that start_date and end_date carry (we ask in "
        "UTC). An hour's difference points at local time or summer time."
    )
    told = f"{counted(len(read.rows), 'update')}, not the one of {moment:%Y-%m-%dT%H:%M:%SZ}."
    return failed(read, read.trouble or told, change)


@check("2.7", Severity.AGAINST, level=2)
def updates_are_not_from_the_future(target: Target) -> Result:
    """No update is dated in the future."""
    # Asked without its own end, such an update would show; the usual window may hide it.
    read = target.updates_within(target.now - UPDATES_BACK, target.now + timedelta(days=1))
    if not read.rows:
        return skipped(NONE)
    early = [
        row.update_id
        for row in read.rows
        if row.updated_datetime and row.updated_datetime > target.now + AHEAD
    ]
    if early:
        change = "Write dates with the zone they are in; local time with a Z lies in the future."
        return failed(read, f"Dated in the future: {listed(early)}", change)
    return passed(read, "No update from the future.")


@check("2.7", Severity.ADVICE, level=2)
def updates_come_in_order(target: Target) -> Result:
    """Updates come oldest first."""
    read = target.updates
    dates = [row.updated_datetime for row in read.rows if row.updated_datetime]
    if len(dates) < 2:
        return skipped("Fewer than two updates are known.")
    if dates == sorted(dates):
        return passed(read, f"{counted(len(dates), 'update')}, oldest first.")
    return failed(read, "In another order.", "Order updates by `updated_datetime`, oldest first.")
