"""The processes of the storm, its home under var/chaos, and PostgreSQL that can be struck down."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "chaos"
HOST = "127.0.0.1"
READY_WITHIN = 60.0
STARTS_WITHIN = 20.0


@dataclass
class World:
    """Ports, and what runs by name."""

    web: int
    backend: int
    control: int
    seed: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    died: list[str] = field(default_factory=list)
    """What ended without being struck, once it was at work."""

    def start(self, name: str, *arguments: str) -> None:
        """Starts a process in a session of its own."""
        self.since[name] = time.monotonic()
        log = HOME / "log" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("ab") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=ROOT, stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def start_worker(self, number: int) -> None:
        """Starts one of the workers."""
        self.start(f"worker-{number}", "waywarden.config.cli", "worker")

    def strike(self, name: str) -> None:
        """Ends a process as a power cut would."""
        process = self.running[name]
        process.send_signal(signal.SIGKILL)
        process.wait()

    def look_after(self) -> None:
        """Starts again what ended by itself, and notes it: nothing should.

        One that finds no database when it starts says so and ends, as every command does.
        """
        for name, process in list(self.running.items()):
            if name.startswith("worker-") and process.poll() is not None:
                if time.monotonic() - self.since[name] > STARTS_WITHIN:
                    self.died.append(name)
                self.start_worker(int(name.rpartition("-")[2]))

    def ask(self, **wanted: Any) -> dict[str, Any]:
        """Tells the body's system what to do; without arguments its state."""
        data = json.dumps(wanted).encode() if wanted else None
        with urllib.request.urlopen(f"http://{HOST}:{self.control}/", data, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def stop(self) -> None:
        """Ends everything."""
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        for process in self.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"chaos: nothing answers on port {port}; see {HOME / 'log'}")


def prepare(seed: int) -> World:
    """A fresh home and database, Django loaded in this process, and the body's system."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    world = World(web=free_port(), backend=free_port(), control=free_port(), seed=seed)
    os.environ |= {
        "WAYWARDEN_HOME": str(HOME),
        "WAYWARDEN_MAP_DIR": str(ROOT / "var" / "map"),
        "WAYWARDEN_BASE_URL": f"http://{HOST}:{world.web}",
        "WAYWARDEN_PRIVATE_HOSTS": HOST,
        "WAYWARDEN_MAIL_URL": f"file:{HOME / 'mail'}",
        "WAYWARDEN_HOLD_SECONDS": "0",
        "WAYWARDEN_LOG_LEVEL": "WARNING",
    }
    from waywarden.config.migrations import migrate_if_needed

    migrate_if_needed()
    world.start("backend", "tests.chaos.backend", *map(str, (world.backend, world.control, seed)))
    wait_for_port(world.control)
    return world


def start_site(world: World) -> None:
    """The site and its two workers."""
    world.start("web", "waywarden.config.cli", "web", "--listen", f"{HOST}:{world.web}")
    for number in (1, 2):
        world.start_worker(number)
    wait_for_port(world.web)


def strike_database() -> None:
    """PostgreSQL goes down at once, in the middle of whatever it does."""
    from waywarden.config import postgres

    pid = int((postgres.place_of(HOME).data / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)


def raise_database() -> None:
    """PostgreSQL comes back and recovers by itself."""
    from django.db import connection

    from waywarden.config import postgres

    with contextlib.suppress(Exception):
        connection.close()
    postgres.start(postgres.place_of(HOME))
