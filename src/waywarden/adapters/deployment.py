"""A deployment: one council behind one kind of adapter, read from a TOML file, every fault named.

Secrets are not in the file: it names an environment variable or a file that holds them.
"""

import dataclasses
import difflib
import os
import tomllib
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from waywarden.kernel.errors import Misconfigured
from waywarden.open311.statuses import IGNORE, STATE_OF, folded

HEX_DIGEST = r"^[0-9a-f]{64}$"
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
WEB_ADDRESS = r"^https?://[^\s/]+"


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret is: the environment variable `env`, or the file `file`."""

    env: str = ""
    file: str = ""

    def read(self, environ: Mapping[str, str] = os.environ) -> str:
        """The secret. Raises Misconfigured, without the secret in it."""
        if bool(self.env) == bool(self.file):
            raise Misconfigured("name either `env` or `file`")
        if self.env:
            if not environ.get(self.env):
                raise Misconfigured(f"the environment variable {self.env} is not set")
            return environ[self.env]
        try:
            return Path(self.file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"the file {self.file} cannot be read") from error


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may send reports and read updates. `sha256` is `kernel.secrets.hash_token` of the key."""

    name: str
    sha256: Annotated[str, Meta(pattern=HEX_DIGEST)]


class ServiceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one of the vendor's services is shown; what is empty stays as the vendor has it."""

    name: str = ""
    description: str = ""
    groups: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    notice: str = ""
    """A text shown before the questions."""
    offered: bool = True


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every kind of adapter needs to know of a council."""

    jurisdiction: Annotated[str, Meta(pattern=SLUG)]
    name: str
    """As people know the body; the rows' `agency_responsible`."""
    kind: str
    keys: Annotated[tuple[ApiKey, ...], Meta(min_length=1)]
    statuses: dict[str, str]
    """The vendor's word for a state → Open311's, or `ignore`."""
    system: dict[str, Any] = {}
    """The kind's own options."""
    services: dict[str, ServiceTable] = {}
    public_url: Annotated[str, Meta(pattern=WEB_ADDRESS)] | None = None
    """Where this server is reached from outside; for the discovery document."""
    contact: str = ""
    notice: str = ""
    """Told to whoever has sent a report."""
    zone: str = "UTC"
    """For times the vendor writes without one."""
    changeset: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    """When services or questions last changed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A deployment that was read whole; `options` is of its kind's options type."""

    path: Path
    deployment: Deployment
    options: Any


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file; `key` is where, "" for the whole."""

    path: Path
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.path.name}: {self.key + ': ' if self.key else ''}{self.message}"


class BadDeployment(Misconfigured):
    """Deployment files are wrong; one line for each fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """What the loader must know of a kind of adapter."""

    options_type: type[msgspec.Struct]
    states: frozenset[str] = frozenset()
    """The vendor's words for states, each of which needs a status; empty when nobody knows them."""


def load_all(
    directory: Path, kinds: Mapping[str, Kind], *, environ: Mapping[str, str] = os.environ
) -> tuple[Loaded, ...]:
    """Every `*.toml` of a directory. Raises BadDeployment with all faults of all files."""
    loaded: list[Loaded] = []
    faults: list[Fault] = []
    paths = sorted(directory.glob("*.toml"))
    if not paths:
        faults.append(Fault(directory, "", "there is no deployment file (*.toml) in this folder"))
    for path in paths:
        try:
            found = load(path, kinds, environ=environ)
        except BadDeployment as error:
            faults.extend(error.faults)
            continue
        name = found.deployment.jurisdiction
        twin = next((one for one in loaded if one.deployment.jurisdiction == name), None)
        if twin:
            faults.append(Fault(path, "jurisdiction", f"{name!r} is in {twin.path.name} already"))
        loaded.append(found)
    if faults:
        raise BadDeployment(faults)
    return tuple(loaded)


