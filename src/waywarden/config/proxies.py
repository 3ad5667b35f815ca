"""Who really asks: the headers of trusted proxies are believed, everyone else's dropped."""

import ipaddress
from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from waywarden.kernel.errors import Misconfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST")


class TrustedProxyMiddleware:
    """Puts the client's address into REMOTE_ADDR and the client's scheme into the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._trusted = networks(settings.WAYWARDEN_TRUSTED_PROXIES)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        forwarded, scheme, _host = (meta.pop(name, "") for name in _HEADERS)
        peer = meta.get("REMOTE_ADDR", "")
        if is_trusted(peer, self._trusted):
            meta["REMOTE_ADDR"] = client_of(peer, forwarded, self._trusted)
            if scheme.strip().lower() in ("http", "https"):
                meta["wsgi.url_scheme"] = scheme.strip().lower()
        return self._get_response(request)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks of a setting; a single address is a network of one."""
    try:
        return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        message = "WAYWARDEN_TRUSTED_PROXIES must hold addresses or networks such as 10.0.0.0/8."
        raise Misconfigured(message) from error


def is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    """Whether an address is one of a trusted proxy."""
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return False
    return any(found in network for network in trusted)


def client_of(peer: str, forwarded: str, trusted: tuple[Network, ...]) -> str:
    """The last address that no trusted proxy has; what stands before it anyone may have written."""
    for address in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not is_trusted(address, trusted):
            return address if _is_address(address) else peer
    return peer


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
