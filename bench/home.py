"""The bench's own home, `var/bench`: settings, database, and the processes it starts."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "var" / "bench"
HOST = "127.0.0.1"
#: Seconds a process may take until it answers.
READY_WITHIN = 60.0


def prepare() -> None:
    """Sets the environment, brings the database up to date, and loads Django."""
    os.environ |= {
        "WAYWARDEN_HOME": str(HOME),
        "WAYWARDEN_MAP_DIR": str(ROOT / "var" / "map"),
        "WAYWARDEN_BASE_URL": f"http://{HOST}:8000",
        "WAYWARDEN_PRIVATE_HOSTS": HOST,
        "WAYWARDEN_MAIL_URL": f"file:{HOME / 'mail'}",
        "WAYWARDEN_HOLD_SECONDS": "0",
        "WAYWARDEN_LOG_LEVEL": "WARNING",
    }
    HOME.mkdir(parents=True, exist_ok=True)
    from waywarden.config.migrations import migrate_if_needed

    migrate_if_needed()
    subprocess.run([*command("waywarden.config.cli"), "assets"], check=True, capture_output=True)


def command(module: str) -> list[str]:
    """A Python program of ours, to be started."""
    return [sys.executable, "-m", module]


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def running(name: str, *arguments: str, port: int | None = None) -> Iterator[int]:
    """A process while the block runs; its id. With `port` it is waited for until it answers."""
    log = HOME / "log"
    log.mkdir(exist_ok=True)
    with (log / f"{name}.log").open("wb") as out:
        process = subprocess.Popen([*arguments], cwd=ROOT, stdout=out, stderr=out)
    try:
        if port is not None:
            _wait(process, port, name)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, name: str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    message = f"{name} did not start; see {HOME / 'log' / name}.log"
    raise RuntimeError(message)


@contextlib.contextmanager
def site() -> Iterator[tuple[int, int]]:
    """The real site, 2 processes of 2 threads; its port and the id of its first process."""
    port = free_port()
    web = (*command("waywarden.config.cli"), "web", "--listen", f"{HOST}:{port}")
    with running("web", *web, port=port) as pid:
        yield port, pid


def family_of(pid: int) -> list[int]:
    """The processes that a process started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def megabytes_of_self() -> float:
    """The same of this process."""
    return megabytes_of(os.getpid())


def megabytes_of(pid: int) -> float:
    """What a process holds in memory by itself and shared (its resident set)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
