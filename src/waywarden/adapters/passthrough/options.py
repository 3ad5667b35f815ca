"""The `[system]` table of a `passthrough` deployment: the body's own server and its oddities."""

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from waywarden.adapters.calling import HttpOptions
from waywarden.adapters.deployment import WEB_ADDRESS, Deployment
from waywarden.adapters.faults import Complaint, SecretRef


class PassthroughOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body's own Open311 server. Dates without a zone are in the deployment's."""

    url: Annotated[
        str, Meta(pattern=WEB_ADDRESS, description="Its base address, without `/requests.xml`.")
    ]
    jurisdiction: Annotated[
        str, Meta(description="The `jurisdiction_id` that it wants, if any.")
    ] = ""
    api_key: Annotated[SecretRef | None, Meta(description="The key that it wants.")] = None
    key_on_get: Annotated[bool, Meta(description="Whether it wants the key for reading too.")] = (
        False
    )
    format: Annotated[Literal["xml", "json"], Meta(description="The format it is asked in.")] = (
        "xml"
    )
    attribute_style: Annotated[
        Literal["repeat", "brackets"],
        Meta(description="How it takes several answers: the parameter repeated, or with `[]`."),
    ] = "repeat"
    passes_our_attributes: Annotated[
        bool,
        Meta(description="Whether it takes what the sender fills in, `fixmystreet_id` and others."),
    ] = True
    updates: Annotated[
        Literal["theirs", "from_requests"],
        Meta(description="Its own list of updates, or where it has none, seen in its requests."),
    ] = "theirs"
    watched_days: Annotated[
        int, Meta(ge=1, le=90, description="How old requests may be that are watched for changes.")
    ] = 90
    takes_updates: Annotated[bool, Meta(description="Whether it takes what people add.")] = True
    lists_what_it_takes: Annotated[
        bool,
        Meta(
            description="Whether its list of updates holds what people add too: what is not in it "
            "after a lost answer is then sent again."
        ),
    ] = False
    headers: Annotated[dict[str, str], Meta(description="Further headers of every call.")] = {}


def faults(_deployment: Deployment, options: PassthroughOptions) -> Iterator[Complaint]:
    """What no single field can tell."""
    if options.url.endswith((".xml", ".json")):
        yield "system.url", "this must be the base address, without a method and its format"
