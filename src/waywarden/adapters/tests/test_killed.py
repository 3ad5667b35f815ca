"""The server is ended with kill -9 between the system's answer and ours."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

from waywarden.adapters.demo.fake import WorksApp
from waywarden.adapters.demo.sample import deployment_text
from waywarden.adapters.demo.works import JobFilter, Works
from waywarden.kernel.secrets import hash_token
from waywarden.open311.tests.memory import served

KEY = "open sesame"
START = (
    "import sys; from pathlib import Path; from waywarden.adapters.start import serve;"
    "serve(Path(sys.argv[1]), host='127.0.0.1', port=int(sys.argv[2]))"
)
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


def kill(process):
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in [process.pid, *map(int, children)]:
        os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def start(tmp_path, port):
    started = []

    def begin():
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-c", START, str(tmp_path / "deployments"), str(port)]
        started.append(subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL))
        give_up_at = time.monotonic() + 30
        while time.monotonic() < give_up_at:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return started[-1]
            time.sleep(0.05)
        raise AssertionError("it did not start")

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


def post(port):
    url = f"http://127.0.0.1:{port}/requests.json"
    with urllib.request.urlopen(url, urlencode(FORM).encode(), timeout=20) as answer:
        return json.loads(answer.read())[0]["service_request_id"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="it looks into /proc")
def test_a_report_whose_answer_was_lost_with_the_process_is_found_and_not_sent_twice(
    tmp_path, port, start
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
        app.victim = start()
        with pytest.raises((urllib.error.URLError, ConnectionError, OSError)):
            post(port)
        assert len(works.jobs(JobFilter())) == 1
        start()
        assert post(port) == post(port) == "1"
    assert len(works.jobs(JobFilter())) == 1
