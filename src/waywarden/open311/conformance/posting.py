"""Checks that post test reports, only with --write (open311.md 2.4, 2.8 and 5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from waywarden.open311 import types
from waywarden.open311.conformance.registry import (
    Result,
    Severity,
    check,
    failed,
    passed,
    skipped,
)
from waywarden.open311.conformance.target import Target
from waywarden.open311.dates import write_date
from waywarden.open311.errors import Fault, Open311Error

NOWHERE = (0.0, 0.0)
"""Where there is no place to take: the point in the sea that stands for none."""
WORDS = "A test by waywarden check. Please ignore it. (ä € 漢)"
NO_REQUEST = "No test request was accepted with an id."


@dataclass(frozen=True, slots=True)
class Posted:
    """What was posted, and what came of it; without a receipt `trouble` says why."""

    new: types.NewRequest | None = None
    receipt: types.Receipt | None = None
    trouble: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class PostedUpdate:
    """The same of an update."""

    new: types.NewUpdate
    receipt: types.UpdateReceipt | None = None
    trouble: str = ""
    status: int | None = None


def posted(target: Target) -> Posted:
    """The test request, posted once."""
    if "posted" not in target.memory:
        target.memory["posted"] = _post(target, _new_request(target))
    found: Posted = target.memory["posted"]
    return found


def _post(target: Target, new: types.NewRequest | None) -> Posted:
    if new is None:
        return Posted(trouble="No service was found that a test could be sent to.")
    try:
        return Posted(new, target.client.create_request(new))
    except Open311Error as error:
        status = error.status if isinstance(error, Fault) else None
        return Posted(new, trouble=str(error), status=status)


def _new_request(target: Target) -> types.NewRequest | None:
    """A request for the first service whose questions can be answered.

    A private one comes last: what is sent to it may rightly never be shown.
    """
    lat, long = _place(target)
    number = uuid4()
    for service in sorted(target.services.rows, key=_rank)[:5]:
        definition = types.ServiceDefinition(service.service_code)
        if service.metadata:
            read = target.definition(service.service_code)
            if not read.rows:
                continue
            definition = read.rows[0]
        return types.NewRequest(
            service_code=service.service_code,
            lat=lat,
            long=long,
            description=WORDS,
            first_name="Waywarden",
            last_name="Check",
            email="waywarden-check@example.org",
            attributes=dict(_answers(target, definition, number.int % 10**9 + 1)),
            idempotency_key=f"waywarden-check-{number}",
        )
    return None


def _rank(service: types.Service) -> tuple[bool, bool]:
    return "private" in service.keywords, service.type != "realtime"


def _place(target: Target) -> tuple[float, float]:
    if target.place:
        return target.place
    for row in target.requests.rows:
        if row.lat is not None and row.long is not None:
            return row.lat, row.long
    return NOWHERE


def _answers(
    target: Target, definition: types.ServiceDefinition, number: int
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for question in definition.attributes:
        if question.code == "fixmystreet_id":
            yield question.code, (str(number),)
        elif question.required and question.variable:
            yield question.code, (_answer(target, question),)


def _answer(target: Target, question: types.Attribute) -> str:
    for value in question.values:
        if not value.disable_message:
            return value.key
    usual = {"number": "1", "datetime": write_date(target.now) or ""}
    return usual.get(question.datatype, "Test")


@check("2.4", Severity.BREAKS, writes=True)
def a_request_is_accepted(target: Target) -> Result:
    """A new request is answered with an id or a token."""
    post, asked = posted(target), _asked(target)
    if post.receipt:
        number = post.receipt.service_request_id
        return passed(asked, f"Request {number}." if number else f"Token {post.receipt.token}.")
    if post.new and (post.new.lat, post.new.long) == NOWHERE and post.status == 400:
        return skipped(f"{post.trouble} Say with --at where a test report may lie.")
    change = (
        "Answer POST requests.xml with `service_requests`, in it one `request` with a "
        "`service_request_id` (or a `token`), and with nothing else when it was taken."
    )
    if post.status in (401, 403):
        change = "Check again with a key that may send (--api-key)."
    return failed(asked, post.trouble, change)


@check("5", Severity.AGAINST, writes=True)
def a_repeated_request_makes_no_second_one(target: Target) -> Result:
    """The same request sent again is answered with the same id."""
    first = posted(target)
    if first.receipt is None:
        return skipped(NO_REQUEST)
    again, asked = _post(target, first.new), f"{_asked(target)}, twice the same"
    told = (first.receipt.service_request_id, first.receipt.token)
    if again.receipt and (again.receipt.service_request_id, again.receipt.token) == told:
        return passed(asked, "The same answer.")
    change = (
        "Keep the header Idempotency-Key (or attribute[fixmystreet_id]) with each request, and "
        "answer a known one with the first answer: else a lost answer makes a double."
    )
    second = again.receipt and (again.receipt.service_request_id or again.receipt.token)
    return failed(asked, f"A second one: {second}." if second else again.trouble, change)


@check("2.6", Severity.AGAINST, level=3, writes=True)
def what_was_sent_can_be_read_back(target: Target) -> Result:
    """A request that was sent can be read, with its words unharmed."""
    post = posted(target)
    if post.receipt is None or not post.receipt.service_request_id:
        return skipped(NO_REQUEST)
    number = post.receipt.service_request_id
    asked = f"GET requests/{number}"
    try:
        row = target.client.request(number)
    except Open311Error as error:
        change = "Answer GET requests/ID for a request once its id was given."
        return failed(asked, str(error), change)
    if " ".join(row.description.split()) == WORDS:
        return passed(asked, "The same words.")
    change = "Keep texts in Unicode all the way, uncut up to 4,000 characters."
    return failed(asked, f"Other words: {row.description[:200]}", change)


def posted_update(target: Target) -> PostedUpdate | None:
    """The test update on the test request, posted once; None without a request."""
    receipt = posted(target).receipt
    if receipt is None or not receipt.service_request_id:
        return None
    if "posted_update" not in target.memory:
        number = str(uuid4().int % 10**9 + 1)
        new = types.NewUpdate(
            service_request_id=receipt.service_request_id,
            update_id=number,
            status="OPEN",
            updated_datetime=target.now,
            description=WORDS,
            idempotency_key=f"waywarden-check-{number}",
        )
        target.memory["posted_update"] = _post_update(target, new)
    found: PostedUpdate = target.memory["posted_update"]
    return found


def _post_update(target: Target, new: types.NewUpdate) -> PostedUpdate:
    try:
        return PostedUpdate(new, target.client.create_update(new))
    except Open311Error as error:
        status = error.status if isinstance(error, Fault) else None
        return PostedUpdate(new, trouble=str(error), status=status)


@check("2.8", Severity.ADVICE, level=2, writes=True)
def an_update_is_accepted(target: Target) -> Result:
    """What people add to a report is taken as an update."""
    post = posted_update(target)
    if post is None:
        return skipped(NO_REQUEST)
    asked = f"POST {target.client.url('servicerequestupdates')}"
    if post.receipt:
        return passed(asked, f"Update {post.receipt.update_id or post.receipt.token}.")
    change = (
        "Take POST servicerequestupdates.xml, so that what people add later reaches you; answer "
        "with an `update_id`. If you do not want that, switch sending of updates off."
    )
    return failed(asked, post.trouble, change)


@check("5", Severity.AGAINST, level=2, writes=True)
def a_repeated_update_makes_no_second_one(target: Target) -> Result:
    """The same update sent again is answered with the same id."""
    first = posted_update(target)
    if first is None or first.receipt is None:
        return skipped("No test update was accepted.")
    again = _post_update(target, first.new)
    asked = f"POST {target.client.url('servicerequestupdates')}, twice the same"
    if again.receipt == first.receipt:
        return passed(asked, "The same answer.")
    change = "Keep each `update_id` we send, and answer a known one with the first answer."
    second = again.receipt and (again.receipt.update_id or again.receipt.token)
    return failed(asked, f"A second one: {second}." if second else again.trouble, change)


def _asked(target: Target) -> str:
    return f"POST {target.client.url('requests')}"
