"""The adapter server: all deployments of a folder under one address, by jurisdiction."""

import functools
import hmac
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waywarden.adapters import deployment as deployments_
from waywarden.adapters import serving
from waywarden.adapters.demo import provider as demo
from waywarden.adapters.deployment import Deployment, Loaded
from waywarden.adapters.store import Store
from waywarden.kernel.secrets import hash_token
from waywarden.open311 import types
from waywarden.open311.provider import Call, Provider, ProviderError
from waywarden.open311.server import Open311App

STORE_NAME = "adapter-store.sqlite3"

KINDS: Mapping[str, deployments_.Kind] = {
    "demo": deployments_.Kind(options_type=demo.DemoOptions, states=demo.STATES),
}
OPENERS: Mapping[str, Callable[[Loaded, Store, Mapping[str, str]], Provider]] = {
    "demo": demo.open_provider,
}
"""Kind → what opens a deployment of it. A new kind is one line in each of the two tables."""


@dataclass(frozen=True, slots=True)
class Mounted:
    """A deployment and the provider that serves it."""

    deployment: Deployment
    provider: Provider


class Switchboard:
    """A Provider that finds the right deployment for a call and checks its key.

    A key is needed to send anything and to read updates. Where none is needed, `api_key` reaches
    the provider only when it is a good one: what is private is shown for it alone.
    """

    def __init__(self, mounted: Iterable[Mounted]) -> None:
        self._mounted = {one.deployment.jurisdiction: one for one in mounted}

    def discovery(self, call: Call) -> types.Discovery:
        return self._for(call).provider.discovery(call)

    def services(self, call: Call) -> Iterable[types.Service]:
        return self._for(call).provider.services(call)

    def service_definition(self, call: Call, service_code: str) -> types.ServiceDefinition:
        return self._for(call).provider.service_definition(call, service_code)

    def token(self, call: Call, token: str) -> types.TokenAnswer:
        return self._for(call).provider.token(call, token)

    def update_token(self, call: Call, token: str) -> types.TokenAnswer:
        return self._for(call).provider.update_token(call, token)

    def requests(self, call: Call, query: types.RequestQuery) -> Iterable[types.ServiceRequest]:
        mounted = self._for(call)
        if call.api_key and not _has_key(mounted, call):
            call = replace(call, api_key="")
        return mounted.provider.requests(call, query)

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        return self._with_key(call).provider.create_request(call, new)

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterable[types.ServiceRequestUpdate]:
        return self._with_key(call).provider.updates(call, query)

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        return self._with_key(call).provider.create_update(call, new)

    def _for(self, call: Call) -> Mounted:
        if not call.jurisdiction_id and len(self._mounted) == 1:
            return next(iter(self._mounted.values()))
        if not call.jurisdiction_id:
            raise ProviderError(400, "jurisdiction_id is missing: this server holds several.")
        found = self._mounted.get(call.jurisdiction_id)
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


def _has_key(mounted: Mounted, call: Call) -> bool:
    given = hash_token(call.api_key)
    return any(hmac.compare_digest(given, key.sha256) for key in mounted.deployment.keys)


class AdapterApp:
    """The Open311 server and beside it `/healthz`, which asks no vendor anything."""

    def __init__(self, mounted: tuple[Mounted, ...]) -> None:
        self._open311 = Open311App(Switchboard(mounted))
        names = [one.deployment.jurisdiction for one in mounted]
        self._health = json.dumps({"status": "ok", "jurisdictions": names}).encode()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/healthz":
            length = ("Content-Length", str(len(self._health)))
            start_response("200 OK", [("Content-Type", "application/json"), length])
            return [self._health]
        return self._open311(environ, start_response)


def build_app(
    loaded: Iterable[Loaded], *, store: Store, environ: Mapping[str, str] = os.environ
) -> WSGIApplication:
    """The server of these deployments. `store` belongs to this process alone."""
    return AdapterApp(
        tuple(
            Mounted(one.deployment, OPENERS[one.deployment.kind](one, store, environ))
            for one in loaded
        )
    )


def serve(directory: Path, *, host: str, port: int, store: Path | None = None) -> None:
    """Serves every deployment file of a folder until SIGTERM or SIGINT.

    `store` is the file that remembers what was sent, beside the deployments unless named.
    Raises BadDeployment with a line for every fault, Misconfigured when it cannot listen.
    """
    deployments_.load_all(directory, KINDS)
    load = functools.partial(_load, directory, store or directory / STORE_NAME)
    serving.run(load, host=host, port=port)


def _load(directory: Path, store: Path) -> WSGIApplication:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    return build_app(deployments_.load_all(directory, KINDS), store=Store(store))
