"""The works system made to look like Open311: a Provider over its client."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from waywarden.adapters.answers import check_answers
from waywarden.adapters.demo import translation
from waywarden.adapters.demo.client import Job, JobType, WorksClient
from waywarden.adapters.demo.works import STATES as THEIR_STATES
from waywarden.adapters.deployment import WEB_ADDRESS, Deployment, Loaded, SecretRef
from waywarden.adapters.errors import told, told_rows
from waywarden.adapters.mapping import StatusTable, offered, with_notice
from waywarden.adapters.store import Post, Store, do_once
from waywarden.kernel import clock
from waywarden.kernel.errors import TryLater, WaywardenError
from waywarden.kernel.http import Limits, Way
from waywarden.open311 import types
from waywarden.open311.provider import Call, ProviderError

SPAN = timedelta(days=90)
MOST = 1000
"""Rows of GET requests that name no page (GeoReport: 90 days or 1,000, whichever is less)."""
CLOCK_SLACK = timedelta(days=1)
"""How far the vendor's clock may be from ours when a lost job is looked for."""
STATES = frozenset(THEIR_STATES)


class DemoOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[system]` table of a demo deployment."""

    url: Annotated[str, Meta(pattern=WEB_ADDRESS)]
    """Where the works system answers."""
    token: SecretRef | None = None
    allow_private: tuple[str, ...] = ()
    """Hosts or networks that may be reached although they are private."""
    connect_seconds: Annotated[float, Meta(gt=0, le=60)] = 5.0
    read_seconds: Annotated[float, Meta(gt=0, le=300)] = 20.0
    services_seconds: Annotated[float, Meta(ge=0)] = 30.0
    """How long the list of services may be kept before it is asked for again."""
    settle_seconds: Annotated[float, Meta(ge=0)] = 60.0
    """How long after a lost answer the job may still turn up."""


class DemoProvider:
    """One deployment of the demo. Threads may share it."""

    def __init__(
        self, deployment: Deployment, options: DemoOptions, *, client: WorksClient, store: Store
    ) -> None:
        self._deployment, self._options = deployment, options
        self._client, self._store = client, store
        self._statuses = StatusTable(deployment.statuses)
        self._types: tuple[datetime, list[JobType]] | None = None

    def discovery(self, _call: Call) -> types.Discovery:
        deployment = self._deployment
        endpoint = types.Endpoint(
            specification="http://wiki.open311.org/GeoReport_v2",
            url=deployment.public_url or "",
            changeset=deployment.changeset,
            type="test",
            formats=("text/xml", "application/json"),
        )
        return types.Discovery(
            changeset=deployment.changeset,
            contact=deployment.contact,
            key_service=f"Ask {deployment.name} for a key.",
            endpoints=(endpoint,) if deployment.public_url else (),
        )

    def services(self, _call: Call) -> Iterable[types.Service]:
        found = told(self._job_types)
        return list(offered(map(translation.service_of, found), self._deployment.services))

    def service_definition(self, _call: Call, service_code: str) -> types.ServiceDefinition:
        attributes = translation.attributes_of(
            self._job_type(service_code, among=self._job_types, missing=404)
        )
        table = self._deployment.services.get(service_code)
        return types.ServiceDefinition(service_code, with_notice(attributes, table))

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        if new.lat is None or new.long is None:
            raise ProviderError(400, "lat and long are missing: this body needs a place.")
        kind = self._job_type(new.service_code, among=self._job_types_for_sending, missing=400)
        told(lambda: check_answers(translation.attributes_of(kind), new.attributes))
        number = next(iter(new.attributes.get("fixmystreet_id", ())), "")
        header = call.idempotency_key or new.idempotency_key
        their_ref = number or header
        job = translation.job_from(new, lat=new.lat, lon=new.long, their_ref=their_ref)
        post = self._post("request", header=header, other=number, digest=_digest_of(new))
        job_no = self._once(
            post,
            send=lambda: str(self._client.add_job(job)),
            look_up=lambda since: self._lost_job(post, their_ref, kind.code, since),
        )
        return types.Receipt(service_request_id=job_no, service_notice=self._deployment.notice)

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        job_no = _number_of(new.service_request_id)
        if job_no is None:
            raise ProviderError(404, "This service request is not known.")
        header = call.idempotency_key or new.idempotency_key
        message = translation.message_from(new, their_ref=new.update_id)
        post = self._post("update", header=header, other=new.update_id, digest=_digest_of(new))
        message_no = self._once(
            post,
            send=lambda: str(self._client.add_message(job_no, message)),
            look_up=lambda _since: self._lost_message(job_no, new.update_id),
        )
        return types.UpdateReceipt(update_id=message_no)

    def token(self, _call: Call, _token: str) -> types.TokenAnswer:
        raise ProviderError(404, "This body answers with ids at once and gives no tokens.")

    def update_token(self, _call: Call, _token: str) -> types.TokenAnswer:
        raise ProviderError(404, "This body answers with ids at once and gives no tokens.")

    def requests(self, call: Call, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        """Rows by number. Private ones only for a caller with a key (the app has checked it)."""
        rows = (row for job in self._jobs(query) if (row := self._row(job)) is not None)
        shown = (row for row in rows if call.api_key or not row.non_public)
        skipped = (query.page - 1) * (query.page_size or MOST)
        return told_rows(shown, skip=skipped, most=query.page_size or MOST)

    def updates(
        self, _call: Call, query: types.UpdateQuery
    ) -> Iterator[types.ServiceRequestUpdate]:
        until = query.end_date or clock.now()
        since = query.start_date or until - SPAN
        return told_rows(self._update_rows(since=since, until=until))

    def _update_rows(
        self, *, since: datetime, until: datetime
    ) -> Iterator[types.ServiceRequestUpdate]:
        for row in self._client.job_updates(since=since, until=until):
            status = self._statuses.for_update(row.state)
            if status is not None:
                yield translation.update_of(row, status=status)

    def _row(self, job: Job) -> types.ServiceRequest | None:
        status = self._statuses.for_request(job.state)
        if status is None:
            return None
        return translation.request_of(job, status=status, agency=self._deployment.name)

    def _jobs(self, query: types.RequestQuery) -> Iterator[Job]:
        if query.service_request_ids:
            numbers = [_number_of(one) for one in query.service_request_ids]
            return self._client.jobs_by_number([one for one in numbers if one is not None])
        asked = [("job_type", code) for code in query.service_codes]
        if query.statuses:
            words = self._statuses.theirs_for(query.statuses)
            if not words:
                return iter(())
            asked += [("state", word) for word in words]
        return self._client.jobs([*asked, *_window_of(query)])

    def _job_types(self) -> list[JobType]:
        kept_for = timedelta(seconds=self._options.services_seconds)
        kept = self._types
        if kept is not None and clock.now() - kept[0] < kept_for:
            return kept[1]
        found = self._client.job_types()
        self._types = (clock.now(), found)
        return found

    def _job_types_for_sending(self) -> list[JobType]:
        """An old list will do; and without any, nothing was sent yet, whatever went wrong."""
        try:
            return self._job_types()
        except WaywardenError as error:
            if self._types is not None:
                return self._types[1]
            message = "The works system could not be asked which services there are."
            raise TryLater(message) from error

    def _job_type(self, code: str, *, among: Callable[[], list[JobType]], missing: int) -> JobType:
        table = self._deployment.services.get(code)
        for kind in told(among):
            if kind.code == code and (table is None or table.offered):
                return kind
        raise ProviderError(missing, "There is no service with this service_code.")

    def _post(self, kind: str, *, header: str, other: str, digest: str) -> Post | None:
        """What makes a post the same post; None when the sender gave nothing to tell it by."""
        place = self._deployment.jurisdiction
        if header:
            return Post(place, kind, f"key:{header}", digest=digest)
        return Post(place, kind, f"id:{other}") if other else None

    def _once(
        self,
        post: Post | None,
        *,
        send: Callable[[], str],
        look_up: Callable[[datetime], str | None],
    ) -> str:
        if post is None:
            return told(send)
        settles = timedelta(seconds=self._options.settle_seconds)
        return told(
            lambda: do_once(self._store, post, send=send, look_up=look_up, settles_after=settles)
        )

    def _lost_job(self, post: Post | None, ref: str, code: str, since: datetime) -> str | None:
        """The job that an attempt made whose answer was lost: no other attempt's."""
        start = (since - CLOCK_SLACK).isoformat()
        found = self._client.jobs([("their_ref", ref), ("job_type", code), ("created_from", start)])
        for job in found:
            if post is not None and not self._store.is_taken(post, str(job.job_no)):
                return str(job.job_no)
        return None

    def _lost_message(self, job_no: int, ref: str) -> str | None:
        found = (one for one in self._client.messages(job_no) if one.their_ref == ref)
        return next((str(one.message_no) for one in found), None)


def _digest_of(new: types.NewRequest | types.NewUpdate) -> str:
    """What makes two posts the same content. Photos are left out: their addresses may change."""
    content = asdict(new)
    for name in ("media_urls", "uploads", "idempotency_key"):
        del content[name]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def _number_of(text: str) -> int | None:
    """A job's number, None for what cannot be one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _window_of(query: types.RequestQuery) -> Iterator[tuple[str, str]]:
    """The dates of a query in the vendor's words; none at all means the last 90 days."""
    start, end = query.start_date, query.end_date
    if start is None and query.updated_after is None:
        start = (end or clock.now()) - SPAN
    window = {
        "created_from": start,
        "created_to": end,
        "changed_from": query.updated_after,
        "changed_to": query.updated_before,
    }
    for name, moment in window.items():
        if moment is not None:
            yield name, moment.isoformat()


def open_provider(loaded: Loaded, store: Store, environ: Mapping[str, str]) -> DemoProvider:
    """The provider of a deployment."""
    options: DemoOptions = loaded.options
    token = options.token.read(environ) if options.token else ""
    way = Way(
        limits=Limits(connect_seconds=options.connect_seconds, read_seconds=options.read_seconds),
        allowed_private=options.allow_private,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        masked=(token,) if token else (),
    )
    client = WorksClient(way, options.url)
    return DemoProvider(loaded.deployment, options, client=client, store=store)
