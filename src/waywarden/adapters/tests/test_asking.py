"""`adapter check --ask` before systems that speak HTTP: what does not fit, at its line."""

from contextlib import ExitStack
from datetime import timedelta

import pytest

from waywarden.adapters.asking import asked
from waywarden.adapters.deployment import load
from waywarden.adapters.kinds import KINDS
from waywarden.adapters.passthrough.fake import KEY as THEIR_KEY
from waywarden.adapters.passthrough.fake import Case, OddServer
from waywarden.adapters.rest.fake import PlainDesk, Switches
from waywarden.adapters.tests.stand import ENVIRON, text_of, write
from waywarden.kernel import clock
from waywarden.open311.dates import write_date
from waywarden.open311.tests.memory import served

PRIVATE = 'allow_private = ["127.0.0.1"]\n'


@pytest.fixture
def ask(tmp_path):
    """Checks a kind's sample before a server, changed: what is wrong, and what is told."""
    with ExitStack() as stack:

        def look(kind, server, *changes, private=True):
            url = stack.enter_context(served(server))
            text = text_of(kind).replace("Europe/London", "UTC")
            for address in ("https://api.vendor.example/v2", "https://open311.east.example/v2"):
                text = text.replace(address, url)
            text = text.replace("[system]\n", "[system]\n" + (PRIVATE if private else ""), 1)
            for old, new in changes:
                assert old in text
                text = text.replace(old, new)
            path = write(tmp_path / "deployments", text) / "east.toml"
            found = list(asked(load(path, KINDS, environ=ENVIRON), environ=ENVIRON))
            return (
                [str(one) for one, is_wrong in found if is_wrong],
                [str(one) for one, is_wrong in found if not is_wrong],
            )

        yield look


@pytest.fixture
def desk():
    made = PlainDesk()
    given = {"type": "POTHOLE", "text": "A hole", "place": {"lat": 60.1, "lon": 24.9}}
    made.add_case({**given, "reference": "7"})
    made.change("C-1", "Done", "Filled")
    return made


@pytest.fixture
def odd():
    made = OddServer()
    at = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    made.cases.append(Case("1", "POTHOLE", "A hole", "60.1", "24.9", made=at))
    made.tell("1", "CLOSED", "Filled", update_id="5", at=at)
    return made


def test_what_fits_is_told(ask, desk, odd):
    wrong, told = ask("rest", desk)
    assert (wrong, "1 changes of 30 days can be read" in "\n".join(told)) == ([], True)
    wrong, told = ask("passthrough", odd)
    assert wrong == []
    assert "the last one, 1: place 60.1, 24.9, made" in "\n".join(told)


def test_a_path_where_nothing_stands_is_told(ask, desk):
    wrong, told = ask("rest", desk, ('created = "created"', 'created = "creatd"'))
    assert wrong == []
    assert "system.reports.created: none of 1 rows has this" in "\n".join(told)


def test_a_call_that_fails_there_is_named_with_its_address_and_line(ask, desk):
    desk.switches = Switches(refuses=True)
    wrong, _told = ask("rest", desk)
    assert "The system refused it (422): We take nothing today. (GET http://127.0.0.1" in wrong[0]
    assert wrong[0].endswith("/cases)")


@pytest.mark.parametrize("kind", ["rest", "passthrough"])
def test_a_private_address_says_how_it_is_allowed(ask, desk, odd, kind):
    wrong, _told = ask(kind, desk if kind == "rest" else odd, private=False)
    assert "leads to a private address" in wrong[0]
    assert "name it in `allow_private`" in wrong[0]


def test_a_list_that_is_elsewhere_is_told(ask, desk):
    wrong, _told = ask("rest", desk, ('rows = "changes"', 'rows = "change"'))
    assert "holds no list where the file says there is one" in wrong[0]


def test_a_wrong_zone_is_seen_in_times_that_are_still_to_come(ask, odd):
    wrong, _told = ask("passthrough", odd, ('zone = "UTC"', 'zone = "America/New_York"'))
    assert any("system.reports.created: a time is" in one for one in wrong)


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ("html", "system.url: The body's server did not answer with Open311."),
        ("down", "system.url: The body's server is not available."),
    ],
)
def test_a_server_that_is_no_open311_or_is_down_is_told_once(ask, odd, switch, said):
    setattr(odd, switch, True)
    wrong, told = ask("passthrough", odd)
    assert told == []
    assert len(wrong) == 1
    assert said in wrong[0]


def test_a_wrong_base_address_is_told_with_what_was_asked(ask, odd):
    wrong, _told = ask("passthrough", odd, ('"\n# jurisdiction', '/x"\n# jurisdiction'))
    assert "no Open311 is there: http://127.0.0.1" in wrong[0]
    assert "/x/services.xml is not known" in wrong[0]


def test_a_key_that_is_not_taken_is_told_at_the_line_of_the_key(ask):
    def locked(_environ, start_response):
        start_response("401 Unauthorized", [("Content-Type", "text/xml")])
        return [b"<errors/>"]

    wrong, _told = ask("passthrough", locked, ("# api_key = ", "api_key = "))
    assert len(wrong) == 1
    assert "system.api_key: The body's server does not accept this adapter's key." in wrong[0]


def test_nothing_is_posted_and_no_secret_is_told(ask, odd):
    change = ("# api_key = ", "api_key = ")
    wrong, told = ask("passthrough", odd, change)
    assert odd.posted == []
    assert THEIR_KEY not in "\n".join(wrong + told)
    assert write_date(clock.now())[:4] in "\n".join(told)
