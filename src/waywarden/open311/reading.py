"""From plain rows to the protocol's values, one reader for each type. Never raises."""

import re

from waywarden.open311 import statuses, types
from waywarden.open311.extensions import extras_of
from waywarden.open311.rows import Row, leaves_of

DATATYPES = frozenset({"string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"})
SERVICE_TYPES = frozenset({"realtime", "batch", "blackbox"})
AUTOMATED = frozenset({"server_set", "hidden_field"})

_REQUEST_TEXTS = (
    "service_request_id",
    "status_notes",
    "service_name",
    "service_code",
    "description",
    "agency_responsible",
    "service_notice",
    "address",
    "address_id",
    "zipcode",
    "title",
    "contact_name",
    "contact_email",
)
_REQUEST_DATES = ("requested_datetime", "updated_datetime", "expected_datetime")
_REQUEST_FIELDS = frozenset(
    {*_REQUEST_TEXTS, *_REQUEST_DATES, "status", "lat", "long", "media_url", "media_urls"}
    | {"non_public", "token", "extras"}
)
_UPDATE_TEXTS = (
    "update_id",
    "service_request_id",
    "description",
    "external_status_code",
    "customer_reference",
)
_UPDATE_FIELDS = frozenset(
    {*_UPDATE_TEXTS, "status", "updated_datetime", "media_url", "media_urls"}
    | {"fixmystreet_id", "extras"}
)


def discovery_of(row: Row) -> types.Discovery:
    """The discovery document."""
    return types.Discovery(
        changeset=row.date("changeset"),
        contact=row.text("contact"),
        key_service=row.text("key_service"),
        endpoints=tuple(_endpoint_of(inner) for inner in row.rows("endpoints", "endpoint")),
    )


def _endpoint_of(row: Row) -> types.Endpoint:
    return types.Endpoint(
        specification=row.text("specification"),
        url=row.text("url"),
        changeset=row.date("changeset"),
        type=_one_of(row, "type", frozenset({"production", "test"}), "production"),
        formats=tuple(
            leaf.strip().lower()
            for leaf in leaves_of(row.items("formats", "format"))
            if leaf.strip()
        ),
    )


def _one_of(row: Row, name: str, words: frozenset[str], default: str) -> str:
    word = row.text(name).lower()
    if word in words:
        return word
    if word:
        row.note(f"unknown-{name}", f"`{name}` {word[:40]!r} was read as {default!r}.", name)
    return default


def service_of(row: Row) -> types.Service | None:
    """One service; None (noted) when it has no code."""
    code = row.text("service_code")
    if not code:
        row.note("row-without-id", "A service without `service_code` was left out.")
        return None
    groups = tuple(_texts(row, "groups", "group"))
    listed = _texts(row, "group", "group")
    if len(listed) > 1 and not groups:
        groups, listed = tuple(listed), []
    return types.Service(
        service_code=code,
        service_name=row.text("service_name") or code,
        description=row.text("description"),
        metadata=row.flag("metadata", default=False),
        type=_one_of(row, "type", SERVICE_TYPES, "realtime"),
        keywords=_keywords_of(row),
        group=listed[0] if listed else "",
        groups=groups,
    )


def _texts(row: Row, name: str, singular: str) -> list[str]:
    return [leaf.strip() for leaf in leaves_of(row.items(name, singular)) if leaf.strip()]


def _keywords_of(row: Row) -> tuple[str, ...]:
    text = ",".join(leaves_of(row.items("keywords", "keyword")))
    if ";" in text:
        row.note("keywords-semicolon", "Keywords must be separated by commas.", "keywords")
    return tuple(word.strip() for word in re.split("[,;]", text) if word.strip())


def definition_of(row: Row, service_code: str) -> types.ServiceDefinition:
    """A service definition; `service_code` is the code it was asked for."""
    if "attributes" not in row.plain and "attribute" in row.plain:
        row.note("attributes-unwrapped", "`attribute` must stand inside `attributes`.")
        listed = row.rows("attribute", "attribute")
    else:
        listed = row.rows("attributes", "attribute")
    found = [_attribute_of(inner, order) for order, inner in enumerate(listed, 1)]
    return types.ServiceDefinition(
        service_code=row.text("service_code") or service_code,
        attributes=tuple(attribute for attribute in found if attribute),
    )


