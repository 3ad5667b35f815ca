"""The tables of a deployment file that tell who is alarmed."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from waywarden.adapters.faults import SecretRef


class MailTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alarms by mail."""

    to: Annotated[tuple[str, ...], Meta(min_length=1, description="Who gets them.")]
    sender: Annotated[str, Meta(min_length=3, description="The address that they come from.")]
    host: Annotated[str, Meta(min_length=1, description="The mail server.")]
    port: Annotated[int, Meta(ge=1, le=65535, description="Its port.")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="How the connection is kept secret.")
    ] = "starttls"
    user: Annotated[str, Meta(description="The user, where it wants one.")] = ""
    password: Annotated[SecretRef | None, Meta(description="The user's password.")] = None


class WebhookTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alarms as JSON to an address: `text`, `jurisdiction`, `is_well`, `troubles`."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/]+", description="Where they are posted to.")]
    secret: Annotated[
        SecretRef | None, Meta(description="What stands in the header `Authorization`, if any.")
    ] = None
    allow_private: Annotated[
        tuple[str, ...],
        Meta(description="Hosts or networks that may be called although they are private."),
    ] = ()


class AlarmsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told once when something needs a person, and once when it is mended."""

    mail: MailTable | None = None
    webhook: WebhookTable | None = None
