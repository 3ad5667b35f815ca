"""What people are told who would report to a body that takes no reports this way."""

from typing import Annotated

from msgspec import Meta

from waywarden.kernel.options import Options


class RefuseOptions(Options, frozen=True, kw_only=True):
    """The words of a body that refuses."""

    reason: Annotated[
        str,
        Meta(
            title="What people are told",
            description="Why reports are not taken here, and where they are: shown before anybody"
            " writes one.",
            max_length=1000,
        ),
    ] = ""
