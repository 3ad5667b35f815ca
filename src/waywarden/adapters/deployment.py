"""A deployment: one council behind one kind of adapter, read from a TOML file, every fault named.

Secrets are not in the file: it names an environment variable or a file that holds them.
"""

import dataclasses
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from waywarden.adapters.faults import Complaint, SecretRef, faults_in, under, unknown
from waywarden.adapters.options import AlarmsTable
from waywarden.adapters.toml_lines import line_for, lines_of
from waywarden.kernel.errors import Misconfigured
from waywarden.open311.statuses import IGNORE, STATE_OF, folded

__all__ = ["SecretRef"]

HEX_DIGEST = r"^[0-9a-f]{64}$"
SLUG = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
WEB_ADDRESS = r"^https?://[^\s/]+"
DataType = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
DATA_TYPES = frozenset(get_args(DataType))
Asked = Literal[
    "fixmystreet_id",
    "report_url",
    "title",
    "description",
    "category",
    "group",
    "closest_address",
    "easting",
    "northing",
    "uprn",
    "usrn",
]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may send reports and read updates."""

    name: Annotated[str, Meta(description="Whose key it is.")]
    sha256: Annotated[
        str,
        Meta(
            pattern=HEX_DIGEST,
            description="The SHA-256 of the key in hexadecimal; `waywarden adapter new` makes one.",
        ),
    ]
    posts_a_minute: Annotated[
        int, Meta(ge=0, description="How many POSTs it may make; 0 is without end.")
    ] = 6000
    largest_mb: Annotated[
        float,
        Meta(
            ge=0,
            description="The largest POST it may make, in megabytes, photos and all; 0 is as much "
            "as the server takes (`--largest`).",
        ),
    ] = 0.0


class QuestionTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question that a service asks beside those that the system itself knows."""

    code: Annotated[str, Meta(min_length=1, description="What the answer is called.")]
    text: Annotated[str, Meta(description="The question, as people read it.")]
    datatype: Annotated[DataType, Meta(description="What kind of answer it takes.")] = "string"
    required: Annotated[bool, Meta(description="Whether it must be answered.")] = False
    hint: Annotated[str, Meta(description="How the answer should look.")] = ""
    values: Annotated[
        dict[str, str], Meta(description="The choices of a list: key to what people read.")
    ] = {}


class ServiceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one service is shown; what is empty stays as the system has it."""

    name: Annotated[str, Meta(description="Its name for people.")] = ""
    description: Annotated[str, Meta(description="What it is for.")] = ""
    category: Annotated[
        str, Meta(description="The system's own word for it; the service's code unless named.")
    ] = ""
    groups: Annotated[tuple[str, ...], Meta(description="The headings it stands under.")] = ()
    keywords: Annotated[tuple[str, ...], Meta(description="Its keywords.")] = ()
    notice: Annotated[str, Meta(description="A text shown before the questions.")] = ""
    offered: Annotated[bool, Meta(description="Whether it is shown at all.")] = True
    questions: Annotated[
        tuple[QuestionTable, ...], Meta(description="What it asks the reporter.")
    ] = ()
    wraps: Annotated[
        dict[str, str],
        Meta(
            description="Several of the system's categories behind this one service: category to "
            "what people read. The reporter picks one by its first question."
        ),
    ] = {}
    wraps_text: Annotated[str, Meta(description="That question.")] = "What is it about?"


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every kind of adapter needs to know of a council."""

    jurisdiction: Annotated[
        str, Meta(pattern=SLUG, description="What callers name it by in `jurisdiction_id`.")
    ]
    name: Annotated[str, Meta(description="The body's name; the rows' `agency_responsible`.")]
    kind: Annotated[str, Meta(description="The kind of adapter.")]
    keys: Annotated[
        tuple[ApiKey, ...],
        Meta(description="Who may send reports and read updates. A child of `multi` needs none."),
    ] = ()
    statuses: Annotated[
        dict[str, str],
        Meta(description="The system's word for a state to Open311's, or `ignore`."),
    ] = {}
    statuses_out: Annotated[
        dict[str, str],
        Meta(description="Open311's word for a state to the system's, for updates that it gets."),
    ] = {}
    system: Annotated[dict[str, Any], Meta(description="The kind's own options.")] = {}
    services: Annotated[
        dict[str, ServiceTable], Meta(description="A table for each service, by its code.")
    ] = {}
    asks: Annotated[
        tuple[Asked, ...], Meta(description="What the sender adds without asking the reporter.")
    ] = ("fixmystreet_id",)
    public_url: Annotated[
        Annotated[str, Meta(pattern=WEB_ADDRESS)] | None,
        Meta(description="Where this server is reached from outside; for `discovery`."),
    ] = None
    is_live: Annotated[
        bool, Meta(description="Whether `discovery` says `production`; else it says `test`.")
    ] = False
    contact: Annotated[str, Meta(description="Whom to ask; for `discovery`.")] = ""
    notice: Annotated[str, Meta(description="Told to whoever has sent a report.")] = ""
    alarms: Annotated[
        AlarmsTable, Meta(description="Who is told when something needs a person.")
    ] = AlarmsTable()
    zone: Annotated[
        str, Meta(description="For times that the system writes without one: `Europe/London`.")
    ] = "UTC"
    changeset: Annotated[datetime, Meta(description="When services or questions last changed.")] = (
        datetime(2026, 1, 1, tzinfo=UTC)
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A deployment that was read whole; `options` is of its kind's options type."""

    path: Path
    deployment: Deployment
    options: Any
    children: Mapping[str, "Loaded"] = dataclasses.field(default_factory=dict)

    def paths(self) -> frozenset[Path]:
        """Its file, and those of what stands behind it."""
        return frozenset({self.path}).union(*(one.paths() for one in self.children.values()))


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file; `key` is where, "" for the whole."""

    path: Path
    key: str
    message: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.key + ': ' if self.key else ''}{self.message}"


class BadDeployment(Misconfigured):
    """Deployment files are wrong; one line for each fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda one: (one.path.name, one.line)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def _no_faults(_deployment: Deployment, _options: Any) -> Iterator[Complaint]:
    yield from ()


def _as_it_is(options: Any, _folder: Path) -> Any:
    return options


def _no_children(_path: Path, _options: Any) -> Mapping[str, Path]:
    return {}


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """A kind of adapter."""

    options_type: type[msgspec.Struct]
    opens: Callable[[Any], Any]
    """An `opening.Opening` → its Provider."""
    sample: Path
    """A deployment file to begin with, with `$` where `adapter new` fills in."""
    states: frozenset[str] = frozenset()
    """The vendor's words for states, each of which needs a status; empty when nobody knows them."""
    faults: Callable[[Deployment, Any], Iterator[Complaint]] = _no_faults
    """What no single field can tell."""
    placed: Callable[[Any, Path], Any] = _as_it_is
    """The options with their paths seen from the file's folder, wherever the server is started."""
    children: Callable[[Path, Any], Mapping[str, Path]] = _no_children
    """Name → file of the deployments that stand behind this one."""
    beside: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    """Further files that a new one needs: name, with `$` as in the sample → its sample."""


Kinds = Mapping[str, Kind]


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """What the deployment files of a folder hold: the right ones, and what is wrong elsewhere."""

    loaded: tuple[Loaded, ...]
    faults: tuple[Fault, ...]
    wrong: frozenset[Path]
    """The files that could not be used, themselves or a child's."""


def load_all(
    directory: Path, kinds: Kinds, *, environ: Mapping[str, str] = os.environ
) -> tuple[Loaded, ...]:
    """Every `*.toml` of a directory. Raises BadDeployment with all faults of all files."""
    found = load_each(directory, kinds, environ=environ)
    if found.faults:
        raise BadDeployment(found.faults)
    return found.loaded


def load_each(directory: Path, kinds: Kinds, *, environ: Mapping[str, str] = os.environ) -> Found:
    """Every `*.toml` of a directory, each for itself."""
    loaded: dict[str, Loaded] = {}
    faults: list[Fault] = []
    wrong: set[Path] = set()
    paths = sorted(directory.glob("*.toml"))
    if not paths:
        faults.append(Fault(directory, "", "there is no deployment file (*.toml) in this folder"))
    for path in paths:
        try:
            found = load(path, kinds, environ=environ)
            name = found.deployment.jurisdiction
            if name in loaded:
                twin = loaded[name].path.name
                message = f"{name!r} is in {twin} already"
                line = line_for("jurisdiction", lines_of(_text(path)))
                raise BadDeployment([Fault(path, "jurisdiction", message, line)])
        except BadDeployment as error:
            faults += error.faults
            wrong.add(path)
        else:
            loaded[name] = found
    return Found(tuple(loaded.values()), tuple(faults), frozenset(wrong))


def load(
    path: Path,
    kinds: Kinds,
    *,
    environ: Mapping[str, str] = os.environ,
    is_child: bool = False,
) -> Loaded:
    """One deployment file, with its children's. Raises BadDeployment with all their faults."""
    text = _text(path)
    raw = _raw(path, text)
    lines = lines_of(text)
    complain = list(faults_in(raw, Deployment, "", environ))
    kind = kinds.get(str(raw.get("kind", "")))
    if kind is None and "kind" in raw:
        complain.append(("kind", unknown(str(raw["kind"]), kinds, "a kind of adapter")))
    if kind is not None and isinstance(raw.get("system", {}), dict):
        complain += faults_in(raw.get("system", {}), kind.options_type, "system", environ)
    if not is_child and not raw.get("keys"):
        complain.append(("keys", "this is missing: nobody could send anything"))
    faults = [Fault(path, key, message, line_for(key, lines)) for key, message in complain]
    if kind is None or faults:
        raise BadDeployment(faults)
    return _whole(path, raw, lines, kinds, kind, environ, is_child=is_child)


def _whole(
    path: Path,
    raw: dict[str, Any],
    lines: Mapping[str, int],
    kinds: Kinds,
    kind: Kind,
    environ: Mapping[str, str],
    *,
    is_child: bool,
) -> Loaded:
    """A deployment whose every table is right by itself."""
    deployment = msgspec.convert(raw, Deployment)
    options = msgspec.convert(raw.get("system", {}), kind.options_type)
    complain = [*_faults_between(deployment, kind), *kind.faults(deployment, options)]
    options = kind.placed(options, path.parent.absolute())
    faults = [Fault(path, key, message, line_for(key, lines)) for key, message in complain]
    children: dict[str, Loaded] = {}
    for name, child in kind.children(path, options).items():
        if is_child:
            faults.append(Fault(path, "kind", "this kind cannot stand behind another of its kind"))
            break
        if not child.is_file():
            at = f"system.children.{name}"
            faults.append(Fault(path, at, f"there is no file {child}", line_for(at, lines)))
            continue
        try:
            found = load(child, kinds, environ=environ, is_child=True)
            children[name] = _behind(deployment.jurisdiction, name, found)
        except BadDeployment as error:
            faults += error.faults
    if faults:
        raise BadDeployment(faults)
    return Loaded(path=path, deployment=deployment, options=options, children=children)


def _behind(parent: str, name: str, child: Loaded) -> Loaded:
    """A child under a name of its own in the store, whatever its file calls it."""
    named = msgspec.structs.replace(child.deployment, jurisdiction=f"{parent}/{name}")
    return dataclasses.replace(child, deployment=named)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = "the file cannot be read as UTF-8 text from here on; save it as UTF-8"
        raise BadDeployment([Fault(path, "", message, line)]) from error
    except OSError as error:
        message = f"the file cannot be read: {error.strerror}"
        raise BadDeployment([Fault(path, "", message)]) from error


def _raw(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        fault = Fault(path, "", f"this is not TOML: {error}", int(at[1]) if at else 1)
        raise BadDeployment([fault]) from error


def _faults_between(deployment: Deployment, kind: Kind) -> Iterator[Complaint]:
    words = [word for word in STATE_OF if word]
    for theirs, ours in deployment.statuses.items():
        yield from _status_faults(under("statuses", theirs), ours, [*words, IGNORE])
    for ours in deployment.statuses_out:
        yield from _status_faults(under("statuses_out", ours), ours, words)
    yield from _question_faults(deployment)
    have = {folded(theirs) for theirs in deployment.statuses}
    for word in sorted(kind.states):
        if folded(word) not in have:
            yield f"statuses.{word}", "this state of the vendor's has no status"
    mail = deployment.alarms.mail
    if mail is not None and mail.user and mail.password is None:
        yield "alarms.mail.password", "this is missing"
    if not _is_zone(deployment.zone):
        yield "zone", "this time zone is not known; write it as Europe/London"


def _status_faults(at: str, word: str, known: list[str]) -> Iterator[Complaint]:
    if folded(word) not in known:
        yield at, unknown(folded(word), known, "a status of Open311")


def _question_faults(deployment: Deployment) -> Iterator[Complaint]:
    for code, table in deployment.services.items():
        for index, question in enumerate(table.questions):
            if question.datatype.endswith("list") and not question.values:
                yield f"services.{code}.questions[{index}]", "a list needs `values` to choose from"
        if table.wraps and table.category:
            yield f"services.{code}.category", "a service has either this or `wraps`"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
