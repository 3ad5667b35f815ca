"""A long list that breaks off in the middle, over the real server: nobody can take it for whole."""

import json
import urllib.request
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from lxml import etree

from waywarden.adapters.rest.fake import PlainDesk
from waywarden.adapters.tests.memory import KEY
from waywarden.adapters.tests.programs import ADAPTER, PATIENCE, wait_until_open
from waywarden.adapters.tests.stand import quick, text_of, write
from waywarden.kernel.http import Way
from waywarden.open311.client import Client
from waywarden.open311.errors import NotOpen311, Unreachable
from waywarden.open311.tests.memory import served
from waywarden.open311.types import UpdateQuery

SPAN = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 1, 2, tzinfo=UTC))
MANY = 2000


class Desk(PlainDesk):
    """Tells many changes, and fails at a page of them while `breaks`."""

    breaks = True

    def answer(self, asked):
        if self.breaks and asked.path == ("changes",) and asked.query.get("page") == "15":
            return 500, {}
        return super().answer(asked)


@pytest.fixture
def url(tmp_path, free_port, programs):
    desk = Desk()
    number = desk.add_case({"type": "POTHOLE", "text": "A hole"})["number"]
    for turn in range(MANY):
        at = datetime(2026, 11, 1, 0, turn // 60, turn % 60, tzinfo=UTC)
        desk.change(number, "Done", f"Note {turn}", at)
    with served(desk) as theirs:
        text = quick(text_of("rest"), 'allow_private = ["127.0.0.1"]')
        write(tmp_path / "one", text.replace("https://api.vendor.example/v2", theirs))
        wait_until_open(free_port, programs.start(ADAPTER, tmp_path / "one", free_port))
        yield f"http://127.0.0.1:{free_port}", desk


def test_it_is_never_a_whole_document_and_our_client_takes_it_for_a_failure(url):
    address, desk = url
    span = {"start_date": "2026-11-01T00:00:00Z", "end_date": "2026-11-01T02:00:00Z"}
    asked = urlencode({"api_key": KEY, **span})
    for kind, read in (("xml", etree.fromstring), ("json", json.loads)):
        body = answered(f"{address}/servicerequestupdates.{kind}?{asked}")
        assert body.count(b"Note") > 500, "it had begun"
        with pytest.raises((etree.XMLSyntaxError, json.JSONDecodeError)):
            read(body)
        client = Client(address, way=Way(allowed_private=["127.0.0.1"]), api_key=KEY, format=kind)
        with pytest.raises((NotOpen311, Unreachable)):
            list(client.updates(UpdateQuery(*SPAN)))
    desk.breaks = False
    rows = list(client.updates(UpdateQuery(*SPAN)))
    assert len({row.update_id for row in rows}) == MANY, "asked again, all of it comes"


def answered(address):
    """What comes, as much as comes."""
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        assert answer.status == 200
        pieces = []
        while piece := answer.read1(65_536):
            pieces.append(piece)
        return b"".join(pieces)
