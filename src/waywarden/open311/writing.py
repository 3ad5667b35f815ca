"""Values out, strictly: what is written here validates against GeoReport v2 and the extension.

`write_*` gives the document as text pieces; lists are streamed. `kind` is `xml` or `json`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from waywarden.open311 import codec_json, codec_xml, types
from waywarden.open311.dates import write_date

Pieces = Iterator[str]


def write_services(rows: Iterable[types.Service], kind: str) -> Pieces:
    """GET services."""
    return _list("services", map(_service, rows), kind)


def write_definition(definition: types.ServiceDefinition, kind: str) -> Pieces:
    """GET services/CODE."""
    plain = {
        "service_code": definition.service_code,
        "attributes": [_attribute(attribute) for attribute in definition.attributes],
    }
    return _object("service_definition", plain, kind)


def write_discovery(discovery: types.Discovery, kind: str) -> Pieces:
    """GET discovery."""
    plain = {
        "changeset": write_date(discovery.changeset),
        "contact": discovery.contact,
        "key_service": discovery.key_service,
        "endpoints": [_endpoint(endpoint) for endpoint in discovery.endpoints],
    }
    return _object("discovery", plain, kind)


def write_requests(rows: Iterable[types.ServiceRequest], kind: str) -> Pieces:
    """GET requests."""
    return _list("service_requests", map(_request, rows), kind)


def write_updates(rows: Iterable[types.ServiceRequestUpdate], kind: str) -> Pieces:
    """GET servicerequestupdates."""
    return _list("service_request_updates", map(_update, rows), kind)


def write_receipt(receipt: types.Receipt, kind: str) -> Pieces:
    """The answer to POST requests."""
    plain = _id_or_token("service_request_id", receipt.service_request_id, receipt.token)
    plain["service_notice"] = receipt.service_notice or None
    plain["account_id"] = receipt.account_id or None
    return _list("service_requests", [plain], kind)


def write_update_receipt(receipt: types.UpdateReceipt, kind: str) -> Pieces:
    """The answer to POST servicerequestupdates."""
    plain = _id_or_token("update_id", receipt.update_id, receipt.token)
    if receipt.account_id:
        plain["account_id"] = receipt.account_id
    return _list("service_request_updates", [plain], kind)


def write_token(answer: types.TokenAnswer, kind: str) -> Pieces:
    """GET tokens/TOKEN."""
    plain = {"service_request_id": answer.id or None, "token": answer.token}
    return _list("service_requests", [plain], kind)


def write_update_token(answer: types.TokenAnswer, kind: str) -> Pieces:
    """GET update_tokens/TOKEN."""
    plain = {"update_id": answer.id or None, "token": answer.token}
    return _list("service_request_updates", [plain], kind)


def write_errors(items: Iterable[types.ErrorItem], kind: str) -> Pieces:
    """An errors document; a code of digits is a number in JSON, as in the specification."""
    rows = [
        {
            "code": int(item.code) if item.code.isascii() and item.code.isdigit() else item.code,
            "description": item.description,
        }
        for item in items
    ]
    return _list("errors", rows, kind)


def _list(root: str, rows: Iterable[dict[str, Any]], kind: str) -> Pieces:
    return codec_json.write_list(rows) if kind == "json" else codec_xml.write_list(root, rows)


def _object(root: str, row: dict[str, Any], kind: str) -> Pieces:
    if kind == "json":
        yield codec_json.write_object(row)
    else:
        yield codec_xml.write_object(root, row)


def _id_or_token(name: str, number: str, token: str) -> dict[str, Any]:
    return {name: number} if number else {"token": token}


def _service(service: types.Service) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "service_code": service.service_code,
        "service_name": service.service_name,
        "description": service.description or None,
        "metadata": service.metadata,
        "type": service.type,
        "keywords": ",".join(service.keywords),
        "group": service.group or (service.groups[0] if service.groups else None),
    }
    if service.groups:
        plain["groups"] = list(service.groups)
    return plain


def _attribute(attribute: types.Attribute) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "variable": attribute.variable,
        "code": attribute.code,
        "datatype": attribute.datatype,
        "required": attribute.required,
        "datatype_description": attribute.datatype_description or None,
        "order": attribute.order,
        "description": attribute.description or None,
    }
    if attribute.automated:
        plain["automated"] = attribute.automated
    if attribute.values or attribute.datatype.endswith("list"):
        plain["values"] = [_value(value) for value in attribute.values]
    return plain


def _value(value: types.AttributeValue) -> dict[str, Any]:
    plain = {"key": value.key, "name": value.name}
    if value.disable_message:
        plain["disable_message"] = value.disable_message
    return plain


def _endpoint(endpoint: types.Endpoint) -> dict[str, Any]:
    return {
        "specification": endpoint.specification,
        "url": endpoint.url,
        "changeset": write_date(endpoint.changeset),
        "type": endpoint.type,
        "formats": list(endpoint.formats),
    }


def _request(request: types.ServiceRequest) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "service_request_id": request.service_request_id,
        "status": request.status.lower(),
        "status_notes": request.status_notes or None,
        "service_name": request.service_name or None,
        "service_code": request.service_code,
        "description": request.description or None,
        "agency_responsible": request.agency_responsible or None,
        "service_notice": request.service_notice or None,
        "requested_datetime": write_date(request.requested_datetime),
        "updated_datetime": write_date(request.updated_datetime),
        "expected_datetime": write_date(request.expected_datetime),
        "address": request.address or None,
        "address_id": request.address_id or None,
        "zipcode": request.zipcode or None,
        "lat": request.lat,
        "long": request.long,
        "media_url": request.media_urls[0] if request.media_urls else None,
    }
    for name in ("title", "contact_name", "contact_email"):
        if text := getattr(request, name):
            plain[name] = text
    if request.non_public:
        plain["non_public"] = True
    return _with_more(plain, request.media_urls, request.extras)


def _update(update: types.ServiceRequestUpdate) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "update_id": update.update_id,
        "service_request_id": update.service_request_id,
        "status": update.status.upper() or "UNCHANGED",
        "updated_datetime": write_date(update.updated_datetime),
        "description": update.description,
        "media_url": update.media_urls[0] if update.media_urls else None,
    }
    for name in ("external_status_code", "customer_reference"):
        if text := getattr(update, name):
            plain[name] = text
    if update.fixmystreet_id is not None:
        plain["fixmystreet_id"] = update.fixmystreet_id
    return _with_more(plain, update.media_urls, update.extras)


def _with_more(plain: dict[str, Any], media: tuple[str, ...], extras: Any) -> dict[str, Any]:
    """The second and later photos, and what travels beyond the specification."""
    if media[1:]:
        plain["media_urls"] = list(media[1:])
    if extras:
        plain["extras"] = dict(extras)
    return plain
