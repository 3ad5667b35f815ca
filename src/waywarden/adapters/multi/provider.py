"""Several systems behind one jurisdiction: a Provider over Providers."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from waywarden.adapters.catalogue import discovery_of
from waywarden.adapters.deployment import Deployment, Kind
from waywarden.adapters.multi.options import SEPARATOR, MultiOptions, children, faults
from waywarden.adapters.opening import Opening
from waywarden.open311 import types
from waywarden.open311.provider import Call, Provider, ProviderError

MOST = 1000
T = TypeVar("T")


class MultiProvider:
    """One deployment. `children` is name → provider."""

    def __init__(
        self, deployment: Deployment, children: Mapping[str, Provider], *, bare: str
    ) -> None:
        self.children = children
        self._deployment, self._bare = deployment, bare

    def discovery(self, _call: Call) -> types.Discovery:
        return discovery_of(self._deployment)

    def services(self, call: Call) -> Iterable[types.Service]:
        return [
            replace(one, service_code=self._out(name, one.service_code))
            for name, child in self.children.items()
            for one in _whole(name, lambda child=child: list(child.services(call)))  # type: ignore[misc] # bound now
        ]

    def service_definition(self, call: Call, service_code: str) -> types.ServiceDefinition:
        child, code = self._in(service_code, 404, "There is no service with this service_code.")
        found = self.children[child].service_definition(call, code)
        return replace(found, service_code=service_code)

    def create_request(self, call: Call, new: types.NewRequest) -> types.Receipt:
        child, code = self._in(new.service_code, 400, "There is no service with this service_code.")
        receipt = self.children[child].create_request(call, replace(new, service_code=code))
        return replace(
            receipt,
            service_request_id=self._out(child, receipt.service_request_id),
            token=self._out(child, receipt.token),
        )

    def create_update(self, call: Call, new: types.NewUpdate) -> types.UpdateReceipt:
        child, number = self._in(new.service_request_id, 404, "This service request is not known.")
        code = ""
        if new.service_code:
            other, code = self._in(new.service_code, 400, "There is no such service_code.")
            if other != child:
                message = f"service_code belongs to {other}, the service request to {child}."
                raise ProviderError(400, message)
        passed = replace(new, service_request_id=number, service_code=code)
        receipt = self.children[child].create_update(call, passed)
        return replace(
            receipt,
            update_id=self._out(child, receipt.update_id),
            token=self._out(child, receipt.token),
        )

    def token(self, call: Call, token: str) -> types.TokenAnswer:
        child, own = self._in(token, 404, "This token is not known.")
        found = self.children[child].token(call, own)
        return types.TokenAnswer(token, self._out(child, found.id))

    def update_token(self, call: Call, token: str) -> types.TokenAnswer:
        child, own = self._in(token, 404, "This token is not known.")
        found = self.children[child].update_token(call, own)
        return types.TokenAnswer(token, self._out(child, found.id))

    def requests(self, call: Call, query: types.RequestQuery) -> Iterator[types.ServiceRequest]:
        most = query.page_size or MOST
        skipped = (query.page - 1) * most
        # Each child gives all that may be needed of it; what comes before the page is left out.
        deep = replace(query, page=1, page_size=skipped + most)
        parts = [
            self._part(name, lambda name=name, own=own: self.children[name].requests(call, own))  # type: ignore[misc] # bound now
            for name, own in self._queries(deep)
        ]
        rows = (
            replace(
                row,
                service_request_id=self._out(name, row.service_request_id),
                service_code=self._out(name, row.service_code),
            )
            for name, row in chain(*parts)
        )
        return islice(rows, skipped, skipped + most)

    def updates(self, call: Call, query: types.UpdateQuery) -> Iterator[types.ServiceRequestUpdate]:
        parts = [
            self._part(name, lambda child=child: child.updates(call, query))  # type: ignore[misc] # bound now
            for name, child in self.children.items()
        ]
        for name, row in chain(*parts):
            yield replace(
                row,
                update_id=self._out(name, row.update_id),
                service_request_id=self._out(name, row.service_request_id),
            )

    def _part(self, name: str, ask: Callable[[], Iterable[T]]) -> Iterator[tuple[str, T]]:
        """A child's rows. Its first is asked for now, so that a failing child fails the list."""
        rows = _whole(name, lambda: iter(ask()))
        first = _whole(name, lambda: list(islice(rows, 1)))

        def rest() -> Iterator[tuple[str, T]]:
            yield from ((name, row) for row in first)
            while batch := _whole(name, lambda: list(islice(rows, 100))):
                yield from ((name, row) for row in batch)

        return rest()

    def _queries(self, query: types.RequestQuery) -> Iterator[tuple[str, types.RequestQuery]]:
        """What each child is asked: only for its own ids and services."""
        for name in self.children:
            ids = self._own(name, query.service_request_ids)
            codes = self._own(name, query.service_codes)
            if (query.service_request_ids and not ids) or (query.service_codes and not codes):
                continue
            yield name, replace(query, service_request_ids=ids, service_codes=codes)

    def _own(self, child: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        found = (self._found(text) for text in texts)
        return tuple(one[1] for one in found if one is not None and one[0] == child)

    def _out(self, child: str, text: str) -> str:
        return text if not text or child == self._bare else f"{child}{SEPARATOR}{text}"

    def _found(self, text: str) -> tuple[str, str] | None:
        child, separator, own = text.partition(SEPARATOR)
        if separator and own and child in self.children and child != self._bare:
            return child, own
        return (self._bare, text) if self._bare else None

    def _in(self, text: str, status: int, message: str) -> tuple[str, str]:
        found = self._found(text)
        if found is None:
            raise ProviderError(status, message)
        return found


def _whole(name: str, ask: Callable[[], T]) -> T:
    """What a child gives, or that the list cannot be had: a part of it would look like all."""
    try:
        return ask()
    except ProviderError as error:
        message = f"One of the systems behind this address ({name}) could not be asked."
        raise ProviderError(502, message, retry_after=error.retry_after) from error


def _opened(opening: Opening) -> MultiProvider:
    options: MultiOptions = opening.loaded.options
    return MultiProvider(opening.loaded.deployment, opening.children, bare=options.bare)


KIND = Kind(
    options_type=MultiOptions,
    opens=_opened,
    sample=Path(__file__).with_name("sample.toml"),
    faults=faults,
    children=children,
    beside={
        "$jurisdiction/roads.toml": Path(__file__).with_name("child.toml"),
        "$jurisdiction/trees.toml": Path(__file__).with_name("child.toml"),
    },
)
