"""The site behind its own Open311 server: a Provider over reports (open311.md 6)."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

from waywarden.api import incoming, offers, photos, queries, services
from waywarden.api.floods import count_call
from waywarden.api.models import Post
from waywarden.api.placing import placed
from waywarden.api.queries import View
from waywarden.bodies.models import Body, Category
from waywarden.bodies.queries import (
    Served,
    body_by_slug,
    body_in_use,
    connection_for_fetching,
    served_at,
)
from waywarden.kernel.errors import Misconfigured, NotAllowed, RuleBroken, TryLater
from waywarden.open311 import types
from waywarden.open311.filters import LONGEST_SPAN
from waywarden.open311.provider import Call, ProviderError
from waywarden.reports.services import NewReport
from waywarden.sync.models import SetAside
from waywarden.sync.queries import set_aside_now
from waywarden.sync.rows import Counts, key_of
from waywarden.users.key_services import Key, use_key
from waywarden.users.models import ApiKey, User
from waywarden.users.queries import is_banned

Given = TypeVar("Given")
Scope = ApiKey.Scope
PATH = "/open311/v2"
SANDBOX_ID = "0"
"""What a POST in the sandbox is answered: no report has this number."""


@dataclass(frozen=True, slots=True)
class Site:
    """The site that a call came to: where it answers, what it is called, whose reports it shows."""

    base_url: str
    name: str
    contact: str = ""
    body_slugs: tuple[str, ...] = ()
    """() means every body's."""
    client: str = ""
    """The network that the call came from."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what of."""

    key: Key | None
    own: Body | None
    """The body whose key it is."""
    bodies: tuple[Body, ...] | None
    """The bodies that are meant, None for all."""

    @property
    def body_ids(self) -> tuple[int, ...] | None:
        """Their numbers."""
        return None if self.bodies is None else tuple(body.pk for body in self.bodies)