def _attribute_of(row: Row, position: int) -> types.Attribute | None:
    code, variable = row.text("code"), row.flag("variable", default=True)
    if not code and variable:
        row.note("row-without-id", "A question without `code` was left out.")
        return None
    values = (_value_of(inner) for inner in row.rows("values", "value"))
    automated = row.text("automated").lower()
    if automated and automated not in AUTOMATED:
        row.note("unknown-automated", "`automated` was not understood and left out.", "automated")
        automated = ""
    return types.Attribute(
        code=code,
        variable=variable,
        datatype=_one_of(row, "datatype", DATATYPES, "string"),
        required=row.flag("required", default=False),
        datatype_description=row.text("datatype_description"),
        order=_order_of(row, position),
        description=row.text("description"),
        values=tuple(value for value in values if value),
        automated=automated,
    )


def _order_of(row: Row, position: int) -> int:
    text = row.text("order")
    if not text:
        return position
    if text.isascii() and text.lstrip("-").isdigit() and len(text) < 10:
        return int(text)
    row.note("not-a-number", "`order` must be a whole number.", "order")
    return position


def _value_of(row: Row) -> types.AttributeValue | None:
    key, name = row.text("key"), row.text("name")
    if not key and not name:
        row.note("row-without-id", "A choice without `key` and `name` was left out.")
        return None
    if not key:
        row.note("choice-without-key", "A choice must have a `key`; its name was taken.")
    return types.AttributeValue(
        key=key or name, name=name or key, disable_message=row.text("disable_message")
    )


def request_of(row: Row) -> types.ServiceRequest | None:
    """One request; None (noted) when it has no id yet."""
    if not row.text("service_request_id"):
        has_token = bool(row.text("token"))
        row.note(
            "row-with-token-only" if has_token else "row-without-id",
            "A request without `service_request_id` was left out.",
        )
        return None
    lat, long = row.place()
    return types.ServiceRequest(
        **row.texts(_REQUEST_TEXTS),  # type: ignore[arg-type] # all text
        **{name: row.date(name) for name in _REQUEST_DATES},  # type: ignore[arg-type] # all dates
        status=_status_of(row) or "open",
        lat=lat,
        long=long,
        media_urls=row.media_urls(),
        non_public=row.flag("non_public", default=False),
        extras=extras_of(row, _REQUEST_FIELDS),
    )


def _status_of(row: Row) -> str:
    word = statuses.folded(row.text("status"))
    if not word:
        row.note("status-missing", "`status` is required.", "status")
    elif not statuses.is_known(word):
        row.note("status-unknown", f"The status {word[:40]!r} is not in the protocol.", "status")
    return word


def update_of(row: Row) -> types.ServiceRequestUpdate:
    """One update. Missing ids stay "": who takes it in knows what to do."""
    for name in ("update_id", "service_request_id"):
        if not row.text(name):
            row.note(f"{name.replace('_', '-')}-missing", f"`{name}` is required.", name)
    return types.ServiceRequestUpdate(
        **{name: row.text(name) for name in _UPDATE_TEXTS},
        status=_status_of(row),
        updated_datetime=row.date("updated_datetime"),
        media_urls=row.media_urls(),
        fixmystreet_id=row.whole_number("fixmystreet_id"),
        extras=extras_of(row, _UPDATE_FIELDS),
    )


def receipt_of(row: Row) -> types.Receipt:
    """The answer to a new request; id and token "" when it holds neither."""
    number, token = _id_or_token(row, "service_request_id")
    return types.Receipt(
        service_request_id=number,
        token=token,
        service_notice=row.text("service_notice"),
        account_id=row.text("account_id"),
    )


def update_receipt_of(row: Row) -> types.UpdateReceipt:
    """The answer to a new update; id and token "" when it holds neither."""
    number, token = _id_or_token(row, "update_id")
    return types.UpdateReceipt(update_id=number, token=token, account_id=row.text("account_id"))


def _id_or_token(row: Row, name: str) -> tuple[str, str]:
    number, token = row.text(name), row.text("token")
    if number and token:
        row.note("id-and-token", f"Answer with `{name}` or `token`, not both.")
        token = ""
    return number, token


def error_of(row: Row) -> types.ErrorItem:
    """One error, in any of the forms seen."""
    texts = [row.text(name) for name in ("description", "message", "error")]
    detail = row.plain.get("detail")
    if isinstance(detail, dict):
        texts += [f"{key}: {', '.join(leaves_of(value))}" for key, value in detail.items()]
    elif detail is not None:
        texts += leaves_of(detail)
    return types.ErrorItem(code=row.text("code"), description=". ".join(t for t in texts if t))
