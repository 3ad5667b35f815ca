"""Checks of GET discovery (open311.md 2.1)."""

from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Target

UNREAD = "The discovery document could not be read."


@check("2.1", Severity.AGAINST)
def discovery_can_be_read(target: Target) -> Result:
    """There is a discovery document."""
    read = target.discovery
    if read.values is None:
        change = "Serve discovery.xml beside services.xml; it names your endpoints and a contact."
        return failed(read, read.trouble, change)
    return passed(read, "A discovery document.")


@check("2.1", Severity.AGAINST)
def discovery_names_its_endpoints(target: Target) -> Result:
    """The discovery document names an endpoint with its address, specification and formats."""
    read = target.discovery
    if not read.rows:
        return skipped(UNREAD)
    for endpoint in read.rows[0].endpoints:
        if endpoint.url and endpoint.specification and endpoint.formats:
            return passed(read, f"{endpoint.specification} at {endpoint.url}.")
    change = "Name at least one `endpoint` with `url`, `specification` and `formats`."
    return failed(read, f"{len(read.rows[0].endpoints)} endpoints, none of them whole.", change)


@check("2.1", Severity.ADVICE)
def discovery_has_a_changeset(target: Target) -> Result:
    """The discovery document says when the service list last changed."""
    read = target.discovery
    if not read.rows:
        return skipped(UNREAD)
    found = read.rows[0]
    if found.changeset or any(endpoint.changeset for endpoint in found.endpoints):
        return passed(read, "A `changeset` with a date.")
    change = "Write into `changeset` when the services or their questions last changed."
    return failed(read, "No `changeset`.", change)


@check("2.1", Severity.ADVICE)
def discovery_says_whom_to_ask(target: Target) -> Result:
    """The discovery document says whom to ask, and how to get a key."""
    read = target.discovery
    if not read.rows:
        return skipped(UNREAD)
    missing = [name for name in ("contact", "key_service") if not getattr(read.rows[0], name)]
    if not missing:
        return passed(read, "Both `contact` and `key_service`.")
    change = "Fill `contact` (a person or an office) and `key_service` (how to get a key)."
    return failed(read, f"Empty: {', '.join(missing)}.", change)
