"""The endpoint described in OpenAPI 3.1, built from one table of its methods."""

from collections.abc import Iterable
from typing import Any

Plain = dict[str, Any]

_TEXT: Plain = {"type": "string"}
_MAYBE: Plain = {"type": ["string", "null"]}
_NUMBER: Plain = {"type": "number"}
_MOMENT: Plain = {"type": ["string", "null"], "format": "date-time"}
_FLAG: Plain = {"type": "boolean"}
_COUNT: Plain = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
_DATE: Plain = {"type": "string", "format": "date-time"}
_DEGREES_LAT: Plain = {"type": "number", "minimum": -90, "maximum": 90}
_DEGREES_LONG: Plain = {"type": "number", "minimum": -180, "maximum": 180}
_FILE: Plain = {"type": "string", "contentMediaType": "application/octet-stream"}
_LIST: Plain = {"type": "array", "items": _TEXT}

_FORMATS = (("xml", "text/xml"), ("json", "application/json"))
_SAID = {
    "304": "Nothing has changed since the answer that `If-None-Match` names.",
    "400": "A parameter is missing or wrong; the description names it.",
    "403": "The key is missing, unknown, expired, or has not the scope.",
    "404": "Unknown service, request, token, jurisdiction or path.",
    "409": "The idempotency key was used for something else before.",
    "413": "The body is too large.",
    "429": "Too many calls with this key; `Retry-After` says when to come back.",
    "500": "Something went wrong here.",
    "503": "The way to this body is not set up rightly here; come back later.",
}
_QUERY: dict[str, tuple[Plain, str]] = {
    "jurisdiction_id": (_TEXT, "The body's short name; absent means all bodies."),
    "api_key": (_TEXT, "A key; needed to write, and for a body to see its own references."),
    "service_request_id": (_TEXT, "One id, or several with commas; overrides other filters."),
    "service_code": (_TEXT, "One code, or several with commas."),
    "start_date": (_DATE, "Reported from; at most 90 days before `end_date`."),
    "end_date": (_DATE, "Reported until."),
    "updated_after": (_DATE, "Changed from; alone, it gives the longest quiet first."),
    "updated_before": (_DATE, "Changed before."),
    "status": (_TEXT, "`open`, `closed`, `fixed` or a finer word; several with commas."),
    "bbox": (_TEXT, "west,south,east,north in degrees."),
    "lat": (_DEGREES_LAT, "With `long`: a place, WGS84."),
    "long": (_DEGREES_LONG, "With `lat`: a place, WGS84."),
    "radius": (
        {"type": "number", "exclusiveMinimum": 0, "maximum": 100_000},
        "Metres around the place; 1,000 when absent.",
    ),
    "q": (_TEXT, "Words of the title or the description, or their beginnings; all must be there."),
    "page": (_COUNT, "From 1; the header `Link` names the next and the previous one."),
    "page_size": (_COUNT, "Rows of a page; at most 1,000 are given."),
}
_FORM: dict[str, tuple[Plain, str]] = {
    **_QUERY,
    "service_code": (_TEXT, "The service."),
    "service_request_id": (_TEXT, "The body's own reference of the report."),
    "photo1": (_FILE, "A photo; two more as `photo2` and `photo3`."),
    "photo2": (_FILE, "The second photo."),
    "photo3": (_FILE, "The third photo."),
    "description": ({"type": "string", "maxLength": 4000}, "What is wrong, or what was done."),
    "email": (_TEXT, "The person's address; needed where they confirm by mail."),
    "first_name": (_TEXT, "The person's name; never public."),
    "last_name": (_TEXT, "The person's name; never public."),
    "phone": (_TEXT, "The person's phone; never public."),
    "address_string": (_TEXT, "The address in words; places the report where it is known here."),
    "media_url": (_TEXT, "Where a photo lies; may be repeated."),
    "attribute[CODE]": (_TEXT, "The answer to the question CODE; repeated for several."),
    "update_id": (_TEXT, "The sender's own id of the update; a repeat is harmless."),
    "updated_datetime": (_DATE, "When it was said."),
    "status": (_TEXT, "`OPEN`, `IN_PROGRESS`, `FIXED`, `CLOSED`, …"),
    "fixmystreet_id": (_TEXT, "Our own number, where the reference is not known here yet."),
    "external_status_code": (_TEXT, "The body's finer code; picks a response template."),
    "customer_reference": (_TEXT, "The number that people are shown."),
}
_SCHEMAS: dict[str, tuple[dict[str, Plain], tuple[str, ...]]] = {
    "Service": (
        {
            "service_code": _TEXT, "service_name": _TEXT, "description": _MAYBE, "metadata": _FLAG,
            "type": {"enum": ["realtime", "batch", "blackbox"]}, "keywords": _TEXT,
            "group": _MAYBE, "groups": _LIST,
        },
        ("service_code", "service_name", "metadata", "type"),
    ),
    "Attribute": (
        {
            "variable": _FLAG, "code": _TEXT, "datatype": _TEXT, "required": _FLAG,
            "datatype_description": _MAYBE, "order": {"type": "integer"}, "description": _MAYBE,
            "values": {"type": "array", "items": {"$ref": "#/components/schemas/Value"}},
            "automated": _TEXT,
        },
        ("variable", "code", "datatype", "required"),
    ),
    "Value": ({"key": _TEXT, "name": _TEXT, "disable_message": _TEXT}, ("key", "name")),
    "ServiceDefinition": (
        {
            "service_code": _TEXT,
            "attributes": {"type": "array", "items": {"$ref": "#/components/schemas/Attribute"}},
        },
        ("service_code", "attributes"),
    ),
    "Request": (
        {
            "service_request_id": _TEXT, "status": _TEXT, "status_notes": _MAYBE,
            "service_name": _MAYBE, "service_code": _TEXT, "title": _TEXT, "description": _MAYBE,
            "agency_responsible": _MAYBE, "service_notice": _MAYBE, "requested_datetime": _MOMENT,
            "updated_datetime": _MOMENT, "expected_datetime": _MOMENT, "address": _MAYBE,
            "address_id": _MAYBE, "zipcode": _MAYBE, "lat": _NUMBER, "long": _NUMBER,
            "media_url": _MAYBE, "media_urls": _LIST, "non_public": _FLAG, "contact_name": _TEXT,
            "extras": {"type": "object"},
        },
        ("service_request_id", "status", "service_code", "lat", "long"),
    ),
    "RequestReceipt": (
        {"service_request_id": _TEXT, "service_notice": _MAYBE, "account_id": _MAYBE},
        ("service_request_id",),
    ),
    "Update": (
        {
            "update_id": _TEXT, "service_request_id": _TEXT, "status": _TEXT,
            "updated_datetime": _MOMENT, "description": _TEXT, "media_url": _MAYBE,
            "media_urls": _LIST, "external_status_code": _TEXT, "customer_reference": _TEXT,
            "fixmystreet_id": {"type": "integer"},
        },
        ("update_id", "service_request_id", "status", "updated_datetime", "description"),
    ),
    "UpdateReceipt": ({"update_id": _TEXT}, ("update_id",)),
    "Token": ({"service_request_id": _MAYBE, "token": _TEXT}, ("service_request_id", "token")),
    "UpdateToken": ({"update_id": _MAYBE, "token": _TEXT}, ("update_id", "token")),
    "Endpoint": (
        {
            "specification": _TEXT, "url": _TEXT, "changeset": _MOMENT, "type": _TEXT,
            "formats": _LIST,
        },
        ("specification", "url", "type", "formats"),
    ),
    "Discovery": (
        {
            "changeset": _MOMENT, "contact": _TEXT, "key_service": _TEXT,
            "endpoints": {"type": "array", "items": {"$ref": "#/components/schemas/Endpoint"}},
        },
        ("contact", "key_service", "endpoints"),
    ),
    "Error": (
        {"code": {"type": ["integer", "string"]}, "description": _TEXT},
        ("code", "description"),
    ),
}  # fmt: skip
_PHOTOS = ("photo1", "photo2", "photo3")
_FILTERS = (
    "service_request_id service_code start_date end_date updated_after updated_before status "
    "bbox lat long radius q page page_size"
)


