"""Pages of a list and copies that are still good: `Link`, `ETag`, 304 (open311.md 2.6). Pure."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from waywarden.open311.filters import MOST_ROWS, request_filter_pairs
from waywarden.open311.params import Pair
from waywarden.open311.types import RequestQuery, ServiceRequest

_PAGING = ("page", "page_size")
_LINK = re.compile(r"<([^>]*)>([^,<]*)")
_NEXT = re.compile(r"""rel\s*=\s*["']?[^"';]*\bnext\b""", re.IGNORECASE)
#: Pages of one list that are read; a server that has more to say is asked in shorter spans.
MOST_PAGES = 1000


@dataclass(slots=True)
class Listing:
    """What is known of a list besides its rows; filled while they are read."""

    etag: str = ""
    """Before: the mark of the copy that is held. After: the mark of what was read."""
    link: str = ""
    """The `Link` header of the last answer."""
    unusable: int = 0
    """Rows of the last answer that were left out, because they have no id."""
    is_unchanged: bool = False
    """The copy that is held is still good: no rows came."""
    is_cut: bool = False
    """The list stopped at the server's limit: there may be more rows that fit the question."""


def pages_of(
    ask: Callable[[list[Pair]], Iterator[ServiceRequest]],
    query: RequestQuery,
    listing: Listing,
    *,
    most: int = MOST_ROWS,
) -> Iterator[ServiceRequest]:
    """The rows of every page: by the `Link` to the next, or by number where the query has a size.

    `ask` asks one page with its parameters and fills `listing`. Without pages, an answer of
    `most` rows counts as cut.
    """
    pairs, sizes, first_before = request_filter_pairs(query), list[int](), ""
    for number in range(query.page, query.page + MOST_PAGES):
        count, first = 0, ""
        for row in ask(pairs):
            first = first or row.service_request_id
            if first == first_before:  # it does not know pages, and answers the same again
                listing.is_cut = count + sizes[-1] >= most
                return
            count += 1
            yield row
        count += listing.unusable  # they took up room in the answer all the same
        sizes.append(count)
        first_before = first
        following = next_page(listing.link)
        if following is not None:
            names = {name for name, _value in following}
            pairs = [*(pair for pair in pairs if pair[0] not in names), *following]
        elif query.page_size and count and count >= sizes[0]:
            pairs = request_filter_pairs(replace(query, page=number + 1))
        else:
            listing.is_cut = not query.page_size and len(sizes) == 1 and count >= most
            return
    listing.is_cut = True


def next_page(link: str) -> tuple[Pair, ...] | None:
    """The parameters of the next page that a `Link` header names, None when it names none.

    Only the parameters count: what is asked with them is the address that we know.
    """
    for target, attributes in _LINK.findall(link):
        if _NEXT.search(attributes):
            return tuple(parse_qsl(urlsplit(target).query, keep_blank_values=True))
    return None


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
