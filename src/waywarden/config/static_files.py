"""How gathered static files are kept: named by their content, compressed, served for ever."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


def without_source_maps(patterns: Any) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """Django's patterns of addresses within files, but for those of source maps.

    Libraries name maps that they do not ship; gathering would stop at each.
    """
    return tuple(
        (extension, tuple(one for one in listed if "sourceMappingURL" not in str(one)))
        for extension, listed in patterns
    )


class CollectedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Whitenoise's, which does not ask for source maps."""

    patterns = without_source_maps(CompressedManifestStaticFilesStorage.patterns)
