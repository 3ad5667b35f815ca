"""The sites of an install: one folder each, found by looking; a new one is a copied folder."""

import importlib
import pkgutil

from waywarden.kernel.cobrand import Registry, registry

DEFAULT = "default"


def install(into: Registry = registry) -> None:
    """Makes every cobrand known, the default first; those known already are left alone."""
    names = [found.name for found in pkgutil.iter_modules(__path__) if found.ispkg]
    known = {cobrand.name for cobrand in into.all()}
    for name in sorted(set(names) - {"tests"}, key=lambda name: (name != DEFAULT, name)):
        if name not in known:
            into.add(importlib.import_module(f"{__name__}.{name}.cobrand").COBRAND)