class SiteProvider:
    """Answers one call; made afresh for each, so that a key is looked up and counted once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._callers: dict[Call, Caller] = {}

    def revision(self, call: Call) -> str:
        caller = self._caller(call)
        return f"{self._site.base_url} {caller.key} {queries.revision()}"

    def discovery(self, _call: Call) -> types.Discovery:
        changeset = offers.changed_at()
        endpoint = types.Endpoint(
            specification="http://wiki.open311.org/GeoReport_v2",
            url=self._site.base_url + PATH,
            changeset=changeset,
            formats=("text/xml", "application/json"),
        )
        return types.Discovery(
            changeset=changeset,
            contact=self._site.contact,
            key_service=f"Ask {self._site.name} for a key: {self._site.contact}",
            endpoints=(endpoint,),
        )

    def services(self, call: Call) -> Iterable[types.Service]:
        return offers.services_of(self._caller(call).body_ids)

    def services_at(self, call: Call, lat: float, long: float) -> Iterable[types.Service]:
        return offers.services_at(lat, long, self._caller(call).body_ids)

    def service_definition(self, call: Call, service_code: str) -> types.ServiceDefinition:
        found = offers.definition_of(service_code, self._caller(call).body_ids)
        if found is None:
            raise ProviderError(404, "service_code is not known.")
        return found

    def requests(self, call: Call, query: types.RequestQuery) -> Iterable[types.ServiceRequest]:
        return queries.request_rows(self._view(call), query)

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterable[types.ServiceRequestUpdate]:
        since, until = queries.span_of(query.start_date, query.end_date)
        if until - since > LONGEST_SPAN:
            raise ProviderError(400, "start_date and end_date lie more than 90 days apart.")
        return queries.update_rows(self._view(call), since=since, until=until)

    def token(self, _call: Call, _token: str) -> types.TokenAnswer:
        raise ProviderError(404, "This site answers with ids at once and gives no tokens.")

    def update_token(self, _call: Call, _token: str) -> types.TokenAnswer:
        raise ProviderError(404, "This site answers with ids at once and gives no tokens.")

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        caller, key = self._with_scope(call, Scope.REQUESTS_WRITE)
        mark, reference = _mark_of_request(key, call, new), incoming.own_reference(new, key)
        before = None if key.is_sandbox else _answer_before(mark, caller.own, reference)
        if before is not None:
            return _receipt(before, key, waits=not reference)
        new = _told(lambda: placed(new))
        served = _served_at(new)
        category = _category_of(new, caller, served)
        born_at = caller.own if reference else None
        draft = partial(incoming.report_of, new, category=category, key=key, born_at=born_at)
        # What is plainly wrong is said before any photo is asked for.
        first = _told(lambda: draft(photo_keys=()))
        if born_at is not None:
            _told(lambda: services.require_wanted(new, first, category=category, body=born_at))
        user = _author_of(first, key, born_at)
        if key.is_sandbox:
            whole = draft(photo_keys=incoming.stand_ins(new))
            _told(lambda: services.rehearse_report(whole, user=user, served=served))
            return _receipt(SANDBOX_ID, key)
        held = _told(lambda: photos.keys_of(new.uploads, new.media_urls))
        whole = draft(photo_keys=held)
        number = _told(
            lambda: services.create_report_once(whole, user=user, mark=mark, served=served)
        )
        return _receipt(reference or number, key, waits=born_at is None)

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        caller, key = self._with_scope(call, Scope.UPDATES_WRITE)
        body = caller.own
        if body is None:
            raise ProviderError(403, "This key belongs to no body.")
        connection = connection_for_fetching(body)
        mark = _mark_of_update(key, call, new)
        if mark is not None and _told(lambda: services.first_answer(mark)) is not None:
            return types.UpdateReceipt(update_id=new.update_id)
        row = incoming.update_of(new)
        counts = _told(
            lambda: services.take_in_update(
                row, body=body, connection=connection, is_sandbox=key.is_sandbox
            )
        )
        _raise_if_set_aside(row, counts, body)
        if mark is not None and not key.is_sandbox:
            services.keep_answer(mark, new.update_id)
        return types.UpdateReceipt(update_id=new.update_id)

    def _view(self, call: Call) -> View:
        caller = self._caller(call)
        own, key = caller.own, caller.key
        return View(
            base_url=self._site.base_url,
            body_ids=caller.body_ids,
            own_body_id=own.pk if own else None,
            sees_private=bool(own and key and key.may(Scope.PRIVATE_READ)),
        )

    def _with_scope(self, call: Call, scope: ApiKey.Scope) -> tuple[Caller, Key]:
        if not call.api_key:
            raise ProviderError(403, "api_key is missing.")
        caller = self._caller(call)
        if caller.key is None or not caller.key.may(scope):
            raise ProviderError(403, f"This api_key has not the scope {scope.value}.")
        return caller, caller.key

    def _caller(self, call: Call) -> Caller:
        if call not in self._callers:
            self._callers[call] = self._find_caller(call)
        return self._callers[call]

    def _find_caller(self, call: Call) -> Caller:
        key = self._key_of(call)
        meant = self._jurisdiction(call.jurisdiction_id)
        if key is None or key.body_id is None:
            return Caller(key, None, meant)
        own = body_in_use(key.body_id)
        if own is None:
            raise ProviderError(403, "api_key belongs to a body that is no longer here.")
        if call.jurisdiction_id and call.jurisdiction_id != own.slug:
            raise ProviderError(403, "api_key belongs to another jurisdiction.")
        return Caller(key, own, (own,))

    def _key_of(self, call: Call) -> Key | None:
        try:
            if call.api_key:
                return use_key(call.api_key)
            count_call(self._site.client)
        except NotAllowed as error:
            raise self._no_such_key() from error
        except TryLater as error:
            raise ProviderError(429, str(error), retry_after=error.after) from error
        return None

    def _no_such_key(self) -> ProviderError:
        """A key that is no good; who tries many is told to come later."""
        try:
            count_call(self._site.client)
        except TryLater as error:
            return ProviderError(429, str(error), retry_after=error.after)
        return ProviderError(403, "api_key is not known, is revoked, or has expired.")

    def _jurisdiction(self, slug: str) -> tuple[Body, ...] | None:
        shown = self._site.body_slugs
        if not slug:
            return tuple(Body.objects.filter(slug__in=shown, is_deleted=False)) if shown else None
        body = body_by_slug(slug)
        if body is None or body.is_deleted or (shown and slug not in shown):
            raise ProviderError(404, "jurisdiction_id is not known.")
        return (body,)


def _told(do: Callable[[], Given]) -> Given:
    """What it gives; a rule it breaks is told in the words of the wire."""
    try:
        return do()
    except services.KeyReused as error:
        raise ProviderError(409, str(error)) from error
    except RuleBroken as error:
        raise ProviderError(400, incoming.in_wire_words(error)) from error
    except Misconfigured as error:
        message = "The way to this body is not set up rightly here; nothing was taken in."
        raise ProviderError(503, message, retry_after=timedelta(hours=1)) from error


def _answer_before(mark: services.Mark | None, own: Body | None, reference: str) -> str | None:
    """What this POST was answered before, to the sender or about a problem the body had told."""
    if mark is not None:
        told = _told(lambda: services.first_answer(mark))
        if told is not None:
            return reference or told
    if own is not None and reference and queries.is_known_at(own.pk, reference):
        return reference
    return None


def _served_at(new: types.NewRequest) -> Served | None:
    """Who answers at its place, asked once for all that follows."""
    return None if new.lat is None or new.long is None else served_at(lat=new.lat, lon=new.long)


def _category_of(new: types.NewRequest, caller: Caller, served: Served | None) -> Category:
    choices = served.choices if served is not None else ()
    offered = {one for choice in choices for one in choice.category_ids}
    with suppress(LookupError):
        return incoming.category_of(new.service_code, caller.body_ids, offered=offered)
    raise ProviderError(404, "service_code is not known.")


def _author_of(draft: NewReport, key: Key, born_at: Body | None) -> User | None:
    """Whom the report is credited to: the body, the application, or nobody until they confirm."""
    if born_at is not None:
        return services.author_at(born_at, key)
    if key.confirms == ApiKey.Confirms.PERSON:
        return None
    if draft.email and is_banned(email=draft.email, phone=draft.phone):
        raise ProviderError(400, "email: this person may not report here.")
    return User.objects.get(pk=key.user_id)


def _receipt(number: str, key: Key, *, waits: bool = True) -> types.Receipt:
    notice = ""
    if key.is_sandbox:
        notice = "This key is a sandbox's: all was checked, nothing was kept."
    elif waits and key.confirms == ApiKey.Confirms.PERSON:
        notice = "The person was sent a mail; the report is public once they confirm it."
    return types.Receipt(service_request_id=number, service_notice=notice)


def _mark_of_request(key: Key, call: Call, new: types.NewRequest) -> services.Mark | None:
    """By the header, else by jurisdiction and the sender's own number (open311.md 5)."""
    number = next(iter(new.attributes.get("fixmystreet_id", ())), "")
    kind = Post.Kind.REQUEST
    if call.idempotency_key:
        names: tuple[str, ...] = ("header", call.idempotency_key)
        return services.mark_of(
            api_key_id=key.id, kind=kind, names=names, content=services.digest_of(new)
        )
    names = ("number", call.jurisdiction_id, number)
    return services.mark_of(api_key_id=key.id, kind=kind, names=names) if number else None


def _mark_of_update(key: Key, call: Call, new: types.NewUpdate) -> services.Mark | None:
    """By the header; without one the row's own update_id does (what sync has seen)."""
    if not call.idempotency_key:
        return None
    return services.mark_of(
        api_key_id=key.id,
        kind=Post.Kind.UPDATE,
        names=("header", call.idempotency_key),
        content=services.digest_of(new),
    )


def _raise_if_set_aside(row: types.ServiceRequestUpdate, counts: Counts, body: Body) -> None:
    """An update that could not be applied is kept by sync; the sender hears why, every time."""
    if counts.new:
        return
    waiting = set_aside_now([body.pk]).filter(key=key_of(row)).first()
    if waiting is None and not counts.set_aside:
        return
    if waiting is not None and waiting.reason == SetAside.Reason.FAILED:
        raise ProviderError(500, "Applying this update failed here; it is kept and was noted.")
    raise ProviderError(
        404, "service_request_id is not known for this body; the update is kept until it is."
    )
