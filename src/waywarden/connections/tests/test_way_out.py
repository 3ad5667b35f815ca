"""The way out of a connection: who lets us in, through which door, and that nobody sees the key."""

import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from waywarden.backends.contract import Notes
from waywarden.connections.models import Connection
from waywarden.connections.services import open_backend, opener, set_secrets
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.http import HeldBack

pytestmark = pytest.mark.django_db
SECRETS = {
    "api_key": "key-of-the-body",
    "password": "basic-password",
    "secret_header": "X-Gate: gate-password",
}


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture
def gate():
    """Keeps what came, and answers an empty list."""
    came = []

    def app(environ, start_response):
        came.append(dict(environ))
        body = b"<services></services>"
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]

    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield came, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def connection(address, **options):
    row = Connection(name="County", kind="open311", options={"endpoint": address, **options})
    set_secrets(row, SECRETS)
    row.save()
    return row


def test_logins_and_headers_go_with_every_call_and_stand_in_no_record(gate):
    came, address = gate
    row = connection(address, login="us", headers={"X-Site": "town"})
    opened = open_backend(row)

    opened.backend.check(Notes())

    (environ,) = came
    assert environ["HTTP_X_GATE"] == "gate-password"
    assert environ["HTTP_X_SITE"] == "town"
    assert environ["HTTP_AUTHORIZATION"].startswith("Basic ")
    said = "".join(f"{one.url}{one.request}{one.response}{one.error}" for one in opened.exchanges)
    assert "town" in said
    for secret in (
        "key-of-the-body",
        "basic-password",
        "gate-password",
        environ["HTTP_AUTHORIZATION"],
    ):
        assert secret not in said


def test_calls_go_through_the_proxy(gate):
    came, address = gate
    row = connection("http://93.184.215.14/open311", proxy=address)
    set_secrets(row, {"proxy_login": "us:at@the proxy"})

    open_backend(row).backend.check(Notes())

    assert came[0]["HTTP_HOST"] == "93.184.215.14"
    assert came[0]["HTTP_PROXY_AUTHORIZATION"].startswith("Basic ")


def test_a_client_certificate_that_is_not_there_is_said_without_its_path(gate):
    _came, address = gate
    with pytest.raises(Misconfigured) as caught:
        open_backend(connection(address, client_certificate="/secret/place.pem"))
    assert "/secret/place.pem" not in str(caught.value)


def test_a_rehearsal_records_what_would_go_and_calls_nobody(gate):
    came, address = gate
    opened = open_backend(connection(address), is_rehearsal=True)

    with pytest.raises(HeldBack):
        opened.backend.check(Notes())

    assert came == []
    assert opened.exchanges[0].url.endswith("/services.xml")


def test_what_is_opened_twice_keeps_its_calls_apart(gate):
    _came, address = gate
    opening = opener(connection(address))
    first, second = opening(), opening()

    first.backend.check(Notes())

    assert (len(first.exchanges), len(second.exchanges)) == (1, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("proxy", "http://user:pw@proxy.example.org"),
        ("token_address", "ftp://x"),
        ("secret_header", "no colon"),
    ],
)
def test_what_cannot_be_a_way_out_is_refused(gate, name, value):
    _came, address = gate
    row = connection(address, **({name: value} if name != "secret_header" else {}))
    if name == "secret_header":
        set_secrets(row, {name: value})
    with pytest.raises(Misconfigured):
        open_backend(row)
