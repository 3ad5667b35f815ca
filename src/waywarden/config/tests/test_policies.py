"""Which content security policy an answer carries."""

import dataclasses

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from waywarden.config.policies import PolicyMiddleware, is_admin
from waywarden.kernel.cobrand import BaseMap, registry


def policy(path: str, *, uses_nonce: bool = False) -> str:
    def view(request):
        return HttpResponse(str(request.csp_nonce) if uses_nonce else "")

    return PolicyMiddleware(view)(RequestFactory().get(path))["Content-Security-Policy"]


def test_the_site_runs_no_inline_scripts_and_is_in_no_frame():
    found = policy("/report/1")
    assert "'unsafe-inline'" not in found
    assert "'unsafe-eval'" not in found
    assert "frame-ancestors 'none'" in found
    assert "worker-src 'self' blob:" in found


def test_a_nonce_that_a_page_uses_stands_in_its_policy():
    assert "'nonce-" in policy("/", uses_nonce=True)
    assert "'nonce-" not in policy("/")


def test_the_admin_has_a_policy_of_its_own():
    found = policy("/admin/users/", uses_nonce=True)
    assert "script-src 'self' 'unsafe-eval'" in found
    assert "'nonce-" not in found, "a nonce would switch 'unsafe-inline' off"


@pytest.mark.parametrize(
    ("path", "claim"), [("/admin", True), ("/admin/x", True), ("/administer", False)]
)
def test_only_the_admin_is_the_admin(path, claim):
    assert is_admin(path) is claim


def test_pictures_of_the_map_may_come_from_where_the_site_says_and_nowhere_else():
    tiles = BaseMap(tiles="https://t.example/{z}/{x}/{y}.png", attribution="© T")
    request = RequestFactory().get("/around")
    request.cobrand = dataclasses.replace(registry.default, base_map=tiles)
    found = PolicyMiddleware(lambda _request: HttpResponse())(request)["Content-Security-Policy"]
    allowed = {part.split()[0] for part in found.split(";") if "https://t.example" in part}
    assert allowed == {"img-src", "connect-src"}
    assert "t.example" not in policy("/around")
