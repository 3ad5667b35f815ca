"""Where a form or a link may lead."""

import pytest

from waywarden.ui.addresses import own_path


@pytest.mark.parametrize("address", ["/", "/my", "/reports/x?page=2&q=%C3%A4#list"])
def test_a_path_of_this_site_is_gone_to(address):
    assert own_path(address, otherwise="/else") == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "abc", "front", "//evil.example/", "/\\evil.example", "http://evil.example/"),
        *("\x00/", "/\n//evil.example", "javascript:alert(1)", "///evil.example"),
    ],
)
def test_anything_else_is_not(address):
    assert own_path(address, otherwise="/else") == "/else"
