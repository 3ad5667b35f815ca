"""A body's own Open311 server, repaired: dates, statuses, encodings, keys, tokens, and the updates
that it may not have."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from waywarden.adapters import letters
from waywarden.adapters.calling import forbidden, way_to
from waywarden.adapters.catalogue import SERVER_SET
from waywarden.adapters.contract import (
    BadRow,
    CannotAsk,
    Finding,
    NotKnown,
    NotOffered,
    Report,
    Sent,
    System,
    Update,
    Wanted,
    each,
    noted,
)
from waywarden.adapters.deployment import Kind
from waywarden.adapters.fields import UPDATE_FIELDS, Reading, update_of
from waywarden.adapters.health import in_words
from waywarden.adapters.kept import Kept
from waywarden.adapters.opening import Opening, over_system
from waywarden.adapters.passthrough.options import PassthroughOptions, faults
from waywarden.kernel import clock
from waywarden.kernel.errors import (
    BackendError,
    BadReply,
    Misconfigured,
    Refused,
    RuleBroken,
    TryLater,
    Unknown,
)
from waywarden.kernel.http import ForbiddenAddress
from waywarden.kernel.text import one_line, shorten
from waywarden.open311 import params, types
from waywarden.open311.client import Client
from waywarden.open311.errors import Fault, NotOpen311, Unreachable

CLOCK_SLACK = timedelta(hours=1)
LONGEST = timedelta(days=89)
"""A span that every server must take (GeoReport: 90 days)."""
SAME_PLACE = 0.0001
"""Degrees; about ten metres."""
_COULD_NOT = {408, 425, 429, 503}


class PassthroughSystem(System):
    """One server. Threads may share it."""

    needs_place = False

    def __init__(self, options: PassthroughOptions, client: Client, *, kept: Kept) -> None:
        self._options, self._client, self._kept = options, client, kept
        self._collecting = threading.Lock()
        self.tells_kept = options.updates == "from_requests"
        self._with_questions: frozenset[str] = frozenset()

    def services(self) -> Sequence[types.Service]:
        with _translated():
            found = self._client.services()
        self._with_questions = frozenset(one.service_code for one in found if one.metadata)
        return [one for one in found if one.service_code]

    def attributes(self, category: str) -> tuple[types.Attribute, ...]:
        if category not in self._with_questions:
            return ()
        try:
            with _translated():
                return self._client.service_definition(category).attributes
        except NotKnown:
            return ()  # some say that they have questions and have none

    def send_report(self, report: Report) -> Sent:
        with _translated():
            receipt = self._client.create_request(self._passed(report))
        return Sent(id=receipt.service_request_id, token=receipt.token)

    def find_report(self, report: Report, since: datetime) -> Iterator[str]:
        """By our number where they give it back, else by service, place and words."""
        query = types.RequestQuery(start_date=since - CLOCK_SLACK, end_date=clock.now())
        try:
            with _translated():
                rows = list(self._client.requests(query))
        except (Refused, NotKnown, Misconfigured) as error:
            raise CannotAsk from error
        for row in rows:
            if _is_same(row, report):
                yield row.service_request_id

    def send_update(self, update: Update) -> Sent:
        if not self._options.takes_updates:
            raise NotOffered
        new = replace(
            update.new,
            status=update.status,
            service_code=update.category,
            attributes=self._attributes(update.new.attributes),
            idempotency_key=update.key,
        )
        with _translated():
            receipt = self._client.create_update(new)
        return Sent(id=receipt.update_id, token=receipt.token)

    def find_update(self, update: Update, since: datetime) -> Iterator[str]:
        """By our id, else by report, words and time. Not to be there proves something only where
        the file says that their list holds what people add."""
        if self._options.updates != "theirs":
            raise CannotAsk
        start = min(since, update.new.updated_datetime) - CLOCK_SLACK
        try:
            with _translated():
                rows = list(self._client.updates(types.UpdateQuery(start, clock.now())))
        except (Refused, NotKnown, Misconfigured) as error:
            raise CannotAsk from error
        yield from (row.update_id for row in rows if _is_same_update(row, update, start))
        if not self._options.lists_what_it_takes:
            raise CannotAsk

    def requests(self, wanted: Wanted) -> Iterable[types.ServiceRequest | BadRow]:
        return each(self._rows(wanted), _checked, key=lambda row: row.service_request_id)

    def updates(
        self, since: datetime, until: datetime
    ) -> Iterable[types.ServiceRequestUpdate | BadRow]:
        if self._options.updates == "from_requests":
            self.collect()
            yield from self._kept.updates(since, until)
            return
        with _translated():
            for row in self._client.updates(types.UpdateQuery(since, until)):
                if not row.service_request_id and row.fixmystreet_id is None:
                    yield BadRow(row.update_id or letters.content_id(row), "it names no report")
                else:
                    yield _with_id(row)

    def token(self, token: str) -> str:
        with _translated():
            return self._client.token(token).id

    def update_token(self, token: str) -> str:
        with _translated():
            return self._client.update_token(token).id

    def collect(self) -> None:
        """Sees changes in the requests of a server that tells no updates."""
        if self._options.updates != "from_requests":
            return
        with self._collecting:
            now = clock.now()
            start = now - timedelta(days=self._options.watched_days)
            found = list(self._rows(Wanted(created_from=start, created_to=now)))
            known = {
                row.service_request_id: row
                for row in self._kept.requests_by_id(row.service_request_id for row in found)
            }
            changes = [
                _change_of(row, now)
                for row in found
                if _has_news(row, known.get(row.service_request_id))
            ]
            self._kept.opened(None, updates=changes, requests=found)

    def look(self) -> Iterable[Finding]:
        """Whether it is there, is Open311, and knows us."""
        try:
            self.services()
        except NotKnown:
            words = f"no Open311 is there: {self._client.url('services')} is not known"
            yield Finding("system.url", words)
        except (Misconfigured, BackendError) as error:
            is_key = isinstance(error.__cause__, Fault) and isinstance(error, Misconfigured)
            yield Finding("system.api_key" if is_key else "system.url", in_words(error))

    def preview_report(self, report: Report) -> str:
        pairs = params.request_pairs(self._passed(report), style=self._options.attribute_style)
        return f"POST {self._client.url('requests')}\n{_lines(pairs)}"

    def preview_update(self, update: Update) -> str:
        pairs = params.update_pairs(replace(update.new, status=update.status))
        return f"POST {self._client.url('servicerequestupdates')}\n{_lines(pairs)}"

    def sample_change(self, state: str) -> Mapping[str, Any]:
        return {
            "id": "1",
            "report": "4711",
            "status": state or "CLOSED",
            "at": "2026-11-25T09:30:00Z",
        }

    def read_change(self, row: Mapping[str, Any]) -> types.ServiceRequestUpdate:
        return update_of({name: row.get(name) for name in UPDATE_FIELDS}, Reading())

    def _passed(self, report: Report) -> types.NewRequest:
        return replace(
            report.new,
            service_code=report.category,
            attributes=self._attributes(report.new.attributes),
            idempotency_key=report.key,
        )

    def _attributes(self, given: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if self._options.passes_our_attributes:
            return dict(given)
        return {code: values for code, values in given.items() if code not in SERVER_SET}

    def _rows(self, wanted: Wanted) -> Iterator[types.ServiceRequest]:
        """Their requests, in spans that they must take."""
        if wanted.ids:
            yield from self._by_id(wanted.ids)
            return
        end = wanted.created_to or clock.now()
        start = wanted.created_from or wanted.changed_from or end - LONGEST
        while start <= end:
            stop = min(start + LONGEST, end)
            query = types.RequestQuery(
                service_codes=wanted.categories, start_date=start, end_date=stop
            )
            with _translated():
                yield from self._client.requests(query)
            start = stop + timedelta(seconds=1)

    def _by_id(self, ids: Iterable[str]) -> Iterator[types.ServiceRequest]:
        for one in ids:
            try:
                with _translated():
                    yield self._client.request(one)
            except (NotKnown, Refused):
                continue


def _with_id(row: types.ServiceRequestUpdate) -> types.ServiceRequestUpdate:
    return row if row.update_id else replace(row, update_id=letters.content_id(row))


def _checked(row: types.ServiceRequest) -> types.ServiceRequest:
    if row.requested_datetime is None:
        raise RuleBroken("it has no date")
    return row


def _is_same(row: types.ServiceRequest, report: Report) -> bool:
    told = row.extras.get("fixmystreet_id", "")
    if told and report.ref:
        return told == report.ref
    new = report.new
    if row.service_code != report.category or row.lat is None or row.long is None:
        return False
    is_near = (
        new.lat is not None
        and new.long is not None
        and abs(row.lat - new.lat) < SAME_PLACE
        and abs(row.long - new.long) < SAME_PLACE
    )
    return is_near and row.description.split() == new.description.split()


def _is_same_update(row: types.ServiceRequestUpdate, update: Update, start: datetime) -> bool:
    new, at = update.new, row.updated_datetime
    if not row.update_id or row.service_request_id != new.service_request_id:
        return False
    if row.update_id == new.update_id:
        return True
    words = row.description.split()
    return bool(words) and words == new.description.split() and (at is None or at >= start)


def _has_news(row: types.ServiceRequest, before: types.ServiceRequest | None) -> bool:
    if before is None:
        return row.status != "open" or bool(row.status_notes)
    return (row.status, row.status_notes) != (before.status, before.status_notes)


def _change_of(row: types.ServiceRequest, now: datetime) -> types.ServiceRequestUpdate:
    at = row.updated_datetime
    content = [row.service_request_id, row.status, row.status_notes, at]
    update = types.ServiceRequestUpdate(
        update_id=letters.content_id(content),
        service_request_id=row.service_request_id,
        status=row.status,
        updated_datetime=at,
        description=row.status_notes,
    )
    return letters.as_told(update, taken_at=now)


def _lines(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"  {name} = {value}" for name, value in pairs)


@contextmanager
def _translated() -> Iterator[None]:
    """Their errors as ours: what may have happened, and who must act."""
    try:
        yield
    except Unreachable as error:
        if isinstance(error.__cause__, ForbiddenAddress):
            raise forbidden(error.__cause__) from error
        if error.was_sent:
            told = Unknown("The body's server did not answer in time.")
            raise noted(told, str(error)) from error
        raise noted(TryLater("The body's server was not reached."), str(error)) from error
    except NotOpen311 as error:
        told_ = BadReply("The body's server did not answer with Open311.")
        raise noted(told_, str(error)) from error
    except Fault as error:
        raise _as_ours(error) from error


def _as_ours(error: Fault) -> Exception:
    status = error.status
    if status in _COULD_NOT:
        return TryLater("The body's server is not available.", after=error.retry_after)
    if status in (401, 403):
        return Misconfigured("The body's server does not accept this adapter's key.")
    if status == 404:
        return NotKnown("The body's server does not know that.")
    if status == 504:
        return Unknown("The body's server did not answer in time.")
    if 400 <= status < 500:
        told = next((item.description for item in error.items if item.description), "")
        return Refused(f"The body's server refused it ({status}): {shorten(one_line(told), 200)}")
    return BadReply(f"The body's server answered with status {status}.")


def _opened(opening: Opening) -> PassthroughSystem:
    options: PassthroughOptions = opening.loaded.options
    key = options.api_key.read(opening.environ) if options.api_key else ""
    way = way_to(options, options.url, headers=options.headers, secret=key)
    client = Client(
        options.url,
        way=way,
        jurisdiction_id=options.jurisdiction,
        api_key=key,
        key_on_get=options.key_on_get,
        format=options.format,
        zone=ZoneInfo(opening.loaded.deployment.zone),
        attribute_style=options.attribute_style,
    )
    return PassthroughSystem(options, client, kept=opening.kept)


KIND = Kind(
    options_type=PassthroughOptions,
    opens=over_system(_opened),
    sample=Path(__file__).with_name("sample.toml"),
    faults=faults,
)
