"""Pages of a list and copies that are still good: `Link`, `ETag`, 304 (open311.md 2.6). Pure."""

import hashlib
from collections.abc import Iterable
from urllib.parse import urlencode

from waywarden.open311.filters import MOST_ROWS
from waywarden.open311.params import Pair
from waywarden.open311.types import RequestQuery

_PAGING = ("page", "page_size")


def links_of(path: str, pairs: Iterable[Pair], query: RequestQuery, *, rows: int) -> str:
    """The `Link` header of a page that held so many rows, "" when it stands alone.

    A full page may be the last one: the next is then empty.
    """
    if query.service_request_ids:
        return ""
    size = query.page_size or MOST_ROWS
    rest = [pair for pair in pairs if pair[0] not in _PAGING]
    wanted = []
    if query.page > 1:
        wanted.append(("prev", query.page - 1))
    if rows >= size:
        wanted.append(("next", query.page + 1))
    return ", ".join(
        f'<{path}?{urlencode([*rest, ("page", page), ("page_size", size)])}>; rel="{name}"'
        for name, page in wanted
    )


def etag_of(path: str, pairs: Iterable[Pair], revision: str) -> str:
    """The mark of an answer: a hash of what was asked and of the provider's revision."""
    asked = urlencode(sorted(pair for pair in pairs if pair[1]))
    digest = hashlib.sha256("\0".join((path, asked, revision)).encode("utf-8", "replace"))
    return f'"{digest.hexdigest()[:32]}"'


def is_held(etag: str, if_none_match: str) -> bool:
    """Whether the caller's `If-None-Match` names this mark."""
    marks = (mark.strip().removeprefix("W/") for mark in if_none_match.split(","))
    return etag in marks
