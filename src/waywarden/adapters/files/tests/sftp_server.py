"""A small SFTP server over a folder, on a loopback port."""

import os
import socket
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import paramiko


class _Door(paramiko.ServerInterface):
    def __init__(self, hang_up):
        self.hang_up = hang_up

    def check_auth_password(self, username, password):
        good = (username, password) == ("us", "s3cret")
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def stat(self):
        return paramiko.SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))


class _Files(paramiko.SFTPServerInterface):
    root: Path
    switches: dict

    def __init__(self, server, *more, **named):
        super().__init__(server, *more, **named)
        self._hang_up = server.hang_up

    def _path(self, path):
        return self.root / path.lstrip("/")

    def list_folder(self, path):
        try:
            found = list(self._path(path).iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return [paramiko.SFTPAttributes.from_stat(one.stat(), one.name) for one in found]

    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    lstat = stat

    def open(self, path, flags, attr):
        try:
            is_writing = bool(flags & (os.O_WRONLY | os.O_RDWR))
            if is_writing and self.switches.get("refuses"):
                return paramiko.SFTP_PERMISSION_DENIED
            file = self._path(path).open("wb" if is_writing else "rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = _Handle(flags)
        handle.readfile = handle.writefile = file
        if is_writing and self.switches.get("cut"):  # the file is there, and nothing is in it
            self._hang_up()
        return handle

    def posix_rename(self, old, new):
        if self.switches.get("old_server"):
            return paramiko.SFTP_OP_UNSUPPORTED
        self._path(old).replace(self._path(new))
        if self.switches.get("lost_reply"):
            self._hang_up()
        return paramiko.SFTP_OK

    def rename(self, old, new):
        if self._path(new).exists():
            return paramiko.SFTP_FAILURE
        self._path(old).rename(self._path(new))
        return paramiko.SFTP_OK

    def remove(self, path):
        try:
            self._path(path).unlink()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        return paramiko.SFTP_OK


@contextmanager
def served(root):
    """Port, host key and switches of a server over the folder `root`."""
    key = paramiko.RSAKey.generate(2048)
    switches = {}
    kind = type("Files", (_Files,), {"root": root, "switches": switches})
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    transports = []
    ended = threading.Event()

    def answer(connection):
        if switches.get("slow"):
            ended.wait(60)
        with suppress(paramiko.SSHException, EOFError, OSError):
            transport = paramiko.Transport(connection)
            transport.add_server_key(key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, kind)
            transports.append(transport)
            transport.start_server(server=_Door(transport.close))

    def serve():
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            if switches.get("down") or switches.get("garbage"):
                connection.sendall(b"<title>Sign in</title>\r\n" if "garbage" in switches else b"")
                connection.close()
            else:
                threading.Thread(target=answer, args=[connection], daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], f"{key.get_name()} {key.get_base64()}", switches
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for transport in transports:
            transport.close()
        thread.join(60)
