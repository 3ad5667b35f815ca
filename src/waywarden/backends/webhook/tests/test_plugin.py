"""The webhook against a real receiver on loopback."""

import base64

import pytest
from standardwebhooks.webhooks import Webhook

from waywarden.backends.contract import Accepted, Notes
from waywarden.backends.contract_tests import REPORT, SECRET, UPDATE, ContractTests
from waywarden.backends.tests.serving import CLOSED_DOOR, served
from waywarden.backends.webhook.fake import FakeReceiver
from waywarden.backends.webhook.options import WebhookOptions, WebhookSecrets
from waywarden.backends.webhook.plugin import WebhookBackend
from waywarden.kernel.errors import Misconfigured, Refused, Unknown
from waywarden.kernel.http import Way

KEY = "whsec_" + base64.b64encode(SECRET.encode()).decode()


class ReceiverRemote:
    moods = frozenset({"down", "unreachable", "loses_reply", "refuses", "locked", "html"})
    _STATUS = {"down": 503, "refuses": 400, "locked": 401}

    def __init__(self, fake, address):
        self.fake, self.address, self.mood = fake, address, "well"

    def backend(self, *, record=None, **values):
        address = CLOSED_DOOR if self.mood == "unreachable" else self.address
        return WebhookBackend(
            options=WebhookOptions(address=f"{address}/reports", **values),
            secrets=WebhookSecrets(signing_key=KEY),
            way=Way(
                allowed_private={"127.0.0.1"},
                record=record,
                masked=(SECRET, KEY),
                headers={"X-Key": SECRET},
            ),
        )

    def be(self, mood):
        self.mood = mood
        switches = self.fake.switches
        switches.status = self._STATUS.get(mood, 0)
        switches.lost_reply, switches.html = mood == "loses_reply", mood == "html"

    def arrived(self):
        return len(self.fake.taken)


@pytest.fixture
def remote():
    fake = FakeReceiver()
    with served(fake) as address:
        yield ReceiverRemote(fake, address)


class TestWebhook(ContractTests):
    kind = WebhookBackend


def test_the_number_is_read_where_the_options_say(remote):
    assert remote.backend().send_report(REPORT, {}) == Accepted(external_id="W1")
    with pytest.raises(Unknown):
        remote.backend(id_path="data.case").send_report(REPORT, {})
    taken = remote.backend(id_path="data.case", needs_id=False).send_report(REPORT, {})
    assert taken == Accepted()


def test_each_call_is_signed_as_standard_webhooks_says(remote):
    remote.backend().send_report(REPORT, {})

    said, headers = remote.fake.calls[0]
    assert Webhook(KEY).verify(headers.pop("body"), headers) == said
    assert headers["webhook-id"] == headers["idempotency-key"] == REPORT.key


def test_an_update_goes_to_its_own_address_or_to_that_of_reports(remote):
    backend = remote.backend(update_address=f"{remote.address}/updates")
    assert isinstance(backend.send_update(UPDATE, {}), Accepted)
    assert isinstance(remote.backend().send_update(UPDATE, {}), Accepted)

    assert [said["type"] for said, _headers in remote.fake.calls] == ["update", "update"]
    assert remote.fake.taken[0]["external_id"] == "4711"


def test_a_conflict_with_no_number_is_not_taken_for_a_success(remote):
    remote.fake.switches.status = 409
    with pytest.raises(Unknown):
        remote.backend().send_report(REPORT, {})


@pytest.mark.parametrize(
    ("status", "kind"), [(422, Refused), (404, Misconfigured), (302, Misconfigured), (500, Unknown)]
)
def test_what_other_answers_mean(remote, status, kind):
    remote.fake.switches.status = status
    with pytest.raises(kind):
        remote.backend().send_report(REPORT, {})


def test_the_check_says_what_is_wrong_with_the_options(remote):
    assert remote.backend().check(Notes()) == ()
    assert len(remote.backend(id_path="[[").check(Notes())) == 1
    assert remote.fake.calls == []
