"""Where a process listens, as it is written on the command line."""

from dataclasses import dataclass

from waywarden.kernel.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Listen:
    """A place to listen on. Port 0 asks for a free one."""

    host: str
    port: int


def listen_of(text: str) -> Listen:
    """`host:port`, `[::1]:port` or `:port`. Raises Misconfigured when it is none of them."""
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdigit() and int(port) < 2**16:
        return Listen(host=host.strip("[]") or "0.0.0.0", port=int(port))  # noqa: S104 - asked for
    message = f"{text!r} is no place to listen on; write it as 127.0.0.1:8000."
    raise Misconfigured(message)
