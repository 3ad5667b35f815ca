"""The sites of an install: one folder each with a `cobrand.toml`, found by looking; no code."""

from collections.abc import Iterable
from pathlib import Path

from waywarden.cobrands.reading import FILE, read
from waywarden.kernel.cobrand import Registry, registry

DEFAULT = "default"
HERE = Path(__file__).parent


def folders(*more: Path) -> list[Path]:
    """Every folder that is a site, the default first: those that came with us, then the install's.

    The install's own of the same name stands in for ours.
    """
    found: dict[str, Path] = {}
    for parent in (HERE, *more):
        for file in sorted(parent.glob(f"*/{FILE}")):
            found[file.parent.name] = file.parent
    return sorted(found.values(), key=lambda folder: (folder.name != DEFAULT, folder.name))


def install(into: Registry = registry, *, own: Iterable[Path] = ()) -> None:
    """Makes every cobrand known; those known already are left alone.

    `own` are the folders in which the install keeps its own. Raises Misconfigured that names the
    file and what is wrong in it.
    """
    known = {cobrand.name for cobrand in into.all()}
    for folder in folders(*own):
        if folder.name not in known:
            into.add(read(folder))
