"""Photos follow their report: as addresses or as pictures, once, and only from named hosts."""

from base64 import b64decode

import pytest

from waywarden.adapters.rest.fake import Switches
from waywarden.adapters.rest.tests.test_rest import sent, update
from waywarden.open311.tests.memory import served

JPEG = b"\xff\xd8\xff\xe0 a photo"


def with_hosts(text, host):
    """The file, with a further host that may be called, though it is of this machine."""
    named = f'hosts = ["{host}"]\nallow_private = ["127.0.0.1", "localhost", "::1"]'
    return text.replace('allow_private = ["127.0.0.1"]', named)


def make_due(adapter):
    """The pauses are over."""
    with adapter.app._store.connect() as db:
        db.execute("update steps set next_at = ''")


def test_photos_follow_as_steps(plain_adapter, plain):
    url = "https://site.example/1.jpeg"
    sent(plain_adapter, media_url=url)
    assert plain.photos == []
    plain_adapter.app.go_round()
    (photo,) = plain.photos
    assert (photo["case"], photo["url"]) == ("C-1", url)


def test_a_photo_whose_answer_was_lost_is_looked_for_and_not_sent_twice(plain_adapter, plain):
    sent(plain_adapter, media_url="https://site.example/1.jpeg")
    plain.switches = Switches(lost_reply=True)
    plain_adapter.app.go_round()
    assert len(plain.photos) == 1
    plain.switches = Switches()
    make_due(plain_adapter)
    plain_adapter.app.go_round()
    assert len(plain.photos) == 1
    assert plain_adapter.get("/health.json").json["deployments"][0]["steps_waiting"] == 0


def test_a_photo_that_a_kill_left_open_is_looked_for_too(plain_adapter, plain, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(*_asked):
        raise Killed

    sent(plain_adapter, media_url="https://site.example/1.jpeg")
    with monkeypatch.context() as patch:
        patch.setattr("waywarden.adapters.health.Health.succeeded", killed)
        patch.setattr("waywarden.adapters.steps._done", killed)
        with pytest.raises(Killed):
            plain_adapter.app.go_round()
    plain_adapter.app.go_round()
    assert len(plain.photos) == 1


def test_where_photos_cannot_be_looked_for_a_lost_one_is_sent_again(deploy, plain, sample):
    table = sample[sample.index("[system.find_photo]") : sample.index("[system.reports]")]
    adapter = deploy(plain, sample.replace(table, ""))
    sent(adapter, media_url="https://site.example/1.jpeg")
    plain.switches = Switches(lost_reply=True)
    adapter.app.go_round()
    plain.switches = Switches()
    make_due(adapter)
    adapter.app.go_round()
    assert len(plain.photos) == 2


def test_photos_of_what_people_add_go_to_the_same_report(plain_adapter, plain):
    number = sent(plain_adapter)
    added = update(number, media_url="https://site.example/2.jpeg")
    plain_adapter.post("/servicerequestupdates.json", added)
    plain_adapter.app.go_round()
    (photo,) = plain.photos
    assert (photo["case"], photo["filename"]) == (number, "update-12-1.jpg")


def test_a_photo_is_fetched_where_the_system_wants_the_picture_itself(deploy, plain, sample):
    asked = []

    def site(environ, start_response):
        asked.append(environ)
        picture = JPEG if environ["PATH_INFO"] == "/1.jpeg" else b"<title>Sign in</title>"
        start_response("200 OK", [("Content-Type", "image/jpeg")])
        return [picture]

    with served(site) as url:
        name = url.replace("127.0.0.1", "localhost")
        fetch = sample.replace("[system.photo]\n", "[system.photo]\nfetch = true\n")
        adapter = deploy(plain, fetch, lambda text: with_hosts(text, "localhost"))
        sent(adapter, media_url=[f"{name}/1.jpeg", f"{name}/2.jpeg"])
        adapter.app.go_round()
        assert [b64decode(one["content"]) for one in plain.photos] == [JPEG]
        assert "no picture" in adapter.get("/").text
        assert not any("AUTHORIZATION" in name or "API_KEY" in name for name in asked[0])
        unnamed = deploy(plain, fetch, lambda text: with_hosts(text, "elsewhere.example"))
        sent(unnamed, media_url=f"{name}/1.jpeg", **{"attribute[fixmystreet_id]": "78"})
        before = len(asked)
        unnamed.app.go_round()
        assert len(asked) == before
        assert "a host that the file does not name" in unnamed.get("/").text
