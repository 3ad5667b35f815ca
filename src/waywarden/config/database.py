"""The database of an install: its address, and the embedded server while anyone uses it.

Who uses the embedded server holds a shared `flock` on one file; the kernel lets go of it however
the process ends. The last to leave stops the server. A small keeper process (`config.keeper`)
waits for the same lock, and so stops a server whose last user was killed.
"""

import atexit
import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from waywarden.config import postgres
from waywarden.config.environment import Environment
from waywarden.kernel.errors import Misconfigured, RuleBroken


@dataclass(frozen=True, slots=True)
class Locks:
    """The files by which processes agree about one home's server."""

    mutex: Path
    """Held while someone starts, stops, joins or leaves."""
    in_use: Path
    """Held shared by every process that uses the server."""
    keeper: Path
    """Held by the one keeper."""
    kept: Path
    """Exists while the server shall stay up without users (`waywarden db start`)."""


@dataclass(slots=True)
class _Uses:
    """What this process holds: home → open file of its shared lock, and by which process."""

    files: dict[Path, int] = field(default_factory=dict)
    pid: int = 0


_uses = _Uses()


def url(environment: Environment) -> str:
    """The database's address; nothing is started."""
    return environment.database_url or postgres.url_of(postgres.sockets_of(environment.home))


def ensure(environment: Environment) -> str:
    """The address of a database that is up: the embedded server is started where it is meant."""
    return environment.database_url or ensure_running(environment.home)


def ensure_running(home: Path, *, durable: bool = True) -> str:
    """Joins the server of a home, or starts it; its address.

    This process counts as a user until it ends or calls `leave`; the last one stops it.
    """
    home = home.resolve()
    if _uses.pid != os.getpid():  # a fork: what it inherited is its parent's
        _uses.files, _uses.pid = {}, os.getpid()
        atexit.register(leave_all)
    place = postgres.place_of(home, durable=durable)
    with _mutex(home) as locks:
        if home not in _uses.files:
            _uses.files[home] = _shared(locks.in_use)
        if not postgres.answers(place):
            try:
                postgres.start(place)
            except BaseException:
                os.close(_uses.files.pop(home))
                raise
        _start_keeper(home, locks)
    return place.url


def leave(home: Path) -> None:
    """This process no longer uses the server; stops it when nobody does."""
    home = home.resolve()
    if _uses.pid != os.getpid() or home not in _uses.files:
        return
    with _mutex(home):
        if _let_go(home):
            stop_if_unused(home)


def leave_all() -> None:
    """Leaves every server this process uses; runs at its end."""
    if _uses.pid != os.getpid():
        return
    for home in list(_uses.files):
        with contextlib.suppress(Misconfigured, OSError):  # an end is not the time to fail
            leave(home)


def stop_if_unused(home: Path) -> bool:
    """Stops the server unless someone uses it or it shall stay. The caller holds the mutex."""
    locks = _locks(home)
    if locks.kept.exists():
        return False
    with _exclusive(locks.in_use) as alone:
        if alone:
            _stop(home)
        return alone


def keep(home: Path) -> str:
    """Starts the server and lets it run without users until `stop`; its address."""
    address = ensure_running(home)
    _locks(home.resolve()).kept.touch()
    return address


def stop(home: Path, *, even_if_used: bool = False) -> bool:
    """Stops the server; False when none ran. Raises RuleBroken when others use it."""
    home = home.resolve()
    with _mutex(home) as locks:
        was_user = _let_go(home)
        with _exclusive(locks.in_use) as alone:
            if alone or even_if_used:
                locks.kept.unlink(missing_ok=True)
                return _stop(home)
        if was_user:
            _uses.files[home] = _shared(locks.in_use)
    message = "The database is in use; stop the site and the worker first."
    raise RuleBroken(message)


def _let_go(home: Path) -> bool:
    """Gives up this process's share; whether it had one."""
    if _uses.pid != os.getpid() or home not in _uses.files:
        return False
    os.close(_uses.files.pop(home))
    return True


def is_kept(home: Path) -> bool:
    """Whether the server shall stay up without users."""
    return _locks(home.resolve()).kept.exists()


def is_running(home: Path) -> bool:
    """Whether the server of a home answers."""
    return postgres.answers(postgres.place_of(home.resolve()))


def _stop(home: Path) -> bool:
    place = postgres.place_of(home)
    if not postgres.answers(place):
        return False
    postgres.stop(place)
    return True


def _locks(home: Path) -> Locks:
    folder = home / "locks"
    return Locks(
        mutex=folder / "database",
        in_use=folder / "database-in-use",
        keeper=folder / "database-keeper",
        kept=folder / "database-kept",
    )


@contextlib.contextmanager
def _mutex(home: Path) -> Iterator[Locks]:
    locks = _locks(home)
    try:
        locks.mutex.parent.mkdir(parents=True, exist_ok=True)
        file = _open(locks.mutex)
    except OSError as error:
        message = f"Nothing can be written in {home}; set WAYWARDEN_HOME to a folder of yours."
        raise Misconfigured(message) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield locks
    finally:
        os.close(file)


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[bool]:
    """Tries the lock without waiting; whether we have it."""
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(file)


def _shared(path: Path) -> int:
    """The lock, shared; waits for a keeper, who holds it for moments only."""
    file = _open(path)
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _start_keeper(home: Path, locks: Locks) -> None:
    with _exclusive(locks.keeper) as none_there:
        if not none_there or locks.kept.exists():
            return
    subprocess.run(
        [sys.executable, "-m", "waywarden.config.keeper", str(home)],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )


def wait_for_no_user(home: Path) -> None:
    """Returns when nobody uses the server; holds nothing then."""
    file = _open(_locks(home).in_use)
    fcntl.flock(file, fcntl.LOCK_EX)
    os.close(file)


def stop_when_unused(home: Path) -> bool:
    """One round of the keeper: waits, then stops; whether the server is down and unused."""
    wait_for_no_user(home)
    with _mutex(home):
        return stop_if_unused(home)


@contextlib.contextmanager
def only_keeper(home: Path) -> Iterator[bool]:
    """Whether this process is the one keeper of the home, while the block lasts."""
    with _exclusive(_locks(home).keeper) as alone:
        yield alone
