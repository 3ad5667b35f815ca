"""The `[system]` table of a `rest` deployment: which call does what, where answers stand."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from waywarden.adapters import projecting
from waywarden.adapters.calling import HttpOptions
from waywarden.adapters.deployment import WEB_ADDRESS, DataType, Deployment
from waywarden.adapters.faults import Complaint, SecretRef
from waywarden.adapters.fields import REQUEST_FIELDS, UPDATE_FIELDS, RequestFields, UpdateFields
from waywarden.adapters.rest.templating import Templates, path_fault
from waywarden.adapters.values import MESSAGE_VALUES, REPORT_VALUES

Method = Literal["GET", "POST", "PUT", "PATCH"]
_QUESTION = ("code", "text", "datatype", "required", "hint", "choices", "choice_key", "choice_name")
JsonPath = Annotated[str, Meta(description="Where it stands in the answer (JMESPath).")]

PHOTO_VALUES = ("report", "key", "url", "filename", "content_type", "base64")
SPAN_VALUES = ("since", "until")
LIST_VALUES = ("created_from", "created_to", "changed_from", "changed_to", "categories", "states")


class Auth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the system knows us."""

    kind: Annotated[
        Literal["none", "key", "basic", "oauth"],
        Meta(description="A key in a header, a login, or a token by OAuth client credentials."),
    ] = "none"
    secret: Annotated[
        SecretRef | None, Meta(description="The key, the password, or the client's secret.")
    ] = None
    header: Annotated[str, Meta(description="The header for a key.")] = "Authorization"
    prefix: Annotated[str, Meta(description="What stands before the key in it.")] = ""
    user: Annotated[str, Meta(description="The user, or the client's id.")] = ""
    token_url: Annotated[str, Meta(description="Where a token is asked for.")] = ""
    scope: Annotated[str, Meta(description="The scope that is asked for.")] = ""


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One call. Path, query and body are templates."""

    path: Annotated[str, Meta(description="Behind the system's address: `/cases/{{ report }}`.")]
    method: Annotated[Method, Meta(description="The HTTP method.")] = "POST"
    query: Annotated[dict[str, str], Meta(description="Parameters; empty ones are left out.")] = {}
    body: Annotated[dict[str, Any], Meta(description="The JSON that is sent.")] = {}
    headers: Annotated[dict[str, str], Meta(description="Further headers.")] = {}
    id: JsonPath = ""


class PostCall(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that enters something: its id stands in the answer, or comes later for a token."""

    token: Annotated[
        str,
        Meta(
            description="Where a token stands instead (JMESPath); `[system.token]` says the rest."
        ),
    ] = ""
    refused: Annotated[
        str,
        Meta(
            description="What stands in a successful answer that is a refusal all the same, such "
            "as its words (JMESPath); nothing: it was taken."
        ),
    ] = ""


