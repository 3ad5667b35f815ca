"""The server is ended with kill -9 between the system's answer and ours."""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.sample import deployment_text
from waywarden.adapters.demo.works import JobFilter, Works
from waywarden.adapters.tests.programs import (
    ADAPTER,
    kill,
    wait_until_gone,
    wait_until_open,
)
from waywarden.kernel.secrets import hash_token
from waywarden.open311.tests.memory import served

KEY = "open sesame"
FORM = {
    "api_key": KEY,
    "service_code": "LITT",
    "lat": "60.17",
    "long": "24.94",
    "description": "A bin that is full",
    "attribute[fixmystreet_id]": "77",
}


class Deadly(WorksApp):
    """Enters the first job, and kills the adapter before it hears of it."""

    victim: subprocess.Popen | None = None

    def _post_job(self, asked):
        reply = super()._post_job(asked)
        if self.victim is not None:
            kill(self.victim)
            self.victim = None
        return reply


def post(port):
    url = f"http://127.0.0.1:{port}/requests.json"
    with urllib.request.urlopen(url, urlencode(FORM).encode(), timeout=60) as answer:
        return json.loads(answer.read())[0]["service_request_id"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="it looks into /proc")
def test_a_report_whose_answer_was_lost_with_the_process_is_found_and_not_sent_twice(
    tmp_path, free_port, programs
):
    works = Works(tmp_path / "works.sqlite")
    app = Deadly(works)
    folder = tmp_path / "deployments"
    folder.mkdir()
    with served(app) as url:
        text = deployment_text(
            works_url=url, api_key_hash=hash_token(KEY), public_url="http://x.example"
        )
        quick = "[system]\nsettle_seconds = 0\n"
        (folder / "east.toml").write_text(text.replace("[system]\n", quick))
        app.victim = programs.start(ADAPTER, folder, free_port)
        wait_until_open(free_port, app.victim)
        with pytest.raises((urllib.error.URLError, ConnectionError, OSError)):
            post(free_port)
        assert len(works.jobs(JobFilter())) == 1
        wait_until_gone(free_port)
        wait_until_open(free_port, programs.start(ADAPTER, folder, free_port))
        assert post(free_port) == post(free_port) == "1"
    assert len(works.jobs(JobFilter())) == 1
