"""Values of every type of the protocol, as hypothesis draws them."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from waywarden.open311 import types
from waywarden.open311.encodings import without_unreadable
from waywarden.open311.reading import DATATYPES


def _tidy(text: str) -> str:
    return without_unreadable(text).replace("\r", "\n").strip()


text = st.text(max_size=40).map(_tidy)
some = text.filter(bool)
word = some.map(lambda value: value.replace(",", "").replace(";", "").strip()).filter(bool)
code = st.text("abcXYZ019-/ .:&<>é_", min_size=1, max_size=12).map(str.strip).filter(bool)
moment = st.datetimes(datetime(1900, 1, 2), datetime(9998, 1, 1)).map(  # noqa: DTZ001 - made aware here
    lambda value: value.replace(microsecond=0, tzinfo=UTC)
)
url = st.from_regex(r"https?://[a-z]{1,9}\.org/[a-z0-9]{0,9}(\?a=1&b=2)?", fullmatch=True)
urls = st.lists(url, max_size=3, unique=True).map(tuple)
extras = st.dictionaries(st.from_regex(r"x_[a-z][a-z_]{0,8}", fullmatch=True), some, max_size=3)
statuses = st.sampled_from(["open", "closed", "in_progress", "no_further_action", "strange_one"])

groups = st.lists(some, max_size=3).map(tuple)
services = st.builds(
    types.Service,
    service_code=code,
    service_name=some,
    description=text,
    metadata=st.booleans(),
    type=st.sampled_from(["realtime", "batch", "blackbox"]),
    keywords=st.lists(word, max_size=3).map(tuple),
    group=text,
    groups=groups,
).map(
    # A client that knows no groups is given the first one.
    lambda s: (
        s if s.group or not s.groups else types.Service(**{**_fields(s), "group": s.groups[0]})
    )
)


def _fields(value) -> dict:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


values = st.builds(types.AttributeValue, key=code, name=some, disable_message=text)
attributes = st.builds(
    types.Attribute,
    code=code,
    variable=st.booleans(),
    datatype=st.sampled_from(sorted(DATATYPES)),
    required=st.booleans(),
    datatype_description=text,
    order=st.integers(1, 1000),
    description=text,
    values=st.lists(values, max_size=3).map(tuple),
    automated=st.sampled_from(["", "server_set", "hidden_field"]),
)
definitions = st.builds(
    types.ServiceDefinition,
    service_code=code,
    attributes=st.lists(attributes, max_size=3).map(tuple),
)
discoveries = st.builds(
    types.Discovery,
    changeset=moment,
    contact=text,
    key_service=text,
    endpoints=st.lists(
        st.builds(
            types.Endpoint,
            specification=url,
            url=url,
            changeset=st.none() | moment,
            type=st.sampled_from(["production", "test"]),
            formats=st.sampled_from([(), ("text/xml",), ("text/xml", "application/json")]),
        ),
        max_size=2,
    ).map(tuple),
)
places = st.one_of(
    st.just((None, None)),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
)
requests = st.builds(
    lambda place, **fields: types.ServiceRequest(lat=place[0], long=place[1], **fields),
    place=places,
    service_request_id=code,
    status=statuses,
    status_notes=text,
    service_name=text,
    service_code=code,
    description=text,
    agency_responsible=text,
    service_notice=text,
    requested_datetime=st.none() | moment,
    updated_datetime=st.none() | moment,
    expected_datetime=st.none() | moment,
    address=text,
    address_id=text,
    zipcode=text,
    media_urls=urls,
    title=text,
    non_public=st.booleans(),
    contact_name=text,
    contact_email=text,
    extras=extras,
)
updates = st.builds(
    types.ServiceRequestUpdate,
    update_id=code,
    service_request_id=code,
    status=statuses,
    updated_datetime=st.none() | moment,
    description=text,
    media_urls=urls,
    external_status_code=text,
    customer_reference=text,
    fixmystreet_id=st.none() | st.integers(1, 10**17),
    extras=extras,
)
receipts = st.one_of(
    st.builds(types.Receipt, service_request_id=code, service_notice=text, account_id=text),
    st.builds(types.Receipt, token=code, service_notice=text),
)
update_receipts = st.one_of(
    st.builds(types.UpdateReceipt, update_id=code, account_id=text),
    st.builds(types.UpdateReceipt, token=code),
)
errors = st.builds(types.ErrorItem, code=st.integers(100, 599).map(str) | word, description=some)
answers = st.dictionaries(
    st.text("abcXYZ01-/ .é_", min_size=1, max_size=9),
    st.lists(some, min_size=1, max_size=3).map(tuple),
    max_size=3,
)
