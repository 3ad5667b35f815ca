"""What a system must answer to stand behind our Open311 server (open311.md 6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from waywarden.open311 import types


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks, and on whose behalf."""

    jurisdiction_id: str = ""
    api_key: str = ""
    idempotency_key: str = ""
    body_bytes: int = 0
    """How large the POST was, photos and all."""


class ProviderError(Exception):
    """A provider's answer that is an error; the server writes it in the asked format.

    `status` is the HTTP status (and the code in the document), `description` is shown to the
    caller and holds no internals. `retry_after` becomes a `Retry-After` (429, 503).
    """

    def __init__(
        self, status: int, description: str, *, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after


class Provider(Protocol):
    """The questions an Open311 server is asked. Lists may be generators: they are streamed.

    Every method may raise ProviderError; any other exception becomes a 500 without internals.
    """

    def discovery(self, call: Call) -> types.Discovery: ...

    def services(self, call: Call) -> Iterable[types.Service]: ...

    def service_definition(self, call: Call, service_code: str) -> types.ServiceDefinition: ...

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt: ...

    def token(self, call: Call, token: str) -> types.TokenAnswer: ...

    def requests(self, call: Call, query: types.RequestQuery) -> Iterable[types.ServiceRequest]: ...

    def updates(
        self, call: Call, query: types.UpdateQuery
    ) -> Iterable[types.ServiceRequestUpdate]: ...

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt: ...

    def update_token(self, call: Call, token: str) -> types.TokenAnswer: ...


@runtime_checkable
class Placed(Protocol):
    """A provider that may also be asked what is on offer at one place (`lat`, `long`)."""

    def services_at(self, call: Call, lat: float, long: float) -> Iterable[types.Service]: ...


@runtime_checkable
class Revised(Protocol):
    """A provider that knows when nothing has changed: the server then sends ETag and 304."""

    def revision(self, call: Call) -> str:
        """A text that differs after every change which the answers to this caller may show.

        Raises ProviderError where the caller may not ask at all.
        """
        ...
