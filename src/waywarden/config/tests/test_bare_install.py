"""The commands about adapters run where the platform's libraries are not installed."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

MISSING = ("django", "psycopg", "procrastinate", "allauth", "unfold", "shapely", "pyproj", "PIL")


@pytest.fixture
def environ(tmp_path):
    """An environment in which these libraries cannot be imported, by any process."""
    for name in MISSING:
        folder = tmp_path / "missing" / name
        folder.mkdir(parents=True)
        message = f"{name} is not there, and nobody should ask for it"
        (folder / "__init__.py").write_text(f"raise ModuleNotFoundError({message!r})\n")
    path = os.pathsep.join([str(tmp_path / "missing"), *(one for one in sys.path if one)])
    ours = {name: value for name, value in os.environ.items() if "DJANGO" not in name}
    return ours | {"PYTHONPATH": path, "BODY_API_KEY": "k"}


def command(*arguments):
    return [sys.executable, "-m", "waywarden.config.cli", "adapter", *map(str, arguments)]


def run(environ, folder, *arguments):
    done = subprocess.run(
        command(*arguments), cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_body_without_the_platform_makes_checks_tries_and_serves_adapters(environ, tmp_path):
    for kind in ("demo", "files", "multi", "passthrough", "rest", "sql"):
        run(environ, tmp_path, "new", kind, f"Council of {kind}")
        told = run(environ, tmp_path, "try", f"deployments/council-of-{kind}.toml")
        assert "would become" in told
    assert run(environ, tmp_path, "check", "deployments").count("is right") == 6
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    server = subprocess.Popen(
        command("serve", "deployments", "--listen", listen), cwd=tmp_path, env=environ
    )
    try:
        assert b"council-of-sql" in answered(f"http://{listen}/healthz", server)
        where = f"http://{listen}/services.xml?jurisdiction_id=council-of-files"
        assert b"POTHOLE" in answered(where, server)
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


def answered(url, server):
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.read()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError("it did not answer")
