"""`waywarden open311 read`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from waywarden.config.cli import cli
from waywarden.config.open311_commands import read
from waywarden.open311.explaining import KINDS

FIXTURES = Path(__file__).resolve().parents[5] / "shared" / "fixtures" / "open311"
KIND_BY_NAME = {
    "discovery": "discovery", "definition": "definition", "service_list": "services",
    "services": "services", "update_post": "post", "post_response": "post", "updates": "updates",
    "error": "error", "token": "token", "requests": "requests",
}  # fmt: skip


def run(*arguments, given=None):
    return CliRunner().invoke(cli, ["open311", "read", *arguments], input=given)


def test_it_offers_every_kind_of_document():
    (kind, *_others) = read.params
    assert tuple(kind.type.choices) == KINDS


def test_it_prints_rows_and_deviations_as_json(tmp_path):
    file = tmp_path / "answer.json"
    file.write_bytes(b'\xef\xbb\xbf[{"service_code": "H"}]')
    done = run("services", str(file))
    told = json.loads(done.output)
    assert done.exit_code == 0
    assert [row["service_code"] for row in told["rows"]] == ["H"]
    (deviation,) = told["deviations"]
    assert deviation["code"] == "byte-order-mark"
    assert set(deviation) == {"code", "message", "where"}


def test_it_reads_standard_input():
    assert json.loads(run("requests", "-", given=b"[]").output) == {"rows": [], "deviations": []}


def test_it_ends_with_2_and_a_sentence_where_there_is_nothing_to_read():
    done = run("requests", "-", given=b"<html><title>Please log in</title></html>")
    assert done.exit_code == 2
    assert "Please log in" in done.output


def test_a_zone_that_is_none_is_said(tmp_path):
    command = [sys.executable, "-m", "waywarden.config.cli", "open311", "read", "requests", "-"]
    done = subprocess.run(
        [*command, "--zone", "Moon/Back"], input=b"[]", capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"no time zone" in done.stderr


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="the answers of real servers are not here")
def test_no_answer_of_a_real_server_is_refused():
    refused = {}
    for path in sorted(FIXTURES.glob("*.[jx]*")):
        kind = next(kind for name, kind in KIND_BY_NAME.items() if name in path.name)
        done = run(kind, str(path))
        if done.exit_code or (not json.loads(done.output)["rows"] and "empty" not in path.name):
            refused[path.name] = done.output
    assert refused == {}
