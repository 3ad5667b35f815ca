"""Tokens by OAuth client credentials, against a real token address on loopback."""

import json

import pytest

from waywarden.backends.bearers import ClientCredentials
from waywarden.backends.tests.serving import served
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.http import NotReached, Way


class TokenServer:
    """Gives tokens at /token, and lets in who brings the newest."""

    def __init__(self):
        self.given, self.status, self.calls = 0, 200, []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        self.calls.append((environ["PATH_INFO"], body, environ.get("HTTP_AUTHORIZATION", "")))
        status, answer = 200, {"ok": True}
        if environ["PATH_INFO"] == "/token":
            self.given += 1
            status = self.status
            answer = {"access_token": f"token-number-{self.given}", "expires_in": 3600}
        elif environ.get("HTTP_AUTHORIZATION") != f"Bearer token-number-{self.given}":
            status = 401
        raw = json.dumps(answer).encode()
        start_response(f"{status} X", [("Content-Length", str(len(raw)))])
        return [raw]


@pytest.fixture
def server():
    app = TokenServer()
    with served(app) as app.address:
        yield app


def credentials(server):
    return ClientCredentials(
        address=f"{server.address}/token",
        client_id="us",
        client_secret="s3cret",
        scope="reports",
        way=Way(allowed_private={"127.0.0.1"}),
    )


def way(server, record=None):
    return Way(allowed_private={"127.0.0.1"}, bearer=credentials(server), record=record)


def test_a_token_is_asked_for_once_and_goes_with_every_call(server):
    calling = way(server)
    assert calling.post(f"{server.address}/reports", form={"a": "b"}).status == 200
    assert calling.get(f"{server.address}/reports").status == 200

    assert server.given == 1
    assert server.calls[0][1].startswith("grant_type=client_credentials&client_id=us")
    assert "scope=reports" in server.calls[0][1]


def test_a_token_that_is_not_taken_is_asked_for_anew_once(server):
    calling = way(server)
    calling.get(f"{server.address}/reports")
    server.given += 1  # the one we hold is not good any more

    assert calling.get(f"{server.address}/reports").status == 200
    assert [path for path, _body, _login in server.calls].count("/token") == 2


def test_neither_the_token_nor_the_secret_is_in_a_record(server):
    said = []
    way(server, said.append).post(f"{server.address}/reports", form={"a": "b"})

    assert len(said) == 1
    assert "token-number" not in said[0].request + said[0].response
    assert "s3cret" not in said[0].request


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Misconfigured), (400, Misconfigured), (503, NotReached)]
)
def test_a_token_address_that_gives_none(server, status, kind):
    server.status = status
    with pytest.raises(kind):
        way(server).post(f"{server.address}/reports", form={"a": "b"})
    assert [path for path, _body, _login in server.calls] == ["/token"]
