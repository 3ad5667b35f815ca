"""A server of Open311 on loopback, and a back-end that calls it."""

import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.backends.open311.plugin import Open311Backend
from waywarden.backends.open311.tests.values import (
    backend_at,
)
from waywarden.open311.types import Service


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture
def fake() -> Iterator[FakeServer]:
    server = FakeServer([Service("POT", "Potholes")], api_key="k3y-of-ours")
    served = make_server("127.0.0.1", 0, server, handler_class=_Quiet)
    thread = threading.Thread(
        target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    server.url = f"http://127.0.0.1:{served.server_port}{PREFIX}"
    yield server
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture
def backend(fake) -> Open311Backend:
    return backend_at(fake.url)
