"""`waywarden demo`: the whole thing on one machine, each part a process of its own."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from waywarden import __version__
from waywarden.kernel.errors import Misconfigured
from waywarden.kernel.secrets import hash_token

HOST = "127.0.0.1"
#: The file that says what was prepared.
PREPARED = "prepared"
#: Seconds a part may take to answer, and to stop.
READY_WITHIN = 60.0
STOP_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each part listens on this machine."""

    site: int = 8000
    works: int = 8001
    adapter: int = 8002
    mail_page: int = 8003
    smtp: int = 8025

    def all(self) -> Iterator[tuple[str, int]]:
        """Each name and port."""
        for name in self.__slots__:
            yield name, getattr(self, name)


@dataclass(frozen=True, slots=True)
class Part:
    """One process: its name, its command after `waywarden`, and the port that shows it is ready."""

    name: str
    command: tuple[str, ...]
    port: int | None = None


def free_ports() -> Ports:
    """Five ports that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        found = []
        for _name in Ports.__slots__:
            listener = stack.enter_context(socket.socket())
            listener.bind((HOST, 0))
            found.append(listener.getsockname()[1])
    return Ports(*found)


def run(*, home: Path, map_dir: Path, ports: Ports, as_json: bool = False) -> None:
    """Sets up what is missing, starts every part, and waits for Ctrl-C or SIGTERM.

    Raises Misconfigured when a port is taken or a part does not come up.
    """
    _check_ports(ports)
    home.mkdir(parents=True, exist_ok=True)
    key = _api_key(home)
    environment = _environment(home, map_dir, ports)
    os.environ.update(environment)
    _write_deployment(home, ports, key)
    running: list[tuple[Part, subprocess.Popen[bytes]]] = []
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have them ignored
        signal.signal(number, _interrupt)
    try:
        running += _start(_outside(home, ports), environment)
        if not _is_prepared(home, ports):
            _wait(running)
            _prepare(home, ports, key)
        running += _start(_inside(ports), environment)
        _wait(running)
        _say(ports, as_json=as_json)
        _watch(running)
    except KeyboardInterrupt:
        pass
    finally:
        _stop(running)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _outside(home: Path, ports: Ports) -> tuple[Part, ...]:
    """What stands outside Waywarden: the works system, the adapter beside it, a mail catcher."""

    def at(port: int) -> tuple[str, str]:
        return "--listen", f"{HOST}:{port}"

    works, deployments = str(home / "works.sqlite"), str(home / "deployments")
    adapter = ("adapter", "serve", deployments, "--store", str(home / "adapter.sqlite"))
    mailbox = ("mailbox", str(home / "mail"), "--smtp", f"{HOST}:{ports.smtp}")
    return (
        Part("works system", ("works", works, *at(ports.works)), ports.works),
        Part("adapter", (*adapter, *at(ports.adapter)), ports.adapter),
        Part("mail catcher", (*mailbox, *at(ports.mail_page)), ports.mail_page),
    )


def _inside(ports: Ports) -> tuple[Part, ...]:
    """The site and its worker."""
    return (
        Part("site", ("web", "--listen", f"{HOST}:{ports.site}", "--workers", "1"), ports.site),
        Part("worker", ("worker",)),
    )


def _environment(home: Path, map_dir: Path, ports: Ports) -> dict[str, str]:
    return {
        "WAYWARDEN_HOME": str(home),
        "WAYWARDEN_MAP_DIR": str(map_dir),
        "WAYWARDEN_BASE_URL": f"http://localhost:{ports.site}",
        "WAYWARDEN_MAIL_URL": f"smtp://{HOST}:{ports.smtp}",
        "WAYWARDEN_MAIL_FROM": "Waywarden <reports@waywarden.example>",
        "WAYWARDEN_PRIVATE_HOSTS": f"{HOST}:{ports.adapter},{HOST}:{ports.works}",
        "WAYWARDEN_HOLD_SECONDS": "0",
        "WAYWARDEN_TIME_ZONE": "Europe/Helsinki",
    }


def _api_key(home: Path) -> str:
    """The key that the site uses at the adapter; made once."""
    path = home / "adapter-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text()


def _write_deployment(home: Path, ports: Ports, key: str) -> None:
    from waywarden.config import demo_deployment

    folder = home / "deployments"
    folder.mkdir(exist_ok=True)
    text = demo_deployment.text(
        works_database=home / "works.sqlite",
        api_key_hash=hash_token(key),
        public_url=f"http://{HOST}:{ports.adapter}",
    )
    (folder / "borsetshire.toml").write_text(text, encoding="utf-8")


def _check_ports(ports: Ports) -> None:
    for name, port in ports.all():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                message = (
                    f"Port {port} (for the {name.replace('_', ' ')}) is in use. Use --free-ports."
                )
                raise Misconfigured(message) from error


def _is_prepared(home: Path, ports: Ports) -> bool:
    """Whether an earlier run prepared all this: everything may start at once then."""
    mark = home / PREPARED
    return mark.exists() and mark.read_text() == _mark(ports)


def _mark(ports: Ports) -> str:
    """What an earlier preparation depends on: this code's migrations, and the adapter's place."""
    rooms = Path(__file__).parents[1]
    migrations = sorted(str(path.relative_to(rooms)) for path in rooms.glob("*/migrations/0*.py"))
    return "\n".join([__version__, str(ports.adapter), *migrations])


def _prepare(home: Path, ports: Ports, key: str) -> None:
    """The database, its tables and, the first time, the city."""
    from waywarden.config.migrations import migrate_if_needed

    migrate_if_needed()
    from waywarden.config import demo_city

    if not demo_city.is_built():
        print("Building the demo city …", file=sys.stderr)
        demo_city.build(
            works_database=home / "works.sqlite",
            adapter_url=f"http://{HOST}:{ports.adapter}/",
            api_key=key,
        )
    demo_city.point_connection(adapter_url=f"http://{HOST}:{ports.adapter}/")
    (home / PREPARED).write_text(_mark(ports))


def _start(
    parts: tuple[Part, ...], environment: Mapping[str, str]
) -> list[tuple[Part, subprocess.Popen[bytes]]]:
    log = Path(environment["WAYWARDEN_HOME"]) / "log"
    log.mkdir(exist_ok=True)
    started = []
    for part in parts:
        with (log / f"{part.name.replace(' ', '-')}.log").open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "waywarden.config.cli", *part.command],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C reaches this process, which stops the others
            )
        started.append((part, process))
    return started


def _wait(running: list[tuple[Part, subprocess.Popen[bytes]]]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    for part, process in running:
        while part.port is not None and not _answers(part.port):
            if process.poll() is not None:
                raise Misconfigured(f"The {part.name} did not start; see the demo's log/.")
            if time.monotonic() > deadline:
                raise Misconfigured(f"The {part.name} does not answer on port {part.port}.")
            time.sleep(0.05)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0


def _watch(running: list[tuple[Part, subprocess.Popen[bytes]]]) -> None:
    """Returns when any part has ended."""
    while True:
        for part, process in running:
            if process.poll() is not None:
                print(f"The {part.name} has stopped; see log/ in the demo's home.", file=sys.stderr)
                return
        time.sleep(0.5)


def _stop(running: list[tuple[Part, subprocess.Popen[bytes]]]) -> None:
    for _part, process in reversed(running):
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for part, process in reversed(running):
        try:
            process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            print(f"The {part.name} did not stop in time; it is ended.", file=sys.stderr)
            process.kill()
            process.wait()


def _say(ports: Ports, *, as_json: bool) -> None:
    addresses = {
        "site": f"http://localhost:{ports.site}/",
        "admin": f"http://localhost:{ports.site}/admin/",
        "works": f"http://localhost:{ports.works}/",
        "mail": f"http://localhost:{ports.mail_page}/",
    }
    if as_json:
        print(json.dumps(addresses), flush=True)
        return
    print(
        f"""
Waywarden is running.

  The site          {addresses["site"]}
  Admin             {addresses["admin"]}      operator@demo.example, password: demo
  The works system  {addresses["works"]}      where the county's clerk works
  Mail              {addresses["mail"]}      every mail that was sent

What to try
  1. On the site, report a pothole. Give any e-mail address.
  2. Open the mail, press the button: the report is public and on its way.
  3. In the works system the job is there, with our number. Mark it done.
  4. Within a quarter of a minute the pin is green, with the crew's words.
  5. Report a street lamp: it goes by e-mail instead. See the mail page.
  6. In the works system, add a job: it appears on the map.

Ctrl-C stops everything; the data stays.""",
        flush=True,
    )
