"""The options of e-mail as a send method."""

from typing import Annotated

from msgspec import Meta

from waywarden.kernel.options import Options


class EmailOptions(Options, frozen=True, kw_only=True):
    """What can be chosen about e-mail."""

    attaches_photos: Annotated[
        bool,
        Meta(
            title="Attach photos",
            description="Photos travel in the mail, besides being linked. Photos of private"
            " reports are always attached, and never linked.",
        ),
    ] = False
    extra_recipients: Annotated[
        tuple[str, ...],
        Meta(
            title="Always also to",
            description="E-mail addresses that get every mail, besides the category's own.",
        ),
    ] = ()
