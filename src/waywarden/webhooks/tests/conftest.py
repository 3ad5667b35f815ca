"""The town, and a machine that is told what happens there."""

import threading
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from waywarden.events.services import NOBODY
from waywarden.web.tests.town import Town, build
from waywarden.webhooks import services
from waywarden.webhooks.fake import Receiver
from waywarden.webhooks.kinds import CHOICES


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Says nothing."""


@pytest.fixture
def town(db) -> Town:
    """Two bodies, three categories; vehicles are the district's."""
    return build()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A machine at `receiver.url`."""
    app = Receiver()
    served = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    app.url = f"http://127.0.0.1:{served.server_port}/hooks"
    yield app
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture
def listen(receiver):
    """Has the machine told of everything, of a body's reports or of the site's."""

    def listen(body=None, *, kinds=CHOICES, url=""):
        made, secret = services.new_endpoint(
            body_id=body.pk if body else None, url=url or receiver.url, kinds=kinds, by=NOBODY
        )
        made.plain = secret
        return made

    return listen
