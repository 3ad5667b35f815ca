"""The line between an adapter and a database server, which can be cut and disturbed."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

RUBBISH = b"HTTP/1.1 200 OK\r\n\r\n<title>Sign in</title>"


@dataclass
class Cable:
    """What goes wrong on it. `target` is the socket of the real server."""

    target: str
    port: int = 0
    down: bool = False
    """Nobody is reached."""
    garbage: bool = False
    """Something else answers."""
    cut: bool = False
    """It is cut when a row is written, before that arrives."""
    lost_reply: bool = False
    """It is cut after the row was stored for good, before that is told."""
    _open: list = field(default_factory=list)

    def switch(self, **on):
        """Every trouble but these ends; connections that stood are gone, as after a restart."""
        for name in ("down", "garbage", "cut", "lost_reply"):
            setattr(self, name, bool(on.get(name)))
        if self.down or self.garbage:
            self.hang_up()

    def hang_up(self):
        """Closes every connection."""
        for one in self._open:
            _shut(one)

    def carry(self, client):
        """Carries bytes both ways until one side is gone."""
        if self.down:
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.target)
        self._open += [client, server]
        stored = threading.Event()
        back = threading.Thread(target=self._back, args=(server, client, stored), daemon=True)
        back.start()
        writes = False
        while data := _received(client):
            writes = writes or b"INSERT" in data
            if self.cut and writes:
                break
            if self.lost_reply and writes and b"COMMIT" in data:
                stored.set()
            if not _sent(server, data):
                break
        if not stored.is_set():  # else the way back ends it, when the server has answered
            _shut(server)
        back.join()
        for one in (server, client):
            _shut(one)
            one.close()

    def _back(self, server, client, stored):
        while data := _received(server):
            if stored.is_set():
                break
            if not _sent(client, RUBBISH if self.garbage else data):
                break
        _shut(server)
        _shut(client)


@contextmanager
def laid(target: str) -> Iterator[Cable]:
    """A cable from a port of this machine to a server's socket."""
    cable = Cable(target)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cable.port = listener.getsockname()[1]

        def accept():
            while True:
                try:
                    client, _address = listener.accept()
                except OSError:
                    return
                threading.Thread(target=cable.carry, args=[client], daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield cable
        listener.shutdown(socket.SHUT_RDWR)
    cable.hang_up()
    thread.join(60)


def _received(one):
    try:
        return one.recv(65_536)
    except OSError:
        return b""


def _sent(one, data):
    try:
        one.sendall(data)
    except OSError:
        return False
    return True


def _shut(one):
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
