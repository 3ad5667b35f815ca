"""Which kinds of back-end there are: entry points of the group `waywarden.backends`."""

from functools import cache
from importlib.metadata import entry_points

from waywarden.backends.contract import Backend
from waywarden.kernel.errors import Misconfigured

GROUP = "waywarden.backends"


@cache
def backend_classes() -> dict[str, type[Backend]]:
    """Every installed kind by name. Raises Misconfigured when a plug-in is not one."""
    found: dict[str, type[Backend]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        kind = entry.load()
        if not (isinstance(kind, type) and issubclass(kind, Backend)):
            message = f"The back-end plug-in {entry.name!r} is not a Backend."
            raise Misconfigured(message)
        found[entry.name] = kind
    return found


def backend_class(kind: str) -> type[Backend]:
    """The plug-in of that name. Raises Misconfigured when it is not installed."""
    try:
        return backend_classes()[kind]
    except KeyError:
        message = f"There is no back-end of the kind {kind!r}."
        raise Misconfigured(message) from None
