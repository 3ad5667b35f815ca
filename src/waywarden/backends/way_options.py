"""Options that every back-end over HTTP shares: the way out, and how it lets us in."""

from typing import Annotated

from msgspec import Meta

from waywarden.kernel.options import Options, Secrets

#: A web address without a login in it, which would be shown to whoever sees the options.
ADDRESS = r"^https?://[^/?#@\s]+([/?#]\S*)?$"
ADDRESS_OR_NONE = r"^(https?://[^/?#@\s]+([/?#]\S*)?)?$"


class WayOptions(Options, frozen=True, kw_only=True):
    """How calls leave us."""

    login: Annotated[
        str,
        Meta(
            title="User name (basic)",
            description="For systems behind HTTP basic authentication; the password is a secret.",
        ),
    ] = ""
    token_address: Annotated[
        str,
        Meta(
            title="Token address (OAuth)",
            description="Where a token is asked for by client credentials; it goes with every"
            " call as a bearer.",
            pattern=ADDRESS_OR_NONE,
        ),
    ] = ""
    client_id: Annotated[
        str,
        Meta(title="Client id (OAuth)", description="By which the token address knows us."),
    ] = ""
    scope: Annotated[
        str, Meta(title="Scope (OAuth)", description="What the token is asked for, if anything.")
    ] = ""
    headers: Annotated[
        dict[str, str],
        Meta(
            title="Extra headers",
            description="Go with every call. What must stay secret goes into the secret header.",
        ),
    ] = {}
    proxy: Annotated[
        str,
        Meta(
            title="Way out through a proxy",
            description="Such as http://proxy.example.org:3128; for a body that opens its port to"
            " one address only. A login for it is a secret.",
            pattern=r"^(https?://[^@\s]+)?$",
        ),
    ] = ""
    client_certificate: Annotated[
        str,
        Meta(
            title="Client certificate",
            description="A PEM file on this server that holds the certificate and its key.",
        ),
    ] = ""
    timeout_seconds: Annotated[
        int,
        Meta(
            title="Time-out (seconds)",
            description="How long we wait for an answer.",
            ge=1,
            le=600,
        ),
    ] = 60


class WaySecrets(Secrets, frozen=True, kw_only=True):
    """The secrets of the way out."""

    password: Annotated[
        str, Meta(title="Password (basic)", description="Goes with the user name.")
    ] = ""
    client_secret: Annotated[
        str, Meta(title="Client secret (OAuth)", description="Goes with the client id.")
    ] = ""
    secret_header: Annotated[
        str,
        Meta(
            title="Secret header",
            description="One header that lets us in, as “Name: value”.",
            pattern=r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+:.*)?$",
        ),
    ] = ""
    proxy_login: Annotated[
        str, Meta(title="Login for the proxy", description="As “user:password”.")
    ] = ""


def way_names() -> frozenset[str]:
    """The names of the options that every back-end over HTTP shares."""
    return frozenset(WayOptions.__struct_fields__)
