"""The `[system]` table of a `multi` deployment: the systems behind one jurisdiction."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from waywarden.adapters.contract import SystemOptions
from waywarden.adapters.deployment import Deployment
from waywarden.adapters.faults import Complaint, unknown

SEPARATOR = "-"


class MultiOptions(SystemOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several systems: codes and ids go out with a child's name before them."""

    children: Annotated[
        dict[str, str],
        Meta(
            min_length=1,
            description="A name to a deployment file, seen from this one: `east/roads.toml`.",
        ),
    ]
    bare: Annotated[
        str,
        Meta(
            description="The child whose codes and ids stay as they are, such as the one there "
            "was before the others."
        ),
    ] = ""


def faults(_deployment: Deployment, options: MultiOptions) -> Iterator[Complaint]:
    """What no single field can tell."""
    for name, path in options.children.items():
        if not (name.isascii() and name.isalnum()):
            yield f"system.children.{name}", "a child's name is of letters and digits"
        if len(Path(path).parts) < 2:
            message = "put it into a folder of its own; here it would be served by itself too"
            yield f"system.children.{name}", message
    if options.bare and options.bare not in options.children:
        yield "system.bare", unknown(options.bare, options.children, "a child")


def children(path: Path, options: MultiOptions) -> Mapping[str, Path]:
    """Name → file."""
    return {name: path.parent / child for name, child in options.children.items()}
