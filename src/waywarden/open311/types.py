"""Every document of GeoReport v2 and of the update extension, as frozen values (open311.md 2).

Text that is absent, empty or null is "". A date that is absent or impossible is None.
Dates are aware. Latitude and longitude are WGS84 degrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing the tolerant reader forgave."""

    code: str
    """A stable name, such as `date-without-zone`."""
    message: str
    """A plain sentence for the body's IT team."""
    where: str = ""
    """The place in the document, such as `request[3].requested_datetime`."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a discovery document."""

    specification: str
    url: str
    changeset: datetime | None = None
    type: str = "production"
    """`production` or `test`."""
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """GET discovery."""

    changeset: datetime | None = None
    contact: str = ""
    key_service: str = ""
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """One row of GET services."""

    service_code: str
    service_name: str
    description: str = ""
    metadata: bool = False
    type: str = "realtime"
    """`realtime` id at once, `batch` token first, `blackbox` never an id."""
    keywords: tuple[str, ...] = ()
    group: str = ""
    groups: tuple[str, ...] = ()
    """Extension: several headings; empty when the server sent only `group`."""


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """One choice of a list question."""

    key: str
    name: str
    disable_message: str = ""
    """Extension: choosing this stops the report and shows the text."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One question of a service definition; with `variable` false a notice to show."""

    code: str
    variable: bool = True
    datatype: str = "string"
    """`string`, `number`, `datetime`, `text`, `singlevaluelist` or `multivaluelist`."""
    required: bool = False
    datatype_description: str = ""
    order: int = 0
    description: str = ""
    values: tuple[AttributeValue, ...] = ()
    automated: str = ""
    """Extension: "", `server_set` (the sender fills it) or `hidden_field` (the page's script)."""


@dataclass(frozen=True, slots=True)
class ServiceDefinition:
    """GET services/CODE."""

    service_code: str
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """One row of GET requests."""

    service_request_id: str
    status: str = "open"
    """As it came, with case folded to lower and `-` and space to `_`."""
    status_notes: str = ""
    service_name: str = ""
    service_code: str = ""
    description: str = ""
    agency_responsible: str = ""
    service_notice: str = ""
    requested_datetime: datetime | None = None
    updated_datetime: datetime | None = None
    expected_datetime: datetime | None = None
    address: str = ""
    address_id: str = ""
    zipcode: str = ""
    lat: float | None = None
    long: float | None = None
    media_urls: tuple[str, ...] = ()
    title: str = ""
    non_public: bool = False
    contact_name: str = ""
    contact_email: str = ""
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceRequestUpdate:
    """One row of GET servicerequestupdates (extension)."""

    update_id: str
    service_request_id: str
    status: str
    """As it came, with case folded to lower and `-` and space to `_`; "" when absent."""
    updated_datetime: datetime | None = None
    description: str = ""
    media_urls: tuple[str, ...] = ()
    external_status_code: str = ""
    customer_reference: str = ""
    fixmystreet_id: int | None = None
    extras: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that travels as a multipart part (extension)."""

    name: str
    """The part's name, `photo1`, `photo2`, …"""
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NewRequest:
    """POST requests: what is asked."""

    service_code: str
    lat: float | None = None
    long: float | None = None
    address_string: str = ""
    address_id: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Code → one value, or several for a multivaluelist."""
    email: str = ""
    device_id: str = ""
    account_id: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    description: str = ""
    media_urls: tuple[str, ...] = ()
    uploads: tuple[Upload, ...] = ()
    idempotency_key: str = ""
    """Travels as the header `Idempotency-Key`."""


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """POST servicerequestupdates: what is asked."""

    service_request_id: str
    update_id: str
    status: str
    """Upper case, as the extension writes it here."""
    updated_datetime: datetime
    description: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    account_id: str = ""
    service_code: str = ""
    media_urls: tuple[str, ...] = ()
    uploads: tuple[Upload, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    idempotency_key: str = ""
    external_status_code: str = ""
    customer_reference: str = ""
    fixmystreet_id: int | None = None
    """The receiver's own number, where the sender's may not be known there yet."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to POST requests: exactly one of id and token."""

    service_request_id: str = ""
    token: str = ""
    service_notice: str = ""
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class UpdateReceipt:
    """The answer to POST servicerequestupdates: exactly one of id and token."""

    update_id: str = ""
    token: str = ""
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """GET tokens/TOKEN and GET update_tokens/TOKEN; the id is "" while it is not ready."""

    token: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class ErrorItem:
    """One error of an errors document."""

    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between two meridians and two parallels, in degrees; `west` > `east` crosses 180°."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Near:
    """Within `radius` metres of a place."""

    lat: float
    long: float
    radius: float


@dataclass(frozen=True, slots=True)
class RequestQuery:
    """The filters of GET requests; ids override the others."""

    service_request_ids: tuple[str, ...] = ()
    service_codes: tuple[str, ...] = ()
    start_date: datetime | None = None
    end_date: datetime | None = None
    statuses: tuple[str, ...] = ()
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    bounds: Bounds | None = None
    near: Near | None = None
    words: str = ""
    """Words that the report must hold (`q`)."""
    page: int = 1
    page_size: int | None = None
    """Rows of one page, at most 1,000; None where the caller did not say."""


@dataclass(frozen=True, slots=True)
class UpdateQuery:
    """The filters of GET servicerequestupdates."""

    start_date: datetime | None = None
    end_date: datetime | None = None
