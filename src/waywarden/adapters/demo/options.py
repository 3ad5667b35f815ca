"""The `[system]` table of a demo deployment."""

from typing import Annotated

from msgspec import Meta

from waywarden.adapters.contract import SystemOptions
from waywarden.adapters.deployment import WEB_ADDRESS
from waywarden.adapters.faults import SecretRef


class DemoOptions(SystemOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the works system is and how patient to be with it."""

    url: Annotated[str, Meta(pattern=WEB_ADDRESS, description="Where the works system answers.")]
    token: Annotated[
        SecretRef | None, Meta(description="The token that the works system wants, if any.")
    ] = None
    allow_private: Annotated[
        tuple[str, ...],
        Meta(description="Hosts or networks that may be called although they are private."),
    ] = ()
    connect_seconds: Annotated[
        float, Meta(gt=0, le=60, description="How long connecting may take.")
    ] = 5.0
    read_seconds: Annotated[
        float, Meta(gt=0, le=300, description="How long an answer may take.")
    ] = 20.0
