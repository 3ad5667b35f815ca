"""The kinds of adapters there are. A new kind is one line; each is imported when it is used."""

import importlib
from collections.abc import Iterator, Mapping

from waywarden.adapters.deployment import Kind

_PLACES: Mapping[str, str] = {
    "demo": "waywarden.adapters.demo.provider",
    "files": "waywarden.adapters.files.provider",
    "multi": "waywarden.adapters.multi.provider",
    "passthrough": "waywarden.adapters.passthrough.provider",
    "rest": "waywarden.adapters.rest.provider",
    "sql": "waywarden.adapters.sql.provider",
}


class _Kinds(Mapping[str, Kind]):
    def __getitem__(self, name: str) -> Kind:
        found: Kind = importlib.import_module(_PLACES[name]).KIND
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


KINDS: Mapping[str, Kind] = _Kinds()
"""Name → kind."""
