"""Open311 as a back-end: GeoReport v2 with the update extension, and servers' odd habits."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Self

from django.utils.translation import gettext_noop

from waywarden.backends.contract import (
    Accepted,
    Backend,
    Capability,
    KnownReport,
    LookedUp,
    Mapped,
    Notebook,
    Notes,
    OutgoingReport,
    OutgoingUpdate,
    Pending,
    Span,
)
from waywarden.backends.open311.faults import asking, asking_error, is_no_list, sending
from waywarden.backends.open311.options import Open311Options, Open311Secrets
from waywarden.backends.open311.progress import news_of
from waywarden.backends.open311.searching import Search
from waywarden.backends.open311.wording import description_of, new_request, new_update, our_id_field
from waywarden.geo.projections import from_grid, is_grid
from waywarden.kernel import clock
from waywarden.kernel.errors import BackendError, Misconfigured, Unknown
from waywarden.kernel.http import Way
from waywarden.open311 import statuses
from waywarden.open311.client import Client
from waywarden.open311.errors import Fault, Open311Error
from waywarden.open311.pages import Listing
from waywarden.open311.types import (
    RequestQuery,
    Service,
    ServiceDefinition,
    ServiceRequest,
    ServiceRequestUpdate,
    UpdateQuery,
)


class Open311Backend(Backend):
    """A body's Open311 server."""

    kind = "open311"
    label = "Open311"
    capabilities = frozenset(Capability)
    options_type = Open311Options
    secrets_type = Open311Secrets
    options: Open311Options
    secrets: Open311Secrets

    def __init__(
        self, *, options: Open311Options, secrets: Open311Secrets, way: Way, zone: tzinfo
    ) -> None:
        super().__init__(options=options, secrets=secrets, way=way, zone=zone)
        self._client = Client(
            options.endpoint,
            way=way,
            jurisdiction_id=options.jurisdiction,
            api_key=secrets.api_key,
            key_on_get=options.key_on_get,
            format=options.format,
            zone=zone,
            attribute_style=options.attribute_style,
            is_projected=options.coordinates == "grid",
        )
        self._search: Search | None = None

    def open_beside(self, first: Self) -> None:
        """Looks in the lists that the first one was told."""
        self._search = Search() if first is self else first._search

    @classmethod
    def missing_address(cls, *, emails: tuple[str, ...], service_code: str) -> str:
        """A category needs a service code."""
        _ = emails
        return "" if service_code else gettext_noop("it has no service code.")

    def state_for(self, status: str) -> Mapped:
        """Their word in our states, by the connection's table first (open311.md 3)."""
        state = statuses.state_for(
            status, extended=self.options.extended_statuses, table=self.options.statuses
        )
        if state == statuses.IGNORE:
            return Mapped(is_ignored=True)
        if state is None or (state != statuses.KEEP and state not in statuses.FAMILY_OF):
            return Mapped(is_known=False)
        return Mapped(state=state)

    def send_report(self, report: OutgoingReport, notebook: Notebook) -> Accepted | Pending:
        """POST requests (open311.md 2.4)."""
        _ = notebook
        new = new_request(report, self.options)
        with sending():
            try:
                receipt = self._client.create_request(new)
            except Fault as fault:
                known = self._already_there(fault)
                if known is None:
                    raise
                return Accepted(external_id=known or self._found_again(report))
        if receipt.token and not receipt.service_request_id:
            return Pending(token=receipt.token)
        return Accepted(external_id=receipt.service_request_id, notice=receipt.service_notice)

    def _already_there(self, fault: Fault) -> str | None:
        """The id in an "already exists" answer, "" when it names none; None for any other."""
        if not self.options.already_exists:
            return None
        try:
            pattern = re.compile(self.options.already_exists, re.IGNORECASE)
        except re.error as error:
            message = "The option “already exists” is no regular expression."
            raise Misconfigured(message) from error
        for item in fault.items:
            if found := pattern.search(item.description):
                return (found.groupdict().get("id") or "").strip()
        return None

    def _found_again(self, report: OutgoingReport) -> str:
        """Its id there. Raises Unknown: it is looked for again, and never posted again before."""
        try:
            found = self._look_up(report, report.created_at, Search())
        except BackendError as error:
            message = f"The server says that it has the report already; its list failed: {error}"
            raise Unknown(message) from error
        if found.external_id is None:
            message = "The server says that it has the report already, and does not list it."
            raise Unknown(message)
        return found.external_id

    def send_update(self, update: OutgoingUpdate, notebook: Notebook) -> Accepted | Pending:
        """POST servicerequestupdates (open311.md 2.8)."""
        _ = notebook
        new = new_update(update, self.options)
        with sending():
            receipt = self._client.create_update(new)
        if receipt.token and not receipt.update_id:
            return Pending(token=receipt.token)
        return Accepted(external_id=receipt.update_id)

    def resolve_token(self, token: str) -> Accepted | Pending:
        """GET tokens/TOKEN (open311.md 2.5)."""
        with asking():
            answer = self._client.token(token)
        return Accepted(external_id=answer.id) if answer.id else Pending(token=token)

    def resolve_update_token(self, token: str) -> Accepted | Pending:
        """GET update_tokens/TOKEN (open311.md 2.5)."""
        with asking():
            answer = self._client.update_token(token)
        return Accepted(external_id=answer.id) if answer.id else Pending(token=token)

    def look_up(self, report: OutgoingReport, since: datetime) -> LookedUp:
        """Whether the report stands in the server's list since the attempt began."""
        return self._look_up(report, since, self._search or Search())

    def _look_up(self, report: OutgoingReport, since: datetime, search: Search) -> LookedUp:
        if not self.options.lists_requests:
            return LookedUp(external_id=None, is_trustworthy=False)
        try:
            return search.look_for(
                report,
                since,
                ask=self._listed,
                id_field=our_id_field(report),
                plain=description_of(report, self.options),
            )
        except Open311Error as error:
            if is_no_list(error):
                return LookedUp(external_id=None, is_trustworthy=False)
            raise asking_error(error) from error

    def _listed(self, span: Span) -> Iterator[ServiceRequest]:
        return self._client.requests(RequestQuery(start_date=span.start, end_date=span.end))

    def fetch_updates(self, span: Span, notes: Notes) -> Iterator[ServiceRequestUpdate]:
        """GET servicerequestupdates (open311.md 2.7)."""
        query = UpdateQuery(start_date=span.start, end_date=span.end)
        with asking():
            yield from self._client.updates(query, deviations=notes.deviations)

    @property
    def tells_by_report(self) -> bool:
        """An older server, without a list of updates."""
        return self.options.news == "requests"

    def fetch_progress(
        self, known: Sequence[KnownReport], notes: Notes
    ) -> Iterator[ServiceRequestUpdate]:
        """GET requests?service_request_id=A,B,… (open311.md 2.6)."""
        by_id = {one.external_id: one for one in known}
        query = RequestQuery(service_request_ids=tuple(by_id))
        with asking():
            for row in self._client.requests(query, deviations=notes.deviations):
                before = by_id.get(row.service_request_id)
                if before is not None and (news := news_of(row, before, now=clock.now())):
                    yield news

    def fetch_reports(self, span: Span | None, notes: Notes) -> Iterator[ServiceRequest]:
        """GET requests (open311.md 2.6)."""
        query = RequestQuery(page_size=self.options.page_size or None)
        listing = Listing(etag=notes.mark if span is None else "")
        if span is not None:
            query = replace(query, start_date=span.start, end_date=span.end)
        with asking():
            rows = self._client.all_requests(
                query, listing, most=self.options.most_rows, deviations=notes.deviations
            )
            yield from map(self._in_degrees, rows)
        notes.mark, notes.is_unchanged = listing.etag, listing.is_unchanged
        notes.is_cut = listing.is_cut

    def _in_degrees(self, row: ServiceRequest) -> ServiceRequest:
        """The row with its place in degrees, where the server gives northing and easting."""
        if self.options.coordinates != "grid" or row.lat is None or row.long is None:
            return row
        try:
            point = from_grid(row.long, row.lat, self.options.projection)
        except ValueError:
            return replace(row, lat=None, long=None)
        return replace(row, lat=point.lat, long=point.lon)

    def list_services(self, notes: Notes) -> Iterable[Service]:
        """GET services (open311.md 2.2)."""
        with asking():
            return self._client.services(deviations=notes.deviations)

    def list_version(self) -> str:
        """The changeset of this endpoint in GET discovery (open311.md 2.1)."""
        try:
            discovery = self._client.discovery()
        except Open311Error:
            return ""
        own = [one for one in discovery.endpoints if _is_same(one.url, self.options.endpoint)]
        moments = [one.changeset for one in own or discovery.endpoints if one.changeset]
        moments += [discovery.changeset] if discovery.changeset else []
        return max(moments).isoformat() if moments else ""

    def describe_service(self, service_code: str, notes: Notes) -> ServiceDefinition:
        """GET services/CODE (open311.md 2.3)."""
        with asking():
            return self._client.service_definition(service_code, deviations=notes.deviations)

    def check(self, notes: Notes) -> tuple[str, ...]:
        """Asks for the service list, and looks over the options."""
        findings = list(self._wrong_options())
        try:
            services = list(self.list_services(notes))
        except (BackendError, Misconfigured) as error:
            return (*findings, str(error))
        if not services:
            findings.append("The server offers no services.")
        return tuple(findings)

    def _wrong_options(self) -> Iterator[str]:
        try:
            re.compile(self.options.already_exists)
        except re.error:
            yield "The option “already exists” is no regular expression."
        states = {statuses.IGNORE, statuses.KEEP, *statuses.FAMILY_OF}
        for word, state in self.options.statuses.items():
            if state not in states:
                yield f"The status {word} leads to {state}, which is no state of ours."
        if not is_grid(self.options.projection):
            yield f"No projection is called {self.options.projection}."
        if self.options.requires_email and not self.options.substitute_email:
            yield "An e-mail address is required, and there is none of ours to put in."


def _is_same(url: str, endpoint: str) -> bool:
    """Whether two addresses of an endpoint are one, but for the scheme and a slash at the end."""

    def bare(address: str) -> str:
        return address.partition("?")[0].partition("://")[2].rstrip("/").casefold()

    return bare(url) == bare(endpoint)
