"""A private MariaDB server for the tests that want one; they are skipped where there is none."""

import os
import shutil
import socket as stdlib_socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pymysql
import pytest

#: Several test processes may each have a server, beside other programs.
SMALL = (
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--innodb-use-native-aio=0",
    "--aria-pagecache-buffer-size=8M",
    "--key-buffer-size=1M",
)


@pytest.fixture(scope="session")
def mariadb_socket() -> Iterator[str]:
    """The socket of a running server, user root without a password; nothing listens on a port."""
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        pytest.skip("MariaDB is not installed on this machine")
    user = ["--user=root"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="mdb", dir="/tmp") as folder:
        data, socket = Path(folder) / "data", f"{folder}/s"
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *user, *SMALL]
        quick = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        done = subprocess.run([*install, *quick], check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.fail(f"MariaDB's data could not be made:\n{done.stdout[-2000:]}", pytrace=False)
        server = subprocess.Popen(
            [
                "mariadbd",
                "--no-defaults",
                f"--datadir={data}",
                f"--socket={socket}",
                f"--pid-file={folder}/pid",
                "--skip-networking",
                "--innodb-flush-log-at-trx-commit=0",
                *SMALL,
                *user,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(socket, server)
            yield socket
        finally:
            server.terminate()
            server.wait(60)


@pytest.fixture
def mariadb(mariadb_socket: str) -> Iterator[str]:
    """The name of an empty database of the test's own, on the server at `mariadb_socket`."""
    name = f"test_{uuid4().hex}"
    with pymysql.connect(unix_socket=mariadb_socket, user="root") as connection:
        connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        yield name
        connection.cursor().execute(f"DROP DATABASE {name}")


def _wait(socket: str, server: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at and server.poll() is None:
        with stdlib_socket.socket(stdlib_socket.AF_UNIX) as probe:
            if probe.connect_ex(socket) == 0:
                return
        time.sleep(0.05)
    pytest.fail("MariaDB did not start", pytrace=False)
