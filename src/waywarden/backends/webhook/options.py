"""The options of the webhook: its form in the admin, its section in files."""

from typing import Annotated, Literal

from msgspec import Meta

from waywarden.backends.way_options import ADDRESS, ADDRESS_OR_NONE, WayOptions, WaySecrets


class WebhookSecrets(WaySecrets, frozen=True, kw_only=True):
    """What only the receiver and we know."""

    signing_key: Annotated[
        str,
        Meta(
            title="Signing key",
            description="Each call is signed with it as Standard Webhooks says (HMAC of id, time"
            " and body); begins with whsec_ and goes on in base64.",
            pattern=r"^(whsec_[A-Za-z0-9+/=]+)?$",
        ),
    ] = ""


class WebhookOptions(WayOptions, frozen=True, kw_only=True):
    """Where to post, and what the answer means."""

    address: Annotated[
        str,
        Meta(
            title="Address for reports",
            description="Each report is posted there as JSON.",
            pattern=ADDRESS,
        ),
    ]
    update_address: Annotated[
        str,
        Meta(
            title="Address for updates",
            description="Each update is posted there; without one, to the address for reports.",
            pattern=ADDRESS_OR_NONE,
        ),
    ] = ""
    id_path: Annotated[
        str,
        Meta(
            title="Where the number stands",
            description="A JMESPath into the JSON of the answer, such as id or data.case.number.",
        ),
    ] = "id"
    needs_id: Annotated[
        bool,
        Meta(
            title="An answer needs a number",
            description="On: an answer without one is not believed, as it may come from a proxy.",
        ),
    ] = True
    photos: Annotated[
        Literal["links", "files"],
        Meta(
            title="Photos",
            description="As links, or in the JSON as base64. Photos of private reports always"
            " travel themselves.",
        ),
    ] = "links"