class MessageCall(PostCall, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The call that adds what people wrote. With `before` it reads, changes, and writes again."""

    before: Annotated[
        str, Meta(description="What is read first; the template gets it as `current`.")
    ] = ""
    clash: Annotated[
        tuple[int, ...], Meta(description="Statuses that say that somebody else wrote meanwhile.")
    ] = (409, 412)


class PhotoCall(Call, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The call that sends one photo, after its report or message has its id."""

    fetch: Annotated[
        bool,
        Meta(description="Whether a photo with an address is fetched for `base64`, from `hosts`."),
    ] = False


class TokenCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the id is asked for that a token stands for."""

    path: Annotated[str, Meta(description="Where it is: `/jobs/{{ token }}`.")]
    query: Annotated[dict[str, str], Meta(description="Parameters; empty ones are left out.")] = {}
    id: Annotated[
        str, Meta(description="Where the id stands in the answer (JMESPath); nothing: not yet.")
    ] = "id"


class FindCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How something that may have arrived is looked for by our own number."""

    path: Annotated[str, Meta(description="The list to look in.")]
    query: Annotated[dict[str, str], Meta(description="Parameters; empty ones are left out.")] = {}
    rows: Annotated[str, Meta(description="Where the rows stand in the answer (JMESPath).")] = "@"
    id: Annotated[str, Meta(description="Where a row's id stands in it.")] = "id"
    ref: Annotated[
        str, Meta(description="Where our number stands in a row; rows with another are left out.")
    ] = ""


class Paging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a list goes on."""

    kind: Annotated[
        Literal["none", "page", "offset", "cursor", "link"],
        Meta(description="By number of page, by number of row, by a cursor, or by an address."),
    ] = "none"
    parameter: Annotated[str, Meta(description="The parameter for page, row or cursor.")] = "page"
    first: Annotated[int, Meta(description="The number of the first page or row.")] = 1
    size: Annotated[int, Meta(ge=1, le=10_000, description="Rows of a page.")] = 100
    size_parameter: Annotated[str, Meta(description="The parameter for the size.")] = ""
    next: Annotated[
        str, Meta(description="Where the next cursor or address stands in the answer (JMESPath).")
    ] = ""


class ServicesList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The system's list of categories. Without it the file's `[services]` are all there are."""

    path: Annotated[str, Meta(description="The list.")]
    query: Annotated[dict[str, str], Meta(description="Parameters.")] = {}
    rows: Annotated[str, Meta(description="Where the rows stand in the answer (JMESPath).")] = "@"
    code: Annotated[str, Meta(description="Where a row's code stands in it.")] = "code"
    name: Annotated[str, Meta(description="Where its name stands.")] = "name"
    description: Annotated[str, Meta(description="Where it says what it is for.")] = ""
    group: Annotated[str, Meta(description="Where its heading stands.")] = ""
    keywords: Annotated[str, Meta(description="Where its keywords stand, a list.")] = ""


class QuestionsList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the system wants to know of a category. Each key of a value is a path in a row."""

    path: Annotated[str, Meta(description="The list: `/types/{{ category }}/fields`.")]
    query: Annotated[dict[str, str], Meta(description="Parameters.")] = {}
    rows: Annotated[str, Meta(description="Where the rows stand in the answer (JMESPath).")] = "@"
    code: Annotated[str, Meta(description="Where a row's code stands in it.")] = "code"
    text: Annotated[str, Meta(description="Where its words stand.")] = "text"
    datatype: Annotated[str, Meta(description="Where its kind stands.")] = ""
    datatypes: Annotated[
        dict[str, DataType], Meta(description="The system's word for a kind to Open311's.")
    ] = {}
    required: Annotated[str, Meta(description="Where it says whether it is needed.")] = ""
    hint: Annotated[str, Meta(description="Where it says how the answer should look.")] = ""
    choices: Annotated[
        str, Meta(description="Where its choices stand: a list of rows, or key to wording.")
    ] = ""
    choice_key: Annotated[str, Meta(description="Where the key stands in such a row.")] = "key"
    choice_name: Annotated[str, Meta(description="Where its wording stands.")] = "name"


class ReportsList(RequestFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The system's list of reports. Each key of a value is a path in a row (JMESPath)."""

    path: Annotated[str, Meta(description="The list.")]
    one: Annotated[str, Meta(description="Where one report is: `/cases/{{ id }}`.")] = ""
    query: Annotated[dict[str, str], Meta(description="Parameters; empty ones are left out.")] = {}
    rows: Annotated[str, Meta(description="Where the rows stand in the answer (JMESPath).")] = "@"
    one_row: Annotated[str, Meta(description="Where the row stands in the answer to `one`.")] = "@"
    paging: Paging = Paging()


class UpdatesList(UpdateFields, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The system's list of changes. Each key of a value is a path in a row (JMESPath)."""

    path: Annotated[str, Meta(description="The list.")]
    query: Annotated[dict[str, str], Meta(description="Parameters; empty ones are left out.")] = {}
    rows: Annotated[str, Meta(description="Where the rows stand in the answer (JMESPath).")] = "@"
    once: Annotated[
        bool, Meta(description="Whether each change is handed out once only; then it is kept here.")
    ] = False
    resume: Annotated[
        bool,
        Meta(
            description="Whether the list is asked for from the last cursor on, and not by time; "
            "then each change is kept here."
        ),
    ] = False
    paging: Paging = Paging()

    @property
    def is_collected(self) -> bool:
        """Whether its changes are kept here and told from here."""
        return self.once or self.resume or not self.at


class RestOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that speaks JSON over HTTP."""

    url: Annotated[str, Meta(pattern=WEB_ADDRESS, description="Where the system answers.")]
    hosts: Annotated[
        tuple[str, ...],
        Meta(description="Other hosts that may be called, such as those of photos."),
    ] = ()
    headers: Annotated[dict[str, str], Meta(description="Headers of every call.")] = {}
    time_format: Annotated[
        str, Meta(description="How times are written (`strftime`); ISO 8601 unless named.")
    ] = ""
    projection: Annotated[
        str, Meta(description="The projection of easting and northing, such as `EPSG:27700`.")
    ] = ""
    auth: Auth = Auth()
    report: PostCall
    find_report: FindCall | None = None
    token: TokenCall | None = None
    message: MessageCall | None = None
    find_message: FindCall | None = None
    message_token: TokenCall | None = None
    photo: PhotoCall | None = None
    find_photo: FindCall | None = None
    categories: ServicesList | None = None
    questions: QuestionsList | None = None
    reports: ReportsList | None = None
    updates: UpdatesList | None = None


def faults(deployment: Deployment, options: RestOptions) -> Iterator[Complaint]:
    """What no single field can tell."""
    try:
        templates = Templates(ZoneInfo(deployment.zone))
    except (ValueError, OSError, KeyError):
        return  # the zone itself is complained about elsewhere
    yield from _template_faults(templates, options)
    yield from _place_faults(options)
    if problem := projecting.fault_of(options.projection):
        yield "system.projection", problem
    if options.reports is not None and options.reports.easting and not options.projection:
        yield "system.projection", "easting and projection go together"
    if options.categories is None and not deployment.services:
        yield "services", "there are none: name them here, or the list in `[system.categories]`"
    yield from _auth_faults(options.auth)


def _template_faults(templates: Templates, options: RestOptions) -> Iterator[Complaint]:
    for at, part, known in _templates_in(options):
        for fault in templates.faults(part, known):
            yield f"system.{at}", fault


def _place_faults(options: RestOptions) -> Iterator[Complaint]:
    for at, path in _paths_in(options):
        if path and (fault := path_fault(path)):
            yield f"system.{at}", fault
    if options.photo is not None and options.photo.fetch and not options.hosts:
        yield "system.hosts", "name the hosts that photos may be fetched from"
    if options.reports is not None and not options.reports.id:
        yield "system.reports.id", "this is missing"
    for at in ("token", "message_token"):
        call = options.report if at == "token" else options.message
        if call is not None and bool(call.token) != (getattr(options, at) is not None):
            yield f"system.{at}", "a token's place in an answer and this table go together"
    if options.updates is not None:
        yield from _updates_faults(options.updates)


def _updates_faults(updates: UpdatesList) -> Iterator[Complaint]:
    if not (updates.report or updates.ref):
        yield "system.updates.report", "this is missing (or `ref`)"
    if updates.resume and updates.paging.kind != "cursor":
        yield "system.updates.resume", "to go on from a cursor, `paging` must be by cursor"


def _auth_faults(auth: Auth) -> Iterator[Complaint]:
    if auth.kind != "none" and auth.secret is None:
        yield "system.auth.secret", "this is missing"
    if auth.kind in ("basic", "oauth") and not auth.user:
        yield "system.auth.user", "this is missing"
    if auth.kind == "oauth" and not auth.token_url.startswith(("http://", "https://")):
        yield "system.auth.token_url", "this must be a web address"


def _templates_in(options: RestOptions) -> Iterator[tuple[str, Any, Iterable[str]]]:
    calls: Mapping[str, tuple[Any, tuple[str, ...]]] = {
        "report": (options.report, (*REPORT_VALUES, "answers")),
        "find_report": (options.find_report, ("ref", "category", "since")),
        "message": (options.message, (*MESSAGE_VALUES, "answers", "current")),
        "find_message": (options.find_message, ("ref", "report", "since")),
        "photo": (options.photo, PHOTO_VALUES),
        "find_photo": (options.find_photo, ("ref", "report", "filename", "since")),
        "token": (options.token, ("token",)),
        "message_token": (options.message_token, ("token",)),
        "categories": (options.categories, ()),
        "questions": (options.questions, ("category",)),
        "reports": (options.reports, LIST_VALUES),
        "updates": (options.updates, SPAN_VALUES),
    }
    for at, (call, known) in calls.items():
        for name in ("path", "query", "body", "headers", "before"):
            if call is not None and (part := getattr(call, name, None)):
                yield f"{at}.{name}", part, known
    if options.reports is not None and options.reports.one:
        yield "reports.one", options.reports.one, ("id",)


def _paths_in(options: RestOptions) -> Iterator[tuple[str, str]]:
    parts: Mapping[str, tuple[str, ...]] = {
        "report": ("id", "token", "refused"),
        "message": ("id", "token", "refused"),
        "token": ("id",),
        "message_token": ("id",),
        "find_report": ("rows", "id", "ref"),
        "find_message": ("rows", "id", "ref"),
        "find_photo": ("rows", "id", "ref"),
        "questions": ("rows", *_QUESTION),
        "categories": ("rows", "code", "name", "description", "group", "keywords"),
        "reports": ("rows", "one_row", *REQUEST_FIELDS),
        "updates": ("rows", *UPDATE_FIELDS),
    }
    for name, places in parts.items():
        table = getattr(options, name)
        if table is not None:
            yield from ((f"{name}.{place}", getattr(table, place)) for place in places)
