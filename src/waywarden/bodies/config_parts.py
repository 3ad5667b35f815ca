"""What rooms above keep for a body or a connection, as a list in its file of settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from waywarden.bodies.models import Body
from waywarden.connections.models import Connection
from waywarden.events.services import Actor

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A list in the file of a body."""

    name: str
    listed: Callable[[Sequence[int]], Mapping[int, list[dict[str, Any]]]]
    """Body ids → what stands there now, only what differs from a default, in one order."""
    store: Callable[[Body, Sequence[Values], Actor], None]
    """Makes it so, inside the caller's transaction. Raises RuleBroken."""


@dataclass(frozen=True, slots=True)
class ConnectionPart:
    """A list in the file of a connection, as `BodyPart`."""

    name: str
    listed: Callable[[Sequence[int]], Mapping[int, list[dict[str, Any]]]]
    store: Callable[[Connection, Sequence[Values], Actor], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the rooms above keep; `config` names them."""

    of_bodies: tuple[BodyPart, ...] = ()
    of_connections: tuple[ConnectionPart, ...] = ()


def checked(values: Values, known: Mapping[str, type]) -> dict[str, Any]:
    """The values of one entry, each of its type. Raises TypeError naming what is unknown or not."""
    if unknown := sorted(set(values) - set(known)):
        message = f"unknown: {', '.join(unknown)}."
        raise TypeError(message)
    for name, value in values.items():
        if not isinstance(value, known[name]):
            message = f"{name} is not given as {known[name].__name__}."
            raise TypeError(message)
    return dict(values)
