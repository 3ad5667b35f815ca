"""Finds the right deployment for a call, checks its key, and notes how each call went."""

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeVar

from waywarden.adapters.deployment import ApiKey, Deployment
from waywarden.adapters.figures import Figures
from waywarden.adapters.health import Health, in_words
from waywarden.adapters.pacing import Paces
from waywarden.kernel.errors import RuleBroken, WaywardenError
from waywarden.kernel.secrets import hash_token
from waywarden.open311 import types
from waywarden.open311.provider import Call, Provider, ProviderError

log = logging.getLogger(__name__)
T = TypeVar("T")
GATE_SECONDS = 5.0
"""How long a call waits for its turn at a busy system."""
_SOON = timedelta(seconds=10)


def _wide_gate() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(8)


@dataclass(frozen=True, slots=True)
class Mounted:
    """A deployment, the provider that serves it, and how it goes with it.

    `gate` lets only so many calls through at once: one slow system must not hold them all.
    """

    deployment: Deployment
    provider: Provider
    health: Health | None = None
    gate: threading.BoundedSemaphore = field(default_factory=_wide_gate)


class Switchboard:
    """A Provider over the deployments of a server.

    A key is needed to send anything and to read updates. Where none is needed, `api_key` reaches
    the provider only when it is a good one: what is private is shown for it alone.
    """

    def __init__(self, mounted: Iterable[Mounted], figures: Figures | None = None) -> None:
        self.mount(mounted)
        self._figures = figures or Figures()
        self._paces = Paces()

    def mount(self, mounted: Iterable[Mounted]) -> None:
        """From the next call on there are these; a call that is under way ends as it began."""
        self._mounted = {one.deployment.jurisdiction: one for one in mounted}

    def discovery(self, call: Call) -> types.Discovery:
        one = self._for(call)
        return self._done("discovery", one, lambda: one.provider.discovery(call))

    def services(self, call: Call) -> Iterable[types.Service]:
        one = self._for(call)
        return self._done("services", one, lambda: list(one.provider.services(call)))

    def service_definition(self, call: Call, service_code: str) -> types.ServiceDefinition:
        one = self._for(call)
        return self._done(
            "service", one, lambda: one.provider.service_definition(call, service_code)
        )

    def token(self, call: Call, token: str) -> types.TokenAnswer:
        one = self._for(call)
        return self._done("token", one, lambda: one.provider.token(call, token))

    def update_token(self, call: Call, token: str) -> types.TokenAnswer:
        one = self._for(call)
        return self._done("update_token", one, lambda: one.provider.update_token(call, token))

    def requests(self, call: Call, query: types.RequestQuery) -> Iterable[types.ServiceRequest]:
        one = self._for(call)
        if call.api_key and not _has_key(one, call):
            call = replace(call, api_key="")
        return self._listed("requests", one, lambda: one.provider.requests(call, query))

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        one = self._with_pace(call)
        return self._done("create_request", one, lambda: one.provider.create_request(call, new))

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterable[types.ServiceRequestUpdate]:
        one = self._with_key(call)
        return self._listed("updates", one, lambda: one.provider.updates(call, query))

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        one = self._with_pace(call)
        return self._done("create_update", one, lambda: one.provider.create_update(call, new))

    def _for(self, call: Call) -> Mounted:
        mounted = self._mounted
        if not call.jurisdiction_id and len(mounted) == 1:
            return next(iter(mounted.values()))
        if not call.jurisdiction_id:
            raise ProviderError(400, "jurisdiction_id is missing: this server holds several.")
        found = mounted.get(call.jurisdiction_id)
        if found is None:
            raise ProviderError(404, "jurisdiction_id is not known.")
        return found

    def _with_key(self, call: Call) -> Mounted:
        mounted = self._for(call)
        if not call.api_key:
            raise ProviderError(403, "api_key is missing.")
        if not _has_key(mounted, call):
            raise ProviderError(403, "api_key is not known.")
        return mounted

    def _with_pace(self, call: Call) -> Mounted:
        mounted = self._with_key(call)
        key = _key_of(mounted, call)
        if key is not None:
            if key.largest_mb and call.body_bytes > key.largest_mb * 1_000_000:
                message = f"{key.name} may post {key.largest_mb:g} megabytes at once."
                raise ProviderError(413, message)
            name = f"{mounted.deployment.jurisdiction} {key.sha256}"
            wait = self._paces.wait_of(name, a_minute=key.posts_a_minute)
            if wait is not None:
                message = f"{key.name} may post {key.posts_a_minute} a minute."
                raise ProviderError(429, message, retry_after=wait)
        return mounted

    def _done(self, method: str, one: Mounted, ask: Callable[[], T]) -> T:
        with self._noted(method, one):
            return ask()

    def _listed(self, method: str, one: Mounted, ask: Callable[[], Iterable[T]]) -> Iterator[T]:
        with self._noted(method, one):
            yield from ask()

    @contextmanager
    def _noted(self, method: str, one: Mounted) -> Iterator[None]:
        """Notes how a call went. A caller who is told of trouble gets a reference to that line."""
        name, began, status = one.deployment.jurisdiction, time.monotonic(), 200
        if not one.gate.acquire(timeout=GATE_SECONDS):
            self._figures.called(name, method, 503, GATE_SECONDS)
            raise ProviderError(503, "Too many calls at once for this body.", retry_after=_SOON)
        more: dict[str, str] = {}
        try:
            yield
        except ProviderError as error:
            status = error.status
            if status < 500:
                raise
            more = _trouble(error)
            words = f"{error.description} (Reference {more['reference']})"
            raise ProviderError(status, words, retry_after=error.retry_after) from error
        except RuleBroken:  # the server tells the caller which
            status = 400
            raise
        except GeneratorExit:  # the caller went away in the middle of a list
            status = 499
            raise
        except Exception as error:  # the rim: what a kind did not foresee must not leak
            status, more = 500, _trouble(error)
            log.exception("A call failed, reference %s", more["reference"])
            words = f"Something went wrong in the adapter. (Reference {more['reference']})"
            raise ProviderError(500, words) from error
        finally:
            one.gate.release()
            seconds = time.monotonic() - began
            self._figures.called(name, method, status, seconds)
            level = logging.INFO if status < 500 else logging.WARNING
            fields = {"jurisdiction": name, "call": method, "status": status, **more}
            log.log(level, "call", extra={**fields, "seconds": round(seconds, 3)})


def _trouble(error: Exception) -> dict[str, str]:
    """A reference, and the cause in the operator's words."""
    cause = error  # a child's trouble lies one deeper
    while not isinstance(cause, WaywardenError) and isinstance(cause.__cause__, Exception):
        cause = cause.__cause__
    why = cause.description if isinstance(cause, ProviderError) else in_words(cause)
    return {"reference": secrets.token_hex(4), "why": why}


def _has_key(mounted: Mounted, call: Call) -> bool:
    return _key_of(mounted, call) is not None


def _key_of(mounted: Mounted, call: Call) -> ApiKey | None:
    given = hash_token(call.api_key)
    found = [one for one in mounted.deployment.keys if hmac.compare_digest(given, one.sha256)]
    return found[0] if found else None
