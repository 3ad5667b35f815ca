"""Checks of what every document must be: format, encoding, dates, lists (open311.md 1)."""

from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Heard, Target
from waywarden.open311.conformance.wording import counted, forgiven

SLOW_SECONDS = 10.0
TYPES = {"xml": ("text/xml", "application/xml"), "json": ("application/json",)}


@check("1", Severity.AGAINST)
def xml_is_served(target: Target) -> Result:
    """XML is served, which every server must."""
    heard = target.ask("services", kind="xml")
    if target.kind == "json":
        return failed(heard, heard.short, "Serve XML too; JSON is the optional format.")
    if target.services.values is None:
        return skipped("The service list could not be read in any format.")
    return passed(heard, "XML.")


@check("1", Severity.AGAINST)
def the_format_asked_for_comes(target: Target) -> Result:
    """The path's extension decides the format."""
    return forgiven(
        target.reads(),
        ["wrong-format"],
        change="Answer `.xml` with XML and `.json` with JSON, whatever the headers say.",
    )


@check("1", Severity.AGAINST)
def json_says_the_same(target: Target) -> Result:
    """Where JSON is served, it says the same as XML."""
    if target.kind == "json":
        return skipped("Only JSON could be read.")
    read = target.json_services
    announced = any(
        "json" in word
        for found in target.discovery.rows
        for endpoint in found.endpoints
        for word in endpoint.formats
    )
    if read.values is None and not announced:
        return skipped("JSON is not announced and not served; it is optional.")
    if read.values is None:
        change = "Serve JSON, or do not announce it in the discovery document."
        return failed(read, read.trouble, change)
    ours = {service.service_code for service in target.services.rows}
    theirs = {service.service_code for service in read.rows}
    if ours != theirs:
        change = "Make both formats from the same data; codes are strings in JSON too."
        return failed(read, f"{len(ours ^ theirs)} services stand in one format only.", change)
    return passed(read, f"The same {counted(len(ours), 'service')}.")


@check("1", Severity.AGAINST)
def json_is_well_formed(target: Target) -> Result:
    """JSON is well formed."""
    if target.json_services.values is None and target.kind != "json":
        return skipped("JSON is not served; it is optional.")
    return forgiven(
        target.reads(),
        ["json-malformed"],
        change="Let a JSON library write the document; codes are strings in quotes.",
    )


def _type_trouble(heard: Heard, kind: str) -> str:
    given = heard.content_type
    if given.partition(";")[0].strip() not in TYPES[kind]:
        return f"Content-Type: {given or '(none)'}"
    if "charset" in given and "utf-8" not in given:
        return f"Content-Type: {given}"
    return ""


@check("1", Severity.AGAINST)
def content_types_fit(target: Target) -> Result:
    """The content type fits the format and says UTF-8."""
    asked = [(read.heard, target.kind) for read in (target.services, target.discovery)]
    asked.append((target.json_services.heard, "json"))
    good = [(heard, kind) for heard, kind in asked if heard.is_good]
    for heard, kind in good:
        if trouble := _type_trouble(heard, kind):
            change = f"Send `Content-Type: {TYPES[kind][0]}; charset=utf-8`."
            return failed(heard, trouble, change)
    return passed(good[0][0], good[0][0].content_type) if good else skipped("Nothing came.")


@check("1", Severity.AGAINST)
def documents_are_utf_8(target: Target) -> Result:
    """Documents are UTF-8, and say so."""
    return forgiven(
        target.reads(),
        ["wrong-encoding-declared", "encoding-not-utf-8", "bytes-not-utf-8"],
        change='Write UTF-8 and declare it: <?xml version="1.0" encoding="utf-8"?>.',
    )


@check("1", Severity.AGAINST)
def documents_are_clean(target: Target) -> Result:
    """Documents begin with their first tag and hold plain text."""
    return forgiven(
        target.reads(),
        ["byte-order-mark", "http-head-in-body", "control-characters", "markup-in-text"],
        change=(
            "Send the document alone: no byte-order mark, no header lines, no control "
            "characters; write < and & in texts as &lt; and &amp;."
        ),
    )


@check("1", Severity.AGAINST)
def lists_have_their_names(target: Target) -> Result:
    """Roots, rows and lists are named as the specification names them."""
    return forgiven(
        target.reads(),
        [
            "root-name",
            "bare-object",
            "attributes-unwrapped",
            "json-wrapped",
            "object-in-list",
            "nested-value",
        ],
        change="Name root, rows and lists as the specification does; in JSON a list is an array.",
    )


@check("1", Severity.AGAINST)
def dates_have_time_and_zone(target: Target) -> Result:
    """Every date has a time and a zone."""
    return forgiven(
        target.reads(),
        ["date-without-zone", "date-without-time", "date-without-t"],
        change=(
            "Write dates as 2026-11-25T09:30:00Z, or with ±hh:mm. Without a zone an update may "
            "seem an hour old or to come from the future, and be passed over."
        ),
    )


@check("1", Severity.AGAINST)
def dates_are_possible(target: Target) -> Result:
    """Every date is one."""
    return forgiven(
        target.reads(),
        ["date-impossible"],
        change="Leave a date that is not known empty; write no year 0001 and no 31 June.",
    )


@check("1", Severity.AGAINST)
def numbers_are_numbers(target: Target) -> Result:
    """Numbers have a decimal point and are numbers."""
    return forgiven(
        target.reads(),
        ["decimal-comma", "not-a-number"],
        change="Write numbers with a point and without units: 60.1699.",
    )


@check("1", Severity.AGAINST)
def photos_have_whole_addresses(target: Target) -> Result:
    """`media_url` holds a whole address or nothing."""
    return forgiven(
        target.reads(),
        ["media-url-not-a-url"],
        change="Write the photo's whole address, https:// included, or leave `media_url` empty.",
    )


@check("1", Severity.AGAINST)
def an_empty_parameter_equals_an_absent_one(target: Target) -> Result:
    """An empty parameter equals an absent one."""
    if target.services.values is None:
        return skipped("The service list could not be read.")
    heard = target.ask("services", params=(("lat", ""), ("long", "")))
    if heard.is_good:
        return passed(heard, f"HTTP {heard.status}.")
    return failed(heard, heard.short, "Take a parameter without a value as if it were not there.")


@check("7", Severity.ADVICE)
def answers_come_in_time(target: Target) -> Result:
    """Every answer comes within ten seconds."""
    list(target.reads())
    slowest = max(target.heard, key=lambda heard: heard.seconds)
    told = f"The slowest took {slowest.seconds:.1f} s."
    if slowest.seconds > SLOW_SECONDS:
        change = "Answer quicker: an index on the dates and codes that are asked for often helps."
        return failed(slowest, told, change)
    return passed(slowest, told)
