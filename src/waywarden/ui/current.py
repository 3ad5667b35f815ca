"""Which site a request, a template or a mail being written belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest

from waywarden.kernel.cobrand import Cobrand, registry

_current: ContextVar[Cobrand | None] = ContextVar("cobrand", default=None)


def current_cobrand() -> Cobrand:
    """The site in whose name this thread works, else the default."""
    return _current.get() or registry.default


@contextmanager
def speaking_for(cobrand: Cobrand) -> Iterator[None]:
    """Templates that are loaded within are that site's own where it has them."""
    before = _current.set(cobrand)
    try:
        yield
    finally:
        _current.reset(before)


def cobrand_of(request: HttpRequest) -> Cobrand:
    """The site that a request came to."""
    found: Cobrand | None = getattr(request, "cobrand", None)
    return found or registry.for_host(request.get_host())
