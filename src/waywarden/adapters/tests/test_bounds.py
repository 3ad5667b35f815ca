"""What no adapter may do: keep a secret, reach another's system, call a host nobody named."""

import typing
from contextlib import ExitStack
from dataclasses import dataclass, field

import msgspec
import pytest

from waywarden.adapters.app import build_app
from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.works import JobFilter, Works
from waywarden.adapters.deployment import ApiKey, Deployment, load_all
from waywarden.adapters.faults import SecretRef, inner_struct
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.rest.fake import PlainDesk
from waywarden.adapters.rest.tests.files import LOCKING
from waywarden.adapters.store import Store
from waywarden.adapters.tests.memory import KEY, Asker
from waywarden.adapters.tests.stand import ENVIRON, quick, text_of, write
from waywarden.open311.tests.memory import served

NO_SECRETS = {"host_key", "key_file", "key_on_get", "keys", "token_url", "choice_key", "keywords"}
"""Names that sound like a secret and hold none."""
FORM = {"lat": "60.1", "long": "24.9", "description": "A hole", "attribute[fixmystreet_id]": "7"}


def fields_of(struct, at):
    """Every field of a struct and of those in it: dotted name and type."""
    for name, hint in typing.get_type_hints(struct, include_extras=True).items():
        yield f"{at}.{name}", hint
        inner, _shape = inner_struct(hint)
        if inner is not None and inner is not SecretRef:
            yield from fields_of(inner, f"{at}.{name}")


def test_a_secret_has_no_place_in_a_file_but_by_reference():
    wrong, right = [], 0
    for name, struct in {"": Deployment, **{n: KINDS[n].options_type for n in KINDS}}.items():
        for at, hint in fields_of(struct, name):
            last = at.rpartition(".")[2]
            sounds = any(word in last for word in ("secret", "password", "token", "key"))
            if inner_struct(hint)[0] is SecretRef:
                right += 1
            elif sounds and last not in NO_SECRETS and "JMESPath" not in str(hint):
                inner, _shape = inner_struct(hint)
                if inner is None:
                    wrong.append(at)
    assert wrong == []
    assert right >= 7
    assert {one.name for one in msgspec.structs.fields(ApiKey)} == {
        "name",
        "sha256",
        "posts_a_minute",
        "largest_mb",
    }


def test_a_password_in_the_address_of_a_database_is_a_fault(tmp_path):
    text = text_of("sql").replace("sqlite:///reports.sqlite", "postgresql://us:s3cret@db/works")
    with pytest.raises(Exception, match="no password may stand here") as caught:
        load_all(write(tmp_path, text), KINDS, environ={})
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def two(tmp_path):
    """Two councils of one server, each with a works system of its own; and a way to ask."""
    with ExitStack() as stack:
        folder, systems = tmp_path / "deployments", {}
        for name in ("east", "west"):
            systems[name] = WorksApp(Works(tmp_path / f"{name}.sqlite"))
            url = stack.enter_context(served(systems[name]))
            text = quick(text_of("demo", works_url=url)).replace('"east"', f'"{name}"', 1)
            key = f'name = "{name}"\nposts_a_minute = 600'
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.toml").write_text(text.replace('name = "Waywarden"', key))
        loaded = load_all(folder, KINDS, environ={})
        assert [one.deployment.jurisdiction for one in loaded] == ["east", "west"]
        yield Asker(build_app(loaded, store=Store(tmp_path / "store"), environ={})), systems


def test_a_request_of_one_jurisdiction_never_reaches_anothers_system(two):
    asker, systems = two
    for app in systems.values():
        app.asked = 0
    sent = {
        name: asker.post(
            "/requests.json",
            {"api_key": KEY, "service_code": "LITT", "jurisdiction_id": name, **FORM},
            idempotency_key="the same",
        )
        for name in ("east", "west", "east")
    }
    assert [got.status for got in sent.values()] == [200, 200]
    assert {name: len(one.works.jobs(JobFilter())) for name, one in systems.items()} == {
        "east": 1,
        "west": 1,
    }
    systems["east"].works.change_job(1, state="DONE", note="Only in the east")
    asked = {"api_key": KEY, "jurisdiction_id": "west"}
    for path in ("/servicerequestupdates.json", "/requests.json", "/requests/1.json"):
        assert "Only in the east" not in asker.get(path, **asked).text
    east = asked | {"jurisdiction_id": "east"}
    assert "Only in the east" in asker.get("/servicerequestupdates.json", **east).text


@dataclass
class Trap:
    """Another server of the same machine, which nobody may ask."""

    calls: list = field(default_factory=list)

    def __call__(self, environ, start_response):
        self.calls.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"access_token": "x", "changes": [], "cases": [], "results": []}']


@pytest.fixture
def trap():
    return Trap()


@pytest.mark.parametrize("kind", ["demo", "rest", "rest with a token", "passthrough"])
def test_a_system_that_sends_elsewhere_is_not_followed(tmp_path, trap, kind):
    with ExitStack() as stack:
        elsewhere = stack.enter_context(served(trap)).replace("127.0.0.1", "localhost")

        def sends_away(_environ, start_response):
            start_response("307 Temporary Redirect", [("Location", elsewhere)])
            return [b""]

        asker = before(stack.enter_context(served(sends_away)), kind, tmp_path)
        code = "POTH" if kind == "demo" else "POTHOLE"
        asker.get("/services.json")
        asker.get("/requests.json")
        asker.get("/servicerequestupdates.json", api_key=KEY)
        asker.post("/requests.json", {"api_key": KEY, "service_code": code, **FORM})
        asker.app.go_round()
        page = asker.get("/").text
        assert "failed" in page
        assert "may not be called" in page or kind not in ("demo", "rest")
    assert trap.calls == []


def before(url, kind, tmp_path):
    """The adapter of a kind before an address; both names of this machine may be private."""
    text = text_of(kind.partition(" ")[0], works_url=url)
    if kind == "rest with a token":
        text = text[: text.index("[system]")] + LOCKING
    for theirs in (
        "https://api.vendor.example/v2",
        "https://login.vendor.example",
        "https://open311.east.example/v2",
    ):
        text = text.replace(theirs, url)
    line = 'allow_private = ["127.0.0.1", "localhost", "::1"]'
    text = text.replace('allow_private = ["127.0.0.1", "localhost"]\n', "")
    folder = write(tmp_path / "deployments", quick(text.replace("# api_key", "api_key"), line))
    loaded = load_all(folder, KINDS, environ=ENVIRON)
    return Asker(build_app(loaded, store=Store(tmp_path / "store"), environ=ENVIRON))


def test_a_list_whose_next_page_is_elsewhere_is_not_followed(tmp_path, trap):
    class Lures(PlainDesk):
        next = ""

        def answer(self, asked):
            status, body = super().answer(asked)
            return status, body | {"next": self.next}

    desk = Lures()
    with served(desk) as url, served(trap) as elsewhere:
        desk.next = elsewhere.replace("127.0.0.1", "localhost") + "/more"
        paging = (
            'paging = { kind = "page", parameter = "page", size = 100, size_parameter = "size" }'
        )
        text = text_of("rest").replace(paging, 'paging = { kind = "link", next = "next" }')
        text = text.replace("https://api.vendor.example/v2", url)
        line = 'allow_private = ["127.0.0.1", "localhost", "::1"]'
        folder = write(tmp_path / "deployments", quick(text, line))
        loaded = load_all(folder, KINDS, environ={})
        asker = Asker(build_app(loaded, store=Store(tmp_path / "store"), environ={}))
        assert asker.get("/requests.json").status == 503
    assert trap.calls == []
