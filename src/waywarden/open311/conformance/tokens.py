"""Checks of GET tokens/TOKEN (open311.md 2.5)."""

from waywarden.open311 import documents
from waywarden.open311.conformance.posting import posted
from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Target

NOBODY = "waywarden-check-unknown"
CHANGE = (
    "Answer GET tokens/TOKEN with the token and, once it is there, the `service_request_id`; "
    "until then with an empty id or with 404."
)


@check("2.5", Severity.AGAINST)
def an_unknown_token_has_no_request(target: Target) -> Result:
    """A token that was never given leads to no request."""
    heard = target.ask("tokens", NOBODY)
    if heard.status == 404:
        return passed(heard, "HTTP 404.")
    read = target.read(heard, lambda data, source: [documents.read_token(data, NOBODY, source)])
    if read.rows and not read.rows[0].id:
        return passed(heard, "No id.")
    return failed(heard, read.trouble or heard.short, CHANGE)


@check("2.5", Severity.BREAKS, writes=True)
def a_token_becomes_a_request(target: Target) -> Result:
    """A token that was given can be asked about."""
    post = posted(target)
    if post.receipt is None or not post.receipt.token:
        return skipped("The test request was answered with an id, not with a token.")
    token = post.receipt.token
    heard = target.ask("tokens", token)
    if heard.status == 404:
        return passed(heard, "Not ready yet.")
    read = target.read(heard, lambda data, source: [documents.read_token(data, token, source)])
    if read.values is None or any(one.code == "token-not-echoed" for one in read.deviations):
        return failed(heard, read.trouble or heard.short, CHANGE)
    number = read.rows[0].id
    return passed(heard, f"Request {number}." if number else "Not ready yet.")
