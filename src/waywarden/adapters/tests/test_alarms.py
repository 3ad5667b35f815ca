"""Somebody is told once when a deployment needs a person, and once when it is mended."""

import json
import socket
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import msgspec
import pytest
from aiosmtpd.controller import Controller

from waywarden.adapters.alarm_ways import ways_of
from waywarden.adapters.alarms import Alarms
from waywarden.adapters.app import AdapterApp
from waywarden.adapters.contract import StepDraft
from waywarden.adapters.deployment import BadDeployment, load
from waywarden.adapters.kept import Kept
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.mounting import Opened
from waywarden.adapters.options import AlarmsTable
from waywarden.adapters.store import Store
from waywarden.adapters.stuck import retry_all
from waywarden.adapters.switchboard import Mounted
from waywarden.adapters.tests.memory import KEY, Asker, MemorySystem, provider_of
from waywarden.adapters.tests.stand import text_of
from waywarden.kernel import clock
from waywarden.kernel.errors import Refused, TryLater, Unknown
from waywarden.open311.tests.memory import served

FORM = {"api_key": KEY, "service_code": "HOLE", "lat": "60", "long": "25", "description": "A hole"}


class Postman:
    """Takes what is told; `is_away` makes every way fail."""

    def __init__(self):
        self.news, self.is_away = [], False

    def __call__(self, news):
        if self.is_away:
            raise OSError("nobody there")
        self.news.append(news)

    def subjects(self):
        return [one.subject for one in self.news]


@pytest.fixture
def postman():
    return Postman()


@pytest.fixture
def system():
    return MemorySystem(drafts=(StepDraft("photo 1"),))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def start(system, store, postman):
    """An adapter over the store, as each start of the server makes one."""

    def build():
        provider = provider_of(system, store, name="East")
        mounted = Mounted(provider.frame.deployment, provider, provider.frame.health)
        alarms = Alarms(Kept(store, "east"), [postman])
        opened = Opened(mounted, places=(provider,), alarms=alarms)
        return Asker(AdapterApp([opened], store=store))

    return build


def post(asker, number):
    return asker.post("/requests.json", FORM | {"attribute[fixmystreet_id]": str(number)})


def test_a_broken_way_is_told_once_and_once_when_it_works_again(start, system, postman):
    asker = start()
    system.fails = TryLater("The system was not reached.")
    for number in range(5):
        post(asker, number)
        asker.app.go_round()
    assert postman.subjects() == ["East: the adapter needs somebody"]
    assert "The system was not reached." in postman.news[0].text
    asker = start()  # what was told outlives the process
    asker.app.go_round()
    assert len(postman.news) == 1
    system.fails = None
    post(asker, 6)
    for _turn in range(2):
        asker.app.go_round()
    assert postman.subjects()[1:] == ["East: the adapter works again"]
    assert "mended: sending" in postman.news[1].text


def test_a_dead_letter_is_told_and_so_is_that_it_lives_again(start, system, postman, store):
    asker = start()
    system.step_fails = Refused("no")
    post(asker, 7)
    for _turn in range(3):
        with store.connect() as db:
            db.execute("update steps set next_at = ''")
        asker.app.go_round()
    assert "1 photo or note given up" in postman.news[-1].text
    system.step_fails = None
    retry_all(store, now=clock.now())
    asker.app.go_round()
    asker.app.go_round()
    assert postman.subjects()[-1] == "East: the adapter works again"


def test_what_stays_unsure_is_told_after_an_hour(start, system, postman, time_machine):
    asker = start()
    time_machine.move_to(clock.now(), tick=False)
    system.late = Unknown("The answer was lost.")
    post(asker, 7)
    asker.app.go_round()
    assert postman.news == []
    time_machine.shift(timedelta(hours=1, seconds=1))
    asker.app.go_round()
    (news,) = postman.news
    assert "of 1 sent nobody knows whether they arrived" in news.text


def test_an_alarm_that_could_not_be_told_is_told_later(
    start, system, postman, time_machine, caplog
):
    asker = start()
    time_machine.move_to(clock.now(), tick=False)
    system.fails = TryLater("away")
    for number in range(3):
        post(asker, number)
    postman.is_away = True
    asker.app.go_round()
    postman.is_away = False
    asker.app.go_round()
    assert postman.news == []
    assert "could not be sent" in caplog.text
    time_machine.shift(timedelta(minutes=6))
    asker.app.go_round()
    assert len(postman.news) == 1


class Mailbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 Kept"


@contextmanager
def mail_server():
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


def tell(table, environ, start, system, postman):
    """Breaks something, and tells it by the ways of a table."""
    sends = ways_of(msgspec.convert(table, AlarmsTable), environ)
    asker = start()
    system.fails = TryLater("The system was not reached.")
    for number in range(3):
        post(asker, number)
    asker.app.go_round()
    for send in sends:
        send(postman.news[0])


def test_by_mail(start, system, postman):
    with mail_server() as (box, port):
        mail = {"to": ["it@east.example", "duty@east.example"], "sender": "adapter@east.example"}
        table = {"mail": mail | {"host": "127.0.0.1", "port": port, "security": "none"}}
        tell(table, {}, start, system, postman)
    ((to, mail),) = box.mails
    assert to == ["it@east.example", "duty@east.example"]
    assert mail["Subject"] == "East: the adapter needs somebody"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "sending has failed 3 times in a row" in mail.get_content()


def test_by_webhook_with_its_secret_and_to_its_own_host_only(start, system, postman):
    got = []

    def hook(environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        got.append((environ.get("HTTP_AUTHORIZATION"), json.loads(body)))
        start_response("204 No Content", [])
        return []

    with served(hook) as url:
        webhook = {"url": url, "secret": {"env": "HOOK"}, "allow_private": ["127.0.0.1"]}
        tell({"webhook": webhook}, {"HOOK": "Bearer s3cret"}, start, system, postman)
    ((secret, told),) = got
    assert secret == "Bearer s3cret"
    assert (told["jurisdiction"], told["is_well"]) == ("east", False)
    assert [one["kind"] for one in told["troubles"]] == ["sending"]


def test_the_file_says_who_is_told_and_its_faults_are_named(tmp_path):
    mail = (
        '[alarms.mail]\nto = ["it@east.example"]\nsender = "a@b.example"\nhost = "mail.example"\n'
    )
    path = tmp_path / "east.toml"
    path.write_text(text_of("sql") + "\n" + mail)
    assert load(path, KINDS, environ={}).deployment.alarms.mail.port == 587
    path.write_text(text_of("sql") + "\n" + mail + 'user = "us"\nprot = 25\n')
    with pytest.raises(BadDeployment) as caught:
        load(path, KINDS, environ={})
    assert "alarms.mail.prot" in {fault.key for fault in caught.value.faults}
    path.write_text(text_of("sql") + "\n" + mail + 'user = "us"\n')
    with pytest.raises(BadDeployment) as caught:
        load(path, KINDS, environ={})
    assert {fault.key for fault in caught.value.faults} == {"alarms.mail.password"}
