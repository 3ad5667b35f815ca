"""The tables of a deployment at work: their states to Open311's, their services as offered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from waywarden.adapters.deployment import ServiceTable
from waywarden.open311.statuses import FAMILY_OF, IGNORE, STATE_OF, folded
from waywarden.open311.types import Attribute, Service

UNMAPPED = "unchanged"
"""What an update says of a state that no table knows."""


@dataclass(frozen=True, slots=True)
class StatusTable:
    """The vendor's word for a state → Open311's, or `ignore`. Case does not matter."""

    words: Mapping[str, str]

    def for_update(self, word: str) -> str | None:
        """The status of an update, None when it is to be dropped."""
        found = self._found(word)
        return None if found == IGNORE else found or UNMAPPED

    def for_request(self, word: str) -> str | None:
        """The status of a request, None when it is to be dropped; an unknown one is open."""
        found = self._found(word)
        return None if found == IGNORE else found or "open"

    def theirs_for(self, statuses: Iterable[str]) -> tuple[str, ...]:
        """The vendor's words that a filter of statuses asks for.

        `open` and `closed` are GeoReport's and stand for all that is under way or over.
        """
        wanted = {folded(status) for status in statuses}
        return tuple(theirs for theirs, ours in self.words.items() if _names(folded(ours)) & wanted)

    def _found(self, word: str) -> str | None:
        return next(
            (folded(ours) for theirs, ours in self.words.items() if folded(theirs) == folded(word)),
            None,
        )


def _names(status: str) -> set[str]:
    family = FAMILY_OF.get(STATE_OF.get(status, ""), "open")
    return {status, "open" if family == "open" else "closed"}


def offered(services: Iterable[Service], tables: Mapping[str, ServiceTable]) -> Iterator[Service]:
    """The vendor's services as the deployment's tables want them shown."""
    for service in services:
        table = tables.get(service.service_code)
        if table is None:
            yield service
        elif table.offered:
            yield replace(
                service,
                service_name=table.name or service.service_name,
                description=table.description or service.description,
                keywords=table.keywords or service.keywords,
                groups=table.groups or service.groups,
                group=table.groups[0] if len(table.groups) == 1 else service.group,
            )


def with_notice(
    attributes: tuple[Attribute, ...], table: ServiceTable | None
) -> tuple[Attribute, ...]:
    """A service's questions, led by the notice that the deployment shows with it."""
    if table is None or not table.notice:
        return attributes
    notice = Attribute(code="notice", variable=False, order=1, description=table.notice)
    return (notice, *(replace(one, order=one.order + 1) for one in attributes))
