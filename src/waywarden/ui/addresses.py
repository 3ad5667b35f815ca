"""Addresses that a form or a link asks to be led to: only paths of this site."""

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(address: str, *, otherwise: str) -> str:
    """The address where it is a path of this site, else `otherwise`.

    A bare word is none either: a redirect would take it for the name of a page, and fail.
    """
    is_path = address.startswith("/") and address.isprintable()
    return address if is_path and url_has_allowed_host_and_scheme(address, None) else otherwise
