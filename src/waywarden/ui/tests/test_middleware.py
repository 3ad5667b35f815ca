"""The site by host: its value on the request, its templates before the rooms' own."""

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string

from waywarden.kernel.cobrand import registry
from waywarden.ui.current import cobrand_of, current_cobrand, speaking_for
from waywarden.ui.middleware import CobrandMiddleware


def test_the_host_chooses_and_the_choice_ends_with_the_request(rf):
    seen = []

    def view(request):
        seen.append((cobrand_of(request).name, current_cobrand().name))
        return HttpResponse()

    for host in ("borsetshire.localhost", "localhost"):
        CobrandMiddleware(view)(rf.get("/", headers={"host": host}))
    assert seen == [("borsetshire", "borsetshire"), ("default", "default")]
    assert current_cobrand().name == "default"


def test_a_sites_own_template_goes_before_and_may_build_on_the_rooms(rf):
    def front(name: str) -> str:
        request = rf.get("/")
        request.cobrand = registry.named(name)
        with speaking_for(request.cobrand):
            return render_to_string("web/front.html", {"request": request})

    assert "Something broken in Borsetshire?" in front("borsetshire")
    assert "Something broken in the street?" in front("default")


@pytest.mark.parametrize("host", ["evil.example", "[x", "", "localhost:x", "a b"])
@pytest.mark.parametrize("path", ["/", "/open311/v2/requests.json", "/admin/", "/healthz"])
def test_a_host_that_is_not_ours_is_a_400_without_a_word_of_it(client, caplog, host, path):
    answer = client.get(path, headers={"host": host})
    assert answer.status_code == 400
    assert answer.content == b"No site of this name is here.\n"
    assert not [record for record in caplog.records if record.exc_info]
