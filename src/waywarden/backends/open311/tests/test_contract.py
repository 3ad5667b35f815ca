"""Open311 keeps the contract that every plug-in keeps."""

from datetime import UTC

import pytest

from waywarden.backends.contract_tests import SECRET, ContractTests
from waywarden.backends.open311.fake import PREFIX, FakeServer
from waywarden.backends.open311.options import Open311Options, Open311Secrets
from waywarden.backends.open311.plugin import Open311Backend
from waywarden.backends.tests.serving import CLOSED_DOOR, served
from waywarden.kernel.http import Way
from waywarden.open311.types import Service


class ServerRemote:
    moods = frozenset({"down", "unreachable", "loses_reply", "refuses", "locked", "html"})

    def __init__(self, fake, address):
        self.fake, self.address, self.mood = fake, address, "well"

    def backend(self, *, record):
        address = CLOSED_DOOR if self.mood == "unreachable" else self.address
        return Open311Backend(
            options=Open311Options(endpoint=f"{address}{PREFIX}"),
            secrets=Open311Secrets(api_key=SECRET),
            way=Way(allowed_private={"127.0.0.1"}, record=record, masked=(SECRET,)),
            zone=UTC,
        )

    def be(self, mood):
        self.mood = mood
        switches = self.fake.switches
        switches.refuses = {"refuses": 400, "locked": 403}.get(mood, 0)
        switches.down, switches.html = mood == "down", mood == "html"
        switches.lost_reply = mood == "loses_reply"

    def arrived(self):
        return len(self.fake.memory.requests)


@pytest.fixture
def remote():
    fake = FakeServer([Service("POT", "Potholes")], api_key=SECRET)
    with served(fake) as address:
        yield ServerRemote(fake, address)


class TestOpen311(ContractTests):
    kind = Open311Backend
