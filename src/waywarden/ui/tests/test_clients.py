"""Where a request comes from."""

import pytest
from django.test import RequestFactory

from waywarden.ui.clients import network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_is_its_own_network_and_of_ipv6_the_customers(address, network):
    assert network_of(RequestFactory().get("/", REMOTE_ADDR=address)) == network
