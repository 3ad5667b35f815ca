"""Checks of GET services (open311.md 2.2)."""

from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Target
from waywarden.open311.conformance.wording import counted, forgiven, listed, twice

UNREAD = "The service list could not be read."
ROUND = frozenset({20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000})
"""Lengths at which lists are usually cut into pages."""
MANY = 300
FULL_LIST = 5000
SECONDS_FOR_A_FULL_LIST = 30.0


@check("2.2", Severity.BREAKS)
def services_can_be_read(target: Target) -> Result:
    """The service list can be read."""
    read = target.services
    if read.values is None:
        change = (
            "Answer GET services.xml with HTTP 200 and a `services` document. If the server "
            "holds several bodies, give the checker the jurisdiction."
        )
        return failed(read, read.trouble, change)
    return passed(read, f"{counted(len(read.rows), 'service')}.")


@check("2.2", Severity.BREAKS)
def there_are_services(target: Target) -> Result:
    """The service list holds services."""
    read = target.services
    if read.values is None:
        return skipped(UNREAD)
    if not read.rows:
        change = "List the services that people may report; without one nothing can be sent."
        return failed(read, "An empty list.", change)
    return passed(read, f"{counted(len(read.rows), 'service')}.")


@check("2.2", Severity.BREAKS)
def service_codes_are_unique(target: Target) -> Result:
    """No service code stands twice in the list."""
    read = target.services
    if not read.rows:
        return skipped(UNREAD)
    doubles = twice(service.service_code for service in read.rows)
    if doubles:
        change = "Give each service a `service_code` of its own."
        return failed(read, f"More than once: {listed(doubles)}", change)
    return passed(read, f"{counted(len(read.rows), 'code')}, each once.")


@check("2.2", Severity.AGAINST)
def services_have_a_code(target: Target) -> Result:
    """Every service has a code."""
    return forgiven(
        [target.services],
        ["row-without-id", "not-an-object"],
        change="Give every service a `service_code`; one without it cannot be reported.",
    )


@check("2.2", Severity.ADVICE)
def services_have_a_name(target: Target) -> Result:
    """Every service has a name for people."""
    read = target.services
    if not read.rows:
        return skipped(UNREAD)
    bare = [one.service_code for one in read.rows if one.service_name == one.service_code]
    if bare:
        change = "Give every service a `service_name` that people understand."
        return failed(read, f"Without a name of their own: {listed(bare)}", change)
    return passed(read, "Every service has a name.")


@check("2.2", Severity.AGAINST)
def service_types_are_known(target: Target) -> Result:
    """Every service type is realtime, batch or blackbox."""
    return forgiven(
        [target.services],
        ["unknown-type"],
        change="Set `type` to `realtime`, `batch` or `blackbox`; `realtime` was assumed.",
    )


@check("2.2", Severity.AGAINST)
def metadata_is_true_or_false(target: Target) -> Result:
    """`metadata` says true or false."""
    return forgiven(
        [target.services],
        ["not-a-boolean"],
        change="Set `metadata` to `true` where the service asks questions, else to `false`.",
    )


@check("2.2", Severity.ADVICE)
def keywords_are_separated_by_commas(target: Target) -> Result:
    """Keywords are separated by commas."""
    return forgiven(
        [target.services],
        ["keywords-semicolon"],
        change="Separate `keywords` by commas.",
    )


@check("2.2", Severity.ADVICE)
def the_service_list_is_whole(target: Target) -> Result:
    """The service list is not cut into pages."""
    read = target.services
    if not read.rows:
        return skipped(UNREAD)
    if len(read.rows) in ROUND:
        change = (
            "If this is only the first page, send the whole list at once: clients ask for no "
            "second page. If you have exactly so many services, leave it."
        )
        return failed(read, f"Exactly {len(read.rows)} services.", change)
    return passed(read, f"{counted(len(read.rows), 'service')}, no round number.")


@check("7", Severity.AGAINST)
def a_list_of_5000_services_comes_in_time(target: Target) -> Result:
    """A list of 5,000 services comes within half a minute."""
    read, count = target.services, len(target.services.rows)
    if count < MANY:
        return skipped(f"{counted(count, 'service')} are too few to tell how 5,000 would fare.")
    seconds = read.heard.seconds * max(1.0, FULL_LIST / count)
    told = f"{count} services in {read.heard.seconds:.1f} s, so 5,000 take {seconds:.1f} s."
    if seconds > SECONDS_FOR_A_FULL_LIST:
        change = "Read all services with one query, and keep the finished document for a while."
        return failed(read, told, change)
    return passed(read, told)
