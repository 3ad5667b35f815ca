"""Whose forwarded headers are believed."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from waywarden.config.proxies import TrustedProxyMiddleware, client_of, networks
from waywarden.kernel.errors import Misconfigured

TRUSTED = networks(["10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 10.0.0.9", "203.0.113.7"),
        ("", "10.0.0.1"),
        ("10.0.0.3", "10.0.0.1"),
        ("<script>", "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_address_that_no_proxy_has(forwarded, client):
    assert client_of("10.0.0.1", forwarded, TRUSTED) == client


def passed(settings, trusted, **headers):
    settings.WAYWARDEN_TRUSTED_PROXIES = trusted
    seen = []
    middleware = TrustedProxyMiddleware(lambda request: seen.append(request) or HttpResponse())
    middleware(RequestFactory().get("/", **headers))
    return seen[0]


HEADERS = {
    "REMOTE_ADDR": "10.0.0.1",
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "evil.example",
}


def test_a_trusted_proxy_is_believed(settings):
    request = passed(settings, ("10.0.0.0/8",), **HEADERS)
    assert request.META["REMOTE_ADDR"] == "203.0.113.7"
    assert request.is_secure()


def test_anyone_else_is_not(settings):
    request = passed(settings, (), **HEADERS)
    assert request.META["REMOTE_ADDR"] == "10.0.0.1"
    assert not request.is_secure()
    assert not [name for name in request.META if name.startswith("HTTP_X_FORWARDED")]


def test_a_setting_that_is_no_network_is_refused():
    with pytest.raises(Misconfigured, match="WAYWARDEN_TRUSTED_PROXIES"):
        networks(["proxy.lan"])
