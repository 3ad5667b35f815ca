"""Where a request comes from, as far as limits need to know."""

import ipaddress

from django.http import HttpRequest


def network_of(request: HttpRequest) -> str:
    """The client's address; of IPv6 the network that one customer has (its first 64 bits).

    "" where the address is none. A trusted proxy's word has been put into REMOTE_ADDR by then.
    """
    try:
        found = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
