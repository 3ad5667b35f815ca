"""A folder of files, on this machine or over SFTP: what is there, read it, put it whole.

Errors: TryLater (nothing was done, or it may be done again under the same name), Misconfigured.
"""

import base64
import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from waywarden.adapters.files.options import FilesOptions, Sftp
from waywarden.kernel.errors import BadReply, Misconfigured, TryLater

PART = ".part"
"""How a name ends until the file is whole."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder. `changed` is in seconds since 1970."""

    name: str
    size: int
    changed: float


class Folder(Protocol):
    """A place for files."""

    def entries(self, under: str) -> list[Entry]: ...
    def read(self, under: str, name: str, *, max_bytes: int) -> bytes | None: ...
    def put(self, under: str, name: str, content: bytes) -> None: ...
    def look(self, under: str, *, writes: bool) -> None: ...


class LocalFolder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, under: str) -> list[Entry]:
        """Its files, by name."""
        with _local(self._path / under):
            found = [
                (path.name, path.stat())
                for path in (self._path / under).iterdir()
                if path.is_file()
            ]
        return sorted((Entry(n, s.st_size, s.st_mtime) for n, s in found), key=lambda e: e.name)

    def read(self, under: str, name: str, *, max_bytes: int) -> bytes | None:
        """A file's content, None when it was just taken away."""
        path = self._path / under / name
        try:
            with _local(path), path.open("rb") as file:
                return _whole(file.read(max_bytes + 1), max_bytes)
        except Misconfigured as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def put(self, under: str, name: str, content: bytes) -> None:
        """A file, whole or not at all; the same name twice is the same file."""
        folder = self._path / under
        with _local(folder):
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / (name + PART)
            part.write_bytes(content)
            part.replace(folder / name)

    def look(self, under: str, *, writes: bool) -> None:
        """Whether it can be used. One that is written into is made when it is needed."""
        folder = self._path / under
        while writes and not folder.exists() and folder != folder.parent:
            folder = folder.parent
        with _local(folder):
            folder.stat()
        may = os.access(folder, os.R_OK | os.X_OK | (os.W_OK if writes else 0))
        if not folder.is_dir() or not may:
            raise Misconfigured(f"{folder} may not be used by this user.")


@contextmanager
def _local(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Misconfigured(f"{path} is not there.") from error
    except PermissionError as error:
        raise Misconfigured(f"{path} may not be used by this user.") from error
    except OSError as error:
        raise TryLater(f"The folder cannot be used now ({type(error).__name__}).") from error


class SftpFolder:
    """A folder of another machine. Each use is a connection of its own."""

    def __init__(self, path: str, sftp: Sftp, *, password: str) -> None:
        self._path, self._sftp, self._password = PurePosixPath(path), sftp, password

    def entries(self, under: str) -> list[Entry]:
        """Its files, by name."""
        with self._connected(self._path / under) as client:
            found = client.listdir_attr(str(self._path / under))
        files = [one for one in found if not one.longname.startswith("d")]
        entries = (Entry(one.filename, one.st_size or 0, one.st_mtime or 0) for one in files)
        return sorted(entries, key=lambda entry: entry.name)

    def read(self, under: str, name: str, *, max_bytes: int) -> bytes | None:
        """A file's content, None when it was just taken away."""
        path = self._path / under / name
        try:
            with self._connected(path) as client, client.open(str(path), "rb") as file:
                file.prefetch()
                return _whole(file.read(max_bytes + 1), max_bytes)
        except Misconfigured as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise

    def put(self, under: str, name: str, content: bytes) -> None:
        """A file, whole or not at all; the same name twice is the same file."""
        target = str(self._path / under / name)
        with self._connected(self._path / under) as client:
            with client.open(target + PART, "wb") as file:
                file.write(content)
            try:
                client.posix_rename(target + PART, target)
            except OSError:  # an older server does not replace: a twin is the same file
                _remove(client, target)
                client.rename(target + PART, target)

    def look(self, under: str, *, writes: bool) -> None:  # noqa: ARG002 - only a file would tell
        """Whether it is there."""
        self.entries(under)

    @contextmanager
    def _connected(self, path: PurePosixPath) -> Iterator[Any]:
        paramiko = _library()
        sftp = self._sftp
        client = paramiko.SSHClient()
        kind, key = sftp.host_key.split(" ")
        named = sftp.host if sftp.port == 22 else f"[{sftp.host}]:{sftp.port}"
        host_key = paramiko.PKey.from_type_string(kind, base64.b64decode(key))
        client.get_host_keys().add(named, kind, host_key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            client.connect(
                sftp.host,
                port=sftp.port,
                username=sftp.user,
                password=self._password or None,
                key_filename=sftp.key_file or None,
                timeout=sftp.seconds,
                banner_timeout=sftp.seconds,
                auth_timeout=sftp.seconds,
                allow_agent=False,
                look_for_keys=False,
            )
            channel = client.open_sftp()
            channel.get_channel().settimeout(sftp.seconds)
            yield channel
        except paramiko.AuthenticationException as error:
            raise Misconfigured("The SFTP server does not accept this adapter.") from error
        except paramiko.BadHostKeyException as error:
            raise Misconfigured("The SFTP server has another key than the file says.") from error
        except FileNotFoundError as error:
            raise Misconfigured(f"{path} is not there, on the SFTP server.") from error
        except PermissionError as error:
            message = f"{path} may not be used by this user, on the SFTP server."
            raise Misconfigured(message) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            named_error = type(error).__name__
            raise TryLater(f"The SFTP server cannot be used now ({named_error}).") from error
        finally:
            client.close()


def _remove(client: Any, path: str) -> None:
    try:
        client.remove(path)
    except FileNotFoundError:
        return


def _library() -> Any:
    try:
        return importlib.import_module("paramiko")
    except ModuleNotFoundError as error:
        message = "SFTP needs one more library: pip install 'waywarden[sftp]'."
        raise Misconfigured(message) from error


def _whole(content: bytes, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise BadReply(f"A file is larger than {max_bytes} bytes.")
    return content


def open_folder(options: FilesOptions, *, password: str) -> Folder:
    """The folder of a deployment; nothing is connected to yet."""
    if options.sftp is not None:
        return SftpFolder(options.folder, options.sftp, password=password)
    return LocalFolder(Path(options.folder))
