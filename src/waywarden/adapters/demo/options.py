"""The `[system]` table of a demo deployment."""

from typing import Annotated

from msgspec import Meta

from waywarden.adapters.calling import HttpOptions
from waywarden.adapters.deployment import WEB_ADDRESS
from waywarden.adapters.faults import SecretRef


class DemoOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the works system is and how patient to be with it."""

    url: Annotated[str, Meta(pattern=WEB_ADDRESS, description="Where the works system answers.")]
    token: Annotated[
        SecretRef | None, Meta(description="The token that the works system wants, if any.")
    ] = None