def document(*, title: str, address: str) -> Plain:
    """The whole document; `address` is where the endpoint answers."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title}: Open311",
            "version": "2.0",
            "description": "GeoReport v2 with the update extension.",
        },
        "servers": [{"url": address}],
        "paths": dict(_paths()),
        "components": {"schemas": {name: _schema(*parts) for name, parts in _SCHEMAS.items()}},
    }


def _paths() -> Iterable[tuple[str, Plain]]:
    """Every method in both formats."""
    for kind, content_type in _FORMATS:
        for path, operations in _METHODS.items():
            made = {
                verb: _operation(path, verb, *parts, content_type=content_type)
                for verb, parts in operations.items()
            }
            yield f"/{path}.{kind}", made


Parts = tuple[str, str, bool, str, str]
#: path → verb → summary, schema, whether a list, its parameters, what a form must hold
_METHODS: dict[str, dict[str, Parts]] = {
    "discovery": {"get": ("Where the endpoint is", "Discovery", False, "", "")},
    "services": {
        "get": ("What can be reported", "Service", True, "jurisdiction_id api_key lat long", "")
    },
    "services/{service_code}": {
        "get": ("Questions of a service", "ServiceDefinition", False, "jurisdiction_id api_key", "")
    },
    "requests": {
        "get": ("Reports", "Request", True, f"jurisdiction_id api_key {_FILTERS}", ""),
        "post": (
            "Make a report", "RequestReceipt", True,
            ("jurisdiction_id lat long address_string email first_name last_name phone description "
            "media_url attribute[CODE]"),
            "api_key service_code",
        ),
    },
    "requests/{service_request_id}": {
        "get": ("One report", "Request", True, "jurisdiction_id api_key", "")
    },
    "tokens/{token}": {"get": ("The request of a token", "Token", True, "jurisdiction_id", "")},
    "update_tokens/{token}": {
        "get": ("The update of a token", "UpdateToken", True, "jurisdiction_id", "")
    },
    "servicerequestupdates": {
        "get": ("Updates", "Update", True, "jurisdiction_id api_key start_date end_date", ""),
        "post": (
            "Push a body's update", "UpdateReceipt", True,
            ("jurisdiction_id description media_url fixmystreet_id external_status_code "
            "customer_reference"),
            "api_key service_request_id update_id updated_datetime status",
        ),
    },
}  # fmt: skip


def _operation(
    path: str,
    verb: str,
    summary: str,
    schema: str,
    is_list: bool,
    names: str,
    needed: str,
    *,
    content_type: str,
) -> Plain:
    failures = "400 403 404 409 413 429 500 503" if verb == "post" else "304 400 403 404 429 500"
    operation: Plain = {
        "summary": summary,
        "responses": {
            "200": _answer(summary, schema, is_list=is_list, content_type=content_type),
            **{
                status: _answer(_SAID[status], "Error", is_list=True, content_type=content_type)
                for status in failures.split()
            },
        },
    }
    parameters = [_parameter(name, "path", _TEXT, "") for name in _in_braces(path)]
    if verb == "post":
        parameters.append(
            _parameter("Idempotency-Key", "header", _TEXT, "The same on every attempt.")
        )
        operation["requestBody"] = _body(names.split(), needed.split())
    else:
        parameters += [_parameter(name, "query", *_QUERY[name]) for name in names.split()]
    return {**operation, "parameters": parameters}


def _in_braces(path: str) -> Iterable[str]:
    return (part[1:-1] for part in path.split("/") if part.startswith("{"))


def _parameter(name: str, place: str, schema: Plain, words: str) -> Plain:
    made: Plain = {"name": name, "in": place, "schema": schema}
    if words:
        made["description"] = words
    if place == "path":
        made |= {"required": True, "schema": {"type": "string", "minLength": 1}}
    return made


def _body(names: list[str], needed: list[str]) -> Plain:
    properties = {
        name: {**_FORM[name][0], "description": _FORM[name][1]} for name in (*needed, *names)
    }
    schema = {"type": "object", "properties": properties, "required": needed}
    files = {name: {**_FORM[name][0], "description": _FORM[name][1]} for name in _PHOTOS}
    with_files = {**schema, "properties": {**properties, **files}}
    return {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {"schema": schema},
            "multipart/form-data": {"schema": with_files},
        },
    }


def _answer(words: str, schema: str, *, is_list: bool, content_type: str) -> Plain:
    if words == _SAID["304"]:
        return {"description": words}
    if content_type == "text/xml":
        return {"description": words, "content": {content_type: {}}}
    reference: Plain = {"$ref": f"#/components/schemas/{schema}"}
    shape = {"type": "array", "items": reference} if is_list else reference
    return {"description": words, "content": {content_type: {"schema": shape}}}


def _schema(properties: dict[str, Plain], required: tuple[str, ...]) -> Plain:
    return {"type": "object", "properties": properties, "required": list(required)}


def methods_to_try() -> list[Plain]:
    """The lists that a form can ask for: name, summary, fields with their words."""
    return [
        {
            "name": path,
            "summary": operations["get"][0],
            "fields": [{"name": name, "words": _QUERY[name][1]} for name in names],
        }
        for path, operations in _METHODS.items()
        if "{" not in path and (names := operations["get"][3].split())
    ]
