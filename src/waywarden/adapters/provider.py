"""A body's system as an Open311 Provider: what is the same whatever stands behind it."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import msgspec

from waywarden.adapters import letters, steps
from waywarden.adapters.answers import check_answers
from waywarden.adapters.catalogue import Catalogue, discovery_of
from waywarden.adapters.contract import (
    BadRow,
    CannotAsk,
    NotOffered,
    Report,
    Sent,
    StepDraft,
    System,
    SystemOptions,
    Update,
    Wanted,
)
from waywarden.adapters.deployment import Deployment
from waywarden.adapters.errors import told, told_rows
from waywarden.adapters.fields import DAY_ONLY
from waywarden.adapters.health import FETCHING, SENDING, Health
from waywarden.adapters.kept import Kept
from waywarden.adapters.mapping import StatusTable, is_wanted_status
from waywarden.adapters.store import LookUp, Post, Store, do_once
from waywarden.kernel import clock
from waywarden.kernel.errors import BackendError, Misconfigured, Unknown, WaywardenError
from waywarden.open311 import types
from waywarden.open311.provider import Call, ProviderError

SPAN, A_DAY = timedelta(days=90), timedelta(days=1)
MOST = 1000
"""Rows of GET requests that name no page (GeoReport: 90 days or 1,000, whichever is less)."""
T = TypeVar("T")
R = TypeVar("R", types.ServiceRequest, types.ServiceRequestUpdate)
TOKEN = "token\x1f"  # noqa: S105 - a mark before an answer that is a token
NO_TOKENS = "This body answers with ids at once and gives no tokens."


@dataclass(frozen=True, slots=True)
class Frame:
    """What a provider stands in."""

    deployment: Deployment
    options: SystemOptions
    store: Store
    health: Health
    kept: Kept


class SystemProvider:
    """One deployment. Threads may share it."""

    def __init__(self, frame: Frame, system: System) -> None:
        self.frame, self.system = frame, system
        self._deployment, self._store = frame.deployment, frame.store
        self.catalogue = Catalogue(frame.deployment, frame.options, system)
        self._statuses = StatusTable(frame.deployment.statuses)
        self._collected_at: float | None = None

    def discovery(self, _call: Call) -> types.Discovery:
        return discovery_of(self._deployment)

    def services(self, _call: Call) -> Iterable[types.Service]:
        return self._asked(FETCHING, self.catalogue.services)

    def service_definition(self, _call: Call, service_code: str) -> types.ServiceDefinition:
        if self._asked(FETCHING, lambda: self.catalogue.service(service_code)) is None:
            raise ProviderError(404, "There is no service with this service_code.")
        attributes = self._asked(FETCHING, lambda: self.catalogue.questions(service_code))
        return types.ServiceDefinition(service_code, attributes)

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        if self.system.needs_place and (new.lat is None or new.long is None):
            raise ProviderError(400, "lat and long are missing: this body needs a place.")
        self._check(new)
        number = next(iter(new.attributes.get("fixmystreet_id", ())), "")
        header = call.idempotency_key or new.idempotency_key
        post = self._post("request", header=header, other=number, digest=_digest_of(new))
        report = Report(
            new=new,
            ref=number or header,
            key=post.key,
            category=self.catalogue.category_of(new.service_code, new.attributes),
        )
        answer = self._once(
            post,
            send=lambda: _packed(self.system.send_report(report)),
            look_up=lambda since: self._untaken(post, self.system.find_report(report, since)),
            drafts=lambda: self.system.report_steps(report),
        )
        notice = self._deployment.notice
        if answer.startswith(TOKEN):
            return types.Receipt(token=answer.removeprefix(TOKEN), service_notice=notice)
        return types.Receipt(service_request_id=answer, service_notice=notice)

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        header = call.idempotency_key or new.idempotency_key
        post = self._post("update", header=header, other=new.update_id, digest=_digest_of(new))
        code, answers = new.service_code, new.attributes
        category = self.catalogue.category_of(code, answers) if code else ""
        update = Update(
            new=new,
            ref=new.update_id,
            key=post.key,
            status=self._deployment.statuses_out.get(new.status, new.status),
            category=category,
        )
        answer = self._once(
            post,
            send=lambda: _packed(self.system.send_update(update)),
            look_up=lambda since: self._untaken(post, self.system.find_update(update, since)),
            drafts=lambda: self.system.update_steps(update),
            report_id=new.service_request_id,
        )
        if answer.startswith(TOKEN):
            return types.UpdateReceipt(token=answer.removeprefix(TOKEN))
        return types.UpdateReceipt(update_id=answer)

    def token(self, _call: Call, token: str) -> types.TokenAnswer:
        return types.TokenAnswer(token, self._became(token, self.system.token))

    def update_token(self, _call: Call, token: str) -> types.TokenAnswer:
        return types.TokenAnswer(token, self._became(token, self.system.update_token))

    def requests(self, call: Call, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        """Private ones only for a caller with a key (the app has checked it)."""
        rows = self._request_rows(_whole_seconds(query))
        shown = (row for row in rows if call.api_key or not row.non_public)
        skipped = (query.page - 1) * (query.page_size or MOST)
        return self._asked_rows(shown, skip=skipped, most=query.page_size or MOST)

    def updates(
        self, _call: Call, query: types.UpdateQuery
    ) -> Iterator[types.ServiceRequestUpdate]:
        until = _last_of(query.end_date or clock.now())
        since = query.start_date or until - SPAN
        return self._asked_rows(self._update_rows(since, until))

    def collect(self) -> None:
        """Fetches what the system hands out by itself, when it is time. Never raises our errors."""
        now, before = time.monotonic(), self._collected_at
        if before is not None and now - before < self.frame.options.collect_seconds:
            return
        self._collected_at = now
        try:
            self.system.collect()
        except WaywardenError as error:
            self.frame.health.failed(FETCHING, error)

    def take_steps(self) -> None:
        """Takes the secondary work that is due."""
        steps.take_due(self._store, self._deployment.jurisdiction, self.system, self.frame.health)

    def close(self) -> None:
        """Lets go of what the system holds open."""
        self.system.close()

    def _check(self, new: types.NewRequest) -> None:
        """An old list of services will do; without any, nothing was sent, whatever went wrong."""
        if told(lambda: self.catalogue.service(new.service_code, old_will_do=True)) is None:
            raise ProviderError(400, "There is no service with this service_code.")
        told(
            lambda: check_answers(
                self.catalogue.questions(new.service_code, old_will_do=True), new.attributes
            )
        )

    def _post(self, kind: str, *, header: str, other: str, digest: str) -> Post:
        """What makes a post the same post; a sender that gave nothing to tell it by repeats it."""
        place = self._deployment.jurisdiction
        if header:
            return Post(place, kind, f"key:{header}", digest=digest)
        return Post(place, kind, f"id:{other}" if other else f"once:{uuid4()}")

    def _once(
        self,
        post: Post,
        *,
        send: Callable[[], str],
        look_up: LookUp,
        drafts: Callable[[], Iterable[StepDraft]],
        report_id: str = "",
    ) -> str:
        settles = timedelta(seconds=self.frame.options.settle_seconds)
        follows = tuple(drafts())
        return self._asked(
            SENDING,
            lambda: do_once(
                self._store,
                post,
                send=send,
                look_up=_sure(look_up),
                settles_after=settles,
                also=lambda db, answer: steps.write(db, post, report_id or answer, follows),
            ),
        )

    def _untaken(self, post: Post, found: Iterable[str]) -> str | None:
        """What an attempt made whose answer was lost: no other attempt's."""
        for number in found:
            if not self._store.is_taken(post, number):
                return number
        return None

    def _became(self, token: str, ask: Callable[[str], str]) -> str:
        try:
            return self._asked(FETCHING, lambda: ask(token))
        except NotOffered as error:
            raise ProviderError(404, NO_TOKENS) from error

    def _request_rows(self, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        wanted = self._wanted(query)
        if wanted is None:
            return
        for row in self._good("request", self.system.requests(wanted)):
            status = self._statuses.for_request(row.status)
            code = self.catalogue.code_of(row.service_code)
            if status is None or not _is_wanted(row, query, status=status, code=code):
                continue
            yield replace(
                row,
                status=status,
                service_code=code,
                agency_responsible=row.agency_responsible or self._deployment.name,
            )

    def _wanted(self, query: types.RequestQuery) -> Wanted | None:
        """The query in the system's words, None when nothing can fit."""
        if query.service_request_ids:
            return Wanted(ids=query.service_request_ids)
        states = self._statuses.theirs_for(query.statuses) if query.statuses else ()
        if query.statuses and not states and self._deployment.statuses:
            return None
        start = query.start_date
        if start is None and query.updated_after is None:
            start = (query.end_date or clock.now()) - SPAN
        return Wanted(
            categories=tuple(
                category
                for code in query.service_codes
                for category in self.catalogue.categories_of(code)
            ),
            states=states,
            created_from=start,
            created_to=query.end_date,
            changed_from=query.updated_after,
            changed_to=query.updated_before,
        )

    def _update_rows(
        self, since: datetime, until: datetime
    ) -> Iterator[types.ServiceRequestUpdate]:
        for row in self._timed_rows(since, until):
            status = self._statuses.for_update(row.status)
            if status is None or not _within(row.updated_datetime, since, until):
                continue
            yield replace(row, status=status)

    def _timed_rows(self, since: datetime, until: datetime) -> Iterator[types.ServiceRequestUpdate]:
        """What has no time of its own is kept, and told by the time it was first seen."""
        rows = self._good("update", self.system.updates(since, until))
        if self.system.tells_kept:
            yield from rows
            return
        undated: list[types.ServiceRequestUpdate] = []
        now = clock.now()
        for row in rows:
            if row.updated_datetime is None:
                undated.append(letters.as_told(row, taken_at=now))
            else:
                yield row
        if undated:
            self.frame.kept.opened(None, updates=undated)
        yield from self.frame.kept.updates(since, max(until, now))

    def _good(self, kind: str, rows: Iterable[R | BadRow]) -> Iterator[R]:
        for row in rows:
            if isinstance(row, BadRow):
                self.frame.kept.set_aside(kind, row)
            else:
                yield row

    def _asked(self, way: str, ask: Callable[[], T]) -> T:
        return told(lambda: self._watched(way, ask))

    def _watched(self, way: str, ask: Callable[[], T]) -> T:
        try:
            answer = ask()
        except (BackendError, Misconfigured) as error:
            self.frame.health.failed(way, error)
            raise
        self.frame.health.succeeded(way)
        return answer

    def _asked_rows(
        self, rows: Iterable[T], *, skip: int = 0, most: int | None = None
    ) -> Iterator[T]:
        def watched() -> Iterator[T]:
            try:
                yield from rows
            except (BackendError, Misconfigured) as error:
                self.frame.health.failed(FETCHING, error)
                raise
            self.frame.health.succeeded(FETCHING)

        return told_rows(watched(), skip=skip, most=most)


def _sure(look_up: LookUp) -> LookUp:
    def ask(since: datetime) -> str | None:
        try:
            return look_up(since)
        except CannotAsk as error:
            message = "An earlier attempt may have arrived, and this system cannot be asked."
            raise Unknown(message) from error

    return ask


def _packed(sent: Sent) -> str:
    """An answer as the store keeps it."""
    return sent.id or TOKEN + sent.token


def _last_of(second: datetime) -> datetime:
    """The end of a second. Times are told in whole ones, and asked for again by what was told."""
    return second if second.microsecond else second.replace(microsecond=999_999)


def _whole_seconds(query: types.RequestQuery) -> types.RequestQuery:
    """The query, up to the end of the seconds that it names."""
    end, before = query.end_date, query.updated_before
    return replace(
        query,
        end_date=end and _last_of(end),
        updated_before=before and _last_of(before),
    )


def _within(moment: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    if moment is None:
        return True
    return (since is None or moment >= since) and (until is None or moment <= until)


def _first_of(row: types.ServiceRequest, start: datetime | None) -> datetime | None:
    """A report of a day belongs to every span that begins on that day."""
    return start - A_DAY if start is not None and DAY_ONLY in row.extras else start


def _is_wanted(
    row: types.ServiceRequest, query: types.RequestQuery, *, status: str, code: str
) -> bool:
    if query.service_request_ids:
        return row.service_request_id in query.service_request_ids
    return (
        (not query.service_codes or code in query.service_codes)
        and is_wanted_status(status, query.statuses)
        and _within(row.requested_datetime, _first_of(row, query.start_date), query.end_date)
        and _within(row.updated_datetime, query.updated_after, query.updated_before)
    )


def _digest_of(new: types.NewRequest | types.NewUpdate) -> str:
    """What makes two posts the same content. Photos are left out: their addresses may change."""
    content = asdict(new)
    for name in ("media_urls", "uploads", "idempotency_key"):
        del content[name]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