def load(
    path: Path, kinds: Mapping[str, Kind], *, environ: Mapping[str, str] = os.environ
) -> Loaded:
    """One deployment file. Raises BadDeployment with all its faults."""
    raw = _raw(path)
    complain = [(key, message) for key, message in _faults_in(raw, Deployment, "", environ)]
    kind = kinds.get(str(raw.get("kind", "")))
    if kind is None and "kind" in raw:
        complain.append(("kind", _unknown(str(raw["kind"]), kinds, "a kind of adapter")))
    if kind is not None and isinstance(raw.get("system", {}), dict):
        complain += _faults_in(raw.get("system", {}), kind.options_type, "system", environ)
    if not complain:
        complain += _faults_between(raw, kind)
    if complain or kind is None:
        raise BadDeployment(Fault(path, key, message) for key, message in complain)
    return Loaded(
        path=path,
        deployment=msgspec.convert(raw, Deployment),
        options=msgspec.convert(raw.get("system", {}), kind.options_type),
    )


def _raw(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadDeployment([Fault(path, "", "the file cannot be read as UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        raise BadDeployment([Fault(path, "", f"this is not TOML: {error}")]) from error


Complaint = tuple[str, str]


def _faults_in(
    raw: Any, struct: type[msgspec.Struct], at: str, environ: Mapping[str, str]
) -> Iterator[Complaint]:
    """Faults of a table, field by field: msgspec alone would stop at the first."""
    if not isinstance(raw, dict):
        yield at, "this must be a table"
        return
    hints = typing.get_type_hints(struct, include_extras=True)
    for key in raw:
        if key not in hints:
            yield _under(at, key), _unknown(key, hints, "a key")
    for item in msgspec.structs.fields(struct):
        if item.encode_name in raw:
            yield from _faults_at(
                raw[item.encode_name], hints[item.name], _under(at, item.name), environ
            )
        elif item.required:
            yield _under(at, item.name), "this is missing"


def _faults_at(value: Any, hint: Any, at: str, environ: Mapping[str, str]) -> Iterator[Complaint]:
    inner, shape = _inner(hint)
    if inner is not None and shape is dict and isinstance(value, dict):
        for key, one in value.items():
            yield from _faults_in(one, inner, _under(at, key), environ)
    elif inner is not None and shape is tuple and isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from _faults_in(one, inner, f"{at}[{index}]", environ)
    elif inner is SecretRef and shape is None and isinstance(value, dict):
        yield from _secret_faults(value, at, environ)
    elif inner is not None and shape is None:
        yield from _faults_in(value, inner, at, environ)
    else:
        try:
            msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `$")
            yield at + where.rstrip("`"), message[:1].lower() + message[1:]


def _secret_faults(
    value: dict[str, Any], at: str, environ: Mapping[str, str]
) -> Iterator[Complaint]:
    found = list(_faults_in(value, SecretRef, at, environ))
    yield from found
    if not found:
        try:
            msgspec.convert(value, SecretRef).read(environ)
        except Misconfigured as error:
            yield at, str(error)


def _inner(hint: Any) -> tuple[type[msgspec.Struct] | None, type | None]:
    """The struct in a hint, and what it is wrapped in: dict, tuple or nothing."""
    if typing.get_origin(hint) is Annotated:
        return _inner(typing.get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint, None
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    structs = [one for one in parts if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    if not structs:
        return None, None
    return structs[0], origin if origin in (dict, tuple) else None


def _faults_between(raw: dict[str, Any], kind: Kind | None) -> Iterator[Complaint]:
    """What no single field can tell."""
    words = [word for word in STATE_OF if word] + [IGNORE]
    for theirs, ours in raw["statuses"].items():
        if folded(ours) not in words:
            yield f"statuses.{theirs}", _unknown(folded(ours), words, "a status of Open311")
    if kind is not None:
        have = {folded(theirs) for theirs in raw["statuses"]}
        for word in sorted(kind.states):
            if folded(word) not in have:
                yield f"statuses.{word}", "this state of the vendor's has no status"
    yield from _checked("zone", raw.get("zone", "UTC"), _is_zone, "this time zone is not known")


def _checked(
    at: str, value: str, is_right: Callable[[str], bool], message: str
) -> Iterator[Complaint]:
    if not is_right(value):
        yield at, message


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _under(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key


def _unknown(word: str, known: Iterable[str], what: str) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"{word!r} is not {what} here" + (f"; did you mean {near[0]!r}?" if near else "")
