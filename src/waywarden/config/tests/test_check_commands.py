"""`waywarden check`: what it prints, and with what it ends."""

import json

import pytest
from click.testing import CliRunner

from waywarden.config.cli import cli
from waywarden.kernel.errors import Misconfigured
from waywarden.open311.conformance import fake
from waywarden.open311.tests.memory import served


def run(*arguments):
    return CliRunner().invoke(cli, ["check", *arguments])


@pytest.mark.parametrize(
    ("fault", "level", "code"),
    [
        ("", "3", 0),
        ("2.7-updates-can-be-read", "1", 0),
        ("2.7-updates-can-be-read", "2", 1),
        ("2.6-requests-can-be-read", "2", 0),
        ("2.6-requests-can-be-read", "3", 1),
        ("2.3-questions-have-words", "3", 0),
    ],
)
def test_it_ends_with_0_when_the_asked_level_is_met(fault, level, code):
    with served(fake.build(fault)) as url:
        shown = run(url, "--level", level, "--api-key", fake.KEY, "--write", "--json")
    told = json.loads(shown.output)
    assert shown.exit_code == code
    assert told["met"] is (code == 0)
    failed = {one["code"] for one in told["checks"] if one["outcome"] == "failed"}
    assert (fault in failed) is bool(fault)


def test_the_text_says_what_was_asked_what_came_and_what_to_change():
    with served(fake.build("2.7-updates-can-be-read")) as url:
        shown = run(url)
    assert "Breaks integration: 1" in shown.output
    assert f"asked: GET {url}/servicerequestupdates.xml" in shown.output
    assert "change: Answer GET servicerequestupdates.xml" in shown.output
    assert "Level 1 is met as far as was tested" in shown.output
    assert "Level 2 is not met: 2.7-updates-can-be-read." in shown.output


@pytest.mark.parametrize("arguments", [["ftp://example.org"], ["http://x.example", "--at", "1"]])
def test_what_cannot_be_asked_is_said_in_a_sentence(arguments):
    assert isinstance(run(*arguments).exception, Misconfigured)
