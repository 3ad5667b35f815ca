"""Loads templates: a site's own where it has one, else the rooms' (settings.TEMPLATES)."""

from pathlib import Path

from django.template import Origin
from django.template.loaders import cached, filesystem

from waywarden.ui.current import current_cobrand


class CobrandLoader(filesystem.Loader):
    """Finds a template in the folder of the site at hand."""

    def get_dirs(self) -> list[Path]:  # type: ignore[override]  # a Path is as good as a str
        """The one folder to look in."""
        return [current_cobrand().templates]


class CachedLoader(cached.Loader):
    """Keeps parsed templates, each site's apart."""

    def cache_key(self, template_name: str, skip: list[Origin] | None = None) -> str:
        """The key of a template at this site."""
        return f"{current_cobrand().name}:{super().cache_key(template_name, skip)}"
